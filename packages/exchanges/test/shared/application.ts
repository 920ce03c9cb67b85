import { type ExchangeError, MarketData } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { assert } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, TestClock } from "effect"
import type { Exchanges } from "../../src/index.js"
import * as Support from "../support/exchanges.js"
import { registry } from "../support/registry.js"

/** The start time of the tests. */
export const start = Date.UTC(2026, 0, 1)

export class First extends Context.Tag("test/First")<First, MarketData.MarketData.Service>() {}
export class Second extends Context.Tag("test/Second")<Second, MarketData.MarketData.Service>() {}

type Source<R = never> = Layer.Layer<MarketData.MarketData, unknown, R>

/** Builds two services of one application. */
export const twoServices = <R>(first: Source<R>, second: Source<R>) =>
  Layer.merge(
    Layer.provide(Layer.effect(First, MarketData.MarketData), first),
    Layer.provide(Layer.effect(Second, MarketData.MarketData), second)
  ).pipe(Layer.orDie)

/** Returns the rate limit for reads of an exchange. */
export const readLimit = (id: Exchanges.ExchangeId) => registry[id].reads

/** A read that uses much of the rate limit. */
export const read = (
  id: Exchanges.ExchangeId,
  market: MarketData.MarketData.Service
): Effect.Effect<unknown, ExchangeError.MarketDataError> =>
  id === "binance" ? market.orderBook(Support.symbol, { depth: 5000 }) : market.ticker(Support.symbol)

/** A quarter more reads than the limit, but at least 20. */
export const readsBeyondLimit = (id: Exchanges.ExchangeId): number =>
  Math.max(20, Math.ceil(readLimit(id).calls * 1.25))

/** Reads by both services in turn, more than the limit, and returns the times of arrival. */
export const arrivals = (id: Exchanges.ExchangeId, sent: ReadonlyArray<Support.Sent>) =>
  Effect.gen(function*() {
    const services = [yield* First, yield* Second] as const
    // The listing was requested long enough ago not to count.
    yield* Effect.forEach(services, (service) => drive(service.market(Support.symbol)))
    yield* TestClock.adjust("2 minutes")
    const before = sent.length
    const calls = readsBeyondLimit(id)
    const fiber = yield* Effect.fork(
      Effect.forEach(
        Array.from({ length: calls }, (_, index) => services[index % 2 === 0 ? 0 : 1]),
        (service) => Effect.either(read(id, service)),
        { concurrency: "unbounded" }
      )
    )
    yield* TestClock.adjust("25 seconds")
    yield* Fiber.interrupt(fiber)
    return sent.slice(before).map(({ at }) => at)
  })

export const drive = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.raceFirst(effect, Effect.forever(TestClock.adjust("1 second")))

export const assertWithinLimit = (id: Exchanges.ExchangeId, instants: ReadonlyArray<number>) => {
  const { calls, window } = readLimit(id)
  assert.isAtLeast(instants.length, Math.min(calls, 10), "nothing was read")
  assert.isAtMost(Support.mostWithin(instants, window), calls, `reads of ${id} in ${window} ms`)
}

export const simulator = (id: Exchanges.ExchangeId, sent: Array<Support.Sent>) =>
  Support.recordRequests(sent, (answer) => answer, Simulator.layer(id))

/** Returns the markets of the simulated exchange, so that a test need not request them. */
export const listing = (id: Exchanges.ExchangeId) =>
  drive(Effect.flatMap(MarketData.MarketData, ({ markets }) => markets)).pipe(
    Effect.provide(Layer.provide(Support.marketData(id), Simulator.layer(id)))
  )
