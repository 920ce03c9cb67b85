import { HttpClient, HttpClientResponse, Socket } from "@effect/platform"
import { assert, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Schema, Stream } from "effect"
import { Exchange, type Feeds, Question, Wire } from "../src/adapter.js"
import { MarketData } from "../src/index.js"
import * as Toy from "./support/toy.js"

const markets = Toy.open("markets", "/markets", { answer: Wire.within("ids", Schema.Array(Schema.String)) })
const none = Question.without("this", "nothing")

const feeds: Feeds.Feeds = {
  protocol: {
    sockets: { public: { at: {}, path: "/ws" }, private: { at: {}, path: "/own" } },
    most: 10,
    subscribe: () => [],
    unsubscribe: () => [],
    read: () => [],
    silence: "1 minute"
  },
  ticker: {
    topic: ({ id }) => ({ socket: "pubic", key: id, channel: "ticker" }),
    reader: () => () => undefined
  }
}

const exchange = Exchange.definePublic({
  name: "Toy",
  protocol: Toy.protocol,
  feeds,
  kinds: ["spot"],
  marketData: {
    listings: [Question.to(markets, (ids) => ids.map((id) => ({ ...Toy.spot, id })))],
    ticker: none,
    book: { depths: 1, read: none },
    trades: { most: 1, order: "oldest first", read: none },
    candles: { words: {}, page: 1, read: none },
    status: none
  }
})

const http = Layer.succeed(
  HttpClient.HttpClient,
  HttpClient.make((request) =>
    Effect.succeed(HttpClientResponse.fromWeb(request, Response.json({ ids: ["XBTUSD"], now: 0 })))
  )
)

const sockets = Layer.succeed(Socket.WebSocketConstructor, () => assert.fail("no socket must be opened"))

it.effect("a topic on a socket that the feeds do not declare is a defect that names those they declare", () =>
  Effect.gen(function*() {
    const { streamTicker } = yield* MarketData.MarketData
    const exit = yield* Effect.exit(Stream.runHead(streamTicker("BTC/USD")))
    const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    assert.instanceOf(defect, RangeError)
    assert.strictEqual(
      defect.message,
      "The feeds of toy have no socket \"pubic\", but these: public, private."
    )
  }).pipe(Effect.provide(exchange.layerMarketData().pipe(Layer.provide([http, sockets])))))
