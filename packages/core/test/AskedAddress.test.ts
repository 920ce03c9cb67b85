import { HttpClient, Socket } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger, Stream, TestClock } from "effect"
import { Exchange, Feeds, type Protocol, Question, Row, Wire } from "../src/adapter.js"
import { ExchangeError, type FeedItem, MarketData } from "../src/index.js"
import * as Toy from "./support/toy.js"
import { json, make, type Script } from "./support/wire.js"

const address = Toy.open("address", "/address", {
  method: "POST",
  isSecret: true,
  answer: Wire.within("url", Wire.text)
})
const none = Question.without("this", "nothing")

const ticker = Wire.one(Row.ticker({
  ...Wire.each(["last", "bid", "ask", "open24h", "high24h", "low24h", "volume24h"], Wire.none),
  at: Wire.always(1)
}))

const protocol: Protocol.Protocol = {
  ...Toy.protocol,
  classify: ({ about, now, status }) =>
    status === 400
      ? new ExchangeError.InvalidRequest({ ...about, detail: "not for you" })
      : status === 418
      ? new ExchangeError.Banned({ ...about, detail: "too many requests", until: now + 120_000 })
      : undefined
}

const feeds: Feeds.Feeds = {
  protocol: {
    sockets: {
      public: { at: {}, path: "", address: { asked: Question.to(address) } },
      plain: { at: {}, path: "/plain" }
    },
    most: 10,
    subscribe: (topics) => topics.map(({ key }) => key),
    unsubscribe: () => [],
    read: (frame) =>
      typeof frame === "string" && frame.startsWith("refused")
        ? [{ _tag: "Refused", error: { code: "", text: frame } }]
        : frame === "maintenance"
        ? [{ _tag: "Leaving" }]
        : [{ _tag: "Data", key: "XBTUSD", frame }],
    silence: "1 minute"
  },
  ticker: {
    topic: ({ id }) => ({ socket: "public", key: id, channel: "ticker" }),
    reader: () => Feeds.readingOne(ticker)
  },
  trades: {
    topic: ({ id }) => ({ socket: "plain", key: `${id} trades`, channel: "trades" }),
    reader: () => () => []
  }
}

const exchange = Exchange.definePublic({
  name: "Toy",
  protocol,
  feeds,
  kinds: ["spot"],
  marketData: {
    listings: [() => () => Effect.succeed([Toy.spot])],
    ticker: none,
    book: { depths: 1, read: none },
    trades: { most: 1, order: "oldest first", read: none },
    candles: { words: {}, page: 1, read: none },
    status: none
  }
})

/** A socket that opens at once and answers each message with the given text. */
class Peer extends EventTarget {
  readyState = 1
  readonly url: string
  readonly #reply: string
  constructor(url: string, reply: string) {
    super()
    this.url = url
    this.#reply = reply
  }
  send(): void {
    this.dispatchEvent(new MessageEvent("message", { data: this.#reply }))
  }
  close(): void {
    this.readyState = 3
  }
  say(message: unknown): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) }))
  }
  drop(): void {
    this.dispatchEvent(Object.assign(new Event("close"), { code: 1006, reason: "" }))
  }
}

const token = (number: number) => `${number}neAiuYvAU61ZDXANAGAsiL4-iAExhsBXZxftpOeh_55i3Ysy2q2LEsEWU64mdzUOP`
const issued = (number: number, scheme = "wss") => json({ url: `${scheme}://push.toy.example/?token=${token(number)}` })

const listening = (script: Script, reply = "{}") =>
  Effect.gen(function*() {
    const wire = make(script)
    const peers: Array<Peer> = []
    const logs: Array<unknown> = []
    const items: Array<FeedItem.FeedItem<unknown>["_tag"]> = []
    const layer = Layer.provide(exchange.layerMarketData({ retry: { attempts: 1 } }), [
      Layer.succeed(HttpClient.HttpClient, wire.client),
      Layer.succeed(Socket.WebSocketConstructor, (url) => {
        const peer = new Peer(url, reply)
        peers.push(peer)
        return peer as unknown as globalThis.WebSocket
      })
    ])
    const listen = Effect.flatMap(
      MarketData.MarketData,
      ({ streamTicker }) =>
        Stream.runForEach(streamTicker("BTC/USD"), ({ _tag }) => Effect.sync(() => items.push(_tag)))
    )
    const fiber = yield* listen.pipe(
      Effect.provide(layer),
      Effect.provide(Logger.replace(Logger.defaultLogger, Logger.make((entry) => logs.push(entry)))),
      Effect.either,
      Effect.fork
    )
    yield* TestClock.adjust("1 second")
    return { peers, logs, items, fiber, sent: () => wire.sent.map(({ path }) => path) }
  })

describe("a socket whose URL the exchange issues", () => {
  it.effect("is dialled with a new URL each time", () =>
    Effect.gen(function*() {
      const { items, peers } = yield* listening((_, index) => issued(index))
      peers[0]?.drop()
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(
        peers.map(({ url }) => url),
        [0, 1].map((number) => `wss://push.toy.example/?token=${token(number)}`)
      )
      assert.deepStrictEqual(items, ["Connected", "Data", "Reconnecting", "Resynced", "Data"])
    }))

  it.effect("is dialled later if the exchange issues none, as if it had not been reached", () =>
    Effect.gen(function*() {
      const { items, peers, sent } = yield* listening((_, index) => index < 2 ? json({}, 503) : issued(index))
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(sent().length, 3)
      assert.deepStrictEqual(peers.map(({ url }) => url), [`wss://push.toy.example/?token=${token(2)}`])
      assert.deepStrictEqual(items, ["Reconnecting", "Resynced", "Data"])
    }))

  it.effect("is dialled after a ban during which the exchange issues none, and requests none before", () =>
    Effect.gen(function*() {
      const { items, peers, sent } = yield* listening((_, index) => index === 1 ? json({}, 418) : issued(index))
      peers[0]?.drop()
      yield* TestClock.adjust("119 seconds")
      assert.strictEqual(sent().length, 2)
      assert.deepStrictEqual(items, ["Connected", "Data", "Reconnecting"])
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual(items.slice(0, 5), ["Connected", "Data", "Reconnecting", "Resynced", "Data"])
    }))

  for (
    const [what, answer, tag] of [
      ["is refused for good", () => json({ code: "poor" }, 400), "InvalidRequest"],
      ["would not be encrypted", () => issued(1, "ws"), "MalformedResponse"],
      ["is no WebSocket", () => issued(1, "https"), "MalformedResponse"]
    ] as const
  ) {
    it.effect(`fails its consumers if it ${what}`, () =>
      Effect.gen(function*() {
        const { fiber, peers } = yield* listening(answer)
        yield* TestClock.adjust("1 minute")
        const result = yield* Fiber.join(fiber)
        assert.strictEqual(result._tag === "Left" && Object(result.left)._tag, tag)
        assert.deepStrictEqual(peers, [])
        assert.notInclude(JSON.stringify(result), token(1))
      }))
  }

  it.effect("is dialled again before the exchange closes the connection, which serves until then", () =>
    Effect.gen(function*() {
      // The second URL is refused for good, and the third is not encrypted.
      const answers = [issued(0), json({ code: "poor" }, 400), issued(2, "ws"), issued(3)]
      const { items, peers, sent } = yield* listening((_, index) => answers[index] ?? issued(index))
      peers[0]?.say("maintenance")
      yield* TestClock.adjust("500 millis")
      for (let second = 0; second < 10; second++) {
        peers[0]?.say({})
        yield* TestClock.adjust("1 second")
      }
      assert.strictEqual(sent().length, 4)
      assert.deepStrictEqual(
        peers.map(({ readyState, url }) => [readyState, url]),
        [[3, 0], [1, 3]].map(([state, number = 0]) => [state, `wss://push.toy.example/?token=${token(number)}`])
      )
      assert.deepStrictEqual(new Set(items), new Set(["Connected", "Data"]))
      const count = items.length
      peers[1]?.say({})
      yield* TestClock.adjust("1 second")
      assert.strictEqual(items.length, count + 1)
    }))

  it.effect("does not keep other sockets from connecting if it is never issued", () =>
    Effect.gen(function*() {
      const wire = make(() => json({ code: "poor" }, 400))
      const urls: Array<string> = []
      const layer = Layer.provide(exchange.layerMarketData(), [
        Layer.succeed(HttpClient.HttpClient, wire.client),
        Layer.succeed(Socket.WebSocketConstructor, (url) => {
          urls.push(url)
          return new Peer(url, "{}") as unknown as globalThis.WebSocket
        })
      ])
      yield* Effect.gen(function*() {
        const { streamTicker, streamTrades } = yield* MarketData.MarketData
        const failing = Stream.runDrain(streamTicker("BTC/USD"))
        yield* Effect.fork(Effect.retry(Effect.delay(failing, "1 second"), { times: 19 }))
        yield* TestClock.adjust("5 minutes")
        assert.strictEqual(wire.sent.length, 20)
        yield* Effect.fork(Stream.runDrain(streamTrades("BTC/USD")))
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(urls, ["wss://toy.example/plain"])
      }).pipe(Effect.provide(layer))
    }))

  it.effect("does not reveal the token that the exchange repeats", () =>
    Effect.gen(function*() {
      const { fiber, logs } = yield* listening(() => issued(1), JSON.stringify(`refused: ${token(1)}`))
      yield* TestClock.adjust("1 minute")
      const result = JSON.stringify(yield* Fiber.join(fiber))
      assert.include(result, "refused")
      assert.notInclude(result, token(1))
      assert.notInclude(JSON.stringify(logs), token(1))
    }))
})
