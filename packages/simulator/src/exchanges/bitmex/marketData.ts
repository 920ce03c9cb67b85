/**
 * BitMEX's public endpoints.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Candle, Trade } from "../../engine/Market.js"
import { flag, type Input, iso, text } from "../../internal/inputs.js"
import { type Instrument, instruments, lots, row, sizeOf, worth } from "./markets.js"
import { type Answering, integer, invalid, pageOf, type Row, table } from "./params.js"

/** @internal */
export const root: Answering = (_, { now }) => Either.right([{ name: "BitMEX API", version: "2.0.0", timestamp: now }])

const isOpen = (instrument: Instrument): boolean => instrument.state === "Open"

// `XBT` means the first contract of that root, and `XBT:perpetual` its perpetuals. Case is ignored.
const named = (symbol: string): ReadonlyArray<Instrument> => {
  const wanted = symbol.toUpperCase()
  const exact = instruments.filter((instrument) => instrument.id === wanted)
  if (exact.length > 0) return exact
  const [root, series] = wanted.split(":")
  const family = instruments.filter((instrument) => instrument.root === root && instrument.typ.startsWith("FF"))
  if (series === undefined) return family.slice(0, 1)
  return family.filter((instrument) => series === "PERPETUAL" && instrument.typ === "FFWCSX")
}

const selected = (params: Input): ReadonlyArray<Instrument> => {
  const symbol = text(params, "symbol")
  return symbol === undefined ? instruments : named(symbol)
}

/** @internal Returns the requested instruments, or all traded instruments. */
export const listing = (askedFor: boolean): Answering => ({ params }, world) => {
  const found = askedFor ? selected(params) : instruments.filter(isOpen)
  return table(params, found.map((instrument) => row(instrument, world.quote(instrument), world.now)))
}

// --- the book

const required = (name: string) => invalid(`'${name}' is a required arg.`)

/**
 * @internal Returns the id of a price level. Multiplication by an odd factor permutes the prices, so that ids are
 * unique but not ordered by price.
 */
export const levelId = (instrument: Instrument, price: BigDecimal.BigDecimal): bigint =>
  62_400_000_000n + Decimal.ratio(price, instrument.tickSize, 0).value * 2_654_435_761n % 4_294_967_296n

/** @internal */
export const book: Answering = ({ params }, world) =>
  Either.gen(function*() {
    if (text(params, "symbol") === undefined) return yield* required("symbol")
    const asked = yield* integer(params, "depth", 25)
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
    return [rows]
  })

// --- trades

// The exchange keeps the last thousand trades of a market.
const remembered = 1000

/** @internal */
export const trades: Answering = ({ params }, world) => {
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

/** @internal Encodes a trade. `before` is the previous trade. */
export const tradeRow = (instrument: Instrument, trade: Trade, before: Trade | undefined): Row => {
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

/** @internal The intervals by name, in milliseconds. */
export const bins: Readonly<Record<string, number>> = { "1m": 60_000, "5m": 300_000, "1h": 3_600_000, "1d": 86_400_000 }

// The history begins with the first minute of the perpetual, or thirty days ago if that is earlier.
const beginning = 1_463_140_800_000
const shortHistory = 30 * 86_400_000

/** @internal */
export const buckets: Answering = ({ params }, world) =>
  Either.gen(function*() {
    const name = text(params, "binSize") ?? "1m"
    const bin = Object.hasOwn(bins, name) ? bins[name] : undefined
    if (bin === undefined) return yield* invalid("'binSize' must be one of 1m, 5m, 1h, 1d")
    if (text(params, "symbol") === undefined) return yield* required("symbol")
    const { count, endTime, reverse, start, startTime } = yield* pageOf(params, 1000)
    const partial = flag(params, "partial")
    const begin = Math.min(beginning, world.now - shortHistory)
    const first = Math.max(Math.ceil((startTime ?? begin) / bin), Math.ceil(begin / bin) + 1)
    const current = Math.floor(world.now / bin)
    const last = Math.min(Math.floor((endTime ?? Infinity) / bin), partial ? current + 1 : current)
    const from = reverse ? Math.max(first, last - start - count + 1) : first + start
    const to = reverse ? last - start : Math.min(last, first + start + count - 1)
    if (to < from) return [[]]
    const rows = selected(params).filter(isOpen).flatMap((instrument) => {
      // One candle more, whose close is the open of the first one.
      const candles = world.candles(instrument, bin, (from - 2) * bin, (to - 1) * bin)
      return candles.flatMap((candle, index) =>
        candle.openTime < (from - 1) * bin ? [] : [bucketRow(instrument, candle, candles[index - 1], bin)]
      )
    })
    // The rows already are the page. `table` only applies the filter and the columns.
    const rest = { ...params, start: undefined, startTime: undefined, endTime: undefined, reverse: undefined }
    return yield* table(rest, reverse ? rows.toReversed() : rows, { largest: 1000 })
  })

/** @internal Encodes a candle with its close time. It opens at the close of the candle `before`. */
export const bucketRow = (instrument: Instrument, candle: Candle, before: Candle | undefined, bin: number): Row => {
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
