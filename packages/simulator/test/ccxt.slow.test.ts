import { assert, describe, it } from "@effect/vitest"
import * as Ccxt from "ccxt"
import * as CcxtWithBitMex from "ccxt-with-bitmex"
import { BigDecimal, Effect, Redacted } from "effect"
import { Dialects, type Engine, Simulator, SimulatorServer } from "../src/index.js"

type Client = Pick<
  Ccxt.Exchange,
  | "loadMarkets"
  | "fetchTicker"
  | "fetchTickers"
  | "fetchOrderBook"
  | "fetchTrades"
  | "fetchOHLCV"
  | "fetchBalance"
  | "createOrder"
  | "fetchOrder"
  | "fetchOpenOrders"
  | "cancelOrder"
  | "fetchMyTrades"
  | "fetchPositions"
  | "fetchTradingFee"
  | "fetchTradingFees"
>

type Settings = ConstructorParameters<typeof Ccxt.Exchange>[0]

interface Case {
  readonly make: (settings: Settings) => Client & { readonly urls: { api: Addresses } }
  /** The symbol of a perpetual contract, and the number of contracts to buy. */
  readonly perpetual?: readonly [symbol: string, amount: number]
  /** The method of ccxt that reads trading fees. BitMEX has none. */
  readonly fees?: "fetchTradingFee" | "fetchTradingFees"
  /** ccxt misreads the fee of a trade on BitMEX as one in the quote currency. */
  readonly feesAreRead?: false
  /** The status that ccxt gives an order that was canceled after a partial fill; canceled by default. */
  readonly canceledInPart?: string
  /** ccxt requires the caller to acknowledge that Bybit finds only the last 500 orders. */
  readonly orderParams?: Readonly<Record<string, unknown>>
}

/** The ccxt client of each exchange. */
const cases: { readonly [Id in Simulator.ExchangeId]?: Case } = {
  binance: { make: (settings) => new Ccxt.binance(settings), fees: "fetchTradingFee" },
  // Later versions of ccxt dropped it.
  bitmex: {
    make: (settings) => new CcxtWithBitMex.bitmex(settings),
    perpetual: ["BTC/USDT:USDT", 1000],
    feesAreRead: false
  },
  bybit: {
    make: (settings) => new Ccxt.bybit(settings),
    perpetual: ["BTC/USDT:USDT", 0.01],
    fees: "fetchTradingFee",
    canceledInPart: "closed",
    orderParams: { acknowledged: true }
  },
  coinbase: { make: (settings) => new Ccxt.coinbase(settings), fees: "fetchTradingFees" },
  deribit: {
    make: (settings) => new Ccxt.deribit(settings),
    perpetual: ["BTC/USD:BTC", 100],
    fees: "fetchTradingFees"
  },
  kraken: { make: (settings) => new Ccxt.kraken(settings), fees: "fetchTradingFee" },
  okx: {
    make: (settings) => new Ccxt.okx(settings),
    perpetual: ["BTC/USDT:USDT", 0.1],
    fees: "fetchTradingFee"
  }
}

const symbol = "BTC/USDT"
const number = BigDecimal.unsafeToNumber

type Addresses = Ccxt.Exchange["urls"]["api"]

/** The same addresses with the host of a simulator. */
const redirected = (addresses: Addresses, baseUrl: string): Addresses =>
  Object.fromEntries(
    Object.entries(addresses).map(([name, address]) => [
      name,
      typeof address === "string" ? address.replace(/^https:\/\/[^/]+/, baseUrl) : redirected(address, baseUrl)
    ])
  )

const start = Effect.fnUntraced(function*(id: Simulator.ExchangeId) {
  const one = cases[id]
  assert(one !== undefined)
  const { exchanges: [served] } = yield* SimulatorServer.make(id)
  assert(served !== undefined)
  const { baseUrl, simulator } = served
  yield* simulator.setPrice(symbol, "64000")
  const { key, passphrase, secret } = Simulator.credentials(id)
  const client = one.make({
    apiKey: Redacted.value(key),
    secret: Redacted.value(secret),
    ...(passphrase === undefined ? {} : { password: Redacted.value(passphrase) })
  })
  client.urls.api = redirected(client.urls.api, baseUrl)
  const ask = <A>(question: (client: Client) => Promise<A>) => Effect.promise(() => question(client))
  yield* ask((client) => client.loadMarkets())
  return { simulator, ask, ...one }
})

const balances = (rows: Readonly<Record<string, unknown>>, state: Simulator.State) =>
  state.balances.map(({ asset }): readonly [string, unknown] => [asset, rows[asset] ?? 0])

const held = (state: Simulator.State) =>
  state.balances.map(({ asset, free, locked }) => [asset, number(BigDecimal.sum(free, locked))] as const)

const close = (left: number | undefined, right: number, what: string) => {
  assert(left !== undefined && Math.abs(left - right) <= Math.abs(right) * 1e-6, `${what}: ${left} and not ${right}`)
}

const assertNoneRejected = (simulator: Simulator.Simulator) =>
  Effect.map(simulator.requests, (requests) => {
    const refused = requests.filter(({ status }) => status === undefined || status >= 400)
    assert.deepStrictEqual(refused.map(({ method, status, target }) => `${status} ${method} ${target}`), [])
  })

for (const id of Simulator.exchangeIds.filter((id) => cases[id] === undefined)) {
  it.todo(`ccxt as a client of ${id}: add it to the cases in this file`)
}

describe.each(Simulator.exchangeIds.filter((id) => cases[id] !== undefined))("ccxt as a client of %s", (id) => {
  it.scopedLive("loads every market with its symbol, kind and tick size", () =>
    Effect.gen(function*() {
      const { ask, simulator } = yield* start(id)
      const markets = yield* ask((client) => client.loadMarkets())
      for (const { id: name, instrument, symbol, tickSize } of Dialects.dialects[id].listings) {
        if (instrument === undefined) continue
        const market = markets[symbol]
        assert(market !== undefined, symbol)
        assert.strictEqual(market.active, true, symbol)
        assert.include(name, market.id ?? "nothing", symbol)
        close(market.precision.price, number(tickSize), `the tick of ${symbol}`)
        assert.deepStrictEqual([market.spot, market.swap], [
          instrument.kind === "spot",
          instrument.kind === "perpetual"
        ])
      }
      yield* assertNoneRejected(simulator)
    }))

  it.scopedLive("reads the ticker, order book, trades and candles of the simulator", () =>
    Effect.gen(function*() {
      const { ask, simulator } = yield* start(id)
      // Waits for trades at the price that was set.
      yield* Effect.sleep("2500 millis")
      const top = Effect.map(simulator.state, ({ markets }) => {
        const found = markets.find((market) => market.symbol === symbol)?.top
        return [found?.bid, found?.ask].map((price) => price === undefined ? undefined : number(price))
      })
      // Bid and ask change every second, so the request is repeated until its result matches the current ones. A client
      // that misreads them never matches.
      const untilCurrent = <A>(
        question: (client: Client) => Promise<A>,
        bestOf: (answer: A) => ReadonlyArray<number | undefined>
      ) =>
        Effect.repeat(Effect.zip(ask(question), top), {
          times: 30,
          until: ([answer, best]) => bestOf(answer).every((price, index) => price === best[index])
        })
      const [ticker, best] = yield* untilCurrent(
        (client) => client.fetchTicker(symbol),
        ({ ask, bid }) => [bid, ask]
      )
      assert.deepStrictEqual([ticker.symbol, ticker.last], [symbol, 64_000])
      assert.deepStrictEqual([ticker.bid, ticker.ask], best)
      const tickers = yield* ask((client) => client.fetchTickers([symbol]))
      assert.strictEqual(tickers[symbol]?.last, 64_000)
      const [book, first] = yield* untilCurrent(
        (client) => client.fetchOrderBook(symbol, 5),
        ({ asks, bids }) => [bids[0]?.[0], asks[0]?.[0]]
      )
      assert.deepStrictEqual([book.bids.length, book.asks.length], [5, 5])
      assert.deepStrictEqual([book.bids[0]?.[0], book.asks[0]?.[0]], first)
      const trades = yield* ask((client) => client.fetchTrades(symbol, undefined, 50))
      const last = trades.at(-1)
      assert.deepStrictEqual([last?.symbol, last?.price], [symbol, 64_000])
      assert.isAbove(last?.amount ?? 0, 0)
      const candles = yield* ask((client) => client.fetchOHLCV(symbol, "1m", undefined, 10))
      assert.isAtLeast(candles.length, 9)
      assert.strictEqual(candles.at(-1)?.[4], 64_000)
      yield* assertNoneRejected(simulator)
    }), 120_000)

  it.scopedLive("places, reads and cancels orders, and reads fills and balances", () =>
    Effect.gen(function*() {
      const { ask, canceledInPart = "canceled", feesAreRead = true, orderParams = {}, simulator } = yield* start(id)
      const before = yield* simulator.state
      const first = yield* ask((client) => client.fetchBalance())
      assert.deepStrictEqual(balances({ ...first.total }, before), held(before))
      const placed = yield* ask((client) => client.createOrder(symbol, "limit", "buy", 0.01, 63_500))
      const orderId = String(placed.id)
      const fetch = Effect.map(
        ask((client) => client.fetchOrder(orderId, symbol, { ...orderParams })),
        ({ amount, filled, id, price, remaining, side, status, symbol, type }) =>
          [id, symbol, side, type, price, amount, filled, status === "open" ? remaining : undefined, status] as const
      )
      const terms = [orderId, symbol, "buy", "limit", 63_500, 0.01] as const
      const [own] = (yield* simulator.state).orders
      assert.strictEqual(own?.[0], orderId)
      assert.deepStrictEqual(yield* fetch, [...terms, 0, 0.01, "open"])
      const open = Effect.map(
        ask((client) => client.fetchOpenOrders(symbol)),
        (orders) => orders.map(({ id, price }) => [id, price])
      )
      assert.deepStrictEqual(yield* open, [[orderId, 63_500]])
      const part: Engine.Order = yield* simulator.fill(orderId, "0.004")
      assert.deepStrictEqual(yield* fetch, [...terms, 0.004, 0.006, "open"])
      yield* ask((client) => client.cancelOrder(orderId, symbol))
      assert.deepStrictEqual(yield* fetch, [...terms, 0.004, undefined, canceledInPart])
      assert.deepStrictEqual(yield* open, [])
      const trades = yield* ask((client) => client.fetchMyTrades(symbol))
      assert.deepStrictEqual(
        trades.map(({ amount, order, price, side, symbol }) => [order, symbol, side, price, amount]),
        [[orderId, symbol, "buy", 63_500, 0.004]]
      )
      if (feesAreRead) {
        const fee = trades[0]?.fee
        assert.deepStrictEqual([fee?.currency, Number(fee?.cost)], [part.feeAsset, number(part.fee)])
      }
      yield* ask((client) => client.createOrder(symbol, "market", "sell", 0.02))
      const after = yield* simulator.state
      const second = yield* ask((client) => client.fetchBalance())
      assert.deepStrictEqual(balances({ ...second.total }, after), held(after))
      assert.notDeepEqual(held(after), held(before))
      yield* assertNoneRejected(simulator)
    }))

  it.scopedLive("reads the position of a perpetual contract", () =>
    Effect.gen(function*() {
      const { ask, perpetual, simulator } = yield* start(id)
      if (perpetual === undefined) return
      const [contract, amount] = perpetual
      yield* ask((client) => client.createOrder(contract, "market", "buy", amount))
      const positions = yield* ask((client) => client.fetchPositions([contract]))
      const [own] = (yield* simulator.state).positions
      assert(own !== undefined)
      assert.deepStrictEqual(positions.map(({ contracts, side, symbol }) => [symbol, side, contracts]), [
        [contract, "long", amount]
      ])
      close(positions[0]?.entryPrice, number(own.entryPrice), "the price of entry")
      yield* assertNoneRejected(simulator)
    }))

  it.scopedLive("reads the trading fees of the simulator", () =>
    Effect.gen(function*() {
      const { ask, fees, simulator } = yield* start(id)
      if (fees === undefined) return
      const read = fees === "fetchTradingFee"
        ? yield* ask((client) => client.fetchTradingFee(symbol))
        : (yield* ask((client) => client.fetchTradingFees()))[symbol]
      const terms = Dialects.dialects[id].listings.find((listing) => listing.symbol === symbol)?.instrument
      assert(terms !== undefined)
      assert.deepStrictEqual([read?.maker, read?.taker], [number(terms.makerFee), number(terms.takerFee)])
      yield* assertNoneRejected(simulator)
    }))
})
