import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as MutableRef from "effect/MutableRef"
import type { ExchangeError } from "../../model/ExchangeError.js"
import type { ExchangeHealth } from "../../ports/Health.js"
import * as ClockSkew from "../ClockSkew.js"
import type { Meters } from "./meters.js"
import * as SteadyInstant from "./steadyInstant.js"

/**
 * The facts that clients have learned about their exchange.
 *
 * @internal
 */
export interface Vitals {
  readonly skew: () => ClockSkew.ClockSkew
  /** Returns `undefined` if the sample changes nothing. */
  readonly learnTime: (sample: ClockSkew.Sample) => Effect.Effect<void> | undefined
  readonly succeeded: (at: number) => void
  readonly failed: (error: ExchangeError) => Effect.Effect<void>
  readonly banned: (until: number) => Effect.Effect<void>
  /** Clears the ban. */
  readonly forgiven: Effect.Effect<void>
  readonly snapshot: Effect.Effect<
    Pick<ExchangeHealth, "lastSuccessAt" | "lastFailure" | "bannedUntil" | "clockSkewMillis">
  >
}

interface State {
  readonly skew: ClockSkew.ClockSkew
  readonly lastSuccessAt: number | undefined
  readonly lastFailure: ExchangeHealth["lastFailure"]
  /** A `SteadyInstant`. */
  readonly bannedUntil: number | undefined
}

/** @internal */
export const make = (meters: Meters): Vitals => {
  const ref = MutableRef.make<State>({
    skew: ClockSkew.initial,
    lastSuccessAt: undefined,
    lastFailure: undefined,
    bannedUntil: undefined
  })
  const change = (changed: Partial<State>): void => {
    MutableRef.update(ref, (state) => ({ ...state, ...changed }))
  }
  return {
    skew: () => ref.current.skew,
    learnTime: (sample) => {
      const before = ref.current.skew
      const skew = ClockSkew.step(before, sample)
      if (skew === before) return undefined
      change({ skew })
      return Effect.zipRight(
        meters.skewed(skew.offset),
        Effect.logDebug("The exchange's clock differs from the local clock", { offsetMillis: skew.offset })
      )
    },
    // Runs for every response, so each property is written out: in V8, properties that follow a spread are slow.
    succeeded: (lastSuccessAt) => {
      const { bannedUntil, lastFailure, skew } = ref.current
      MutableRef.set(ref, { skew, lastSuccessAt, lastFailure, bannedUntil })
    },
    failed: (error) =>
      Effect.map(
        Clock.currentTimeMillis,
        (at) => change({ lastFailure: { at, operation: error.operation, error: error._tag } })
      ),
    banned: (until) =>
      Effect.clockWith((clock) => {
        const instant = SteadyInstant.fromEpoch(clock, until)
        change({ bannedUntil: Math.max(instant, ref.current.bannedUntil ?? instant) })
        return Effect.zipRight(
          meters.banned(until),
          Effect.logWarning("Banned by the exchange; no request is sent until the ban ends", { until })
        )
      }),
    forgiven: Effect.sync(() => change({ bannedUntil: undefined })),
    snapshot: Effect.clockWith((clock) => {
      const { bannedUntil, skew, ...rest } = ref.current
      return Effect.succeed({
        ...rest,
        bannedUntil: bannedUntil === undefined ? undefined : SteadyInstant.toEpoch(clock, bannedUntil),
        clockSkewMillis: skew.offset
      })
    })
  }
}
