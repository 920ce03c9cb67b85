import { HttpClient, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Either, Fiber, Layer, TestClock } from "effect"
import { type Declaration, Endpoint, Exchange, Question, Row, Wire } from "../src/adapter.js"
import { type Market, MarketData } from "../src/index.js"
import { open, protocol, spot, time } from "./support/toy.js"

const ticker = open("ticker", "/ticker", {
  input: Endpoint.inputFrom(() => ({})),
  answer: Wire.one(Row.ticker({
    last: Wire.at("last", Wire.decimal),
    bid: Wire.none,
    ask: Wire.none,
    open24h: Wire.none,
    high24h: Wire.none,
    low24h: Wire.none,
    volume24h: Wire.none,
    at: Wire.none
  }))
})

/** Answers each request after three seconds. */
const slow = Layer.succeed(
  HttpClient.HttpClient,
  HttpClient.make((request) =>
    Effect.delay(
      Effect.sync(() => HttpClientResponse.fromWeb(request, new Response("{\"now\":1,\"last\":\"2\"}"))),
      "3 seconds"
    )
  )
)

const notAsked = () => () => Effect.die("not asked")

const exchangeOf = (ticker: Declaration.MarketData["ticker"]) =>
  Exchange.definePublic({
    name: "Toy",
    protocol,
    kinds: ["spot"],
    marketData: {
      listings: [(client) => () => Effect.as(client.request(time, {}), [spot])],
      ticker,
      book: { depths: [5], read: notAsked },
      trades: { most: 10, order: "newest first", read: notAsked },
      candles: { words: { "1h": "60" }, page: 10, read: notAsked },
      status: notAsked
    }
  })

/** When the call of a ticker ends and whether it succeeds, with a deadline of five seconds. */
const timeTicker = (ticker: Declaration.MarketData["ticker"], markets?: ReadonlyArray<Market.Market>) =>
  Effect.gen(function*() {
    const data = yield* MarketData.MarketData
    const call = Effect.flatMap(
      Effect.either(data.ticker("BTC/USD")),
      (result) => Effect.map(Clock.currentTimeMillis, (at) => [at, Either.isRight(result)])
    )
    const fiber = yield* Effect.fork(call)
    yield* TestClock.adjust("1 minute")
    return yield* Fiber.join(fiber)
  }).pipe(
    Effect.provide(
      Layer.provide(
        exchangeOf(ticker).layerMarketData({ deadline: "5 seconds", attemptTimeout: "1 minute", markets }),
        slow
      )
    )
  )

describe("the deadline of a ticker", () => {
  const once = Question.to(ticker)

  it.effect("allows one request of three seconds", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* timeTicker(once, [spot]), [3000, true])
    }))

  it.effect("includes loading the markets", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* timeTicker(once), [5000, false])
    }))

  it.effect("covers all requests of the call", () =>
    Effect.gen(function*() {
      const twice: typeof once = (client) => () => Effect.zipRight(client.request(time, {}), once(client)())
      assert.deepStrictEqual(yield* timeTicker(twice, [spot]), [5000, false])
    }))
})
