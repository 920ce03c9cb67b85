import { assert, describe, it } from "@effect/vitest"
import * as Ccxt from "ccxt"
import * as CcxtWithBitMex from "ccxt-with-bitmex"
import { BigDecimal, Effect } from "effect"
import { Simulator, SimulatorServer } from "../src/index.js"

type Addresses = Ccxt.Exchange["urls"]["api"]

type Client =
  & Pick<
    Ccxt.Exchange,
    "loadMarkets" | "loadHttpProxyAgent" | "watchTicker" | "watchTrades" | "watchOrderBook" | "close"
  >
  & {
    readonly urls: { api: Addresses }
  }

/** How ccxt's streaming client is made for each. */
const clients: { readonly [Id in Simulator.ExchangeId]?: () => Client } = {
  binance: () => new Ccxt.pro.binance(),
  // Later versions of ccxt dropped it.
  bitmex: () => new CcxtWithBitMex.pro.bitmex(),
  bybit: () => new Ccxt.pro.bybit(),
  coinbase: () => new Ccxt.pro.coinbase(),
  deribit: () => new Ccxt.pro.deribit(),
  kraken: () => new Ccxt.pro.kraken(),
  okx: () => new Ccxt.pro.okx()
}

const symbol = "BTC/USDT"

/** The same addresses at a simulator: only their paths stay. */
const pointed = (addresses: Addresses, baseUrl: string): Addresses =>
  Object.fromEntries(
    Object.entries(addresses).map(([name, address]) => [
      name,
      typeof address === "string"
        ? address.replace(/^https:\/\/[^/]+/, baseUrl).replace(/^wss:\/\/[^/]+/, baseUrl.replace("http", "ws"))
        : pointed(address, baseUrl)
    ])
  )

const start = Effect.fnUntraced(function*(id: Simulator.ExchangeId) {
  const make = clients[id]
  assert(make !== undefined)
  const { exchanges: [served] } = yield* SimulatorServer.make(id)
  assert(served !== undefined)
  const { baseUrl, simulator } = served
  const client = yield* Effect.acquireRelease(
    Effect.sync(make),
    (client) => Effect.promise(() => client.close())
  )
  client.urls.api = pointed(client.urls.api, baseUrl)
  const ask = <A>(question: (client: Client) => Promise<A>) =>
    Effect.timeout(Effect.promise(() => question(client)), "30 seconds")
  // It wants that before a socket without TLS.
  yield* ask((client) => client.loadHttpProxyAgent())
  yield* ask((client) => client.loadMarkets())
  return { simulator, ask }
})

const top = (simulator: Simulator.Simulator) =>
  Effect.map(simulator.state, ({ markets }) => {
    const found = markets.find((market) => market.symbol === symbol)?.top
    return [found?.bid, found?.ask].map((price) => price === undefined ? undefined : BigDecimal.unsafeToNumber(price))
  })

describe.sequential.each(Simulator.exchangeIds.filter((id) => clients[id] !== undefined))(
  "ccxt as a listener to %s",
  (id) => {
    it.scopedLive("sees the ticker", () =>
      Effect.gen(function*() {
        const { ask, simulator } = yield* start(id)
        yield* simulator.setPrice(symbol, "64000")
        yield* Effect.repeat(ask((client) => client.watchTicker(symbol)), { until: ({ last }) => last === 64_000 })
          .pipe(
            Effect.timeout("30 seconds")
          )
      }), 60_000)

    it.scopedLive("sees every trade once, in order", () =>
      Effect.gen(function*() {
        const { ask } = yield* start(id)
        const ids: Array<string> = []
        const ats: Array<number> = []
        yield* Effect.repeat(
          Effect.map(ask((client) => client.watchTrades(symbol)), (trades) => {
            for (const { id = "", price, side, timestamp = 0 } of trades) {
              assert.isAbove(price ?? 0, 0)
              assert.include(["buy", "sell"], side)
              ids.push(id)
              ats.push(timestamp)
            }
          }),
          { until: () => ids.length >= 10 }
        ).pipe(Effect.timeout("30 seconds"))
        assert.strictEqual(new Set(ids).size, ids.length)
        assert.deepStrictEqual(ats, ats.toSorted((one, other) => one - other))
      }), 60_000)

    it.scopedLive("keeps the book, checksums and numbers included", () =>
      Effect.gen(function*() {
        const { ask, simulator } = yield* start(id)
        let same = 0
        for (let time = 0; time < 10; time++) {
          const book = yield* ask((client) => client.watchOrderBook(symbol))
          const best = yield* top(simulator)
          if (book.bids[0]?.[0] === best[0] && book.asks[0]?.[0] === best[1]) same++
        }
        // What came when the second had just turned may be of the one before.
        assert.isAtLeast(same, 5)
      }), 60_000)
  }
)
