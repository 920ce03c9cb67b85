import * as BigDecimal from "effect/BigDecimal"
import * as Record from "effect/Record"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Quote } from "../../engine/Market.js"
import { iso } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import { catalogue, type Coin, list, wholeLots } from "../../internal/listed.js"

type Row = { readonly [column: string]: Json | undefined }

/** @internal A currency: its case-sensitive code, and the decimals of its minor unit. */
export interface Currency {
  readonly code: string
  readonly scale: number
}

/** @internal The currencies by the common name of the coin. */
export const currencies: Readonly<Record<string, Currency>> = {
  BTC: { code: "XBt", scale: 8 },
  USDT: { code: "USDt", scale: 6 },
  ETH: { code: "Gwei", scale: 9 },
  SOL: { code: "SOl", scale: 9 },
  XRP: { code: "XRp", scale: 6 },
  USDC: { code: "USDc", scale: 6 }
}

const scales = Record.map(currencies, ({ scale }) => scale)

// BitMEX uses its own name for bitcoin.
const bitcoinsOf = (name: string): string => name === "BTC" ? "XBT" : name

/** @internal Returns the common name of a coin: BitMEX uses its own name for bitcoin. */
export const coinOf = (name: string): string => name === "XBT" ? "BTC" : name

const fee = "0.0005"

interface Terms {
  readonly tick: string
  readonly lotSize: number
  /**
   * Contracts per base coin, for linear contracts and spot. `undefined` where a contract is worth one unit of the quote
   * currency.
   */
  readonly perBase?: number
  readonly state?: "Open" | "Settled" | "Unlisted"
  readonly expiry?: number
  readonly term?: string
}

const listed = (
  id: string,
  base: Coin,
  quote: string,
  typ: "FFWCSX" | "FFCCSX" | "IFXXXP" | "MRCXXX",
  { expiry, lotSize, perBase, state = "Open", term, tick }: Terms
) => {
  // The engine counts inverse markets in contracts and all others in base coins.
  const lot = BigDecimal.unsafeDivide(BigDecimal.make(BigInt(lotSize), 0), BigDecimal.make(BigInt(perBase ?? 1), 0))
  const listing = list({
    id,
    kind: typ === "IFXXXP" ? "spot" : "perpetual",
    base,
    quote,
    term,
    tick,
    lot: Decimal.plain(lot),
    makerFee: fee,
    takerFee: fee,
    scales,
    traded: state === "Open"
  })
  const [root, quoteCurrency] = [bitcoinsOf(base), bitcoinsOf(quote)]
  // The settlement currency of a contract. `scale` is the power of ten of its minor units per coin.
  const { code, scale } = currencies[listing.terms.settle] ?? { code: "", scale: 0 }
  const settlement = typ.startsWith("FF") ? { currency: code, scale } : undefined
  return { ...listing, typ, state, root, quoteCurrency, lotSize, settlement, perBase, expiry }
}

/** @internal The constant properties of a BitMEX instrument. */
export type Instrument = ReturnType<typeof listed>

/** @internal All instruments of the simulated BitMEX, including those that are not traded. */
export const instruments: ReadonlyArray<Instrument> = [
  listed("XBTUSD", "BTC", "USD", "FFWCSX", { tick: "0.1", lotSize: 100 }),
  ...([
    ["XBTUSDT", "BTC", "0.1", 1_000_000],
    ["ETHUSDT", "ETH", "0.01", 100_000],
    ["SOLUSDT", "SOL", "0.01", 10_000],
    ["XRPUSDT", "XRP", "0.0001", 100]
  ] as const).map(([id, base, tick, perBase]) => listed(id, base, "USDT", "FFWCSX", { tick, lotSize: 1000, perBase })),
  ...([
    ["XBT_USDT", "BTC", "USDT", "0.5", 10_000, 100_000_000],
    ["ETH_USDT", "ETH", "USDT", "0.05", 1_000_000, 1_000_000_000],
    ["SOL_USDT", "SOL", "USDT", "0.01", 10_000_000, 1_000_000_000],
    ["XRP_USDT", "XRP", "USDT", "0.0001", 1_000_000, 1_000_000],
    ["XBT_USDC", "BTC", "USDC", "0.5", 10_000, 100_000_000],
    ["ETH_XBT", "ETH", "BTC", "0.00001", 1_000_000, 1_000_000_000]
  ] as const).map(([id, base, quote, tick, lotSize, perBase]) =>
    listed(id, base, quote, "IFXXXP", { tick, lotSize, perBase })
  ),
  listed("XBTH25", "BTC", "USD", "FFCCSX", {
    tick: "0.5",
    lotSize: 100,
    state: "Settled",
    term: "-250328",
    expiry: 1_743_163_200_000
  }),
  {
    ...listed(".BXBT", "BTC", "USD", "MRCXXX", { tick: "0.01", lotSize: 1, state: "Unlisted" }),
    symbol: ".BXBT"
  }
]

/** @internal */
export const { fills, find, live, positions } = catalogue(instruments)

const one = Decimal.literal("1")
const halfTenth = Decimal.literal("0.0000000005")

/** @internal Converts an amount of the engine to a BitMEX size: contracts, or minor units of the base coin for spot. */
export const sizeOf = ({ perBase = 1 }: Instrument, amount: BigDecimal.BigDecimal): bigint =>
  Decimal.minor(BigDecimal.multiply(amount, BigDecimal.make(BigInt(perBase), 0)), 0)

/** @internal Converts a BitMEX size to an amount of the engine. */
export const amountOf = ({ perBase = 1 }: Instrument, size: bigint): BigDecimal.BigDecimal =>
  BigDecimal.unsafeDivide(BigDecimal.make(size, 0), BigDecimal.make(BigInt(perBase), 0))

/**
 * @internal Returns the value of a size at a price: in base coins, in quote coins, and in minor units of the settlement
 * currency.
 */
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
    // The value of a contract is a whole number of tenths of a satoshi.
    const tenths = Decimal.minor(BigDecimal.sum(Decimal.ratio(one, price, 10), halfTenth), 9)
    const settled = size * tenths / 10n
    return { home: BigDecimal.make(settled, 8), foreign: amount, settled }
  }
  const foreign = BigDecimal.multiply(amount, price)
  const scale = currencies[coinOf(instrument.quoteCurrency)]?.scale ?? 6
  return { home: amount, foreign, settled: Decimal.minor(foreign, scale) }
}

/** @internal Converts an amount of base coins to whole lots, at least one. */
export const lots = (instrument: Instrument, base: BigDecimal.BigDecimal, price: BigDecimal.BigDecimal): bigint =>
  sizeOf(instrument, wholeLots(instrument.terms, base, price))

/**
 * @internal Encodes an instrument at an instant. Fields without a value are left out, as BitMEX has done since 2023.
 */
export const row = (
  instrument: Instrument,
  quote: Quote,
  now: number
): Row => ({
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

const contract = (instrument: Instrument): Row => {
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
    makerFee: Decimal.literal(fee),
    takerFee: Decimal.literal(fee)
  }
}

const prices = (quote: Quote): Row => ({
  lastPrice: quote.last,
  markPrice: quote.last
})

const trading = (
  instrument: Instrument,
  quote: Quote,
  now: number
): Row => ({
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

const volumes = (instrument: Instrument, quote: Quote): Row => {
  const { perBase, settlement } = instrument
  const volume24h = perBase === undefined
    ? Decimal.minor(quote.quoteVolume, 0)
    : Decimal.minor(BigDecimal.multiply(quote.volume, BigDecimal.make(BigInt(perBase), 0)), 0)
  const turnover24h = settlement?.currency === "XBt"
    ? Decimal.minor(quote.volume, settlement.scale)
    : Decimal.minor(quote.quoteVolume, settlement?.scale ?? (instrument.quoteCurrency === "XBT" ? 8 : 6))
  // The lifetime totals deliberately exceed 2^53, as they do on the real exchange.
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

const funding = (instrument: Instrument, now: number): Row => ({
  openInterest: instrument.lotSize * 1_000_000,
  fundingRate: Decimal.literal("0.0001"),
  indicativeFundingRate: Decimal.literal("0.0001"),
  fundingInterval: iso(946_684_800_000 + fundingInterval),
  fundingTimestamp: iso((Math.floor(now / fundingInterval) + 1) * fundingInterval)
})
