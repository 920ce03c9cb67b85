import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/**
 * How far an effect has got with the requests by which it changes something: not known, none has left yet, or one has
 * left.
 *
 * @internal
 */
export interface Departure {
  stage: "unknown" | "waiting" | "left"
}

/**
 * Where an effect records how far its requests have got, if anywhere.
 *
 * @internal
 */
export class Recorder extends Context.Reference<Recorder>()("@effect-exchange/core/internal/departure/Recorder", {
  defaultValue: (): Departure | undefined => undefined
}) {}

/**
 * Records that from now on, all requests go through `ExchangeClient`, which records when one leaves.
 *
 * @internal
 */
export const waiting: Effect.Effect<void> = Effect.map(Recorder, (departure) => {
  if (departure?.stage === "unknown") departure.stage = "waiting"
})

/**
 * Runs an effect. If it is interrupted while no request that changes something can have left, runs `then`.
 *
 * @internal
 */
export const onInterruptBefore = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  then: Effect.Effect<void>
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const departure: Departure = { stage: "unknown" }
    return Effect.onInterrupt(
      Effect.provideService(self, Recorder, departure),
      () => departure.stage === "waiting" ? then : Effect.void
    )
  })
