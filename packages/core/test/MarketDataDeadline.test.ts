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

const no = () => () => Effect.die("not asked")

const exchangeOf = (ticker: Declaration.MarketData["ticker"]) =>
  Exchange.definePublic<"Toy">({
    name: "Toy",
    protocol,
    kinds: ["spot"],
    marketData: {
      listings: [(client) => () => Effect.as(client.request(time, {}), [spot])],
      ticker,
      book: { depths: [5], read: no },
      trades: { most: 10, order: "newest first", read: no },
      candles: { words: { "1h": "60" }, page: 10, read: no },
      status: no
    }
  })

/** How long the ticker of a market takes, and whether there is one, where a call may take five seconds. */
const asked = (ticker: Declaration.MarketData["ticker"], markets?: ReadonlyArray<Market.Market>) =>
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

  it.effect("leaves time for one request", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* asked(once, [spot]), [3000, true])
    }))

  it.effect("counts from before the list of markets", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* asked(once), [5000, false])
    }))

  it.effect("is one for all requests that it is made of", () =>
    Effect.gen(function*() {
      const twice: typeof once = (client) => () => Effect.zipRight(client.request(time, {}), once(client)())
      assert.deepStrictEqual(yield* asked(twice, [spot]), [5000, false])
    }))
})
