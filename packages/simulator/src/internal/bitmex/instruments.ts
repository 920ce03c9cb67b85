import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import type { Listing, Quote } from "../../Market.js"
import * as Decimal from "../decimal.js"
import type { Json } from "../json.js"

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

/** @internal Everything the simulated BitMEX lists, including what does not trade. */
export const instruments: ReadonlyArray<Instrument> = [
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
    maxOrderQty: typ === "IFXXXP" ? 100_000_000_000_000 : 10_000_000,
    maxPrice: 1_000_000,
    isInverse: inverse,
    isQuanto: false,
    initMargin: typ === "IFXXXP" ? undefined : Decimal.literal("0.01"),
    maintMargin: typ === "IFXXXP" ? undefined : Decimal.literal("0.005"),
    makerFee: Decimal.literal("0.0005"),
    takerFee: Decimal.literal("0.0005")
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
