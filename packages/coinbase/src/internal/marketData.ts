import { Candle, type ExchangeError, type Market } from "@effect-exchange/core"
import { type Adapter, CandleSearch, type ExchangeClient } from "@effect-exchange/core/adapter"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Endpoints from "../Endpoints.js"
import * as Mapping from "../Mapping.js"

const spot = { product_type: "SPOT", get_all_products: true } as const

// Beyond as many, the whole listing is shorter than the list of what is asked for.
const mostIds = 100

/** @internal */
export const make = (client: ExchangeClient.ExchangeClient<"marketData">): Adapter.MarketData => ({
  markets: Effect.map(
    client.request(Endpoints.products, spot),
    Arr.filterMap((product) => Option.fromNullable(Mapping.market(product)))
  ),
  ticker: (market) =>
    Effect.map(
      Concurrent.all([
        client.request(Endpoints.product, { product_id: market.id }),
        client.request(Endpoints.productBook, { product_id: market.id, limit: 1 })
      ], { concurrency: 2 }),
      ([product, book]) => Mapping.ticker(market, product, book)
    ),
  tickers: (markets) =>
    Effect.gen(function*() {
      const byId = new Map(markets.map((market) => [market.id, market]))
      const product_ids = byId.size > mostIds ? undefined : [...byId.keys()]
      const products = yield* client.request(Endpoints.products, { ...spot, product_ids })
      const time = yield* Clock.currentTimeMillis
      return Arr.filterMap(products, (product) =>
        Option.map(
          Option.fromNullable(byId.get(product.product_id)),
          (market) => Mapping.ticker(market, product, { time })
        ))
    }),
  orderBook: (market, depth) =>
    Effect.map(
      client.request(Endpoints.productBook, { product_id: market.id, limit: depth }),
      (book) => Mapping.orderBook(market, book)
    ),
  trades: (market, limit) =>
    Effect.map(
      client.request(Endpoints.marketTrades, { product_id: market.id, limit }),
      // Newest first: those of one instant keep the order they are handed on in.
      (trades) => Arr.reverse(trades).map(Mapping.trade(market))
    ),
  candles: {
    page,
    read: (market, interval, window) => Effect.map(candles(client, market, interval, window), Arr.map(Mapping.bar)),
    firstFrom: (market, interval, from) => {
      const step = (interval: Candle.Interval): CandleSearch.Step<ExchangeError.MarketDataError> => ({
        length: Candle.millis(interval),
        page,
        read: (window) => Effect.map(candles(client, market, interval, window), Arr.map(({ start }) => start * 1000))
      })
      return CandleSearch.firstFrom({
        steps: [step("1d"), step("1h")],
        since: opened,
        from,
        reach: page * Candle.millis(interval)
      })
    }
  },
  status: Effect.map(
    Concurrent.all([
      client.request(Endpoints.products, { product_type: "SPOT" }),
      client.request(Endpoints.serverTime, {})
    ], { concurrency: 2 }),
    ([products, time]) => Mapping.status(products, time)
  )
})

// As many as one request gives, whatever the documents say.
const page = 299

// The exchange opened in January 2015, with nothing from before it.
const opened = Date.UTC(2015, 0, 1)

const candles = (
  client: ExchangeClient.ExchangeClient<"marketData">,
  market: Market.Market,
  interval: Candle.Interval,
  { from, to }: Adapter.Window
) =>
  client.request(Endpoints.candles, {
    product_id: market.id,
    start: from / 1000,
    // The end is included, and a candle that opens there would be one too many.
    end: to / 1000 - 1,
    granularity: Mapping.granularities[interval]
  })
