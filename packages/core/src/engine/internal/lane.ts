import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Capability } from "../Endpoint.js"

/**
 * The capability on whose behalf requests are made, which determines their lane. Defaults to the capability of the
 * endpoint.
 *
 * @internal
 */
export class Lane extends Context.Reference<Lane>()("@effect-exchange/core/internal/lane", {
  defaultValue: (): Capability | undefined => undefined
}) {}

/**
 * Makes the requests of an effect queue in the trading lane, with its reserved capacity. A cancel by an id that the
 * exchange does not accept must look the order up first, and must not queue behind other reads.
 *
 * @internal
 */
export const asTrading = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(self, Lane, "trading")
