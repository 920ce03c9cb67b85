/**
 * The prices of a simulated exchange: a seeded walk per underlying, which gives an exact price on tick for any instant.
 *
 * @since 0.1.0
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Decimal from "./internal/decimal.js"
import * as Hash from "./internal/hash.js"
import * as Walk from "./internal/walk.js"
import type { Instrument, Side } from "./model.js"

/**
 * The underlying of a market. Its walk stays within about 8 % of a reference price.
 *
 * `ETH/BTC` has its own walk: it does not follow the quotient of `ETH` and `BTC`.
 *
 * @since 0.1.0
 * @category models
 */
export type Underlying = keyof typeof underlyings

// `size` is the largest volume of one 64-second stretch, in units of 10^-sizeScale.
const underlyings = {
  "BTC": { reference: Decimal.literal("64000"), size: 3_000_000, sizeScale: 5 },
  "ETH": { reference: Decimal.literal("3200"), size: 4_000_000, sizeScale: 4 },
  "SOL": { reference: Decimal.literal("150"), size: 6_000_000, sizeScale: 3 },
  "XRP": { reference: Decimal.literal("0.55"), size: 9_000_000, sizeScale: 1 },
  "ETH/BTC": { reference: Decimal.literal("0.05"), size: 100_000, sizeScale: 4 }
} satisfies Record<
  string,
  { readonly reference: BigDecimal.BigDecimal; readonly size: number; readonly sizeScale: number }
>

/**
 * Returns the price around which an underlying walks.
 *
 * @since 0.1.0
 * @category getters
 */
export const referencePrice = (underlying: Underlying): BigDecimal.BigDecimal => underlyings[underlying].reference

/**
 * One market as an exchange lists it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Listing {
  /** The exchange's own name, for example `BTCUSDT` or `XBTUSD`. */
  readonly id: string
  /** The common name, for example `BTC/USDT`, or `BTC/USD:BTC` for a contract settled in BTC. */
  readonly symbol: string
  readonly underlying: Underlying
  /** The prices of the market are multiples of this. Its `instrument` says which prices orders may have. */
  readonly tickSize: BigDecimal.BigDecimal
  /** The instrument to trade, under the listing's own id. Absent if the market is listed but cannot be traded. */
  readonly instrument?: Instrument | undefined
}

/**
 * A price that a user has set, which holds from its instant until the next pin.
 *
 * @since 0.1.0
 * @category models
 */
export interface PriceOverride {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly last: BigDecimal.BigDecimal
}

/**
 * A market at an instant. Sizes and volumes are in the base currency, except `quoteVolume`. `open`, `high`, `low`, the
 * volumes and `trades` cover the last 24 hours.
 *
 * @since 0.1.0
 * @category models
 */
export interface Quote {
  readonly last: BigDecimal.BigDecimal
  readonly lastSize: BigDecimal.BigDecimal
  readonly bid: BigDecimal.BigDecimal
  readonly bidSize: BigDecimal.BigDecimal
  readonly ask: BigDecimal.BigDecimal
  readonly askSize: BigDecimal.BigDecimal
  readonly open: BigDecimal.BigDecimal
  readonly high: BigDecimal.BigDecimal
  readonly low: BigDecimal.BigDecimal
  readonly volume: BigDecimal.BigDecimal
  readonly quoteVolume: BigDecimal.BigDecimal
  readonly trades: number
}

/**
 * The fields of a {@link Quote} that need no history.
 *
 * @since 0.1.0
 * @category models
 */
export type Top = Pick<Quote, "last" | "lastSize" | "bid" | "bidSize" | "ask" | "askSize">

/**
 * A trade on the public tape. `id` rises by one with each trade of a listing.
 *
 * @since 0.1.0
 * @category models
 */
export interface Trade {
  readonly id: number
  readonly price: BigDecimal.BigDecimal
  /** In the base currency. */
  readonly amount: BigDecimal.BigDecimal
  /** The side of the taker. */
  readonly side: Side
  /** Milliseconds since the epoch. */
  readonly at: number
}

/**
 * A summary of the trades of an interval. `openTime` is in milliseconds since the epoch.
 *
 * @since 0.1.0
 * @category models
 */
export interface Candle {
  readonly openTime: number
  readonly open: BigDecimal.BigDecimal
  readonly high: BigDecimal.BigDecimal
  readonly low: BigDecimal.BigDecimal
  readonly close: BigDecimal.BigDecimal
  /** In the base currency. */
  readonly volume: BigDecimal.BigDecimal
  readonly quoteVolume: BigDecimal.BigDecimal
  readonly trades: number
}

/**
 * Returns the quote of a listing at an instant (milliseconds since the epoch). The same seed, instant and pins give the
 * same quote.
 *
 * Prices change once a second. Pins must be sorted by time. The price follows the walk until the first pin.
 *
 * @since 0.1.0
 * @category constructors
 */
export const quote = (seed: string, listing: Listing, now: number, pins: ReadonlyArray<PriceOverride> = []): Quote => {
  const underlying = underlyings[listing.underlying]
  const second = Math.floor(now / 1000)
  const from = second - day
  const path = pathOf(seed, listing, pins)
  const firstStretch = Math.ceil(from / Walk.grid)
  // Without the last point of the grid, because the stretch that begins there is not over.
  const lastStretch = Math.floor(second / Walk.grid) - 1
  const [low, high] = path.extremes(from, second)
  const traded = turnover(Hash.text(`${seed}/${listing.id}/volume`), underlying.size, path, firstStretch, lastStretch)
  return {
    ...top(seed, listing, now, pins),
    open: priceOf(path.at(from), listing),
    high: priceOf(high, listing),
    low: priceOf(low, listing),
    volume: BigDecimal.make(traded.volume, underlying.sizeScale),
    quoteVolume: BigDecimal.multiply(priceOf(traded.turnover, listing), BigDecimal.make(1n, underlying.sizeScale)),
    trades: traded.trades
  }
}

/**
 * Returns the last trades of a listing at an instant, oldest first. Each second has one to three trades, all at the
 * price of that second.
 *
 * @since 0.1.0
 * @category constructors
 */
export const trades = (
  seed: string,
  listing: Listing,
  now: number,
  limit: number,
  pins: ReadonlyArray<PriceOverride> = []
): ReadonlyArray<Trade> => {
  const path = pathOf(seed, listing, pins)
  const tape = tapeOf(seed, listing)
  const end = tape.before(Math.floor(now / 1000) + 1)
  return Array.from({ length: Math.min(limit, end) }, (_, index): Trade => {
    const id = end - Math.min(limit, end) + index
    const second = tape.secondOf(id)
    const price = path.at(second)
    const before = path.at(second - 1)
    const rising = price === before ? Hash.pair(tape.seed, 3, id) % 2 === 0 : price > before
    return {
      id,
      price: priceOf(price, listing),
      amount: tape.volume(id, id + 1),
      side: rising ? "buy" : "sell",
      at: second * 1000
    }
  })
}

/**
 * Returns the candles of a listing that opened from `from` to `to` (both included) and not after `now`, oldest first
 * and aligned to the epoch. The candle that contains `now` covers only the time until `now`.
 *
 * The candles agree with {@link trades}, except that `quoteVolume` is the volume times the middle of the candle's low
 * and high.
 *
 * @since 0.1.0
 * @category constructors
 */
export const candles = (
  seed: string,
  listing: Listing,
  intervalMillis: number,
  range: { readonly from: number; readonly to: number; readonly now: number },
  pins: ReadonlyArray<PriceOverride> = []
): ReadonlyArray<Candle> => {
  const path = pathOf(seed, listing, pins)
  const tape = tapeOf(seed, listing)
  const first = Math.max(0, Math.ceil(range.from / intervalMillis))
  const last = Math.floor(Math.min(range.to, range.now) / intervalMillis)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index): Candle => {
    const openTime = (first + index) * intervalMillis
    const from = Math.floor(openTime / 1000)
    const to = Math.floor(Math.min(openTime + intervalMillis - 1, range.now) / 1000)
    const [low, high] = path.extremes(from, to)
    const [firstTrade, endTrade] = [tape.before(from), tape.before(to + 1)]
    const volume = tape.volume(firstTrade, endTrade)
    return {
      openTime,
      open: priceOf(path.at(from), listing),
      high: priceOf(high, listing),
      low: priceOf(low, listing),
      close: priceOf(path.at(to), listing),
      volume,
      quoteVolume: BigDecimal.multiply(volume, priceOf((low + high) / 2n, listing)),
      trades: endTrade - firstTrade
    }
  })
}

/**
 * Returns the fields of a {@link quote} that need no history, at a fiftieth of the cost.
 *
 * @since 0.1.0
 * @category constructors
 */
export const top = (
  seed: string,
  listing: Listing,
  now: number,
  pins: ReadonlyArray<PriceOverride> = []
): Top => {
  const { size: largest, sizeScale } = underlyings[listing.underlying]
  const second = Math.floor(now / 1000)
  const last = pathOf(seed, listing, pins).at(second)
  const unit = spreadUnit(last)
  const book = Hash.pair(Hash.text(`${seed}/${listing.id}/book`), 0, second)
  const bid = last - BigInt(Hash.between(book, 1, 3)) * unit
  const size = (salt: number): BigDecimal.BigDecimal =>
    BigDecimal.make(BigInt(Hash.between(Hash.pair(book, salt, second), 1, largest >> 6)), sizeScale)
  return {
    last: priceOf(last, listing),
    lastSize: size(1),
    // A price is never zero, however low the pin.
    bid: priceOf(bid < 1n ? 1n : bid, listing),
    bidSize: size(2),
    ask: priceOf(last + BigInt(Hash.between(book >>> 8, 1, 3)) * unit, listing),
    askSize: size(3)
  }
}

const day = 86_400

interface Path {
  /** Returns the price at a second, in ticks. */
  readonly at: (second: number) => bigint
  /** Visits the prices at the points of the walk's grid from `first` to `last`, both included. */
  readonly forEachOnGrid: (first: number, last: number, visit: (price: bigint, point: number) => void) => void
  /** Returns the lowest and the highest price between two seconds, both included. */
  readonly extremes: (from: number, to: number) => readonly [low: bigint, high: bigint]
}

const pathOf = (name: string, listing: Listing, pins: ReadonlyArray<PriceOverride>): Path => {
  const seed = Hash.text(`${name}/${listing.underlying}`)
  const base = toTicks(underlyings[listing.underlying].reference, listing)
  const walked = (value: number): bigint => base + base * BigInt(value) / 1_000_000_000n
  const pinned = pins.map((pin) => ({ second: Math.floor(pin.at / 1000), ticks: toTicks(pin.last, listing) }))
  const pinnedAt = (second: number): bigint | undefined => pinned.findLast((pin) => pin.second <= second)?.ticks
  const at = (second: number): bigint => pinnedAt(second) ?? walked(Walk.at(seed, second))
  return {
    at,
    forEachOnGrid: (first, last, visit) =>
      Walk.forEachOnGrid(
        seed,
        first,
        last,
        (value, point) => visit(pinnedAt(point * Walk.grid) ?? walked(value), point)
      ),
    extremes: (from, to) => {
      const end = Math.min(to, (pinned[0]?.second ?? Infinity) - 1)
      const free = from <= end ? Walk.extremes(seed, from, end).map(walked) : []
      const set = pinned.flatMap(({ second }) => from < second && second <= to ? [at(second)] : [])
      return [...free, ...set].reduce<readonly [bigint, bigint]>(
        ([low, high], ticks) => [ticks < low ? ticks : low, ticks > high ? ticks : high],
        [at(from), at(from)]
      )
    }
  }
}

interface Tape {
  readonly seed: number
  /** Returns the number of trades before a second began, which is also the id of the first trade of that second. */
  readonly before: (second: number) => number
  readonly secondOf: (id: number) => number
  /** Returns the volume of the trades from the id `from` (included) to the id `to` (excluded). */
  readonly volume: (from: number, to: number) => BigDecimal.BigDecimal
}

// On average there are two trades per second and one `mean` per trade. Counts and sums since the epoch need no summing:
// each is a straight line plus a deviation smaller than one step of it.
const tapeOf = (name: string, listing: Listing): Tape => {
  const seed = Hash.text(`${name}/${listing.id}/trades`)
  const { size, sizeScale } = underlyings[listing.underlying]
  const mean = Math.ceil(size / 256)
  const before = (second: number): number => 2 * second + Hash.pair(seed, 1, second) % 2
  const sum = (id: number): bigint => BigInt(mean) * BigInt(id) + BigInt(Hash.pair(seed, 2, id) % mean)
  return {
    seed,
    before,
    secondOf: (id) => {
      const second = Math.floor(id / 2)
      return before(second) <= id ? second : second - 1
    },
    volume: (from, to) => BigDecimal.make(sum(to) - sum(from), sizeScale)
  }
}

const turnover = (
  seed: number,
  largest: number,
  path: Path,
  firstStretch: number,
  lastStretch: number
): { readonly volume: bigint; readonly turnover: bigint; readonly trades: number } => {
  let volume = 0
  let turnover = 0n
  let trades = 0
  path.forEachOnGrid(firstStretch, lastStretch, (price, stretch) => {
    const hash = Hash.pair(seed, 1, stretch)
    const size = Hash.between(hash, 1, largest)
    volume += size
    turnover += BigInt(size) * price
    trades += Hash.between(hash >>> 8, 1, 40)
  })
  return { volume: BigInt(volume), turnover, trades }
}

const spreadUnit = (ticks: bigint): bigint => {
  const unit = ticks * 20n / 1_000_000n
  return unit < 1n ? 1n : unit
}

const priceOf = (ticks: bigint, listing: Listing): BigDecimal.BigDecimal =>
  BigDecimal.normalize(BigDecimal.multiply(BigDecimal.make(ticks, 0), listing.tickSize))

const toTicks = (price: BigDecimal.BigDecimal, listing: Listing): bigint =>
  BigDecimal.scale(price, listing.tickSize.scale).value / listing.tickSize.value
