import * as Backoff from "@effect-exchange/resilience/Backoff"
import * as Policy from "@effect-exchange/resilience/Policy"
import type * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { ExchangeError } from "../../model/ExchangeError.js"
import { memoized } from "../../model/internal/memoized.js"
import { userRefused } from "../../model/internal/proxyFailed.js"
import type { Capability, Endpoint } from "../Endpoint.js"
import type { Held, Key } from "../ExchangeState.js"
import type { Breaker } from "./breakers.js"
import type { Observer } from "./observer.js"

/** @internal */
export interface Options {
  readonly exchange: string
  /** Defaults to 3 attempts, and a backoff from 100 millis to 5 seconds. */
  readonly retry: {
    readonly attempts?: number | undefined
    readonly base?: Duration.DurationInput | undefined
    readonly max?: Duration.DurationInput | undefined
  } | undefined
  readonly held: Pick<Held, "budget" | "bulkhead">
  readonly observer: Pick<Observer, "retry">
}

/**
 * Makes the policies of a client: the gates that its requests pass. Returns that of an endpoint, for a breaker and a
 * key.
 *
 * @internal
 */
export const make = ({ exchange, held, observer, retry }: Options) =>
  memoized((breaker: Breaker) =>
    memoized((key: Key) =>
      memoized((endpoint: Endpoint<Capability, never, unknown>) =>
        Policy.make({
          name: `${exchange}.${endpoint.name}`,
          span: false,
          retry: {
            attempts: retry?.attempts ?? 3,
            backoff: Backoff.full({ base: retry?.base ?? "100 millis", max: retry?.max ?? "5 seconds" }),
            budget: held.budget,
            while: (error: ExchangeError) => error.isRetryable && error.code !== userRefused,
            retryAfter: (error) => Option.fromNullable(error.retryAfter),
            onRetry: ({ delay, error }) => observer.retry(endpoint.name, delay, error)
          },
          breaker,
          limiter: key.limits.limiter,
          turn: endpoint.auth === "none"
            ? undefined
            : key.turns?.[endpoint.capability === "trading" ? "trading" : "reading"],
          bulkhead: held.bulkhead,
          notSent: (error) => error.outcome === "NotSent",
          notDone: (error) => error.outcome === "Rejected"
        })
      )
    )
  )
