import { FeedItem, MarketData } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { HttpClient, Socket } from "@effect/platform"
import { expect, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Option, Stream, TestClock } from "effect"
import { register } from "../../exchanges/test/support/feeds.js"
import { Kraken } from "../src/index.js"
import { subject } from "./feeds.js"

register(subject)

it.effect("a feed uses the sockets its Layer was built with, not those in the context of the subscriber", () =>
  Effect.gen(function*() {
    const market = yield* MarketData.MarketData
    const fiber = yield* Effect.fork(Stream.runHead(FeedItem.data(market.streamTicker("BTC/USD"))))
    yield* TestClock.adjust("3 seconds")
    expect(Option.isSome(yield* Fiber.join(fiber))).toBe(true)
  }).pipe(
    Effect.provide(
      Layer.provide(Kraken.layerMarketData({ environment: Simulator.environment("kraken") }), Simulator.layer("kraken"))
    ),
    Effect.provideService(Socket.WebSocketConstructor, () => {
      throw new Error("another socket was opened")
    })
  ))

it.effect("a feed fails with Unsupported if its Layer was built without sockets", () =>
  Effect.gen(function*() {
    const market = yield* MarketData.MarketData
    const error = yield* Effect.flip(Stream.runDrain(market.streamTicker("BTC/USD")))
    expect(error._tag).toBe("Unsupported")
    expect(error.message).toContain("NodeExchange.layer")
  }).pipe(
    Effect.provide(
      Layer.provide(
        Kraken.layerMarketData({ environment: Simulator.environment("kraken") }),
        Layer.map(Simulator.layer("kraken"), Context.pick(HttpClient.HttpClient))
      )
    )
  ))
