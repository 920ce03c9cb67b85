/**
 * The prices of a simulated exchange: a seeded walk per underlying, read at an instant, exact and on tick.
 *
 * @since 0.1.0
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Decimal from "./internal/decimal.js"
import * as Hash from "./internal/hash.js"
import * as Walk from "./internal/walk.js"

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
 * The quote of a listing at an instant in milliseconds: the same seed, instant and pins give the same quote.
 *
 * Prices move once a second. Pins must be in order of time; the walk is followed until the first of them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const quote = (seed: string, listing: Listing, now: number, pins: ReadonlyArray<Pin> = []): Quote => {
  const underlying = underlyings[listing.underlying]
  const walk = Hash.text(`${seed}/${listing.underlying}`)
  const second = Math.floor(now / 1000)
  const from = second - day
  const path = pricePath(walk, listing, underlying.reference, pins)
  const last = path.at(second)
  const firstStretch = Math.ceil(from / Walk.grid)
  const grid = Array.from(
    { length: Math.floor(second / Walk.grid) - firstStretch + 1 },
    (_, index) => path.at((firstStretch + index) * Walk.grid)
  )
  const [low, high] = path.extremes(from, second, grid)
  const unit = spreadUnit(last)
  const book = Hash.pair(Hash.text(`${seed}/${listing.id}/book`), 0, second)
  const bid = last - BigInt(Hash.between(book, 1, 3)) * unit
  const price = (ticks: bigint): BigDecimal.BigDecimal =>
    BigDecimal.normalize(BigDecimal.multiply(BigDecimal.make(ticks, 0), listing.tickSize))
  const size = (salt: number): BigDecimal.BigDecimal =>
    BigDecimal.make(BigInt(Hash.between(Hash.pair(book, salt, second), 1, underlying.size >> 6)), underlying.sizeScale)
  const traded = turnover(Hash.text(`${seed}/${listing.id}/volume`), underlying.size, firstStretch, grid)
  return {
    last: price(last),
    lastSize: size(1),
    // A price is never zero, however low it was set.
    bid: price(bid < 1n ? 1n : bid),
    bidSize: size(2),
    ask: price(last + BigInt(Hash.between(book >>> 8, 1, 3)) * unit),
    askSize: size(3),
    open: price(path.at(from)),
    high: price(high),
    low: price(low),
    volume: BigDecimal.make(traded.volume, underlying.sizeScale),
    quoteVolume: BigDecimal.multiply(price(traded.turnover), BigDecimal.make(1n, underlying.sizeScale)),
    trades: traded.trades
  }
}

const day = 86_400

const pricePath = (
  seed: number,
  listing: Listing,
  reference: BigDecimal.BigDecimal,
  pins: ReadonlyArray<Pin>
): {
  readonly at: (second: number) => bigint
  readonly extremes: (from: number, to: number, grid: ReadonlyArray<bigint>) => readonly [low: bigint, high: bigint]
} => {
  const base = toTicks(reference, listing)
  const pinned = pins.map((pin) => ({ second: Math.floor(pin.at / 1000), ticks: toTicks(pin.last, listing) }))
  const at = (second: number): bigint =>
    pinned.findLast((pin) => pin.second <= second)?.ticks ??
      base + base * BigInt(Walk.at(seed, second)) / 1_000_000_000n
  return {
    at,
    // Between two points of the grid the walk only rises or only falls, so its extremes are at the ends of each part.
    extremes: (from, to, grid) => {
      const ends = pinned.flatMap(({ second }) => [second - 1, second]).filter((second) => from < second && second < to)
      const seen = [...grid, ...[from, ...ends, to].map(at)]
      return seen.reduce<readonly [bigint, bigint]>(
        ([low, high], ticks) => [ticks < low ? ticks : low, ticks > high ? ticks : high],
        [at(to), at(to)]
      )
    }
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

const toTicks = (price: BigDecimal.BigDecimal, listing: Listing): bigint =>
  BigDecimal.scale(price, listing.tickSize.scale).value / listing.tickSize.value
