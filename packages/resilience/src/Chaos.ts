/**
 * Injects faults on purpose: delays, errors, wrong results, defects and hangs in a fraction of the calls, to test how a
 * program handles them.
 *
 * Randomness comes from a separate seeded generator: a run can be reproduced, and the program's `Random` is not
 * affected.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as Hash from "effect/Hash"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import { PCGRandom } from "effect/Utils"
import type * as Idempotent from "./Idempotent.js"
import { requireMillis } from "./internal/duration.js"
import { keepBrand } from "./internal/idempotent.js"
import { labels } from "./internal/labels.js"
import { requireThat } from "./internal/requireWhole.js"
import { wholeMillis } from "./internal/wholeMillis.js"
import { chaosInjectedCalls } from "./Telemetry.js"

/**
 * Injects the faults of its strategies into effects.
 *
 * `S` is the subject of a call (such as a request or an endpoint), which predicates receive. `V` and `F` are the values
 * and errors that strategies may add to those of the effect.
 *
 * @since 0.1.0
 * @category models
 */
export interface Chaos<in S = void, out V = never, out F = never> {
  /** The name used in metrics. */
  readonly name: string
  /**
   * Runs the effect with the faults drawn for this call. The effect itself is not modified: a fault before it may keep
   * it from running, and a fault after it may replace its success.
   *
   * All random numbers of a call are drawn when the call begins, for every strategy, even while chaos is disabled. With
   * a given seed the n-th call therefore always draws the same numbers, whatever runs in between and whatever was
   * enabled or selected before. With concurrent callers, the program determines which call is the n-th.
   *
   * Keeps the brand of an `Idempotent` effect.
   */
  readonly inject: <A, E, R, I = never>(
    self: Idempotent.Input<A, E, R, I>,
    subject: S
  ) => Idempotent.Output<A | V, E | F, R, I>
  /** Whether faults are injected into calls that begin from now on. */
  readonly enabled: Ref.Ref<boolean>
  /** The number of injected faults, by kind of strategy. */
  readonly injected: Effect.Effect<Readonly<Record<Kind, number>>>
}

/**
 * The kind of a strategy, named after the function that creates it.
 *
 * @since 0.1.0
 * @category models
 */
export type Kind = "latency" | "fault" | "result" | "defect" | "hang"

/**
 * A kind of fault with its target, created by {@link latency}, {@link fault}, {@link result}, {@link defect} or
 * {@link hang}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Strategy<in S, out V, out F> {
  readonly kind: Kind
  readonly rate: number
  readonly when: (subject: S) => boolean
  readonly after: boolean
  /** Applies the fault to a call. `magnitude` is a random number from 0 to 1. */
  readonly strike: <A, E, R>(
    self: Effect.Effect<A, E, R>,
    subject: S,
    magnitude: number
  ) => Effect.Effect<A | V, E | F, R>
}

/**
 * The calls a strategy applies to, and when.
 *
 * @since 0.1.0
 * @category models
 */
export interface Target<in S> {
  /** The fraction of the calls that receive the fault, from `0` to `1`. */
  readonly rate: number
  /** Selects the calls to which `rate` applies. Defaults to all calls. */
  readonly when?: ((subject: S) => boolean) | undefined
  /**
   * `false` injects the fault before the effect runs, so that the effect may not run at all. `true` injects it after
   * the effect has succeeded, so that the work was done but the caller does not learn of it. Defaults to `false`.
   */
  readonly after?: boolean | undefined
}

/**
 * Delays the call by a uniformly random time between `min` and `max`, in whole milliseconds, rounded up. Throws a
 * `RangeError` for bounds out of range.
 *
 * @since 0.1.0
 * @category strategies
 */
export const latency = <S = unknown>(
  options: Target<S> & {
    /** Finite. */
    readonly min: Duration.DurationInput
    /** Finite, at least `min`. Defaults to `min`. */
    readonly max?: Duration.DurationInput | undefined
  }
): Strategy<S, never, never> => {
  const min = requireMillis("Chaos.latency: min", options.min)
  const max = options.max === undefined ? min : requireMillis("Chaos.latency: max", options.max)
  requireThat("Chaos.latency: min", `${min} ms`, Number.isFinite(min), "finite")
  requireThat("Chaos.latency: max", `${max} ms`, max >= min && Number.isFinite(max), "finite and no shorter than min")
  return {
    ...target("latency", options),
    strike: (self, _, magnitude) =>
      Effect.zipRight(Effect.sleep(Duration.millis(wholeMillis(min + (max - min) * magnitude))), self)
  }
}

/**
 * Fails the call with an error.
 *
 * @since 0.1.0
 * @category strategies
 */
export const fault = <F, S = unknown>(
  options: Target<S> & { readonly error: (subject: S) => F }
): Strategy<S, never, F> => ({
  ...target("fault", options),
  strike: (_, subject) => Effect.failSync(() => options.error(subject))
})

/**
 * Succeeds with a given value, such as a wrong one, instead of the result of the call.
 *
 * @since 0.1.0
 * @category strategies
 */
export const result = <V, S = unknown>(
  options: Target<S> & { readonly value: (subject: S) => V }
): Strategy<S, V, never> => ({
  ...target("result", options),
  strike: (_, subject) => Effect.sync(() => options.value(subject))
})

/**
 * Ends the call with a defect, as a bug in the call would.
 *
 * @since 0.1.0
 * @category strategies
 */
export const defect = <S = unknown>(
  options: Target<S> & { readonly defect: (subject: S) => unknown }
): Strategy<S, never, never> => ({
  ...target("defect", options),
  strike: (_, subject) => Effect.dieSync(() => options.defect(subject))
})

/**
 * Never completes the call; it can be interrupted.
 *
 * @since 0.1.0
 * @category strategies
 */
export const hang = <S = unknown>(options: Target<S>): Strategy<S, never, never> => ({
  ...target("hang", options),
  strike: () => Effect.never
})

/**
 * The subject type of `inject`: the type that the strategies require, or `void` if they require nothing.
 *
 * @since 0.1.0
 * @category models
 */
export type Subject<S> = unknown extends S ? S & void : S

/**
 * Creates a fault injector. Strategies apply to a call in order; after a strategy that ends the call no further
 * strategy applies. Dies with a `RangeError` for a rate out of range.
 *
 * @example
 * import { Chaos } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const chaos = yield* Chaos.make({
 *     name: "prices",
 *     seed: "monday",
 *     strategies: [Chaos.fault({ rate: 0.5, error: () => "unavailable" as const })]
 *   })
 *   const price = chaos.inject(Effect.succeed("64000.5"), undefined)
 *   yield* Effect.forEach([1, 2, 3, 4], () => Effect.either(price))
 *   return yield* chaos.injected
 * })
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <S = unknown, V = never, F = never>(options: {
  /** The name used in metrics. */
  readonly name: string
  readonly strategies: ReadonlyArray<Strategy<S, V, F>>
  /** The seed of all random numbers. Defaults to a seed drawn once from the current `Random`. */
  readonly seed?: string | number | undefined
  /** Whether faults are injected initially. Defaults to `true`. */
  readonly enabled?: boolean | undefined
}): Effect.Effect<Chaos<Subject<S>, V, F>> =>
  Effect.gen(function*() {
    const { name, strategies } = options
    for (const { kind, rate } of strategies) {
      requireThat(`Chaos "${name}": rate of ${kind}`, rate, rate >= 0 && rate <= 1, "between 0 and 1")
    }
    const random = new PCGRandom(Hash.hash(options.seed ?? (yield* Random.nextInt)))
    const enabled = yield* Ref.make(options.enabled ?? true)
    const injected = { latency: 0, fault: 0, result: 0, defect: 0, hang: 0 }

    const draw = () => strategies.map((strategy) => ({ strategy, chance: random.number(), magnitude: random.number() }))

    const strike = <A, E, R>(
      self: Effect.Effect<A, E, R>,
      subject: S,
      struck: ReturnType<typeof draw>
    ): Effect.Effect<A | V, E | F, R> =>
      struck.reduceRight<Effect.Effect<A | V, E | F, R>>(
        (rest, { magnitude, strategy }) =>
          Effect.suspend(() => {
            injected[strategy.kind]++
            chaosInjectedCalls.unsafeUpdate(1, labels({ name, kind: strategy.kind }))
            return strategy.strike(rest, subject, magnitude)
          }),
        self
      )

    const inject = <A, E, R>(self: Effect.Effect<A, E, R>, subject: S): Effect.Effect<A | V, E | F, R> =>
      Effect.suspend(() => {
        const drawn = draw()
        return Effect.flatMap(Ref.get(enabled), (enabled) => {
          if (!enabled) return self
          const struck = drawn.filter(({ chance, strategy }) => chance < strategy.rate && strategy.when(subject))
          const before = struck.filter(({ strategy }) => !strategy.after)
          const after = struck.filter(({ strategy }) => strategy.after)
          return strike(
            after.length === 0 ? self : Effect.flatMap(self, (value) => strike(Effect.succeed(value), subject, after)),
            subject,
            before
          )
        })
      })

    return {
      name,
      inject: (self, subject) => keepBrand(self, inject(self, subject)),
      enabled,
      injected: Effect.sync(() => ({ ...injected }))
    }
  })

const target = <S>(kind: Kind, options: Target<S>): Omit<Strategy<S, never, never>, "strike"> => ({
  kind,
  rate: options.rate,
  when: options.when ?? constTrue,
  after: options.after ?? false
})
