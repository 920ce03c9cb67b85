import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Running } from "./frame.js"

/**
 * Whether a request may wait for its turn as long as it takes, without the client's deadline: each attempt is bounded all
 * the same, and so is what the caller has set a deadline for.
 */
class Unhurried extends Context.Reference<Unhurried>()("@effect-exchange/core/internal/unhurried", {
  defaultValue: () => false
}) {}

/**
 * Lets the requests of an effect wait for weight beyond the client's deadline, for work that has no end of its own: the
 * next page of a stream is as welcome a minute later.
 *
 * @internal
 */
export const unhurried = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(self, Unhurried, true)

/**
 * Whether a fiber runs in {@link unhurried}.
 *
 * @internal
 */
export const isUnhurried = (fiber: Running): boolean => Context.get(fiber.currentContext, Unhurried)
