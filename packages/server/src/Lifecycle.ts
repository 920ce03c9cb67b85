/**
 * The lifecycle of the service: started, ready, shutting down.
 *
 * @since 0.1.0
 */
import { Health } from "@effect-exchange/core"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Sources } from "./Sources.js"
import * as Telemetry from "./Telemetry.js"

/**
 * The lifecycle of the service.
 *
 * @since 0.1.0
 * @category tags
 */
export class Lifecycle extends Context.Tag("@effect-exchange/server/Lifecycle")<Lifecycle, Lifecycle.Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export declare namespace Lifecycle {
  interface Service {
    /** Whether the markets of at least one exchange have been loaded. */
    readonly started: Effect.Effect<boolean>
    /**
     * Why the service is not ready, or `undefined` if it is ready. It is not ready while it shuts down, and when no
     * exchange can serve.
     */
    readonly unready: Effect.Effect<string | undefined>
    /** Makes the service unready for good, and ends its streams. */
    readonly drain: Effect.Effect<void>
    /** Completes when the service drains. */
    readonly draining: Effect.Effect<void>
  }
}

/** The interval at which loading the markets of an exchange is retried. */
const retrySchedule = Schedule.spaced("5 seconds")

/**
 * Creates the lifecycle, and starts to load the markets of each exchange. Drains when the scope closes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Lifecycle.Service, never, Sources | Health.Health | Scope.Scope> = Effect.gen(
  function*() {
    const { exchanges, market } = yield* Sources
    const { report } = yield* Health.Health
    const drained = yield* Deferred.make<void>()
    const drain = Effect.asVoid(Deferred.succeed(drained, undefined))
    // A server that closes waits for its connections, and a stream would never end by itself.
    yield* Effect.addFinalizer(() => drain)
    let isStarted = false
    yield* Effect.forEach(exchanges, (id) =>
      Effect.flatMap(market(id), ({ markets }) => markets).pipe(
        Effect.retry({ schedule: retrySchedule, while: (error) => "_tag" in error && error._tag !== "ExchangeClosed" }),
        Effect.zipRight(Effect.sync(() => isStarted = true)),
        Effect.ignore,
        Effect.forkScoped
      ), { discard: true })

    const unready = Effect.gen(function*() {
      if (yield* Deferred.isDone(drained)) return "the service is shutting down"
      const { exchanges, status } = yield* report
      if (status !== "fail") return undefined
      return `no exchange is available: ${
        exchanges.map(({ exchange, reason }) => `${exchange}: ${reason ?? "failing"}`).join("; ")
      }`
    }).pipe(Effect.tap((why) => Metric.set(Telemetry.ready, why === undefined ? 1 : 0)))

    // Keeps the metric up to date even if nothing requests `/readyz`.
    yield* Effect.forkScoped(Stream.runDrain(Stream.repeatEffectWithSchedule(unready, Schedule.spaced("5 seconds"))))
    return {
      started: Effect.sync(() => isStarted),
      unready,
      drain,
      draining: Deferred.await(drained)
    }
  }
)

/**
 * Creates a Layer of the service's lifecycle.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Lifecycle, never, Sources | Health.Health> = Layer.scoped(Lifecycle, make)
