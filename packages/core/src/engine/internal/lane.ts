import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Capability } from "../Endpoint.js"

/**
 * On behalf of which capability something is asked; that of the endpoint itself if nothing is said.
 *
 * @internal
 */
export class Lane extends Context.Reference<Lane>()("@effect-exchange/core/internal/lane", {
  defaultValue: (): Capability | undefined => undefined
}) {}

/**
 * Lets whatever an effect asks wait in the lane of trading, with its reserves: a cancel by a name that the exchange does not
 * take has to look its order up first, and must not stand behind other reads for it.
 *
 * @internal
 */
export const asTrading = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(self, Lane, "trading")
