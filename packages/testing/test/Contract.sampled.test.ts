import {
  Account,
  type Candle,
  Decimal,
  ExchangeError,
  ExchangeSymbol,
  FeedItem,
  type Fill,
  MarketData,
  type Order,
  type OrderBook,
  type Position,
  type Trade
} from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { assertInclude, assertLeft, assertNone, assertSome } from "@effect/vitest/utils"
import { BigDecimal, Chunk, ConfigProvider, Duration, Effect, Either, Layer, Option, Stream } from "effect"
import { everyNth, isWhole } from "../../resilience/test/support/sample.js"
import { Contract, type ContractCase, Mock } from "../src/index.js"
import { violations } from "./support/violations.js"

const tickers = {
  "BTC/USDT": {
    last: "64000.5",
    bid: "64000",
    ask: "64001",
    trades: [1, 2, 3, 4, 5].map((at) => ({ price: "64000", amount: "1", at: Date.UTC(2025, 11, 31, 12, at) })),
    low24h: "61000",
    high24h: "65000",
    open24h: "62000"
  },
  "ETH/USDT": { last: "3100.25", volume24h: "0", market: { tickSize: "0.01", lotSize: "0.0001" } },
  "BTC/USD:BTC": { bid: "63990", ask: "63991" },
  "BTC/USD:BTC-261225": { last: "66000" },
  "LUNA/USDT": { last: "0.0001", market: { status: "halted" } }
} as const

const observer = Effect.map(Mock.Mock, (mock): ContractCase.Observer => ({
  sent: Effect.map(mock.calls, (calls) => calls.length),
  inFlight: Effect.succeed(0)
}))

const at = (minutes: number) => Date.UTC(2025, 11, 31, 12, minutes)

const past = (id: string, changes: Partial<Order.Order>): Order.Order => ({
  exchange: "mock",
  symbol: ExchangeSymbol.make("BTC/USDT"),
  id,
  clientOrderId: `named-${id}`,
  side: "buy",
  type: "limit",
  status: "open",
  price: Decimal.make("60000"),
  amount: Decimal.make("0.5"),
  filled: Decimal.make("0"),
  createdAt: at(Number(id)),
  ...changes
})

const orders = [
  past("1", { status: "filled", filled: Decimal.make("0.5") }),
  past("2", {}),
  past("3", { status: "canceled" }),
  past("4", { symbol: ExchangeSymbol.make("ETH/USDT") })
]

const fills = ["1", "2"].map((id): Fill.Fill => ({
  exchange: "mock",
  symbol: ExchangeSymbol.make("BTC/USDT"),
  id,
  orderId: "1",
  side: "buy",
  price: Decimal.make("60000"),
  amount: Decimal.make("0.25"),
  liquidity: "maker",
  at: at(Number(id))
}))

const position: Position.Position = {
  exchange: "mock",
  symbol: ExchangeSymbol.make("BTC/USD:BTC"),
  side: "long",
  amount: Decimal.make("100")
}

const account = Layer.merge(
  Mock.layer(tickers),
  Mock.layerAccount({
    balances: { BTC: { free: "0.5", total: "0.75" }, USDT: { free: "0" } },
    symbols: Object.keys(tickers),
    keyPermissions: { trade: true, withdraw: true },
    orders,
    fills,
    positions: [position]
  })
)

const features = { ...Mock.features, positions: true }

const mock = { name: "mock", layer: Mock.layer(tickers), account, features, observer, clock: "test" } as const

describe("the contract suite against Mock", () => {
  Contract.register(it, mock)
  Contract.register(it, { ...mock, name: "mock in real time", clock: "live" })
})

/** Dies when it is built, so that a test that runs although its suite is off fails. */
const unbuildable = Layer.effect(MarketData.MarketData, Effect.dieMessage("a suite that is off must build nothing"))

type Service = MarketData.MarketData.Service

/** Leaves intervals out, so that the cases about unsupported intervals run too. */
const fewIntervals = { candles: ["1h", "1d", "1M"] as const }

/** The violations of a mock with one method replaced, found by the market data cases. */
const judge = (
  replace: (intact: Service) => Partial<Service>,
  cases: ReadonlyArray<string> = ["MD", "FD-01", "FD-02", "FD-03", "FD-04", "LM-01"]
) =>
  violations({
    ...mock,
    name: "broken",
    features: { ...features, ...fewIntervals },
    symbols: ["BTC/USDT", "ETH/USDT", "BTC/USD:BTC"],
    limit: "5 seconds",
    layer: Layer.effect(
      MarketData.MarketData,
      Effect.map(MarketData.MarketData, (intact) => ({ ...intact, ...replace(intact) }))
    ).pipe(Layer.provideMerge(Mock.layer(tickers, { features: fewIntervals })))
  }, cases)

const two = BigDecimal.fromBigInt(2n)
const zero = BigDecimal.fromBigInt(0n)

const about = { exchange: "mock", detail: "no such thing" }

/** Calls that fail with this error when more than ten run concurrently. */
const crowded = <A>(
  intact: (symbol: string) => Effect.Effect<A, ExchangeError.MarketDataError>,
  error: ExchangeError.MarketDataError
) => {
  let running = 0
  return (symbol: string) =>
    Effect.acquireUseRelease(
      Effect.sync(() => ++running),
      (count) => Effect.zipRight(Effect.yieldNow(), count > 10 ? error : intact(symbol)),
      () => Effect.sync(() => running--)
    )
}

const changedBook = (change: (book: OrderBook.OrderBook) => Partial<OrderBook.OrderBook>) => (intact: Service) => ({
  orderBook: (symbol: string, options?: { readonly depth?: number | undefined }) =>
    Effect.map(intact.orderBook(symbol, options), (book) => ({ ...book, ...change(book) }))
})

const twice = (level: OrderBook.Level) => ({ ...level, price: BigDecimal.multiply(level.price, two) })

const changedValues = <A, E>(
  stream: Stream.Stream<FeedItem.FeedItem<A>, E>,
  change: (value: A) => ReadonlyArray<A>
): Stream.Stream<FeedItem.FeedItem<A>, E> =>
  Stream.mapConcat(
    stream,
    (item): ReadonlyArray<FeedItem.FeedItem<A>> =>
      item._tag === "Data" ? change(item.value).map((value) => FeedItem.FeedItem.Data({ value })) : [item]
  )

const changedTrades =
  (change: (trades: ReadonlyArray<Trade.Trade>) => ReadonlyArray<Trade.Trade>) => (intact: Service) => ({
    trades: (symbol: string, options?: { readonly limit?: number | undefined }) =>
      Effect.map(intact.trades(symbol, options), change)
  })

const changedCandles = (change: (candle: Candle.Candle) => Candle.Candle) => (intact: Service): Partial<Service> => ({
  candles: (symbol, interval, range) => Stream.map(intact.candles(symbol, interval, range), change)
})

const broken: ReadonlyArray<
  readonly [title: string, replace: (intact: Service) => Partial<Service>, ReadonlyArray<string>]
> = [
  ["lists no markets", () => ({ markets: Effect.succeed([]) }), ["MD-01"]],
  [
    "lists a market without an id",
    (intact) => ({
      markets: Effect.map(intact.markets, (all) => all.map((each, i) => i === 1 ? { ...each, id: "" } : each))
    }),
    ["MD-01", "MD-05"]
  ],
  [
    "lists a symbol twice",
    (intact) => ({
      markets: Effect.map(
        intact.markets,
        ([one, ...rest]) => one === undefined ? [] : [one, ...rest, { ...one, id: "X" }]
      )
    }),
    ["MD-02", "MD-05"]
  ],
  [
    "lists two markets with the same id",
    (intact) => ({
      markets: Effect.map(intact.markets, (all) => all.map((each, i) => i < 2 ? { ...each, id: "X" } : each))
    }),
    ["MD-02", "MD-05"]
  ],
  [
    "lists a tick size of zero",
    (intact) => ({ markets: Effect.map(intact.markets, (all) => all.map((each) => ({ ...each, tickSize: zero }))) }),
    ["MD-01", "MD-03"]
  ],
  [
    "swaps base and quote",
    (intact) => ({
      markets: Effect.map(
        intact.markets,
        (all) => all.map((each) => ({ ...each, base: each.quote, quote: each.base }))
      )
    }),
    ["MD-04"]
  ],
  [
    "lists a perpetual as spot",
    (intact) => ({ markets: Effect.map(intact.markets, (all) => all.map((each) => ({ ...each, kind: "spot" }))) }),
    ["MD-04"]
  ],
  [
    "returns a market with another id",
    (intact) => ({ market: (symbol) => Effect.map(intact.market(symbol), (market) => ({ ...market, id: "OTHER" })) }),
    ["MD-05"]
  ],
  [
    "returns a price in the base currency",
    (intact) => ({ price: (symbol) => Effect.map(intact.price(symbol), (price) => ({ ...price, currency: "BTC" })) }),
    ["MD-06", "MD-15", "MD-16"]
  ],
  [
    "names another exchange as the source of a price",
    (intact) => ({ price: (symbol) => Effect.map(intact.price(symbol), (price) => ({ ...price, source: "other" })) }),
    ["MD-06", "MD-15", "MD-16"]
  ],
  [
    "returns a price of zero",
    (intact) => ({ price: (symbol) => Effect.map(intact.price(symbol), (price) => ({ ...price, amount: zero })) }),
    ["MD-06", "MD-15", "MD-16"]
  ],
  [
    "returns a ticker whose bid is above its ask",
    (intact) => ({
      ticker: (symbol) => Effect.map(intact.ticker(symbol), (each) => ({ ...each, bid: each.ask, ask: each.bid }))
    }),
    ["MD-07"]
  ],
  [
    "returns a last price above the 24-hour high",
    (intact) => ({
      ticker: (symbol) =>
        Effect.map(
          intact.ticker(symbol),
          (each) => ({ ...each, last: each.high24h && BigDecimal.multiply(each.high24h, two) })
        )
    }),
    ["MD-07"]
  ],
  [
    "names another exchange in its tickers",
    (intact) => ({
      ticker: (symbol) => Effect.map(intact.ticker(symbol), (each) => ({ ...each, exchange: "other" }))
    }),
    ["MD-07"]
  ],
  [
    "returns tickers sorted instead of in the order of the symbols",
    (intact) => ({ tickers: (symbols) => intact.tickers(symbols.toSorted()) }),
    ["MD-08", "MD-09"]
  ],
  [
    "returns one ticker for a symbol requested twice",
    (intact) => ({ tickers: (symbols) => intact.tickers(Array.from(new Set(symbols))) }),
    ["MD-09"]
  ],
  [
    "returns a ticker when no symbol is requested",
    (intact) => ({ tickers: (symbols) => intact.tickers(symbols.length === 0 ? ["BTC/USDT"] : symbols) }),
    ["MD-10", "MD-14"]
  ],
  [
    "returns prices sorted instead of in the order of the symbols",
    (intact) => ({ prices: (symbols) => intact.prices(symbols.toSorted()) }),
    ["MD-29"]
  ],
  [
    "returns one price for a symbol requested twice",
    (intact) => ({ prices: (symbols) => intact.prices(Array.from(new Set(symbols))) }),
    ["MD-29"]
  ],
  [
    "gives every price in a list the basis mid",
    (intact) => ({
      prices: (symbols) =>
        Effect.map(intact.prices(symbols), (prices) => prices.map((price) => ({ ...price, basis: "mid" })))
    }),
    ["MD-29"]
  ],
  [
    "omits the price of an unknown symbol",
    (intact) => ({
      prices: (symbols) => Effect.catchTag(intact.prices(symbols), "SymbolNotFound", () => Effect.succeed([]))
    }),
    ["MD-12"]
  ],
  [
    "returns the time in seconds",
    (intact) => ({ serverTime: Effect.map(intact.serverTime, (time) => Math.floor(time / 1000)) }),
    ["MD-11"]
  ],
  [
    "returns the price of another market for an unknown symbol",
    (intact) => ({
      price: (symbol) => Effect.catchTag(intact.price(symbol), "SymbolNotFound", () => intact.price("BTC/USDT"))
    }),
    ["MD-12"]
  ],
  [
    "omits the ticker of an unknown symbol",
    (intact) => ({
      tickers: (symbols) => Effect.catchTag(intact.tickers(symbols), "SymbolNotFound", () => Effect.succeed([]))
    }),
    ["MD-12"]
  ],
  [
    "fails with InvalidRequest for an unknown symbol",
    (intact) => ({
      market: (symbol) =>
        Effect.catchTag(
          intact.market(symbol),
          "SymbolNotFound",
          () => new ExchangeError.InvalidRequest({ ...about, operation: "market" })
        )
    }),
    ["MD-12"]
  ],
  [
    "names another symbol in SymbolNotFound",
    (intact) => ({
      ticker: (symbol) =>
        Effect.catchTag(
          intact.ticker(symbol),
          "SymbolNotFound",
          (error) => new ExchangeError.SymbolNotFound({ ...error, symbol: "ETH/USDT" })
        )
    }),
    ["MD-12"]
  ],
  [
    "names another operation in its errors",
    (intact) => ({ price: (symbol) => Effect.zipRight(intact.market(symbol), intact.price(symbol)) }),
    ["MD-12", "MD-13"]
  ],
  [
    "fails with SymbolNotFound for a malformed symbol",
    (intact) => ({
      market: (symbol) =>
        Effect.catchTag(
          intact.market(symbol),
          "InvalidRequest",
          () => new ExchangeError.SymbolNotFound({ ...about, operation: "market", symbol })
        )
    }),
    ["MD-13"]
  ],
  [
    "accepts a symbol in lower case",
    (intact) => ({ price: (symbol) => intact.price(symbol.toUpperCase()) }),
    ["MD-12"]
  ],
  [
    "accepts a symbol with blanks around it",
    (intact) => ({ ticker: (symbol) => intact.ticker(symbol.trim()) }),
    ["MD-13", "MD-14"]
  ],
  [
    "repeats a malformed symbol with its line breaks in the error",
    (intact) => ({
      market: (symbol) =>
        Effect.catchTag(
          intact.market(symbol),
          "InvalidRequest",
          () => new ExchangeError.InvalidRequest({ ...about, operation: "market", detail: `no symbol ${symbol}` })
        )
    }),
    ["MD-13"]
  ],
  [
    "sends a request before it validates the symbol",
    (intact) => ({ ticker: (symbol) => Effect.zipRight(intact.serverTime, intact.ticker(symbol)) }),
    ["MD-14"]
  ],
  [
    "keeps a lock when it is interrupted",
    (intact) => {
      const lock = Effect.unsafeMakeSemaphore(1)
      return {
        price: (symbol) =>
          Effect.zipRight(lock.take(1), Effect.yieldNow()).pipe(
            Effect.zipRight(Effect.either(intact.price(symbol))),
            Effect.zipLeft(lock.release(1)),
            Effect.flatten
          )
      }
    },
    ["MD-15"]
  ],
  [
    "mixes up concurrent calls",
    (intact) => {
      let asked = ""
      return {
        price: (symbol) =>
          Effect.suspend(() => {
            asked = symbol
            return Effect.zipRight(Effect.yieldNow(), Effect.suspend(() => intact.price(asked)))
          })
      }
    },
    ["MD-16"]
  ],
  [
    "fails concurrent calls after they were sent",
    (intact) => ({
      price: crowded(intact.price, new ExchangeError.RequestTimedOut({ ...about, operation: "price" }))
    }),
    ["MD-16"]
  ],
  [
    "never returns the time",
    () => ({ serverTime: Effect.never }),
    ["MD-11"]
  ],
  [
    "swaps the sides of the order book",
    changedBook(({ asks, bids }) => ({ asks: bids, bids: asks })),
    ["MD-17", "MD-18"]
  ],
  [
    "returns a book with the worst price first",
    changedBook((book) => ({ asks: [...book.asks.map(twice), ...book.asks] })),
    ["MD-17", "MD-18"]
  ],
  [
    "returns the book of another market",
    (intact) => ({ orderBook: (_, options) => intact.orderBook("BTC/USD:BTC", options) }),
    ["MD-12", "MD-13", "MD-14", "MD-17", "MD-18"]
  ],
  [
    "returns book levels with an amount of zero",
    changedBook((book) => ({ bids: book.bids.map((level) => ({ ...level, amount: zero })) })),
    ["MD-17", "MD-18"]
  ],
  [
    "returns a book without asks when a depth is requested",
    (intact) => ({
      orderBook: (symbol, options) =>
        Effect.map(
          intact.orderBook(symbol, options),
          (book) => options === undefined ? book : { ...book, asks: [] }
        )
    }),
    ["MD-18"]
  ],
  ["returns trades newest first", changedTrades((trades) => trades.toReversed()), ["MD-19"]],
  ["returns a trade twice", changedTrades((trades) => [...trades.slice(0, 1), ...trades]), ["MD-19"]],
  [
    "returns trades with an amount of zero",
    changedTrades((trades) => trades.map((trade) => ({ ...trade, amount: zero }))),
    ["MD-19"]
  ],
  [
    "returns more trades than the limit",
    (intact) => ({
      trades: (symbol, options) => Effect.zipLeft(intact.trades(symbol), intact.trades(symbol, options))
    }),
    ["MD-19", "MD-20"]
  ],
  [
    "returns the oldest trades instead of the latest",
    (intact) => ({
      trades: (symbol, options) =>
        Effect.zipWith(
          intact.trades(symbol, options),
          intact.trades(symbol),
          (some, all) => all.slice(0, some.length)
        )
    }),
    ["MD-20"]
  ],
  [
    "accepts any depth",
    (intact) => ({ orderBook: (symbol) => intact.orderBook(symbol) }),
    ["MD-21"]
  ],
  [
    "ignores an invalid limit of trades",
    (intact) => ({
      trades: (symbol, options) => intact.trades(symbol, { limit: Math.max(1, Math.floor(options?.limit ?? 1) || 1) })
    }),
    ["MD-21"]
  ],
  [
    "names another exchange in its status",
    (intact) => ({ status: Effect.map(intact.status, (status) => ({ ...status, exchange: "other" })) }),
    ["MD-22"]
  ],
  [
    "opens monthly candles every thirty days",
    changedCandles((candle) =>
      candle.interval === "1M"
        ? { ...candle, openTime: candle.openTime - candle.openTime % (30 * 86_400_000) }
        : candle
    ),
    ["MD-23", "MD-24"]
  ],
  [
    "returns candles whose open time is not aligned",
    changedCandles((candle) => ({ ...candle, openTime: candle.openTime + 1 })),
    [
      "MD-23",
      "MD-24",
      "MD-25"
    ]
  ],
  [
    "gives candles newest first",
    (intact) => ({
      candles: (symbol, interval, range) =>
        Stream.unwrap(Effect.map(
          Stream.runCollect(intact.candles(symbol, interval, range)),
          (candles) => Stream.fromChunk(Chunk.reverse(candles))
        ))
    }),
    ["MD-23", "MD-25"]
  ],
  [
    "never marks a candle as open",
    changedCandles((candle) => ({ ...candle, isOpen: false })),
    ["MD-23"]
  ],
  [
    "returns candles that close above their high",
    changedCandles((candle) => ({ ...candle, close: BigDecimal.multiply(candle.high, two) })),
    ["MD-23", "MD-25"]
  ],
  ["returns no candles", () => ({ candles: () => Stream.empty }), [
    "MD-12",
    "MD-13",
    "MD-23",
    "MD-26",
    "MD-27",
    "MD-28"
  ]],
  [
    "omits the first candle",
    (intact) => ({ candles: (symbol, interval, range) => Stream.drop(intact.candles(symbol, interval, range), 1) }),
    ["MD-24", "MD-25", "MD-26"]
  ],
  [
    "includes the candle that opens at the end of the range",
    (intact) => ({
      candles: (symbol, interval, range) =>
        intact.candles(symbol, interval, typeof range.to === "number" ? { ...range, to: range.to + 1 } : range)
    }),
    ["MD-24", "MD-25", "MD-26", "MD-28"]
  ],
  [
    "returns only one page of candles",
    (intact) => ({
      candles: (symbol, interval, range) => Stream.take(intact.candles(symbol, interval, range), 1000)
    }),
    ["MD-25"]
  ],
  [
    "reports no progress of candles",
    (intact) => ({
      candles: (symbol, interval, { from, to }) => intact.candles(symbol, interval, { from, to })
    }),
    ["MD-26"]
  ],
  [
    "returns candles of another interval for an unsupported one",
    (intact) => ({
      candles: (symbol, interval, range) =>
        Stream.catchTag(
          intact.candles(symbol, interval, range),
          "Unsupported",
          () => intact.candles(symbol, "1h", range)
        )
    }),
    ["MD-27"]
  ],
  [
    "returns no candles for a range that ends before it begins",
    (intact) => ({
      candles: (symbol, interval, range) =>
        range.to !== undefined && range.to < range.from ? Stream.empty : intact.candles(symbol, interval, range)
    }),
    ["MD-28"]
  ],
  [
    "is rate limited when many books are requested concurrently",
    (intact) => ({
      orderBook: crowded(
        intact.orderBook,
        new ExchangeError.RateLimited({ ...about, operation: "orderBook", retryAfter: Duration.seconds(1) })
      )
    }),
    ["MD-21", "LM-01"]
  ],
  ["streams data without Connected", (intact) => ({
    streamTicker: (symbol) => Stream.filter(intact.streamTicker(symbol), ({ _tag }) => _tag === "Data")
  }), ["FD-01"]],
  ["streams the tickers of another market", (intact) => ({
    streamTicker: () => intact.streamTicker("ETH/USDT")
  }), ["FD-01"]],
  ["streams books with their sides swapped", (intact) => ({
    streamOrderBook: (symbol) =>
      changedValues(intact.streamOrderBook(symbol), (book) => [{
        ...book,
        depth: (levels) => {
          const { asks, bids } = book.depth(levels)
          return { bids: asks, asks: bids }
        }
      }])
  }), ["FD-02"]],
  ["streams each trade twice", (intact) => ({
    streamTrades: (symbol) => changedValues(intact.streamTrades(symbol), (trade) => [trade, trade])
  }), ["FD-03"]],
  ["streams a market that is not listed", (intact) => ({
    streamTrades: (symbol) =>
      Stream.catchAll(intact.streamTrades(symbol), () => Stream.make(FeedItem.FeedItem.Connected()))
  }), ["FD-04"]]
]

describe("the suite reports an implementation that", { timeout: 60_000 }, () => {
  for (const [title, replace, expected] of everyNth(16, broken)) {
    it.effect(title, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(
          (yield* judge(replace, isWhole ? undefined : expected)).map((violation) => violation.case),
          expected
        )
      }))
  }

  it("every market data case is violated by one of the broken implementations", () => {
    const caught = new Set(broken.flatMap(([, , expected]) => expected))
    const all = Contract.cases.filter(({ capability }) => capability === "marketData").map(({ id }) => id)
    assert.deepStrictEqual(Array.from(caught).toSorted(), all.toSorted())
  })
})

type AccountService = Account.Account.Service

const brokenAccounts: ReadonlyArray<
  readonly [title: string, replace: (intact: AccountService) => Partial<AccountService>, ReadonlyArray<string>]
> = [
  [
    "returns a negative balance",
    () => ({ balances: Effect.succeed([{ asset: "BTC", free: BigDecimal.negate(two), total: two }]) }),
    [
      "AC-01"
    ]
  ],
  [
    "returns more free than total",
    () => ({ balances: Effect.succeed([{ asset: "BTC", free: two, total: BigDecimal.fromBigInt(1n) }]) }),
    ["AC-01"]
  ],
  ["returns a balance of zero", () => ({ balances: Effect.succeed([{ asset: "BTC", free: zero, total: zero }]) }), [
    "AC-02"
  ]],
  ["returns each balance twice", (intact) => ({ balances: Effect.map(intact.balances, (all) => [...all, ...all]) }), [
    "AC-03"
  ]],
  [
    "returns \"yes\" instead of true as a permission",
    () => ({ keyPermissions: Effect.sync(() => JSON.parse("{\"read\":\"yes\"}")) }),
    [
      "AC-04",
      "AC-12"
    ]
  ],
  [
    "reads with a key that has no read permission",
    (intact) => ({ keyPermissions: Effect.map(intact.keyPermissions, (each) => ({ ...each, read: false })) }),
    ["AC-05"]
  ],
  [
    "keeps a lock when it is interrupted",
    (intact) => {
      const lock = Effect.unsafeMakeSemaphore(1)
      return {
        balances: Effect.zipRight(lock.take(1), Effect.yieldNow()).pipe(
          Effect.zipRight(intact.balances),
          Effect.zipLeft(lock.release(1))
        )
      }
    },
    ["AC-06"]
  ],
  [
    "returns closed orders as open",
    (intact) => ({ openOrders: (symbol) => symbol === undefined ? intact.openOrders() : intact.orderHistory(symbol) }),
    ["AC-07", "AC-13"]
  ],
  [
    "returns the open orders of every market",
    (intact) => ({ openOrders: (symbol) => Effect.zipRight(intact.openOrders(symbol), intact.openOrders()) }),
    ["AC-07", "AC-08"]
  ],
  [
    "returns another order",
    (intact) => ({
      order: (reference) => Effect.zipRight(intact.order(reference), intact.order({ symbol: "BTC/USDT", id: "1" }))
    }),
    ["AC-08"]
  ],
  [
    "does not find orders by client order id",
    (intact) => ({
      order: (reference) =>
        intact.order(
          reference.id === undefined && reference.clientOrderId !== undefined
            ? { symbol: reference.symbol, id: reference.clientOrderId }
            : reference
        )
    }),
    ["AC-08"]
  ],
  [
    "returns the order history newest first",
    (intact) => ({
      orderHistory: (symbol, query) => Effect.map(intact.orderHistory(symbol, query), (all) => all.toReversed())
    }),
    ["AC-09"]
  ],
  [
    "ignores since in the order history",
    (intact) => ({ orderHistory: (symbol, query) => intact.orderHistory(symbol, { limit: query?.limit }) }),
    ["AC-09"]
  ],
  [
    "returns the oldest orders of the history instead of the latest",
    (intact) => ({
      orderHistory: (symbol, query) =>
        Effect.map(intact.orderHistory(symbol, { ...query, limit: 100 }), (all) => all.slice(0, query?.limit))
    }),
    ["AC-09", "AC-14"]
  ],
  [
    "returns each fill twice",
    (intact) => ({ fills: (symbol, query) => Effect.map(intact.fills(symbol, query), (all) => [...all, ...all]) }),
    ["AC-10"]
  ],
  [
    "names another exchange in its fills",
    (intact) => ({
      fills: (symbol, query) =>
        Effect.map(intact.fills(symbol, query), (all) => all.map((fill) => ({ ...fill, exchange: "other" })))
    }),
    ["AC-10"]
  ],
  ["returns positions with an amount of zero", () => ({ positions: Effect.succeed([{ ...position, amount: zero }]) }), [
    "AC-11"
  ]],
  [
    "fails with Unsupported for positions it declares to support",
    () => ({
      positions: new ExchangeError.Unsupported({ ...about, operation: "positions", alternative: "give up" })
    }),
    ["AC-11"]
  ],
  ["verifies a key that may do more than allowed", (intact) => ({ verifyKey: () => intact.keyPermissions }), ["AC-12"]],
  [
    "refuses to verify every key",
    (intact) => ({ verifyKey: () => intact.verifyKey({ allowTrade: false }) }),
    ["AC-12"]
  ],
  [
    "returns no fills for a market that is not listed",
    (intact) => ({
      fills: (symbol, query) => Effect.catchTag(intact.fills(symbol, query), "SymbolNotFound", () => Effect.succeed([]))
    }),
    ["AC-13"]
  ],
  [
    "looks up a malformed order id",
    (intact) => ({
      order: (reference) =>
        Effect.catchIf(
          intact.order(reference),
          (error) => error._tag === "InvalidRequest" && error.detail.includes("id"),
          () => new ExchangeError.OrderNotFound({ ...about, operation: "order" })
        )
    }),
    ["AC-14"]
  ],
  [
    "ignores the limit of fills",
    (intact) => ({ fills: (symbol) => intact.fills(symbol) }),
    ["AC-10", "AC-14"]
  ],
  ["streams the balances of another account", (intact) => ({
    streamBalances: () =>
      changedValues(intact.streamBalances(), (all) => [all.map((balance) => ({ ...balance, total: two }))])
  }), ["FD-05"]]
]

describe("the suite reports an account that", { timeout: 60_000 }, () => {
  for (const [title, replace, expected] of everyNth(16, brokenAccounts)) {
    it.effect(title, () =>
      Effect.gen(function*() {
        const found = yield* violations({
          ...mock,
          limit: "5 seconds",
          account: Layer.effect(
            Account.Account,
            Effect.map(Account.Account, (intact) => ({ ...intact, ...replace(intact) }))
          ).pipe(Layer.provideMerge(account))
        }, isWhole && !expected.includes("FD-05") ? ["AC"] : expected)
        assert.deepStrictEqual(found.map((violation) => violation.case), expected)
      }))
  }

  it("every account case is violated by one of the broken accounts", () => {
    const caught = new Set(brokenAccounts.flatMap(([, , expected]) => expected))
    const all = Contract.cases.filter(({ capability }) => capability === "account").map(({ id }) => id)
    assert.deepStrictEqual(Array.from(caught).toSorted(), all)
  })
})

describe("the suite allows", { timeout: 60_000 }, () => {
  it.effect("concurrent calls that are refused before they are sent", () =>
    Effect.gen(function*() {
      const full = new ExchangeError.BulkheadFull({ ...about, operation: "price" })
      assert.deepStrictEqual(yield* judge((intact) => ({ price: crowded(intact.price, full) })), [])
    }))

  it.effect("calls that take time, because the test clock advances by itself", () =>
    Effect.gen(function*() {
      const found = yield* judge((intact) => ({ price: (symbol) => Effect.delay(intact.price(symbol), "4 millis") }))
      assert.deepStrictEqual(found, [])
    }))
})

describe("a violation", { timeout: 60_000 }, () => {
  it.effect("names the implementation, the case and the reason", () =>
    Effect.gen(function*() {
      const [violation] = yield* judge(() => ({ serverTime: Effect.succeed(12) }))
      assert.strictEqual(
        violation?.message,
        "broken violates MD-11 (the exchange's time is in milliseconds and close to the local clock): " +
          "the exchange's time is 12, but must be within 30s of 1767270896000"
      )
    }))

  it.effect("includes the tag and the detail of an unexpected error", () =>
    Effect.gen(function*() {
      const error = new ExchangeError.ExchangeUnavailable({
        ...about,
        operation: "serverTime",
        detail: "down for maintenance",
        outcome: "Unknown"
      })
      const [violation] = yield* judge(() => ({ serverTime: error }))
      assertInclude(
        violation?.message,
        "the case failed with ExchangeUnavailable: mock.serverTime: down for maintenance"
      )
    }))

  it.effect("is reported when a case takes longer than the limit, not before", () =>
    Effect.gen(function*() {
      const slow = (delay: number) => judge((intact) => ({ serverTime: Effect.delay(intact.serverTime, delay) }))
      assert.deepStrictEqual(yield* slow(4999), [])
      const [violation] = yield* slow(5001)
      assertInclude(violation?.message, "MD-11")
      assertInclude(violation?.message, "longer than 5s")
    }))
})

describe("suite", { timeout: 60_000 }, () => {
  it("gives each case a unique id of its capability", () => {
    const ids = Contract.cases.map(({ id }) => id)
    assert.strictEqual(new Set(ids).size, ids.length)
    for (const { capability, id } of Contract.cases) {
      assert.match(
        id,
        { marketData: /^(MD|FD|LM)-\d\d$/, account: /^(AC|FD)-\d\d$/, trading: /^(TR|ER|FD|LM)-\d\d$/ }[capability]
      )
    }
  })

  it.effect("chooses open markets when no symbols are given, and fails when there are none", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* violations(mock, ["MD", "AC"]), [])
      const closed = Mock.layer({ "BTC/USDT": { last: "1", market: { status: "halted" } } })
      const [violation] = yield* violations({ name: "closed", layer: closed, clock: "test" })
      assertInclude(violation?.message, "no market is open")
    }))

  it.effect("skips cases that need options it was not given, and states the reason in the title", () =>
    Effect.gen(function*() {
      const tests = Contract.suite({
        name: "bare",
        layer: Mock.layer(tickers),
        clock: "test",
        skip: { "MD-11": "it has no clock" }
      })
      const skipped: Array<string> = []
      for (const test of tests) {
        const reason = yield* test.skip
        if (Option.isNone(reason)) assert.notInclude(test.title, "skipped")
        else {
          assertInclude(test.title, `(skipped: ${reason.value})`)
          skipped.push(`${test.id} ${reason.value}`)
        }
      }
      assert.deepStrictEqual(
        skipped.toSorted(),
        [
          "MD-11 it has no clock",
          "MD-14 needs the observer option",
          ...Contract.cases.flatMap(({ capability, id }) =>
            capability === "account" ? [`${id} needs the account or the trading option`] : []
          ),
          ...Contract.cases.flatMap(({ capability, id }) =>
            capability === "trading" ? [`${id} needs the trading option`] : []
          )
        ].toSorted()
      )
    }))

  it.effect("fails with the error of the layer", () =>
    Effect.gen(function*() {
      const [test] = Contract.suite({
        name: "unbuildable",
        layer: Layer.fail("no network"),
        clock: "test"
      })
      assertLeft(yield* Effect.either(test?.run ?? Effect.void), "no network")
    }))
})

describe("environment", () => {
  const load = (entries: ReadonlyArray<readonly [string, string]>) =>
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(entries)))

  const [test] = Contract.suite({ name: "binance testnet", layer: unbuildable, clock: "live", on: "testnet" })
  const skip = test?.skip ?? Effect.dieMessage("there is no test")

  it.effect("is off by default", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* load([])(Contract.environment), "off")
      assert.strictEqual(yield* load([["EXCHANGE_CONTRACT", "live"]])(Contract.environment), "live")
    }))

  it.effect("rejects an unknown value", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(load([["EXCHANGE_CONTRACT", "production"]])(Contract.environment))
      assertInclude(String(error), "EXCHANGE_CONTRACT")
      assertInclude(String(error), "production")
    }))

  it.effect("decides which suites run, and the titles of the others say how to run them", () =>
    Effect.gen(function*() {
      assertInclude(test?.title, "(runs when EXCHANGE_CONTRACT=testnet)")
      assertSome(yield* load([])(skip), "EXCHANGE_CONTRACT is off; set it to testnet to run this")
      assertSome(
        yield* load([["EXCHANGE_CONTRACT", "live"]])(skip),
        "EXCHANGE_CONTRACT is live; set it to testnet to run this"
      )
      assertNone(yield* load([["EXCHANGE_CONTRACT", "testnet"]])(skip))
      assert.isTrue(Either.isLeft(yield* Effect.either(load([["EXCHANGE_CONTRACT", "prod"]])(skip))))
    }))
})

describe("register", () => {
  interface Defined {
    readonly with: string
    readonly title: string
    readonly timeout: number
    readonly run: (skip: (reason?: string) => void) => Effect.Effect<void, unknown>
  }

  /** A runner that records the tests it is asked to define. */
  const recorder = () => {
    const defined: Array<Defined> = []
    const define = (name: string): Contract.Define => (title, test, timeout) => {
      defined.push({ with: name, title, timeout, run: (skip) => test({ skip }) })
    }
    return { defined, runner: { effect: define("effect"), live: define("live") } }
  }

  it("defines every case, and cases with a live clock as live tests", () => {
    const { defined, runner } = recorder()
    Contract.register(runner, mock)
    Contract.register(runner, { ...mock, clock: "live", limit: "5 seconds" })
    assert.deepStrictEqual(
      defined.map((each) => each.with),
      [...Contract.cases.map(() => "effect"), ...Contract.cases.map(() => "live")]
    )
    assert.strictEqual(defined[0]?.timeout, 130_000)
    assert.strictEqual(defined.at(-1)?.timeout, 15_000)
  })

  it.effect("skips a suite that is off without building its layer", () =>
    Effect.gen(function*() {
      const { defined, runner } = recorder()
      Contract.register(runner, { name: "binance testnet", layer: unbuildable, clock: "live", on: "testnet" })
      const [first] = defined
      assert(first !== undefined)
      assert.strictEqual(
        first.title,
        "binance testnet MD-01 lists at least one market, and every market matches its schema (runs when EXCHANGE_CONTRACT=testnet)"
      )
      const reasons: Array<string | undefined> = []
      const run = first.run((reason) => reasons.push(reason))
      yield* Effect.withConfigProvider(run, ConfigProvider.fromMap(new Map()))
      assert.deepStrictEqual(reasons, ["EXCHANGE_CONTRACT is off; set it to testnet to run this"])
      const on = ConfigProvider.fromMap(new Map([["EXCHANGE_CONTRACT", "testnet"]]))
      assertInclude(String(yield* Effect.exit(Effect.withConfigProvider(run, on))), "must build nothing")
      assert.strictEqual(reasons.length, 1)
    }))
})
