import { Account, Decimal, ExchangeError, type FeedItem, MarketData } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { assertInclude, assertInstanceOf } from "@effect/vitest/utils"
import { BigDecimal, Cause, Chunk, Duration, Effect, Exit, FastCheck, Layer, Option, Stream, TestClock } from "effect"
import { runs } from "../../resilience/test/support/sample.js"
import { Arbitraries, Contract, Mock } from "../src/index.js"

const noon = 1_767_268_800_000

const bitcoin = Mock.layer({ "BTC/USDT": { last: "64000.50" } })

const down = new ExchangeError.ExchangeUnavailable({
  exchange: "mock",
  operation: "price",
  detail: "down for maintenance",
  outcome: "Unknown"
})

const limited = new ExchangeError.RateLimited({
  exchange: "mock",
  operation: "price",
  detail: "too many requests",
  retryAfter: Duration.seconds(1)
})

/** The InvalidMock that building a layer dies with. */
const defect = <A, E>(layer: Layer.Layer<A, E>) =>
  Effect.map(Effect.exit(Effect.scoped(Layer.build(layer))), (exit) => {
    assert(Exit.isFailure(exit))
    const error = Chunk.unsafeHead(Cause.defects(exit.cause))
    assertInstanceOf(error, Mock.InvalidMock)
    return error
  })

describe("mock streams", () => {
  it.effect("emit a candle as closed once a later one follows, as exchanges do", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(noon)
      const market = yield* MarketData.MarketData
      const { setPrice } = yield* Mock.Mock
      const received: Array<readonly [openTime: number, close: string, isOpen: boolean]> = []
      yield* Effect.forkScoped(Stream.runForEach(market.streamCandles("BTC/USDT", "1m"), (item) =>
        Effect.sync(() => {
          if (item._tag !== "Data") return
          const { close, isOpen, openTime } = item.value
          received.push([openTime - noon, Decimal.format(close), isOpen])
        })))
      yield* TestClock.adjust("10 seconds")
      yield* setPrice("BTC/USDT", { last: "64001" })
      yield* TestClock.adjust("1 minute")
      yield* setPrice("BTC/USDT", { last: "64002" })
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(received, [
        [0, "64000.50", true],
        [0, "64001", true],
        [0, "64001", false],
        [60_000, "64002", true]
      ])
    }).pipe(Effect.scoped, Effect.provide(bitcoin)))

  it.effect("emit each trade once, whatever else a test sets", () =>
    Effect.gen(function*() {
      const market = yield* MarketData.MarketData
      const { setPrice } = yield* Mock.Mock
      const trade = (price: string, at: number): Mock.TradeInput => ({ price, amount: "1", at })
      const received: Array<string> = []
      for (const symbol of ["BTC/USDT", "ETH/USDT"]) {
        yield* Effect.forkScoped(Stream.runForEach(market.streamTrades(symbol), (item) =>
          Effect.sync(() =>
            item._tag === "Data" && received.push(`${symbol} ${Decimal.format(item.value.price)}`)
          )))
      }
      yield* TestClock.adjust("1 millis")
      yield* setPrice("ETH/USDT", { last: "3001" })
      yield* TestClock.adjust("1 millis")
      yield* setPrice("BTC/USDT", { last: "64002", trades: [trade("64001", 1), trade("64002", 2)] })
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(received, [
        "BTC/USDT 64001",
        "ETH/USDT 3000",
        "ETH/USDT 3001",
        "BTC/USDT 64002"
      ])
    }).pipe(
      Effect.scoped,
      Effect.provide(Mock.layer({
        "BTC/USDT": { last: "64001", trades: [{ price: "64001", amount: "1", at: 1 }] },
        "ETH/USDT": { last: "3000" }
      }))
    ))

  it.effect("of candles in an interval that is not supported fail before they connect", () =>
    Effect.gen(function*() {
      const market = yield* MarketData.MarketData
      const items: Array<unknown> = []
      const error = yield* Effect.flip(
        Stream.runForEach(market.streamCandles("BTC/USDT", "1m"), (item) => Effect.sync(() => void items.push(item)))
      )
      assert.deepStrictEqual([error._tag, error.operation, items], ["Unsupported", "streamCandles", []])
    }).pipe(Effect.provide(Mock.layer({ "BTC/USDT": { last: "1" } }, { features: { candles: ["1h"] } }))))

  it.effect("emit the current quote, and each quote that a test sets", () =>
    Effect.gen(function*() {
      const market = yield* MarketData.MarketData
      const mock = yield* Mock.Mock
      const received: Array<string> = []
      const collect = <A, E>(
        name: string,
        stream: Stream.Stream<FeedItem.FeedItem<A>, E>,
        show: (value: A) => string
      ) =>
        Effect.fork(
          Stream.runForEach(
            stream,
            (item) => Effect.sync(() => received.push(`${name} ${item._tag === "Data" ? show(item.value) : item._tag}`))
          )
        )
      yield* collect(
        "ticker",
        market.streamTicker("BTC/USDT"),
        ({ last }) => last === undefined ? "" : Decimal.format(last)
      )
      yield* collect("book", market.streamOrderBook("BTC/USDT"), ({ bids, bestBid }) =>
        Option.match(bestBid, {
          onNone: () => String(bids),
          onSome: ({ price }) => Decimal.format(price)
        }))
      yield* Effect.yieldNow()
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(received.splice(0).toSorted(), [
        "book 0",
        "book Connected",
        "ticker 64000.50",
        "ticker Connected"
      ])
      yield* mock.setPrice("BTC/USDT", { last: "65000", bid: "64999" })
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(received.splice(0).toSorted(), ["book 64999", "ticker 65000"])
    }).pipe(Effect.provide(bitcoin)))

  it.effect("fail for a market that the mock does not list", () =>
    Effect.gen(function*() {
      const market = yield* MarketData.MarketData
      const error = yield* Effect.flip(Stream.runDrain(market.streamTrades("NOPE/USDT")))
      assert.strictEqual(error._tag, "SymbolNotFound")
    }).pipe(Effect.provide(bitcoin)))
})

describe("layer", () => {
  it.effect("returns the exact given price, observed at the time of the clock", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(noon)
      const market = yield* MarketData.MarketData
      const price = yield* market.price("BTC/USDT")
      assert.strictEqual(Decimal.format(price.amount), "64000.50")
      assert.deepStrictEqual(
        { ...price, amount: undefined },
        { symbol: price.symbol, amount: undefined, currency: "USDT", basis: "last", source: "mock", observedAt: noon }
      )
      assert.strictEqual(yield* market.serverTime, noon)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* market.price("BTC/USDT")).observedAt, noon + 1)
      assert.strictEqual(yield* market.serverTime, noon + 1)
    }).pipe(Effect.provide(bitcoin)))

  it.effect("lists markets derived from their symbols, with the given details", () =>
    Effect.gen(function*() {
      const market = yield* MarketData.MarketData
      const shown = (yield* market.markets).map(({ lotSize, tickSize, ...rest }) => ({
        symbol: rest.symbol,
        id: rest.id,
        kind: rest.kind,
        status: rest.status,
        base: rest.base,
        quote: rest.quote,
        tickSize: tickSize && Decimal.format(tickSize),
        lotSize: lotSize && Decimal.format(lotSize)
      }))
      assert.deepEqual<unknown>(shown, [
        {
          symbol: "BTC/USDT",
          id: "BTC-USDT",
          kind: "spot",
          status: "open",
          base: "BTC",
          quote: "USDT",
          tickSize: undefined,
          lotSize: undefined
        },
        {
          symbol: "BTC/USD:BTC",
          id: "XBTUSD",
          kind: "perpetual",
          status: "halted",
          base: "BTC",
          quote: "USD",
          tickSize: "0.5",
          lotSize: "100"
        },
        {
          symbol: "ETH/USD:ETH-261225",
          id: "ETH-USD:ETH-261225",
          kind: "future",
          status: "open",
          base: "ETH",
          quote: "USD",
          tickSize: undefined,
          lotSize: undefined
        }
      ])
      assert.strictEqual(market.exchange, "bitmex")
    }).pipe(Effect.provide(Mock.layer({
      "BTC/USDT": { last: "1" },
      "BTC/USD:BTC": { last: "1", market: { id: "XBTUSD", status: "halted", tickSize: "0.5", lotSize: "100" } },
      "ETH/USD:ETH-261225": { last: "1" }
    }, { exchange: "bitmex" }))))

  it.effect("prices a market without trades at the mid price, and fails without a bid or ask", () =>
    Effect.gen(function*() {
      const market = yield* MarketData.MarketData
      const mid = yield* market.price("A/USDT")
      assert.strictEqual(Decimal.format(mid.amount), "10.5")
      assert.strictEqual(mid.basis, "mid")
      const error = yield* Effect.flip(market.price("B/USDT"))
      assert.strictEqual(error._tag, "MalformedResponse")
      assertInclude(error.message, "B/USDT has no price")
      assert.isUndefined((yield* market.ticker("B/USDT")).last)
    }).pipe(Effect.provide(Mock.layer({ "A/USDT": { bid: "10", ask: "11" }, "B/USDT": { bid: "10" } }))))

  it.effect("rejects unknown and malformed symbols as a client does", () =>
    Effect.gen(function*() {
      const market = yield* MarketData.MarketData
      const unknown = yield* Effect.flip(market.price("BTC/EUR"))
      assert(unknown._tag === "SymbolNotFound")
      assert.strictEqual(unknown.symbol, "BTC/EUR")
      assertInclude(unknown.message, "mock.price: no market BTC/EUR; similar symbols are BTC/USDT")
      const malformed = yield* Effect.flip(market.ticker("btc usdt"))
      assert.strictEqual(malformed._tag, "InvalidRequest")
      assertInclude(malformed.message, "mock.ticker")
    }).pipe(Effect.provide(bitcoin)))

  it.effect("builds a separate mock each time", () =>
    Effect.gen(function*() {
      const change = Effect.flatMap(Mock.Mock, (mock) => mock.setPrice("BTC/USDT", { last: "1" }))
      yield* Effect.provide(change, bitcoin)
      const price = yield* Effect.provide(
        Effect.flatMap(MarketData.MarketData, (market) => market.price("BTC/USDT")),
        bitcoin
      )
      assert.strictEqual(Decimal.format(price.amount), "64000.50")
    }))

  const invalid: ReadonlyArray<readonly [what: string, Parameters<typeof Mock.layer>[0], message: string]> = [
    [
      "a word",
      { "BTC/USDT": { last: "much" } },
      "Invalid last of \"BTC/USDT\" in the mock: expected a plain decimal"
    ],
    ["an exponent", { "BTC/USDT": { last: "1e3" } }, "got \"1e3\""],
    ["an absurd exponent", { "BTC/USDT": { last: "1e1000000000" } }, "expected a plain decimal"],
    ["no digits", { "BTC/USDT": { last: "" } }, "got \"\""],
    ["a price of zero", { "BTC/USDT": { last: "0.00" } }, "expected more than zero, got \"0.00\""],
    ["a price below zero", { "BTC/USDT": { bid: "-1" } }, "Invalid bid"],
    ["a volume below zero", { "BTC/USDT": { volume24h: "-1" } }, "expected zero or more"],
    [
      "a crossed book",
      { "BTC/USDT": { bid: "2", ask: "1" } },
      "Invalid ask of \"BTC/USDT\" in the mock: must not be below the bid"
    ],
    ["a last below the low", { "BTC/USDT": { last: "1", low24h: "2" } }, "Invalid last"],
    ["a last above the high", { "BTC/USDT": { last: "3", high24h: "2" } }, "Invalid high24h"],
    ["a low above the high", { "BTC/USDT": { low24h: "3", high24h: "2" } }, "Invalid high24h"],
    ["a tick size of zero", { "BTC/USDT": { last: "1", market: { tickSize: "0" } } }, "Invalid tickSize"],
    ["text that is not a symbol", { "btc usdt": { last: "1" } }, "Invalid symbol of \"btc usdt\""],
    [
      "an id for two markets",
      { "BTC/USDT": { last: "1", market: { id: "X" } }, "ETH/USDT": { last: "1", market: { id: "X" } } },
      "Invalid id of \"ETH/USDT\" in the mock: the id is already that of BTC/USDT; choose another"
    ]
  ]

  for (const [what, tickers, message] of invalid) {
    it.effect(`dies with InvalidMock for ${what} and names the place`, () =>
      Effect.gen(function*() {
        assertInclude((yield* defect(Mock.layer(tickers))).message, message)
      }))
  }
})

describe("the mock service", () => {
  it.effect("replaces the whole quote of a market while the program runs", () =>
    Effect.gen(function*() {
      const market = yield* MarketData.MarketData
      const mock = yield* Mock.Mock
      assert.strictEqual(Decimal.format((yield* market.ticker("BTC/USDT")).bid ?? Decimal.make("0")), "99")
      yield* mock.setPrice("BTC/USDT", { last: "200" })
      const ticker = yield* market.ticker("BTC/USDT")
      assert.strictEqual(Decimal.format(ticker.last ?? Decimal.make("0")), "200")
      assert.isUndefined(ticker.bid)
      assert.strictEqual((yield* market.market("BTC/USDT")).id, "XBT")
    }).pipe(Effect.provide(Mock.layer({ "BTC/USDT": { last: "100", bid: "99", market: { id: "XBT" } } }))))

  it.effect("lists another market when its price is set", () =>
    Effect.gen(function*() {
      const market = yield* MarketData.MarketData
      assert.strictEqual((yield* Effect.flip(market.price("ETH/USDT")))._tag, "SymbolNotFound")
      yield* (yield* Mock.Mock).setPrice("ETH/USDT", { last: "3100" })
      assert.strictEqual(Decimal.format((yield* market.price("ETH/USDT")).amount), "3100")
      assert.strictEqual((yield* market.markets).length, 2)
    }).pipe(Effect.provide(bitcoin)))

  it.effect("rejects an invalid price and changes nothing", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      const error = yield* Effect.flip(mock.setPrice("BTC/USDT", { last: "-1" }))
      assert.strictEqual(error._tag, "InvalidMock")
      assert.strictEqual(Decimal.format((yield* mock.price("BTC/USDT")).amount), "64000.50")
    }).pipe(Effect.provide(bitcoin)))

  it.effect("fails the next calls with the given errors in order", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      yield* mock.failNext(down, limited)
      assert.strictEqual(yield* Effect.flip(mock.price("BTC/USDT")), down)
      assert.strictEqual(yield* Effect.flip(mock.markets), limited)
      assert.strictEqual((yield* mock.price("BTC/USDT")).currency, "USDT")
    }).pipe(Effect.provide(bitcoin)))

  it.effect("does not use up a failure on a call that would not send a request", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      yield* mock.failNext(down)
      assert.strictEqual((yield* Effect.flip(mock.price("nonsense")))._tag, "InvalidRequest")
      assert.strictEqual((yield* Effect.flip(mock.price("NO/SUCH")))._tag, "SymbolNotFound")
      assert.deepStrictEqual(yield* mock.tickers([]), [])
      assert.strictEqual(yield* Effect.flip(mock.price("BTC/USDT")), down)
    }).pipe(Effect.provide(bitcoin)))

  it.effect("fails every call until recover is called", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      yield* mock.failWith(down)
      yield* mock.failNext(limited)
      assert.strictEqual(yield* Effect.flip(mock.serverTime), limited)
      assert.strictEqual(yield* Effect.flip(mock.serverTime), down)
      assert.strictEqual(yield* Effect.flip(mock.tickers(["BTC/USDT"])), down)
      yield* mock.failNext(limited)
      yield* mock.recover
      assert.strictEqual((yield* mock.tickers(["BTC/USDT"])).length, 1)
    }).pipe(Effect.provide(bitcoin)))

  it.effect("records each call with its symbols and time", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      assert.deepStrictEqual(yield* mock.calls, [])
      yield* mock.price("BTC/USDT")
      yield* TestClock.adjust("2 seconds")
      yield* mock.tickers(["BTC/USDT", "BTC/USDT"])
      yield* Effect.exit(mock.price("NO/SUCH"))
      yield* mock.failNext(down)
      yield* Effect.exit(mock.markets)
      assert.deepStrictEqual(yield* mock.calls, [
        { operation: "price", symbols: ["BTC/USDT"], at: 0 },
        { operation: "tickers", symbols: ["BTC/USDT", "BTC/USDT"], at: 2000 },
        { operation: "markets", symbols: [], at: 2000 }
      ])
    }).pipe(Effect.provide(bitcoin)))
})

describe("layerAccount", () => {
  const wallet = Mock.layerAccount({
    balances: { BTC: { free: "0.5", total: "0.75" }, ETH: { free: "2" }, USDT: { free: "0" } },
    keyPermissions: { trade: true }
  })

  const shown = Effect.map(
    Effect.flatMap(Account.Account, (account) => account.balances),
    (balances) =>
      balances.map(({ asset, free, total }) => `${asset} ${Decimal.format(free)} of ${Decimal.format(total)}`)
  )

  it.effect("returns the given balances except those of zero", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* shown, ["BTC 0.5 of 0.75", "ETH 2 of 2"])
      assert.deepStrictEqual(yield* (yield* Account.Account).keyPermissions, {
        read: true,
        trade: true,
        withdraw: false,
        ipRestricted: "unknown"
      })
    }).pipe(Effect.provide(wallet)))

  it.effect("has no balances and a read-only key by default", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* shown, [])
      const { read, trade, withdraw } = yield* (yield* Account.Account).keyPermissions
      assert.deepStrictEqual([read, trade, withdraw], [true, false, false])
    }).pipe(Effect.provide(Mock.layerAccount())))

  it.effect("changes balances, fails and records calls like the market data mock", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.MockAccount
      yield* mock.setBalances({ SOL: { free: "1" } })
      assert.deepStrictEqual(yield* shown, ["SOL 1 of 1"])
      const refused = new ExchangeError.AuthenticationFailed({
        exchange: "mock",
        operation: "keyPermissions",
        detail: "the key was refused"
      })
      yield* mock.failNext(refused)
      assert.strictEqual(yield* Effect.flip(mock.keyPermissions), refused)
      assert.deepStrictEqual((yield* mock.calls).map(({ operation }) => operation), ["balances", "keyPermissions"])
    }).pipe(Effect.provide(wallet)))

  const invalid: ReadonlyArray<readonly [what: string, Mock.Balances, message: string]> = [
    ["a word", { BTC: { free: "some" } }, "Invalid free of \"BTC\" in the mock"],
    ["a negative balance", { BTC: { free: "-1" } }, "expected zero or more"],
    ["more free than the total", { BTC: { free: "2", total: "1" } }, "must not be above the total"]
  ]

  for (const [what, balances, message] of invalid) {
    it.effect(`dies with InvalidMock for ${what} and names the place`, () =>
      Effect.gen(function*() {
        assertInclude((yield* defect(Mock.layerAccount({ balances }))).message, message)
      }))
  }
})

describe("a mock of any tickers", () => {
  const uncrossed = Arbitraries.ticker.filter(({ ask, bid }) =>
    ask === undefined || bid === undefined || BigDecimal.lessThan(bid, ask)
  )
  const quoted = FastCheck.uniqueArray(uncrossed, {
    minLength: 1,
    maxLength: 5,
    selector: (each) => each.symbol
  })
    .map((tickers) =>
      Object.fromEntries(tickers.map(({ ask, bid, high24h, last, low24h, symbol }) => [symbol, {
        bid: bid && Decimal.format(bid),
        ask: ask && Decimal.format(ask),
        // Without a last price there may be no price at all, and then nothing is tested.
        last: Decimal.format(last ?? low24h ?? high24h ?? Decimal.make("1")),
        low24h: low24h && Decimal.format(low24h),
        high24h: last && high24h && Decimal.format(high24h)
      }]))
    )

  it.effect.prop("passes the contract suite", [quoted], ([tickers]) =>
    Effect.gen(function*() {
      for (const test of Contract.suite({ name: "any mock", layer: Mock.layer(tickers), clock: "test" })) {
        // These cases wait for trades, and there may be none.
        if (!/^(MD-13|FD-03)$/.test(test.id) && (yield* test.skip)._tag === "None") yield* test.run
      }
    }), { fastCheck: { numRuns: runs(15) }, timeout: 60_000 })
})
