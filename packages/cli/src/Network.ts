/**
 * The network to reach real exchanges and base URLs. It is built only when a command needs it, as the configured proxy
 * may be invalid.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Connections from "./Connections.js"
import type { UsageError } from "./Failure.js"

/**
 * The layer that builds the network.
 *
 * @since 0.1.0
 * @category tags
 */
export class Network extends Context.Tag("@effect-exchange/cli/Network")<
  Network,
  Layer.Layer<Connections.Network, UsageError>
>() {}

/**
 * Provides an effect with the network for as long as it runs.
 *
 * @since 0.1.0
 * @category combinators
 */
export const within = <A, E, R>(
  self: Effect.Effect<A, E, R>
): Effect.Effect<A, E | UsageError, Exclude<R, Connections.Network> | Network> =>
  Effect.flatMap(Network, (network) => Effect.provide(self, network))
