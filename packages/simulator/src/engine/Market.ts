/**
 * The prices of a simulated exchange: a seeded walk per underlying, read at an instant, exact and on tick.
 *
 * @since 0.1.0
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Decimal from "./internal/decimal.js"
import * as Hash from "./internal/hash.js"
import * as Walk from "./internal/walk.js"
import type { Instrument, Side } from "./model.js"

/**
 * What a price is the price of, with the reference price its walk stays within about 8 % of.
 *
 * `ETH/BTC` is a walk of its own: it does not follow the quotient of the other two.
 *
 * @since 0.1.0
 * @category models
 */
export type Underlying = keyof typeof underlyings

// `size` is the largest volume of one 64-second stretch in units of 10^-sizeScale.
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
 * One market as an exchange lists it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Listing {
  /** The exchange's own name, for example `BTCUSDT` or `XBTUSD`. */
  readonly id: string
  /** The name people use, for example `BTC/USDT`, or `BTC/USD:BTC` for a contract settled in BTC. */
  readonly symbol: string
  readonly underlying: Underlying
  /** Prices are multiples of this. */
  readonly tickSize: BigDecimal.BigDecimal
  /** How it is traded, under the listing's own id. Absent when it is listed and cannot be traded. */
  readonly instrument?: Instrument | undefined
}

/**
 * A price set by hand, which holds from its instant until the next one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Pin {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly last: BigDecimal.BigDecimal
}

/**
 * A market at an instant. Sizes and volume are in the base currency; open, high, low, volume and trades are of the
 * last 24 hours.
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
 * What of a {@link Quote} needs no history.
 *
 * @since 0.1.0
 * @category models
 */
export type Top = Pick<Quote, "last" | "lastSize" | "bid" | "bidSize" | "ask" | "askSize">

/**
 * A trade on the public tape. `id` rises by one from each trade of a listing to the next.
 *
 * @since 0.1.0
 * @category models
 */
export interface Trade {
  readonly id: number
  readonly price: BigDecimal.BigDecimal
  /** In the base currency. */
  readonly amount: BigDecimal.BigDecimal
  /** The taker's. */
  readonly side: Side
  /** Milliseconds since the epoch. */
  readonly at: number
}

/**
 * The trades of an interval in short; `openTime` is in milliseconds since the epoch.
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
 * The quote of a listing at an instant in milliseconds: the same seed, instant and pins give the same quote.
 *
 * Prices move once a second. Pins must be in order of time; the walk is followed until the first of them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const quote = (seed: string, listing: Listing, now: number, pins: ReadonlyArray<Pin> = []): Quote => {
  const underlying = underlyings[listing.underlying]
  const second = Math.floor(now / 1000)
  const from = second - day
  const path = pathOf(seed, listing, pins)
  const firstStretch = Math.ceil(from / Walk.grid)
  const grid = path.onGrid(firstStretch, Math.floor(second / Walk.grid))
  const [low, high] = path.extremes(from, second)
  const traded = turnover(Hash.text(`${seed}/${listing.id}/volume`), underlying.size, firstStretch, grid)
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
 * The last trades of a listing at an instant, oldest first: each second has one to three, at its price.
 *
 * @since 0.1.0
 * @category constructors
 */
export const trades = (
  seed: string,
  listing: Listing,
  now: number,
  limit: number,
  pins: ReadonlyArray<Pin> = []
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
 * The candles of a listing that opened from `from` to `to` (both included) and not after `now`, oldest first, aligned
 * to the epoch. The one that `now` falls into has only what happened until then.
 *
 * They are those of {@link trades}, but for `quoteVolume`, which is the volume at the middle of each candle's prices.
 *
 * @since 0.1.0
 * @category constructors
 */
export const candles = (
  seed: string,
  listing: Listing,
  intervalMillis: number,
  range: { readonly from: number; readonly to: number; readonly now: number },
  pins: ReadonlyArray<Pin> = []
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
 * The part of a {@link quote} that needs no history, at a fiftieth of its cost.
 *
 * @since 0.1.0
 * @category constructors
 */
export const top = (
  seed: string,
  listing: Listing,
  now: number,
  pins: ReadonlyArray<Pin> = []
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
    // A price is never zero, however low it was set.
    bid: priceOf(bid < 1n ? 1n : bid, listing),
    bidSize: size(2),
    ask: priceOf(last + BigInt(Hash.between(book >>> 8, 1, 3)) * unit, listing),
    askSize: size(3)
  }
}

const day = 86_400

interface Path {
  /** The price in a second, in ticks. */
  readonly at: (second: number) => bigint
  /** The prices at the points of the walk's grid, from one to another, both included. */
  readonly onGrid: (first: number, last: number) => ReadonlyArray<bigint>
  /** The lowest and the highest price from one second to another, both included. */
  readonly extremes: (from: number, to: number) => readonly [low: bigint, high: bigint]
}

const pathOf = (name: string, listing: Listing, pins: ReadonlyArray<Pin>): Path => {
  const seed = Hash.text(`${name}/${listing.underlying}`)
  const base = toTicks(underlyings[listing.underlying].reference, listing)
  const walked = (value: number): bigint => base + base * BigInt(value) / 1_000_000_000n
  const pinned = pins.map((pin) => ({ second: Math.floor(pin.at / 1000), ticks: toTicks(pin.last, listing) }))
  const pinnedAt = (second: number): bigint | undefined => pinned.findLast((pin) => pin.second <= second)?.ticks
  const at = (second: number): bigint => pinnedAt(second) ?? walked(Walk.at(seed, second))
  return {
    at,
    onGrid: (first, last) =>
      Walk.onGrid(seed, first, last).map((value, index) => pinnedAt((first + index) * Walk.grid) ?? walked(value)),
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
  /** How many trades there were before a second began; also the id of the first trade of that second. */
  readonly before: (second: number) => number
  readonly secondOf: (id: number) => number
  /** The volume of the trades from one id to another, the second not included. */
  readonly volume: (from: number, to: number) => BigDecimal.BigDecimal
}

// Two trades a second and one size each, on average. Counts and sums since the epoch are known without adding up: each
// is a straight line plus a deviation that never outweighs a step of it.
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
  firstStretch: number,
  grid: ReadonlyArray<bigint>
): { readonly volume: bigint; readonly turnover: bigint; readonly trades: number } => {
  let volume = 0n
  let turnover = 0n
  let trades = 0
  // The last point of the grid begins a stretch that is not over.
  for (const [index, price] of grid.slice(0, -1).entries()) {
    const hash = Hash.pair(seed, 1, firstStretch + index)
    const size = BigInt(Hash.between(hash, 1, largest))
    volume += size
    turnover += size * price
    trades += Hash.between(hash >>> 8, 1, 40)
  }
  return { volume, turnover, trades }
}

const spreadUnit = (ticks: bigint): bigint => {
  const unit = ticks * 20n / 1_000_000n
  return unit < 1n ? 1n : unit
}

const priceOf = (ticks: bigint, listing: Listing): BigDecimal.BigDecimal =>
  BigDecimal.normalize(BigDecimal.multiply(BigDecimal.make(ticks, 0), listing.tickSize))

const toTicks = (price: BigDecimal.BigDecimal, listing: Listing): bigint =>
  BigDecimal.scale(price, listing.tickSize.scale).value / listing.tickSize.value
