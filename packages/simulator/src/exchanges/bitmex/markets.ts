import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import * as Record from "effect/Record"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Listing, Quote } from "../../engine/Market.js"
import type { Json } from "../../internal/json.js"

/** @internal A BitMEX instrument: what never changes about it. */
export interface Instrument extends Listing {
  readonly typ: "FFWCSX" | "FFCCSX" | "IFXXXP" | "MRCXXX"
  readonly state: "Open" | "Settled" | "Unlisted"
  readonly root: string
  readonly quoteCurrency: string
  readonly lotSize: number
  /** Whole quote coins to minor units of what the contract settles in, as a power of ten. */
  readonly settlement?: { readonly currency: string; readonly scale: number } | undefined
  /** Contracts per base coin: linear contracts and spot. Absent where a contract is one quote unit. */
  readonly perBase?: number | undefined
  readonly expiry?: number | undefined
}

/** @internal Minor units of a currency: its code is case-sensitive. */
export interface Currency {
  readonly code: string
  readonly scale: number
}

/** @internal By the name people use for the coin. */
export const currencies: Readonly<Record<string, Currency>> = {
  BTC: { code: "XBt", scale: 8 },
  USDT: { code: "USDt", scale: 6 },
  ETH: { code: "Gwei", scale: 9 },
  SOL: { code: "SOl", scale: 9 },
  XRP: { code: "XRp", scale: 6 },
  USDC: { code: "USDc", scale: 6 }
}

const scales = Record.map(currencies, ({ scale }) => scale)

const fee = Decimal.literal("0.0005")

// The engine counts base coins, and contracts where they are inverse.
const traded = (listing: Instrument): Instrument => {
  if (listing.state !== "Open") return listing
  const { perBase } = listing
  const base = coinOf(listing.root)
  const quote = coinOf(listing.quoteCurrency)
  const lotSize = perBase === undefined
    ? BigDecimal.make(BigInt(listing.lotSize), 0)
    : BigDecimal.unsafeDivide(BigDecimal.make(BigInt(listing.lotSize), 0), BigDecimal.make(BigInt(perBase), 0))
  return {
    ...listing,
    instrument: {
      id: listing.id,
      kind: listing.typ === "IFXXXP" ? "spot" : "perpetual",
      base,
      quote,
      settle: perBase === undefined ? base : quote,
      inverse: perBase === undefined,
      multiplier: Decimal.literal("1"),
      tickSize: listing.tickSize,
      lotSize,
      minAmount: lotSize,
      minNotional: Decimal.literal("0"),
      makerFee: fee,
      takerFee: fee,
      scales
    }
  }
}

/** @internal The name people use for a coin: BitMEX has its own for bitcoin. */
export const coinOf = (name: string): string => name === "XBT" ? "BTC" : name

const bitcoin = { currency: "XBt", scale: 8 }
const tether = { currency: "USDt", scale: 6 }

const linear = (
  root: string,
  base: string,
  underlying: Listing["underlying"],
  tickSize: string,
  perBase: number
): Instrument => ({
  id: `${root}USDT`,
  symbol: `${base}/USDT:USDT`,
  underlying,
  tickSize: Decimal.literal(tickSize),
  typ: "FFWCSX",
  state: "Open",
  root,
  quoteCurrency: "USDT",
  lotSize: 1000,
  settlement: tether,
  perBase
})

const spot = (
  root: string,
  base: string,
  quote: string,
  underlying: Listing["underlying"],
  tickSize: string,
  lotSize: number,
  perBase: number
): Instrument => ({
  id: `${root}_${quote === "BTC" ? "XBT" : quote}`,
  symbol: `${base}/${quote}`,
  underlying,
  tickSize: Decimal.literal(tickSize),
  typ: "IFXXXP",
  state: "Open",
  root,
  quoteCurrency: quote === "BTC" ? "XBT" : quote,
  lotSize,
  perBase
})

const listed: ReadonlyArray<Instrument> = [
  {
    id: "XBTUSD",
    symbol: "BTC/USD:BTC",
    underlying: "BTC",
    tickSize: Decimal.literal("0.1"),
    typ: "FFWCSX",
    state: "Open",
    root: "XBT",
    quoteCurrency: "USD",
    lotSize: 100,
    settlement: bitcoin
  },
  linear("XBT", "BTC", "BTC", "0.1", 1_000_000),
  linear("ETH", "ETH", "ETH", "0.01", 100_000),
  linear("SOL", "SOL", "SOL", "0.01", 10_000),
  linear("XRP", "XRP", "XRP", "0.0001", 100),
  spot("XBT", "BTC", "USDT", "BTC", "0.5", 10_000, 100_000_000),
  spot("ETH", "ETH", "USDT", "ETH", "0.05", 1_000_000, 1_000_000_000),
  spot("SOL", "SOL", "USDT", "SOL", "0.01", 10_000_000, 1_000_000_000),
  spot("XRP", "XRP", "USDT", "XRP", "0.0001", 1_000_000, 1_000_000),
  spot("XBT", "BTC", "USDC", "BTC", "0.5", 10_000, 100_000_000),
  spot("ETH", "ETH", "BTC", "ETH/BTC", "0.00001", 1_000_000, 1_000_000_000),
  {
    id: "XBTH25",
    symbol: "BTC/USD:BTC-250328",
    underlying: "BTC",
    tickSize: Decimal.literal("0.5"),
    typ: "FFCCSX",
    state: "Settled",
    root: "XBT",
    quoteCurrency: "USD",
    lotSize: 100,
    settlement: bitcoin,
    expiry: 1_743_163_200_000
  },
  {
    id: ".BXBT",
    symbol: ".BXBT",
    underlying: "BTC",
    tickSize: Decimal.literal("0.01"),
    typ: "MRCXXX",
    state: "Unlisted",
    root: "XBT",
    quoteCurrency: "USD",
    lotSize: 1
  }
]

/** @internal Everything the simulated BitMEX lists, including what does not trade. */
export const instruments: ReadonlyArray<Instrument> = listed.map(traded)

const one = Decimal.literal("1")
const halfTenth = Decimal.literal("0.0000000005")

/** @internal An engine's amount as BitMEX counts it: contracts, or minor units of the base coin for spot. */
export const sizeOf = ({ perBase = 1 }: Instrument, amount: BigDecimal.BigDecimal): bigint =>
  Decimal.minor(BigDecimal.multiply(amount, BigDecimal.make(BigInt(perBase), 0)), 0)

/** @internal The other way round. */
export const amountOf = ({ perBase = 1 }: Instrument, size: bigint): BigDecimal.BigDecimal =>
  BigDecimal.unsafeDivide(BigDecimal.make(size, 0), BigDecimal.make(BigInt(perBase), 0))

/** @internal What a size is worth at a price, in base coins, in quote coins, and in minor units of what settles it. */
export const worth = (
  instrument: Instrument,
  size: bigint,
  price: BigDecimal.BigDecimal
): {
  readonly home: BigDecimal.BigDecimal
  readonly foreign: BigDecimal.BigDecimal
  readonly settled: bigint
} => {
  const amount = amountOf(instrument, size)
  if (instrument.perBase === undefined) {
    // A contract is worth a whole number of tenths of a satoshi.
    const tenths = Decimal.minor(BigDecimal.sum(Decimal.ratio(one, price, 10), halfTenth), 9)
    const settled = size * tenths / 10n
    return { home: BigDecimal.make(settled, 8), foreign: amount, settled }
  }
  const foreign = BigDecimal.multiply(amount, price)
  const scale = currencies[coinOf(instrument.quoteCurrency)]?.scale ?? 6
  return { home: amount, foreign, settled: Decimal.minor(foreign, scale) }
}

/** @internal An amount of base coins as whole lots, at least one. */
export const lots = (instrument: Instrument, base: BigDecimal.BigDecimal, price: BigDecimal.BigDecimal): bigint => {
  const size = instrument.perBase === undefined
    ? Decimal.minor(BigDecimal.multiply(base, price), 0)
    : sizeOf(instrument, base)
  const lot = BigInt(instrument.lotSize)
  const whole = size / lot * lot
  return whole > 0n ? whole : lot
}

/** @internal An instant as BitMEX writes it. */
export const iso = (milliseconds: number): string => DateTime.formatIso(DateTime.unsafeMake(milliseconds))

/** @internal An instrument's row at an instant. Members without a value are left out, as BitMEX does since 2023. */
export const row = (
  instrument: Instrument,
  quote: Quote,
  now: number
): { readonly [column: string]: Json | undefined } => ({
  symbol: instrument.id,
  rootSymbol: instrument.root,
  state: instrument.state,
  typ: instrument.typ,
  expiry: instrument.expiry === undefined ? undefined : iso(instrument.expiry),
  settle: instrument.expiry === undefined ? undefined : iso(instrument.expiry),
  underlying: instrument.root,
  quoteCurrency: instrument.quoteCurrency,
  underlyingSymbol: `${instrument.root}=`,
  lotSize: instrument.lotSize,
  tickSize: instrument.tickSize,
  timestamp: iso(now),
  ...(instrument.typ === "MRCXXX" ? {} : contract(instrument)),
  ...(instrument.state === "Open" ? trading(instrument, quote, now) : prices(quote))
})

/** @internal */
export const maxPrice = 1_000_000

/** @internal */
export const maxOrderQty = ({ typ }: Instrument): number => typ === "IFXXXP" ? 100_000_000_000_000 : 10_000_000

const contract = (instrument: Instrument): { readonly [column: string]: Json | undefined } => {
  const { perBase, settlement, typ } = instrument
  const inverse = settlement?.currency === "XBt"
  return {
    positionCurrency: typ === "IFXXXP" ? undefined : inverse ? instrument.quoteCurrency : instrument.root,
    settlCurrency: settlement?.currency,
    multiplier: inverse ? -100_000_000 : 1,
    underlyingToPositionMultiplier: perBase,
    underlyingToSettleMultiplier: inverse ? -100_000_000 : undefined,
    quoteToSettleMultiplier: settlement !== undefined && !inverse ? 10 ** settlement.scale : undefined,
    maxOrderQty: maxOrderQty(instrument),
    maxPrice,
    isInverse: inverse,
    isQuanto: false,
    initMargin: typ === "IFXXXP" ? undefined : Decimal.literal("0.01"),
    maintMargin: typ === "IFXXXP" ? undefined : Decimal.literal("0.005"),
    makerFee: fee,
    takerFee: fee
  }
}

const prices = (quote: Quote): { readonly [column: string]: Json | undefined } => ({
  lastPrice: quote.last,
  markPrice: quote.last
})

const trading = (
  instrument: Instrument,
  quote: Quote,
  now: number
): { readonly [column: string]: Json | undefined } => ({
  ...prices(quote),
  bidPrice: quote.bid,
  askPrice: quote.ask,
  midPrice: Decimal.ratio(BigDecimal.sum(quote.bid, quote.ask), Decimal.literal("2"), instrument.tickSize.scale + 1),
  prevPrice24h: quote.open,
  highPrice: quote.high,
  lowPrice: quote.low,
  lastChangePcnt: Decimal.ratio(BigDecimal.subtract(quote.last, quote.open), quote.open, 4),
  lastTickDirection: BigDecimal.lessThan(quote.last, quote.open) ? "MinusTick" : "PlusTick",
  vwap: Decimal.ratio(quote.quoteVolume, quote.volume, 4),
  homeNotional24h: quote.volume,
  foreignNotional24h: quote.quoteVolume,
  ...volumes(instrument, quote),
  indicativeSettlePrice: quote.last,
  hasLiquidity: true,
  ...(instrument.typ === "FFWCSX" ? funding(instrument, now) : {})
})

const volumes = (instrument: Instrument, quote: Quote): { readonly [column: string]: Json } => {
  const { perBase, settlement } = instrument
  const volume24h = perBase === undefined
    ? Decimal.minor(quote.quoteVolume, 0)
    : Decimal.minor(BigDecimal.multiply(quote.volume, BigDecimal.make(BigInt(perBase), 0)), 0)
  const turnover24h = settlement?.currency === "XBt"
    ? Decimal.minor(quote.volume, settlement.scale)
    : Decimal.minor(quote.quoteVolume, settlement?.scale ?? (instrument.quoteCurrency === "XBT" ? 8 : 6))
  // The lifetime totals are beyond 2^53 on purpose: they are on the real exchange too.
  return {
    volume: volume24h / 24n,
    volume24h,
    totalVolume: volume24h * 1000n,
    turnover: turnover24h / 24n,
    turnover24h,
    totalTurnover: turnover24h * 1_000_000n
  }
}

const fundingInterval = 28_800_000

const funding = (instrument: Instrument, now: number): { readonly [column: string]: Json } => ({
  openInterest: instrument.lotSize * 1_000_000,
  fundingRate: Decimal.literal("0.0001"),
  indicativeFundingRate: Decimal.literal("0.0001"),
  fundingInterval: iso(946_684_800_000 + fundingInterval),
  fundingTimestamp: iso((Math.floor(now / fundingInterval) + 1) * fundingInterval)
})
