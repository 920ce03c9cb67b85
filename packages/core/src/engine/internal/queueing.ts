import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Running } from "./frame.js"

/**
 * Whether requests may queue beyond the client's deadline. Each attempt is still bounded, and so is a call for which
 * the caller has set a deadline.
 */
class QueuesPastDeadline extends Context.Reference<QueuesPastDeadline>()("@effect-exchange/core/internal/queueing", {
  defaultValue: () => false
}) {}

/**
 * Makes the requests of an effect wait for the rate limit beyond the client's deadline, for work without an end of its
 * own: the next page of a stream is as useful a minute later.
 *
 * @internal
 */
export const queuePastDeadline = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(self, QueuesPastDeadline, true)

/**
 * Returns `true` if a fiber runs in {@link queuePastDeadline}.
 *
 * @internal
 */
export const queuesPastDeadline = (fiber: Running): boolean => Context.get(fiber.currentContext, QueuesPastDeadline)
