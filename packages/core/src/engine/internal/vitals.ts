import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type { ExchangeError } from "../../model/ExchangeError.js"
import type { ExchangeHealth } from "../../ports/Health.js"
import * as ClockSkew from "../ClockSkew.js"
import type { Meters } from "./meters.js"

/**
 * What a client has learnt about its exchange.
 *
 * @internal
 */
export interface Vitals {
  readonly skew: Effect.Effect<ClockSkew.ClockSkew>
  readonly learnTime: (sample: ClockSkew.Sample) => Effect.Effect<void>
  readonly succeeded: Effect.Effect<void>
  readonly failed: (error: ExchangeError) => Effect.Effect<void>
  readonly banned: (until: number) => Effect.Effect<void>
  /** Forgets the ban. */
  readonly forgiven: Effect.Effect<void>
  readonly snapshot: Effect.Effect<
    Pick<ExchangeHealth, "lastSuccessAt" | "lastFailure" | "bannedUntil" | "clockSkewMillis">
  >
}

interface State {
  readonly skew: ClockSkew.ClockSkew
  readonly lastSuccessAt: number | undefined
  readonly lastFailure: ExchangeHealth["lastFailure"]
  readonly bannedUntil: number | undefined
}

/** @internal */
export const make = (meters: Meters): Effect.Effect<Vitals> =>
  Effect.map(
    Ref.make<State>({
      skew: ClockSkew.initial,
      lastSuccessAt: undefined,
      lastFailure: undefined,
      bannedUntil: undefined
    }),
    (ref) => ({
      skew: Effect.map(Ref.get(ref), ({ skew }) => skew),
      learnTime: (sample) =>
        Effect.flatMap(Ref.get(ref), (state) => {
          const skew = ClockSkew.step(state.skew, sample)
          if (skew === state.skew) return Effect.void
          return Ref.update(ref, (latest) => ({ ...latest, skew })).pipe(
            Effect.zipRight(meters.skewed(skew.offset)),
            Effect.zipRight(Effect.logDebug("The exchange's clock differs from ours", { offsetMillis: skew.offset }))
          )
        }),
      succeeded: Effect.flatMap(
        Clock.currentTimeMillis,
        (lastSuccessAt) => Ref.update(ref, (state) => ({ ...state, lastSuccessAt }))
      ),
      failed: (error) =>
        Effect.flatMap(Clock.currentTimeMillis, (at) =>
          Ref.update(ref, (state) => ({
            ...state,
            lastFailure: { at, operation: error.operation, error: error._tag }
          }))),
      banned: (until) =>
        Ref.update(ref, (state) => ({ ...state, bannedUntil: Math.max(until, state.bannedUntil ?? until) })).pipe(
          Effect.zipRight(meters.banned(until)),
          Effect.zipRight(Effect.logWarning("Banned by the exchange; nothing is sent before the ban ends", { until }))
        ),
      forgiven: Ref.update(ref, (state) => ({ ...state, bannedUntil: undefined })),
      snapshot: Effect.map(Ref.get(ref), ({ skew, ...rest }) => ({ ...rest, clockSkewMillis: skew.offset }))
    })
  )
