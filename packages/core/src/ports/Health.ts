/**
 * The health of each exchange as seen by its client, without any network request.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/**
 * The health of an exchange. `pass`: it is healthy. `warn`: it works but needs attention, or it waits because the
 * exchange asked it to (a ban, a pause). `fail`: it cannot serve calls.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Status = Schema.Literal("pass", "warn", "fail")

/**
 * The health of an exchange.
 *
 * @since 0.1.0
 * @category models
 */
export type Status = typeof Status.Type

/**
 * The health of one exchange. Instants are in epoch milliseconds.
 *
 * - `reason`: why the status is not `pass`.
 * - `breakers`: the circuit breaker of each capability, and `trading.reads`, that of the reads that `Trading` needs.
 * - `limits`: `used` is the share of a rate limit in use, 0 to 1, and `pausedUntil` the end of a pause that the
 *   exchange asked for.
 * - `clockSkewMillis`: the exchange's clock minus the local clock.
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
 * The health of all exchanges. `status` is `fail` only if every exchange fails.
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
 * The registry that clients report to if they are built where it is provided. Provide {@link layer} to the Layers of
 * the exchanges (`Layer.provideMerge`). Without it, clients work but report nowhere.
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
 * Creates a registry without sources.
 *
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
 * The Layer of a registry without sources.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Health> = Layer.effect(Health, make)

const overall = (statuses: ReadonlyArray<Status>): Status => {
  if (statuses.length > 0 && statuses.every((status) => status === "fail")) return "fail"
  return statuses.every((status) => status === "pass") ? "pass" : "warn"
}
