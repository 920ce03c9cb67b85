import { BitMex } from "@effect-exchange/bitmex"
import { Bybit } from "@effect-exchange/bybit"
import { Coinbase } from "@effect-exchange/coinbase"
import { Account, Decimal, type ExchangeError, ExchangeSymbol, type Market, MarketData } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { Kraken } from "@effect-exchange/kraken"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import type { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Clock, type ConfigError, type Duration, Effect, Either, Fiber, Layer, Redacted, Ref, TestClock } from "effect"
import { everyNth } from "../../resilience/test/support/sample.js"
import { Exchanges } from "../src/index.js"
import * as Support from "./support/exchanges.js"

/** 2026-03-01T12:34:56Z */
const now = Date.UTC(2026, 2, 1, 12, 34, 56)

const market: Market.Market = {
  symbol: ExchangeSymbol.make("BTC/USD"),
  id: "BTCUSD",
  kind: "spot",
  status: "open",
  base: "BTC",
  quote: "USD",
  multiplier: Decimal.make("1")
}

const credentials = {
  key: Redacted.make("key"),
  secret: Redacted.make("c2VjcmV0"),
  passphrase: Redacted.make("phrase")
}

type Options = Exchange.AccountOptions<never>

interface Subject {
  readonly name: string
  readonly layer: (options: Options) => Layer.Layer<Account.Account, ConfigError.ConfigError, HttpClient.HttpClient>
  /** A page without a row of the requested market, followed by another page. */
  readonly page: (index: number) => unknown
  /** The most pages that one call reads. Defaults to 100. */
  readonly most?: number
}

const subjects: ReadonlyArray<Subject> = [
  {
    name: "BitMEX",
    layer: BitMex.layerAccount,
    // Rows of funding, of which there can be many between two fills.
    page: () => Array.from({ length: 500 }, () => ({ execType: "Funding" }))
  },
  {
    name: "Bybit",
    layer: Bybit.layerAccount,
    page: (index) => ({
      retCode: 0,
      retMsg: "OK",
      time: now,
      result: { list: [{ execType: "Funding" }], nextPageCursor: `c${index}` }
    }),
    // The 105 weeks of two years, and 45 more.
    most: 150
  },
  {
    name: "Coinbase",
    // The signature is not checked, so any key will do.
    layer: (options) => Coinbase.layerAccount({ ...options, credentials: { key: credentials.key, secret: ed25519 } }),
    page: (index) => ({ fills: [], cursor: `c${index}` })
  },
  {
    name: "Kraken",
    layer: Kraken.layerAccount,
    page: (index) => ({
      error: [],
      result: {
        count: 100_000,
        trades: Object.fromEntries(Array.from({ length: 50 }, (_, row) => [`T${index}-${row}`, {
          ordertxid: "O",
          pair: "XETHZUSD",
          time: now / 1000,
          type: "buy",
          ordertype: "limit",
          price: "1",
          cost: "1",
          fee: "0",
          vol: "1",
          maker: true
        }]))
      }
    })
  }
]

const ed25519 = Redacted.make(
  "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg=="
)

const fills = ({ layer, page }: Subject, options: Options, delay: Duration.DurationInput, since?: number) =>
  Effect.gen(function*() {
    const account = yield* Account.Account
    const scripted = yield* ScriptedHttp.ScriptedHttp
    const ended = yield* Ref.make(0)
    const fiber = yield* account.fills("BTC/USD", { limit: 10, since }).pipe(
      Effect.either,
      Effect.zipLeft(Effect.flatMap(Clock.currentTimeMillis, (at) => Ref.set(ended, at - now))),
      Effect.fork
    )
    yield* TestClock.adjust("2 hours")
    const result = yield* Fiber.join(fiber)
    return {
      tag: Either.isLeft(result) ? result.left._tag : result.right.length,
      message: Either.isLeft(result) ? result.left.message : "",
      after: yield* Ref.get(ended),
      sent: (yield* scripted.requests).length
    }
  }).pipe(
    Effect.provide(Layer.provideMerge(
      layer({
        environment: { name: "x", baseUrl: "http://localhost" },
        credentials,
        markets: [market],
        marketsMaxAge: "1 day",
        ...options
      }),
      ScriptedHttp.layer((_, index) => ScriptedHttp.delayed(ScriptedHttp.json(page(index)), delay))
    )),
    (self) => Effect.zipRight(TestClock.setTime(now), self)
  )

describe("a history of many pages", () => {
  const years = { since: now - 700 * 86_400_000 }

  for (const subject of subjects) {
    it.effect(`ends at the deadline of the whole call: ${subject.name}`, () =>
      Effect.gen(function*() {
        const long = yield* fills(subject, {}, "3 seconds", years.since)
        assert.deepStrictEqual([long.tag, long.after, long.sent], ["RequestTimedOut", 30_000, 10])
        const short = yield* fills(subject, { deadline: "5 seconds" }, "3 seconds", years.since)
        assert.deepStrictEqual([short.tag, short.after, short.sent], ["RequestTimedOut", 5_000, 2])
      }))

    it.effect(`stops after a limited number of pages: ${subject.name}`, () =>
      Effect.gen(function*() {
        const { message, sent, tag } = yield* fills(subject, { deadline: "1 hour" }, 0, years.since)
        assert.strictEqual(tag, "Unsupported")
        assert.strictEqual(sent, subject.most ?? 100)
        assert.include(message, "request less")
      }))
  }

  it.effect("reads all weeks of Bybit's two years, even if they are empty", () =>
    Effect.gen(function*() {
      const page = () => ({ retCode: 0, retMsg: "OK", time: now, result: { list: [], nextPageCursor: "" } })
      const subject = { name: "Bybit", layer: Bybit.layerAccount, page }
      const { sent, tag } = yield* fills(subject, { deadline: "1 hour" }, 0, years.since)
      assert.deepStrictEqual([tag, sent], [0, 101])
    }))
})

describe("market data", () => {
  const symbol = Support.symbol
  const calls: Readonly<
    Record<string, (data: MarketData.MarketData.Service) => Effect.Effect<unknown, ExchangeError.MarketDataError>>
  > = {
    ticker: ({ ticker }) => ticker(symbol),
    prices: ({ prices }) => prices([symbol]),
    orderBook: ({ orderBook }) => orderBook(symbol),
    trades: ({ trades }) => trades(symbol)
  }

  /** Returns the duration and the result of a call whose responses take three seconds each. */
  const timed = (
    call: Effect.Effect<unknown, ExchangeError.MarketDataError, MarketData.MarketData>
  ) =>
    Effect.gen(function*() {
      const begun = yield* Clock.currentTimeMillis
      const fiber = yield* Effect.fork(
        Effect.flatMap(Effect.either(call), (result) => Effect.map(Clock.currentTimeMillis, (at) => ({ at, result })))
      )
      yield* TestClock.adjust("1 minute")
      const { at, result } = yield* Fiber.join(fiber)
      return { took: at - begun, result }
    })

  for (const id of everyNth(3, Exchanges.ids)) {
    it.effect(`has one deadline for the listing and the call, and succeeds once the listing is known: ${id}`, () =>
      Effect.forEach(Object.entries(calls), ([name, use]) =>
        Effect.gen(function*() {
          const call = Effect.flatMap(MarketData.MarketData, use)
          const layer = Support.marketData(id, { deadline: "5 seconds", attemptTimeout: "1 minute" })
          const { first, second } = yield* Effect.provide(
            Effect.gen(function*() {
              return { first: yield* timed(call), second: yield* timed(call) }
            }),
            layer
          )
          // The listing arrives after three seconds, and nothing else within the next two.
          const error = Either.isLeft(first.result) ? first.result.left._tag : "none"
          assert.include(["DeadlineExceeded", "RequestTimedOut"], error, name)
          assert.strictEqual(first.took, 5000, name)
          // The market is known now, so the call is in time.
          assert.isTrue(Either.isRight(second.result), name)
        }).pipe(Effect.provide(Simulator.layer(id, { faults: Faults.make({ latency: "3 seconds" }) }))), {
        discard: true
      }))
  }
})
