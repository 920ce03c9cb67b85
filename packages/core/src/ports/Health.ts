/**
 * How each exchange is doing, as its client sees it: nothing is asked over the network.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/**
 * `pass` is fine; `warn` serves with something to look at, or waits as long as the exchange has asked it to (a ban, a
 * pause); `fail` cannot serve.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Status = Schema.Literal("pass", "warn", "fail")

/**
 * @since 0.1.0
 * @category models
 */
export type Status = typeof Status.Type

/**
 * One exchange. Instants are epoch milliseconds; `clockSkewMillis` is the exchange's clock minus ours; `used` is the share
 * of a limit in use, 0 to 1, and `pausedUntil` until when the exchange asked to be left alone. `reason` says why the status is not `pass`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExchangeHealth extends Schema.Schema.Type<typeof ExchangeHealth> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const ExchangeHealth = Schema.Struct({
  exchange: Schema.String,
  environment: Schema.String,
  status: Status,
  reason: Schema.optional(Schema.String),
  breakers: Schema.Array(Schema.Struct({
    capability: Schema.String,
    state: Schema.String,
    retryAfterMillis: Schema.optional(Schema.Number)
  })),
  limits: Schema.Array(Schema.Struct({
    scope: Schema.String,
    used: Schema.Number,
    pausedUntil: Schema.optional(Schema.Number)
  })),
  lastSuccessAt: Schema.optional(Schema.Number),
  lastFailure: Schema.optional(Schema.Struct({
    at: Schema.Number,
    operation: Schema.String,
    error: Schema.String
  })),
  clockSkewMillis: Schema.Number,
  bannedUntil: Schema.optional(Schema.Number)
})

/**
 * All exchanges: `fail` only when none can serve.
 *
 * @since 0.1.0
 * @category models
 */
export interface Report extends Schema.Schema.Type<typeof Report> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Report = Schema.Struct({ status: Status, exchanges: Schema.Array(ExchangeHealth) })

/**
 * Where clients built in its reach report to. Provide {@link layer} beneath the exchanges' Layers
 * (`Layer.provideMerge`): without it, clients work and report nowhere.
 *
 * @since 0.1.0
 * @category tags
 */
export class Health extends Context.Tag("@effect-exchange/core/ports/Health")<Health, Health.Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export declare namespace Health {
  interface Service {
    readonly report: Effect.Effect<Report>
    /** Adds a source until the scope closes. */
    readonly register: (source: Effect.Effect<ExchangeHealth>) => Effect.Effect<void, never, Scope.Scope>
  }
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Health.Service> = Effect.sync(() => {
  const sources = new Set<Effect.Effect<ExchangeHealth>>()
  return {
    report: Effect.suspend(() => Effect.all([...sources])).pipe(
      Effect.map((exchanges) => ({ status: overall(exchanges.map(({ status }) => status)), exchanges }))
    ),
    register: (source) =>
      Effect.acquireRelease(
        Effect.sync(() => sources.add(source)),
        () => Effect.sync(() => sources.delete(source))
      )
  }
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Health> = Layer.effect(Health, make)

const overall = (statuses: ReadonlyArray<Status>): Status => {
  if (statuses.length > 0 && statuses.every((status) => status === "fail")) return "fail"
  return statuses.every((status) => status === "pass") ? "pass" : "warn"
}
