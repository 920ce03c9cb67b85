/**
 * Describes the request that is being sent, for code between a client and its exchange: recorders, proxies, and test
 * doubles that lose or delay some requests and not others.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Option from "effect/Option"
import type { Capability, Idempotency } from "./Endpoint.js"

/**
 * One attempt of an operation, by exchange and endpoint.
 *
 * @since 0.1.0
 * @category models
 */
export interface Request {
  readonly exchange: string
  readonly operation: string
  readonly capability: Capability
  readonly idempotency: Idempotency
  /** The circuit that it passes, as health names it: its capability, or `trading.reads` for a read that trading needs. */
  readonly circuit: string
}

/**
 * The request that the `HttpClient` is sending. `ExchangeClient` sets it around every attempt; elsewhere it is
 * `Option.none()`.
 *
 * **Gotchas**
 *
 * The HTTP method does not tell reads from writes: some exchanges read by `POST`, some trade by `GET`. An `HttpClient`
 * that treats writes differently uses this reference.
 *
 * @example
 * import { InFlight } from "@effect-exchange/core/adapter"
 * import { HttpClient } from "@effect/platform"
 * import { Effect, Option } from "effect"
 *
 * const watched = HttpClient.transform((answer) =>
 *   Effect.flatMap(InFlight.InFlight, (inFlight) =>
 *     Option.exists(inFlight, ({ capability }) => capability === "trading")
 *       ? Effect.tap(answer, Effect.logInfo("A change was sent"))
 *       : answer)
 * )
 *
 * @since 0.1.0
 * @category references
 */
export class InFlight extends Context.Reference<InFlight>()("@effect-exchange/core/InFlight", {
  defaultValue: (): Option.Option<Request> => Option.none()
}) {}
