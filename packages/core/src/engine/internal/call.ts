import * as Deadline from "@effect-exchange/resilience/Deadline"
import type { Refusal } from "@effect-exchange/resilience/Policy"
import { isRejection } from "@effect-exchange/resilience/Rejection"
import * as Context from "effect/Context"
import * as Either from "effect/Either"
import type * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import * as ExchangeError from "../../model/ExchangeError.js"
import { memoized } from "../../model/internal/memoized.js"
import { clean } from "../../model/internal/text.js"
import * as Endpoint from "../Endpoint.js"
import type * as Attempt from "./attempt.js"
import { circuitOf } from "./breakers.js"
import * as Departure from "./departure.js"
import type { Running } from "./frame.js"
import { Lane } from "./lane.js"
import { describeMismatch } from "./mismatch.js"
import { fromRefusal } from "./refusal.js"

/**
 * An operation in progress, with the state that one attempt passes to the next. A class rather than a literal: see
 * decision 12 in `docs/decisions`.
 *
 * @internal
 */
export class Call<A> implements Attempt.Call<A> {
  readonly endpoint: Attempt.Call<A>["endpoint"]
  readonly names: Attempt.Names
  readonly prepared: Endpoint.Prepared
  readonly deadline: Option.Option<bigint>
  readonly cost: Endpoint.Cost
  /** The lane in which the operation queues. */
  readonly lane: Endpoint.Capability
  readonly departure: Departure.Departure | undefined
  /** Set because {@link Attempt.send} itself makes waiting interruptible. */
  readonly isMasked = true
  attempt = 0
  sentAt: number | undefined
  nonce: bigint | undefined
  span: Tracer.Span | undefined
  /** The error of an attempt after which a write may have been carried out. */
  doubt: ExchangeError.ExchangeError | undefined
  /** The signer of the operation, if one was found. */
  signer: Attempt.Signer | undefined

  constructor(
    endpoint: Attempt.Call<A>["endpoint"],
    names: Attempt.Names,
    prepared: Endpoint.Prepared,
    cost: Endpoint.Cost,
    { deadline, departure, lane }: Inherited
  ) {
    this.endpoint = endpoint
    this.names = names
    this.prepared = prepared
    this.deadline = deadline
    this.cost = cost
    this.lane = lane ?? endpoint.capability
    this.departure = endpoint.idempotency === "safe" ? undefined : departure
  }

  get about(): Attempt.Names["operation"] {
    return this.names.operation
  }

  get idempotency(): Endpoint.Idempotency {
    return this.endpoint.idempotency
  }
}

/**
 * Converts the refusal of a gate to the error of an operation.
 *
 * @internal
 */
export const toExchangeError = (
  { about }: Call<unknown>,
  error: ExchangeError.ExchangeError | Refusal
): ExchangeError.ExchangeError => isRejection(error) ? fromRefusal(about, error) : error

/**
 * Returns the error of an earlier attempt whose outcome is unknown, if there is one. A later attempt that was refused
 * or never sent does not settle that outcome.
 *
 * @internal
 */
export const keepUnknownOutcome = (
  call: Call<unknown>,
  error: ExchangeError.ExchangeError
): ExchangeError.ExchangeError => error.outcome === "Unknown" ? error : call.doubt ?? error

/**
 * Returns `true` if an operation may be retried after the given error.
 *
 * @internal
 */
export const isRepeatable = (call: Attempt.Call<unknown>, error: ExchangeError.ExchangeError): boolean =>
  call.endpoint.idempotency !== "once" || error.outcome !== "Unknown"

/**
 * The settings that an operation inherits from the calling fiber.
 *
 * @internal
 */
export interface Inherited {
  readonly deadline: Option.Option<bigint>
  /** The lane in which the operation queues, if it is not that of its capability. */
  readonly lane: Endpoint.Capability | undefined
  readonly departure: Departure.Departure | undefined
}

/** @internal */
export const inheritedFrom = ({ currentContext }: Running): Inherited => ({
  deadline: Context.get(currentContext, Deadline.Deadline),
  lane: Context.get(currentContext, Lane),
  departure: Context.get(currentContext, Departure.Recorder)
})

/**
 * Makes the function that starts operations of an exchange. It returns an `InvalidRequest` if the input cannot be sent.
 *
 * @internal
 */
export const preparing = (exchange: string) => {
  const namesOf = memoized(
    (
      endpoint: Pick<Endpoint.Endpoint<Endpoint.Capability, never, unknown>, "name" | "capability" | "idempotency">
    ): { readonly itself: Attempt.Names; readonly forTrading: Attempt.Names } => {
      const { capability, idempotency, name } = endpoint
      const operation = { exchange, operation: name }
      const names = (lane: Endpoint.Capability): Attempt.Names => ({
        operation,
        request: { capability, idempotency, circuit: circuitOf(capability, lane), ...operation }
      })
      return { itself: names(capability), forTrading: names("trading") }
    }
  )
  return <C extends Endpoint.Capability, I, A>(
    endpoint: Endpoint.Endpoint<C, I, A>,
    input: I,
    around: Inherited
  ): Call<A> | ExchangeError.InvalidRequest => {
    const { forTrading, itself } = namesOf(endpoint)
    const names = around.lane === "trading" ? forTrading : itself
    const encoded = endpoint.encode(input)
    if (Either.isLeft(encoded)) {
      const detail = `the input is invalid${describeMismatch(encoded.left, { values: true, clean })}`
      return new ExchangeError.InvalidRequest({ ...names.operation, detail })
    }
    return new Call(endpoint, names, Endpoint.prepare(endpoint, encoded.right), endpoint.cost(input), around)
  }
}
