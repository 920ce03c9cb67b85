/**
 * BitMEX's public endpoints.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Candle, Trade } from "../../engine/Market.js"
import { type Instrument, instruments, iso, lots, row, sizeOf, worth } from "./markets.js"
import {
  type Answer,
  depthOf,
  type Endpoint,
  type Endpoints,
  pageOf,
  type Refusal,
  refuse,
  type Row,
  table
} from "./params.js"

const root: Endpoint = {
  answer: (_, world) => Either.right({ body: { name: "BitMEX API", version: "2.0.0", timestamp: world.now } })
}

/** @internal */
export const endpoints: Endpoints = {
  "GET /api/v1": root,
  "GET /api/v1/": root,
  "GET /api/v1/instrument": { answer: ({ params }, world) => listing(params, selected(params), world) },
  "GET /api/v1/instrument/active": {
    answer: ({ params }, world) => listing(params, instruments.filter(isOpen), world)
  },
  // There are no indices.
  "GET /api/v1/instrument/activeAndIndices": {
    answer: ({ params }, world) => listing(params, instruments.filter(isOpen), world)
  },
  "GET /api/v1/announcement/urgent": { answer: () => Either.right({ body: [] }) },
  "GET /api/v1/orderBook/L2": { answer: ({ params }, world) => book(params, world) },
  "GET /api/v1/trade": { answer: ({ params }, world) => trades(params, world) },
  "GET /api/v1/trade/bucketed": { answer: ({ params }, world) => buckets(params, world) }
}

const isOpen = (instrument: Instrument): boolean => instrument.state === "Open"

// `XBT` is the first contract of that root, `XBT:perpetual` its perpetuals; case does not matter.
const named = (symbol: string): ReadonlyArray<Instrument> => {
  const wanted = symbol.toUpperCase()
  const exact = instruments.filter((instrument) => instrument.id === wanted)
  if (exact.length > 0) return exact
  const [root, series] = wanted.split(":")
  const family = instruments.filter((instrument) => instrument.root === root && instrument.typ.startsWith("FF"))
  if (series === undefined) return family.slice(0, 1)
  return family.filter((instrument) => series === "PERPETUAL" && instrument.typ === "FFWCSX")
}

const selected = (params: URLSearchParams): ReadonlyArray<Instrument> => {
  const symbol = params.get("symbol")
  return symbol === null || symbol === "" ? instruments : named(symbol)
}

const listing = (
  params: URLSearchParams,
  found: ReadonlyArray<Instrument>,
  world: World
): Either.Either<Answer, Refusal> =>
  table(params, found.map((instrument): Row => row(instrument, world.quote(instrument), world.now)))

// --- the book

const required = (name: string) => refuse(400, `'${name}' is a required arg.`, "ValidationError")

// One factor that is odd makes a permutation of the prices, so ids are unique and say nothing about the order.
const levelId = (instrument: Instrument, price: BigDecimal.BigDecimal): bigint =>
  62_400_000_000n + Decimal.ratio(price, instrument.tickSize, 0).value * 2_654_435_761n % 4_294_967_296n

const book = (params: URLSearchParams, world: World): Either.Either<Answer, Refusal> =>
  Either.gen(function*() {
    if ((params.get("symbol") ?? "") === "") return yield* required("symbol")
    const asked = yield* depthOf(params)
    const depth = asked === 0 ? Infinity : asked
    const rows = selected(params).filter(isOpen).flatMap((instrument) => {
      const { asks, bids } = Engine.book(world.engine, instrument.id, depth)
      const level = (side: "Buy" | "Sell") => ({ amount, price }: Engine.Level): Row => ({
        symbol: instrument.id,
        id: levelId(instrument, price),
        side,
        size: sizeOf(instrument, amount),
        price,
        timestamp: iso(world.now)
      })
      return [...asks.map(level("Sell")).toReversed(), ...bids.map(level("Buy"))]
    })
    return { body: rows }
  })

// --- trades

// The exchange remembers the last thousand of a market.
const remembered = 1000

const trades = (params: URLSearchParams, world: World): Either.Either<Answer, Refusal> => {
  const rows = selected(params).filter(isOpen).flatMap((instrument) =>
    world.trades(instrument, remembered).map((trade, index, all) => ({
      at: trade.at,
      row: tradeRow(instrument, trade, all[index - 1])
    }))
  )
  return table(params, rows.toSorted((left, right) => left.at - right.at).map(({ row }) => row), {
    largest: remembered
  })
}

const tick = (price: BigDecimal.BigDecimal, before: BigDecimal.BigDecimal | undefined): string => {
  if (before === undefined || BigDecimal.equals(price, before)) return "ZeroPlusTick"
  return BigDecimal.lessThan(price, before) ? "MinusTick" : "PlusTick"
}

const tradeRow = (instrument: Instrument, trade: Trade, before: Trade | undefined): Row => {
  const size = lots(instrument, trade.amount, trade.price)
  const { foreign, home, settled } = worth(instrument, size, trade.price)
  return {
    timestamp: iso(trade.at),
    symbol: instrument.id,
    side: trade.side === "buy" ? "Buy" : "Sell",
    size,
    price: trade.price,
    tickDirection: tick(trade.price, before?.price),
    trdMatchID: `00000000-006d-1000-0000-${trade.id.toString(16).padStart(12, "0")}`,
    grossValue: settled,
    homeNotional: home,
    foreignNotional: foreign,
    trdType: "Regular"
  }
}

// --- candles

const bins: Readonly<Record<string, number>> = { "1m": 60_000, "5m": 300_000, "1h": 3_600_000, "1d": 86_400_000 }

// The perpetual's first minute; where the clock is before it, the last thirty days are all there is.
const beginning = 1_463_140_800_000
const shortHistory = 30 * 86_400_000

const buckets = (params: URLSearchParams, world: World): Either.Either<Answer, Refusal> =>
  Either.gen(function*() {
    const name = params.get("binSize") ?? "1m"
    const bin = Object.hasOwn(bins, name) ? bins[name] : undefined
    if (bin === undefined) return yield* refuse(400, "'binSize' must be one of 1m, 5m, 1h, 1d", "ValidationError")
    if ((params.get("symbol") ?? "") === "") return yield* required("symbol")
    const { count, endTime, reverse, start, startTime } = yield* pageOf(params, 1000)
    const partial = params.get("partial") === "true"
    const begin = Math.min(beginning, world.now - shortHistory)
    const first = Math.max(Math.ceil((startTime ?? begin) / bin), Math.ceil(begin / bin) + 1)
    const current = Math.floor(world.now / bin)
    const last = Math.min(Math.floor((endTime ?? Infinity) / bin), partial ? current + 1 : current)
    const from = reverse ? Math.max(first, last - start - count + 1) : first + start
    const to = reverse ? last - start : Math.min(last, first + start + count - 1)
    if (to < from) return { body: [] }
    const rows = selected(params).filter(isOpen).flatMap((instrument) => {
      // One more, for the close that the first one opens at.
      const candles = world.candles(instrument, bin, (from - 2) * bin, (to - 1) * bin)
      return candles.flatMap((candle, index) =>
        candle.openTime < (from - 1) * bin ? [] : [bucketRow(instrument, candle, candles[index - 1], bin)]
      )
    })
    return yield* table(withoutPage(params), reverse ? rows.toReversed() : rows, { largest: 1000 })
  })

// The page has been cut already; filter and columns have not been applied.
const withoutPage = (params: URLSearchParams): URLSearchParams => {
  const rest = new URLSearchParams(params)
  for (const name of ["start", "startTime", "endTime", "reverse"]) rest.delete(name)
  return rest
}

const bucketRow = (instrument: Instrument, candle: Candle, before: Candle | undefined, bin: number): Row => {
  const key = { timestamp: iso(candle.openTime + bin), symbol: instrument.id, trades: candle.trades }
  if (candle.trades === 0) return { ...key, volume: 0, turnover: 0, homeNotional: 0, foreignNotional: 0 }
  const average = Decimal.ratio(candle.quoteVolume, candle.volume, 4)
  const volume = lots(instrument, candle.volume, average)
  const { foreign, home, settled } = worth(instrument, volume, average)
  return {
    ...key,
    open: before?.close ?? candle.open,
    high: candle.high,
    low: candle.low,
    close: candle.close,
    volume,
    vwap: average,
    lastSize: instrument.lotSize,
    turnover: settled,
    homeNotional: home,
    foreignNotional: foreign
  }
}
