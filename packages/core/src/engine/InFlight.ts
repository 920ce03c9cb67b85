/**
 * What a request on the wire is about, for whatever stands between a client and its exchange: recorders, proxies, doubles
 * that lose or delay some requests and not others.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Option from "effect/Option"
import type { Capability, Idempotency } from "./Endpoint.js"

/**
 * One attempt of an operation: which endpoint of which exchange it is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Request {
  readonly exchange: string
  readonly operation: string
  readonly capability: Capability
  readonly idempotency: Idempotency
}

/**
 * Says what the request is that the `HttpClient` is sending: set by `ExchangeClient` around every attempt, none elsewhere.
 *
 * **Gotchas**
 *
 * An HTTP method says little: some exchanges read by `POST`, some trade by `GET`. An `HttpClient` that treats changes
 * differently asks here.
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
