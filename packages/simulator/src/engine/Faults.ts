/**
 * The faults between a client and a simulated exchange, as a value: their rates, times and routes.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { decode as decodeDelay, requireMillis } from "./internal/delay.js"

/**
 * The ways in which a request can go wrong. At most one of them applies to a request.
 *
 * - `refused`: the connection is refused, and the exchange never sees the request.
 * - `reset`: the exchange serves the request, and the connection breaks before the response.
 * - `drop`: the exchange serves the request, and no response ever arrives.
 * - `http503` (overloaded), `http429` (with `retry-after: 1`): the dialect's own error response. The exchange meters
 *   the request but does not execute it.
 * - `http500`: the dialect's own error response. The exchange serves the request, as it does for all the following
 *   kinds.
 * - `malformed`: status 200 with HTML, broken JSON, JSON of another shape, or an empty body.
 * - `truncated`: the body ends in the middle.
 * - `slowBody`: the body arrives in eight pieces with a pause before each one but the first.
 * - `oversized`: a JSON body of 10 MB.
 * - `redirect`: a 302 redirect to another host.
 *
 * @since 0.1.0
 * @category models
 */
export type Kind = typeof kinds[number]

/** @internal */
export const kinds = [
  "refused",
  "reset",
  "drop",
  "http500",
  "http503",
  "http429",
  "malformed",
  "truncated",
  "slowBody",
  "oversized",
  "redirect"
] as const

/**
 * The offset of an exchange's clock.
 *
 * @since 0.1.0
 * @category models
 */
export type ClockSkew = { readonly ahead: Duration.DurationInput } | { readonly behind: Duration.DurationInput }

/**
 * The options of {@link make}. Every rate is between 0 and 1 and defaults to 0. The sum of all rates is at most 1.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Partial<Readonly<Record<Kind, number | undefined>>> {
  /** Determines which requests meet a fault. Defaults to `"faults"`. The seeds of phases and routes are ignored. */
  readonly seed?: string | undefined
  /**
   * The latency of a response, fixed or uniform over a range. Defaults to none. Half of it passes in each direction.
   */
  readonly latency?: Duration.DurationInput | {
    readonly min: Duration.DurationInput
    readonly max: Duration.DurationInput
  } | undefined
  /** The pause between two pieces of a slow body. Defaults to 1 second. */
  readonly pause?: Duration.DurationInput | undefined
  /** The offset of the exchange's clock. Defaults to none. */
  readonly clockSkew?: ClockSkew | undefined
  /** How long a new order can be traded before a lookup finds it. Defaults to none. */
  readonly orderLag?: Duration.DurationInput | undefined
  /** Other faults during a window of time after the start of the simulator. The first matching window applies. */
  readonly phases?: ReadonlyArray<Phase> | undefined
  /** Other faults for some routes, outside all phases. The first matching route applies. */
  readonly routes?: ReadonlyArray<Route> | undefined
}

/**
 * Faults from `from` (included) until `to` (excluded; defaults to forever) after the simulator started.
 *
 * @since 0.1.0
 * @category models
 */
export interface Phase {
  readonly from: Duration.DurationInput
  readonly to?: Duration.DurationInput | undefined
  readonly faults: Faults
}

/**
 * Faults for requests whose path is `path` or below it, with the given method or any method.
 *
 * @since 0.1.0
 * @category models
 */
export interface Route {
  readonly path: string
  readonly method?: string | undefined
  readonly faults: Faults
}

/**
 * Faults with all times in milliseconds and the rate of each kind.
 *
 * @since 0.1.0
 * @category models
 */
export interface Faults {
  readonly seed: string
  readonly rates: Readonly<Record<Kind, number>>
  readonly latency: { readonly min: number; readonly max: number }
  readonly pause: number
  /** Milliseconds; positive when the exchange's clock is ahead. */
  readonly clockSkew: number
  readonly orderLag: number
  readonly phases: ReadonlyArray<{ readonly from: number; readonly to: number; readonly faults: Faults }>
  readonly routes: ReadonlyArray<Route>
}

const ratesOf = (options: Options): Readonly<Record<Kind, number>> => {
  const rate = (kind: Kind): number => {
    const value = options[kind] ?? 0
    if (value >= 0 && value <= 1) return value
    throw new RangeError(`The rate of "${kind}" must be between 0 and 1, but is ${value}.`)
  }
  const rates = {
    refused: rate("refused"),
    reset: rate("reset"),
    drop: rate("drop"),
    http500: rate("http500"),
    http503: rate("http503"),
    http429: rate("http429"),
    malformed: rate("malformed"),
    truncated: rate("truncated"),
    slowBody: rate("slowBody"),
    oversized: rate("oversized"),
    redirect: rate("redirect")
  }
  const sum = sumOf(rates)
  if (isTooMuch(sum)) throw new RangeError(`The rates of all faults must add up to at most 1, but add up to ${sum}.`)
  return rates
}

const sumOf = (rates: Partial<Readonly<Record<Kind, number | undefined>>>): number =>
  kinds.reduce((total, kind) => total + (rates[kind] ?? 0), 0)

// Tolerates rounding: ten rates of 0.1 add up to slightly more than 1 in binary floating point.
const isTooMuch = (sum: number): boolean => sum > 1 + 1e-9

const skewOf = (skew: ClockSkew | undefined): number => {
  if (skew === undefined) return 0
  return "ahead" in skew
    ? requireMillis("clockSkew.ahead", skew.ahead)
    : -requireMillis("clockSkew.behind", skew.behind)
}

/**
 * Creates faults from rates, delays and schedules.
 *
 * Throws a `RangeError` if a rate is not between 0 and 1, if the rates add up to more than 1, or if a duration is `NaN`
 * or negative.
 *
 * @example
 * import { Faults, Simulator } from "@effect-exchange/simulator"
 * import { Effect } from "effect"
 *
 * const badDay = Faults.make({
 *   latency: { min: "20 millis", max: "2 seconds" },
 *   http503: 0.1,
 *   phases: [{ from: "1 minute", to: "2 minutes", faults: Faults.outage }]
 * })
 *
 * Effect.runFork(Effect.provide(Simulator.Simulators, Simulator.layer("binance", { faults: badDay })))
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Faults => {
  const rates = ratesOf(options)
  const { latency = 0 } = options
  return {
    seed: options.seed ?? "faults",
    rates,
    latency: typeof latency === "object" && "min" in latency
      ? {
        min: requireMillis("latency.min", latency.min),
        max: requireMillis("latency.max", latency.max)
      }
      : { min: requireMillis("latency", latency), max: requireMillis("latency", latency) },
    pause: requireMillis("pause", options.pause ?? "1 second"),
    clockSkew: skewOf(options.clockSkew),
    orderLag: requireMillis("orderLag", options.orderLag ?? 0),
    phases: (options.phases ?? []).map(({ faults, from, to }) => ({
      from: requireMillis("phases.from", from),
      to: requireMillis("phases.to", to ?? Duration.infinity),
      faults
    })),
    routes: options.routes ?? []
  }
}

/**
 * No faults and no latency.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: Faults = make()

/**
 * An exchange on a bad day: about one request in three fails, always with a failure worth retrying, and responses take
 * 20 to 250 ms.
 *
 * @since 0.1.0
 * @category constructors
 */
export const flaky: Faults = make({
  latency: { min: "20 millis", max: "250 millis" },
  refused: 0.07,
  reset: 0.07,
  http500: 0.07,
  http503: 0.09,
  http429: 0.03
})

/**
 * An exchange that is down: no request gets a useful response, and each takes 20 to 250 ms. Under `TestClock` a call
 * therefore waits until the test moves the clock.
 *
 * @since 0.1.0
 * @category constructors
 */
export const outage: Faults = make({
  latency: { min: "20 millis", max: "250 millis" },
  refused: 0.3,
  reset: 0.2,
  http500: 0.1,
  http503: 0.4
})

/**
 * Returns the same faults with another seed.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withSeed = (faults: Faults, seed: string): Faults => ({ ...faults, seed })

/**
 * A duration in JSON: milliseconds, or text such as `"2 seconds"`.
 *
 * @since 0.1.0
 * @category json
 */
export type Delay = number | string

/**
 * Faults in JSON: the options of {@link make}, with every duration as a {@link Delay}.
 *
 * @since 0.1.0
 * @category json
 */
export type Json = Partial<Readonly<Record<Kind, number | undefined>>> & {
  readonly seed?: string | undefined
  readonly latency?: Delay | { readonly min: Delay; readonly max: Delay } | undefined
  readonly pause?: Delay | undefined
  readonly clockSkew?: { readonly ahead: Delay } | { readonly behind: Delay } | undefined
  readonly orderLag?: Delay | undefined
  readonly phases?:
    | ReadonlyArray<{ readonly from: Delay; readonly to?: Delay | undefined; readonly faults: Json }>
    | undefined
  readonly routes?:
    | ReadonlyArray<{ readonly path: string; readonly method?: string | undefined; readonly faults: Json }>
    | undefined
}

const Time = Schema.transformOrFail(Schema.Union(Schema.NonNegative, Schema.String), Schema.DurationFromSelf, {
  strict: true,
  decode: (input, _, ast) =>
    Option.match(decodeDelay(input), {
      onNone: () => ParseResult.fail(new ParseResult.Type(ast, input)),
      onSome: ParseResult.succeed
    }),
  encode: (duration) => ParseResult.succeed(Duration.toMillis(duration))
}).annotations({
  message: () => ({ message: "must be milliseconds or a duration such as \"2 seconds\"", override: true })
})

const Rate = Schema.optional(Schema.Number.pipe(Schema.between(0, 1, { message: () => "must be between 0 and 1" })))

const Nested = Schema.suspend((): Schema.Schema<Faults, Json> => FromJson)

/**
 * Decodes faults from JSON and encodes them. Fields that the JSON omits have their defaults.
 *
 * @since 0.1.0
 * @category json
 */
export const FromJson: Schema.Schema<Faults, Json> = Schema.transform(
  Schema.Struct({
    seed: Schema.optional(Schema.String),
    refused: Rate,
    reset: Rate,
    drop: Rate,
    http500: Rate,
    http503: Rate,
    http429: Rate,
    malformed: Rate,
    truncated: Rate,
    slowBody: Rate,
    oversized: Rate,
    redirect: Rate,
    latency: Schema.optional(Schema.Union(Time, Schema.Struct({ min: Time, max: Time }))),
    pause: Schema.optional(Time),
    clockSkew: Schema.optional(Schema.Union(Schema.Struct({ ahead: Time }), Schema.Struct({ behind: Time }))),
    orderLag: Schema.optional(Time),
    phases: Schema.optional(
      Schema.Array(Schema.Struct({ from: Time, to: Schema.optional(Time), faults: Nested }))
    ),
    routes: Schema.optional(
      Schema.Array(
        Schema.Struct({ path: Schema.String, method: Schema.optional(Schema.String), faults: Nested })
      )
    )
  }).pipe(Schema.filter((options) => isTooMuch(sumOf(options)) ? "the rates must add up to at most 1" : true)),
  Schema.declare((input): input is Faults => Predicate.hasProperty(input, "rates")),
  { strict: true, decode: (options) => make(options), encode: (faults) => optionsOf(faults) }
)

const optionsOf = ({ clockSkew, latency, orderLag, pause, phases, rates, routes, seed }: Faults) => ({
  seed,
  ...Object.fromEntries(Object.entries(rates).filter(([, rate]) => rate > 0)),
  latency: { min: Duration.millis(latency.min), max: Duration.millis(latency.max) },
  pause: Duration.millis(pause),
  clockSkew: clockSkew < 0 ? { behind: Duration.millis(-clockSkew) } : { ahead: Duration.millis(clockSkew) },
  orderLag: Duration.millis(orderLag),
  phases: phases.map(({ faults, from, to }) => ({
    from: Duration.millis(from),
    ...(to === Infinity ? {} : { to: Duration.millis(to) }),
    faults
  })),
  routes
})
