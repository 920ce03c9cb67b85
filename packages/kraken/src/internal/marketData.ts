import { Candle, ExchangeError, type Market } from "@effect-exchange/core"
import type { Adapter, ExchangeClient } from "@effect-exchange/core/adapter"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Endpoints from "../Endpoints.js"
import * as Mapping from "../Mapping.js"

/** @internal */
export const make = (client: ExchangeClient.ExchangeClient<"marketData">): Adapter.MarketData => ({
  markets: Effect.map(
    client.request(Endpoints.assetPairs, {}),
    Arr.filterMap(([id, pair]) => Option.fromNullable(Mapping.market(id, pair)))
  ),
  ticker: (market) =>
    Effect.zipWith(
      client.request(Endpoints.ticker, { pair: market.id }),
      Clock.currentTimeMillis,
      (wire, at) => Mapping.ticker(market, wire, at)
    ),
  tickers: (markets) => {
    const byId = new Map(markets.map((market) => [market.id, market]))
    // The names of many pairs would make a longer URL than proxies take.
    const pair = byId.size > 100 ? undefined : [...byId.keys()].join(",")
    return Effect.zipWith(
      client.request(Endpoints.tickers, { pair }),
      Clock.currentTimeMillis,
      (rows, at) =>
        Arr.filterMap(
          rows,
          ([id, wire]) => Option.map(Option.fromNullable(byId.get(id)), (market) => Mapping.ticker(market, wire, at))
        )
    )
  },
  orderBook: (market, depth) =>
    Effect.zipWith(
      client.request(Endpoints.depth, { pair: market.id, count: Math.min(depth, 500) }),
      Clock.currentTimeMillis,
      (wire, at) => Mapping.orderBook(market, wire, at)
    ),
  trades: (market, limit) =>
    Effect.map(
      client.request(Endpoints.trades, { pair: market.id, count: Math.min(limit, 1000) }),
      Arr.map((wire) => Mapping.trade(market, wire))
    ),
  candles: { page: kept, read: (market, interval, { from }) => candles(client, market, interval, from) },
  status: Effect.zipWith(client.request(Endpoints.systemStatus, {}), Clock.currentTimeMillis, Mapping.status)
})

/** How many candles that are finished the exchange hands out, of each interval. */
const kept = 720

const candles = (
  client: ExchangeClient.ExchangeClient<"marketData">,
  market: Market.Market,
  interval: Candle.Interval,
  from: number
): Effect.Effect<ReadonlyArray<Adapter.Bar>, ExchangeError.MarketDataError> =>
  Effect.gen(function*() {
    const length = Candle.millis(interval)
    const oldest = (Math.floor((yield* Clock.currentTimeMillis) / length) - kept) * length
    if (from < oldest) {
      return yield* new ExchangeError.Unsupported({
        exchange: "kraken",
        operation: "candles",
        detail: `Kraken keeps the latest ${kept} candles, which for ${interval} begin at ${
          DateTime.formatIso(DateTime.unsafeMake(oldest))
        }`,
        alternative: "ask for a longer interval, or make older ones of trades: KrakenEndpoints.trades takes any `since`"
      })
    }
    const rows = yield* client.request(Endpoints.ohlc, {
      pair: market.id,
      interval: length / 60_000,
      // Those that open after it.
      since: Math.max(0, from / 1000 - 1)
    })
    return rows.map(Mapping.bar)
  })
