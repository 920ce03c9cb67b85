/**
 * The way to real exchanges and base URLs, made when a command needs it: by then a proxy that the configuration names may turn
 * out to be none.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Connections from "./Connections.js"
import type { UsageError } from "./Failure.js"

/**
 * @since 0.1.0
 * @category tags
 */
export class Network extends Context.Tag("@effect-exchange/cli/Network")<
  Network,
  Layer.Layer<Connections.Network, UsageError>
>() {}

/**
 * Opens the way for as long as an effect runs.
 *
 * @since 0.1.0
 * @category combinators
 */
export const within = <A, E, R>(
  self: Effect.Effect<A, E, R>
): Effect.Effect<A, E | UsageError, Exclude<R, Connections.Network> | Network> =>
  Effect.flatMap(Network, (network) => Effect.provide(self, network))
