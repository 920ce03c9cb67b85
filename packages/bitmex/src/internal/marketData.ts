import { Candle, ExchangeError, type ExchangeStatus } from "@effect-exchange/core"
import type { Adapter, ExchangeClient } from "@effect-exchange/core/adapter"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Endpoints from "../Endpoints.js"
import * as Mapping from "../Mapping.js"
import { protocol } from "../Protocol.js"
import { unitOf } from "./sizes.js"

const { exchange } = protocol

// As many trades or intervals as one request gives.
const most = 1000

/** @internal */
export const marketData = (client: ExchangeClient.ExchangeClient<"marketData">): Adapter.MarketData => ({
  markets: Effect.map(
    client.request(Endpoints.instrumentsActive, {}),
    Arr.filterMap((instrument) => Option.fromNullable(Mapping.market(instrument)))
  ),
  ticker: (market) =>
    Effect.flatMap(
      client.request(Endpoints.instrument, { symbol: market.id }),
      ([instrument]) =>
        instrument === undefined
          ? new ExchangeError.SymbolNotFound({
            exchange,
            operation: Endpoints.instrument.name,
            symbol: market.symbol,
            detail: `${market.symbol} (${market.id}) is not listed any more`
          })
          : Effect.succeed(Mapping.ticker(market, instrument))
    ),
  tickers: (markets) => {
    const byId = new Map(markets.map((market) => [market.id, market]))
    return Effect.map(
      client.request(Endpoints.instrumentsActive, {}),
      Arr.filterMap((instrument) =>
        Option.map(Option.fromNullable(byId.get(instrument.symbol)), (market) => Mapping.ticker(market, instrument))
      )
    )
  },
  orderBook: (market, depth) =>
    Effect.gen(function*() {
      const unit = yield* unitOf(Endpoints.orderBookL2.name, market)
      const rows = yield* client.request(Endpoints.orderBookL2, { symbol: market.id, depth })
      return Mapping.orderBook(market, unit, rows, yield* Clock.currentTimeMillis)
    }),
  trades: (market, limit) =>
    Effect.gen(function*() {
      const unit = yield* unitOf(Endpoints.trades.name, market)
      const rows = yield* client.request(Endpoints.trades, {
        symbol: market.id,
        count: Math.min(limit, most),
        reverse: true
      })
      return Arr.filterMap(rows.toReversed(), (row) => Option.fromNullable(Mapping.trade(market, unit, row)))
    }),
  candles: {
    page: most,
    read: (market, interval, { from, to }) =>
      Effect.gen(function*() {
        const unit = yield* unitOf(Endpoints.tradesBucketed.name, market)
        const binSize = yield* binSizeOf(interval)
        const length = Candle.millis(interval)
        const buckets = yield* client.request(Endpoints.tradesBucketed, {
          symbol: market.id,
          binSize,
          partial: true,
          count: most,
          // Held against the end of an interval.
          startTime: DateTime.unsafeMake(from + length),
          endTime: DateTime.unsafeMake(to)
        })
        return Arr.filterMap(buckets, (bucket) => Option.fromNullable(Mapping.bar(unit, length, bucket)))
      }),
    firstFrom: (market, interval, from) =>
      Effect.gen(function*() {
        const length = Candle.millis(interval)
        const [first] = yield* client.request(Endpoints.tradesBucketed, {
          symbol: market.id,
          binSize: yield* binSizeOf(interval),
          partial: true,
          count: 1,
          startTime: DateTime.unsafeMake(from + length)
        })
        return Option.map(Option.fromNullable(first), ({ timestamp }) => DateTime.toEpochMillis(timestamp) - length)
      })
  },
  status: Effect.zipWith(status(client), Clock.currentTimeMillis, (said, at) => ({ exchange, ...said, at }))
})

const binSizeOf = (interval: Candle.Interval): Effect.Effect<"1m" | "5m" | "1h" | "1d", ExchangeError.Unsupported> => {
  switch (interval) {
    case "1m":
    case "5m":
    case "1h":
    case "1d":
      return Effect.succeed(interval)
    default:
      return new ExchangeError.Unsupported({
        exchange,
        operation: Endpoints.tradesBucketed.name,
        detail: `there are no candles of ${interval}`,
        alternative: "ask for one of 1m, 5m, 1h, 1d"
      })
  }
}

// There is no endpoint that tells: what is urgent is announced, and maintenance is a 503 that does not speak of load.
const status = (
  client: ExchangeClient.ExchangeClient<"marketData">
): Effect.Effect<Pick<ExchangeStatus.ExchangeStatus, "status" | "detail">, ExchangeError.MarketDataError> =>
  client.request(Endpoints.urgentAnnouncements, {}).pipe(
    Effect.map(([latest]): Pick<ExchangeStatus.ExchangeStatus, "status" | "detail"> => ({
      status: "operational",
      detail: latest?.title?.slice(0, 200)
    })),
    Effect.catchTag("ExchangeUnavailable", (error) =>
      error.status === 503 && error.outcome === "Unknown"
        ? Effect.succeed({ status: "maintenance" as const, detail: error.detail })
        : error)
  )
