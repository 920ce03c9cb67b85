import { Candle, ExchangeError, type Market } from "@effect-exchange/core"
import { type Adapter, CandleSearch, type ExchangeClient } from "@effect-exchange/core/adapter"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Endpoints from "../Endpoints.js"
import * as Mapping from "../Mapping.js"
import type * as Wire from "../Wire.js"
import { collect } from "./paging.js"

/** @internal */
export const intervals: Readonly<Record<Candle.Interval, string>> = {
  "1m": "1",
  "5m": "5",
  "15m": "15",
  "30m": "30",
  "1h": "60",
  "4h": "240",
  "1d": "D"
}

// What does not trade any more or yet may be held: it is listed only when asked for.
const listings: ReadonlyArray<{ readonly category: Wire.Category; readonly status?: string }> = [
  { category: "spot" },
  ...(["linear", "inverse"] as const).flatMap((category) =>
    ["Trading", "PreLaunch", "Delivering"].map((status) => ({ category, status }))
  )
]

const hour = 3_600_000
const day = 24 * hour

// The exchange opened at the end of 2018, with nothing from before it.
const opened = Date.UTC(2018, 10, 1)

/** @internal */
export const make = (client: ExchangeClient.ExchangeClient<"marketData">): Adapter.MarketData => ({
  markets: Effect.map(
    Concurrent.forEach(
      listings,
      (listing) =>
        Effect.map(
          collect(
            "markets",
            (cursor) => client.request(Endpoints.instrumentsInfo, { ...listing, limit: 1000, cursor })
          ),
          Arr.filterMap((row) => Option.fromNullable(Mapping.market(listing.category, row)))
        ),
      { concurrency: "unbounded" }
    ),
    Arr.flatten
  ),
  ticker: (market) =>
    Effect.flatMap(
      client.request(Endpoints.tickers, { category: Mapping.category(market), symbol: market.id }),
      ({ result, time }) => {
        const row = result.list.find(({ symbol }) => symbol === market.id)
        return row === undefined
          ? new ExchangeError.SymbolNotFound({
            exchange: "bybit",
            operation: "tickers",
            symbol: market.symbol,
            detail: `${market.symbol} (${market.id}) has no ticker any more`
          })
          : Effect.succeed(Mapping.ticker(market, row, time))
      }
    ),
  tickers: (markets) =>
    Effect.map(
      Concurrent.forEach(
        Object.values(Arr.groupBy(markets, Mapping.category)),
        (group) => tickersOf(client, group),
        { concurrency: "unbounded" }
      ),
      Arr.flatten
    ),
  orderBook: (market, depth) =>
    Effect.map(
      client.request(Endpoints.orderbook, { ...named(market), limit: Math.min(depth, 1000) }),
      (wire) => Mapping.orderBook(market, wire)
    ),
  trades: (market, limit) =>
    Effect.map(
      client.request(Endpoints.recentTrade, {
        ...named(market),
        limit: Math.min(limit, market.kind === "spot" ? 60 : 1000)
      }),
      ({ list }) => list.map((wire) => Mapping.trade(market, wire))
    ),
  candles: {
    page: 1000,
    read: (market, interval, { from, to }) =>
      Effect.map(
        client.request(Endpoints.kline, {
          ...named(market),
          interval: intervals[interval],
          start: from,
          end: to - 1,
          limit: 1000
        }),
        ({ list }) => list.map(Mapping.bar)
      ),
    firstFrom: (market, interval, from) => {
      // Whether an answer without an end begins with the oldest the documents do not say.
      const step = (name: string, length: number): CandleSearch.Step<ExchangeError.MarketDataError> => ({
        length,
        page: 1000,
        read: ({ from, to }) =>
          Effect.map(
            client.request(Endpoints.kline, {
              ...named(market),
              interval: name,
              start: from,
              end: to - 1,
              limit: 1000
            }),
            ({ list }) => list.map(([openTime]) => openTime)
          )
      })
      return CandleSearch.firstFrom({
        steps: [step("D", day), step("60", hour)],
        since: opened,
        from,
        reach: 1000 * Candle.millis(interval)
      })
    }
  },
  status: Effect.map(
    client.request(Endpoints.systemStatus, {}),
    ({ result, time }) => Mapping.status(result.list, time)
  )
})

/** @internal */
export const named = (market: Market.Market): { readonly category: Wire.Category; readonly symbol: string } => ({
  category: Mapping.category(market),
  symbol: market.id
})

// Several of a category are all of them: one request can name one symbol.
const tickersOf = (
  client: ExchangeClient.ExchangeClient<"marketData">,
  markets: Arr.NonEmptyReadonlyArray<Market.Market>
) => {
  const byId = new Map(markets.map((market) => [market.id, market]))
  const [first] = markets
  const input = byId.size === 1 ? named(first) : { category: Mapping.category(first) }
  return Effect.map(
    client.request(Endpoints.tickers, input),
    ({ result, time }) =>
      Arr.filterMap(
        result.list,
        (row) => Option.map(Option.fromNullable(byId.get(row.symbol)), (market) => Mapping.ticker(market, row, time))
      )
  )
}
