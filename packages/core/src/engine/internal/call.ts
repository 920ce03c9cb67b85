import * as Deadline from "@effect-exchange/resilience/Deadline"
import { isRejection } from "@effect-exchange/resilience/Rejection"
import * as Context from "effect/Context"
import * as Either from "effect/Either"
import type * as Option from "effect/Option"
import * as ExchangeError from "../../model/ExchangeError.js"
import { memoized } from "../../model/internal/memoized.js"
import { clean } from "../../model/internal/text.js"
import * as Endpoint from "../Endpoint.js"
import type * as Attempt from "./attempt.js"
import type { Running } from "./frame.js"
import { Lane } from "./lane.js"
import { describeMismatch } from "./mismatch.js"
import { fromRefusal, type Refusal } from "./refusal.js"

/**
 * One operation under way: what each attempt has to tell the next stands here. A class, see `docs/decisions`, 12.
 *
 * @internal
 */
export class Call<A> implements Attempt.Call<A> {
  readonly endpoint: Attempt.Call<A>["endpoint"]
  readonly names: Attempt.Names
  readonly prepared: Endpoint.Prepared
  readonly deadline: Option.Option<bigint>
  readonly cost: Endpoint.Cost
  /** In which lane it waits. */
  readonly lane: Endpoint.Capability
  /** What is waited for says so by itself, see {@link Attempt.send}. */
  readonly isMasked = true
  attempt = 0
  sentAt: number | undefined
  nonce: bigint | undefined
  /** What an attempt failed with after which a write may have been carried out. */
  doubt: ExchangeError.ExchangeError | undefined
  /** Who signs it, where somebody was found. */
  signer: Attempt.Signer | undefined

  constructor(
    endpoint: Attempt.Call<A>["endpoint"],
    names: Attempt.Names,
    prepared: Endpoint.Prepared,
    cost: Endpoint.Cost,
    { deadline, lane }: Around
  ) {
    this.endpoint = endpoint
    this.names = names
    this.prepared = prepared
    this.deadline = deadline
    this.cost = cost
    this.lane = lane ?? endpoint.capability
  }

  get about(): Attempt.Names["operation"] {
    return this.names.operation
  }

  get idempotency(): Endpoint.Idempotency {
    return this.endpoint.idempotency
  }
}

/**
 * What an operation failed with, in our words.
 *
 * @internal
 */
export const inOurWords = (
  { about }: Call<unknown>,
  error: ExchangeError.ExchangeError | Refusal
): ExchangeError.ExchangeError => isRejection(error) ? fromRefusal(about, error) : error

/**
 * That the last attempt was refused, or never left, says nothing of one before it whose answer was lost.
 *
 * @internal
 */
export const doubted = (call: Call<unknown>, error: ExchangeError.ExchangeError): ExchangeError.ExchangeError =>
  error.outcome === "Unknown" ? error : call.doubt ?? error

/**
 * Whether an operation may be tried again after it failed so.
 *
 * @internal
 */
export const isRepeatable = (call: Attempt.Call<unknown>, error: ExchangeError.ExchangeError): boolean =>
  call.endpoint.idempotency !== "once" || error.outcome !== "Unknown"

/**
 * What an operation takes over from the fiber that asks for it.
 *
 * @internal
 */
export interface Around {
  readonly deadline: Option.Option<bigint>
  /** In which lane it waits, where that is not its capability's. */
  readonly lane: Endpoint.Capability | undefined
}

/** @internal */
export const aroundOf = ({ currentContext }: Running): Around => ({
  deadline: Context.get(currentContext, Deadline.Deadline),
  lane: Context.get(currentContext, Lane)
})

/**
 * Begins operations of an exchange, unless their input cannot be sent.
 *
 * @internal
 */
export const preparing = (exchange: string) => {
  const namesOf = memoized(
    (
      endpoint: Pick<Endpoint.Endpoint<Endpoint.Capability, never, unknown>, "name" | "capability" | "idempotency">
    ): Attempt.Names => {
      const operation = { exchange, operation: endpoint.name }
      return {
        operation,
        request: { capability: endpoint.capability, idempotency: endpoint.idempotency, ...operation }
      }
    }
  )
  return <C extends Endpoint.Capability, I, A>(
    endpoint: Endpoint.Endpoint<C, I, A>,
    input: I,
    around: Around
  ): Call<A> | ExchangeError.InvalidRequest => {
    const names = namesOf(endpoint)
    const encoded = endpoint.encode(input)
    if (Either.isLeft(encoded)) {
      const detail = `the input cannot be sent${describeMismatch(encoded.left, { values: true, clean })}`
      return new ExchangeError.InvalidRequest({ ...names.operation, detail })
    }
    return new Call(endpoint, names, Endpoint.prepare(endpoint, encoded.right), endpoint.cost(input), around)
  }
}
