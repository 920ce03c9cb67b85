import { Candle, type ExchangeError } from "@effect-exchange/core"
import { type Adapter, CandleSearch, type ExchangeClient } from "@effect-exchange/core/adapter"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Endpoints from "../Endpoints.js"
import * as Mapping from "../Mapping.js"

// The latest candles come from one endpoint, with the open one, and all before them from another: 1440 of them do, and
// some are left for the clocks to differ.
const recent = 1400
const page = 300

const hour = 3_600_000
const day = 24 * hour

// There are no candles from before that year, of any market.
const opened = Date.UTC(2017, 0, 1)

/** @internal */
export const make = (client: ExchangeClient.ExchangeClient<"marketData">): Adapter.MarketData => ({
  markets: Effect.map(
    Concurrent.forEach(
      ["SPOT", "SWAP", "FUTURES"] as const,
      (instType) => client.request(Endpoints.instruments, { instType }),
      { concurrency: "unbounded" }
    ),
    (lists) => lists.flat().flatMap((wire) => Mapping.market(wire) ?? [])
  ),
  ticker: (market) =>
    Effect.map(client.request(Endpoints.ticker, { instId: market.id }), (wire) => Mapping.ticker(market, wire)),
  tickers: (markets) => {
    const byId = new Map(markets.map((market) => [market.id, market]))
    const instTypes = new Set(markets.map(({ kind }) => Mapping.instTypes[kind]))
    return Concurrent.forEach(instTypes, (instType) => client.request(Endpoints.tickers, { instType }), {
      concurrency: "unbounded"
    }).pipe(
      Effect.map((lists) =>
        Arr.filterMap(
          lists.flat(),
          (wire) => Option.map(Option.fromNullable(byId.get(wire.instId)), (market) => Mapping.ticker(market, wire))
        )
      )
    )
  },
  orderBook: (market, depth) =>
    Effect.map(
      depth <= 400
        ? client.request(Endpoints.books, { instId: market.id, sz: depth })
        : client.request(Endpoints.booksFull, { instId: market.id, sz: Math.min(depth, 5000) }),
      (wire) => Mapping.orderBook(market, wire)
    ),
  trades: (market, limit) =>
    Effect.map(
      client.request(Endpoints.trades, { instId: market.id, limit: Math.min(limit, 500) }),
      (wires) => wires.toReversed().map((wire) => Mapping.trade(market, wire))
    ),
  candles: {
    page,
    read: (market, interval, window) =>
      Effect.gen(function*() {
        const oldest = (yield* Clock.currentTimeMillis) - recent * Candle.millis(interval)
        const endpoint = window.from >= oldest ? Endpoints.candles : Endpoints.historyCandles
        const rows = yield* client.request(endpoint, {
          instId: market.id,
          bar: Mapping.bars[interval],
          after: window.to,
          before: window.from - 1,
          limit: page
        })
        return rows.map((row) => Mapping.bar(market, row))
      }),
    firstFrom: (market, interval, from) => {
      const step = (bar: string, length: number): CandleSearch.Step<ExchangeError.MarketDataError> => ({
        length,
        page,
        read: ({ from, to }) =>
          Effect.map(
            client.request(Endpoints.historyCandles, {
              instId: market.id,
              bar,
              after: to,
              before: from - 1,
              limit: page
            }),
            Arr.map(([openTime]) => openTime)
          )
      })
      return CandleSearch.firstFrom({
        steps: [step("1Wutc", 7 * day), step("1Dutc", day), step("1H", hour)],
        since: opened,
        from,
        reach: page * Candle.millis(interval)
      })
    }
  },
  status: Effect.gen(function*() {
    const rows = yield* client.request(Endpoints.status, {})
    return Mapping.status(rows, client.environment === "testnet" ? "2" : "1", yield* Clock.currentTimeMillis)
  })
})
