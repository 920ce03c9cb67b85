/**
 * BitMEX's words in ours.
 *
 * @since 0.1.0
 */
import {
  type Balance,
  Decimal,
  ExchangeSymbol,
  type KeyPermissions,
  type Market,
  type OrderBook,
  type Ticker,
  type Trade
} from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import type * as Wire from "./Wire.js"

// By `typ`; the rest are indices, spreads and predictions, which have no symbol in our notation.
const kinds: ReadonlyMap<string, Market.Market["kind"]> = new Map([
  ["IFXXXP", "spot"],
  ["FFWCSX", "perpetual"],
  ["FFWCSF", "perpetual"],
  ["FFSCSX", "perpetual"],
  ["FFCCSX", "future"]
])

const statuses: ReadonlyMap<string, Market.Market["status"]> = new Map([
  ["Open", "open"],
  ["Closed", "halted"],
  ["Settled", "closed"],
  ["Unlisted", "closed"]
])

/**
 * Minor units by their case-sensitive codes: the asset, and how many decimal places one unit is of it.
 *
 * @since 0.1.0
 * @category models
 */
export type MinorUnits = ReadonlyMap<string, { readonly asset: string; readonly places: number }>

/**
 * Those that need not be asked for.
 *
 * @since 0.1.0
 * @category constants
 */
export const minorUnits: MinorUnits = new Map([
  ["XBt", { asset: "BTC", places: 8 }],
  ["USDt", { asset: "USDT", places: 6 }],
  ["Gwei", { asset: "ETH", places: 9 }],
  ["RLUSd", { asset: "RLUSD", places: 6 }],
  ["MAMUSd", { asset: "MAMUSD", places: 6 }],
  ["USYc", { asset: "USYC", places: 6 }],
  ["LAMp", { asset: "LAMP", places: 6 }]
])

/**
 * The minor units of a listing of currencies.
 *
 * @since 0.1.0
 * @category mapping
 */
export const unitsOf = (assets: ReadonlyArray<Wire.WalletAsset>): MinorUnits =>
  new Map(assets.map(({ asset: name, currency, scale }) => [currency, { asset: asset(name), places: scale }]))

/**
 * A whole number of a currency's minor unit in whole coins, or `undefined` when the unit is not known.
 *
 * @since 0.1.0
 * @category mapping
 */
export const money = (
  units: MinorUnits,
  currency: string,
  minor: number
): { readonly asset: string; readonly amount: BigDecimal.BigDecimal } | undefined => {
  const unit = units.get(currency)
  return unit === undefined ? undefined : { asset: unit.asset, amount: BigDecimal.make(BigInt(minor), unit.places) }
}

/**
 * The asset a currency code stands for: `XBT` is `BTC`, and so is its minor unit `XBt`.
 *
 * @since 0.1.0
 * @category mapping
 */
export const asset = (currency: string): string =>
  minorUnits.get(currency)?.asset ?? (currency === "XBT" ? "BTC" : currency.toUpperCase())

/**
 * The market of an instrument, or `undefined` for what has no symbol in our notation.
 *
 * `multiplier` is what BitMEX's unit of quantity is in the base currency, of spot markets too, whose quantities are in
 * minor units. It is left out, and the steps of amounts with it, where a contract is worth more or less of the base
 * currency as the price moves (a quanto contract): amounts of such a market cannot be told.
 *
 * @since 0.1.0
 * @category mapping
 */
export const market = (instrument: Wire.Instrument): Market.Market | undefined => {
  const kind = kinds.get(instrument.typ)
  const { expiry, isInverse, quoteCurrency, settlCurrency, underlying } = instrument
  if (kind === undefined || underlying == null || quoteCurrency == null) return undefined
  if (kind !== "spot" && settlCurrency == null) return undefined
  // Without its day a future would pass for the perpetual of the same assets.
  if (kind === "future" && expiry == null) return undefined
  const assets = { base: asset(underlying), quote: asset(quoteCurrency) }
  const settle = kind === "spot" || settlCurrency == null ? undefined : asset(settlCurrency)
  const symbol = ExchangeSymbol.fromAssets({
    ...assets,
    settle,
    expiry: kind === "future" && expiry != null ? expiry.slice(2, 10).replaceAll("-", "") : undefined
  })
  if (symbol === undefined) return undefined
  const inverse = kind !== "spot" && isInverse === true
  const multiplier = inverse ? one : perContract(instrument)
  const amountOf = (quantity: BigDecimal.BigDecimal | undefined) =>
    quantity === undefined || multiplier === undefined ? undefined : amount(multiplier, quantity)
  const lot = amountOf(positive(instrument.lotSize))
  return {
    symbol,
    id: instrument.symbol,
    kind,
    status: statuses.get(instrument.state) ?? "unknown",
    ...assets,
    settle,
    inverse,
    multiplier,
    tickSize: positive(instrument.tickSize),
    lotSize: lot,
    minAmount: lot,
    maxAmount: amountOf(positive(Option.getOrUndefined(Decimal.fromNumber(instrument.maxOrderQty ?? 0)))),
    maxPrice: positive(instrument.maxPrice)
  }
}

const one = Decimal.make("1")

// An inverse contract is a unit of the quote currency, whatever that buys; of any other it is said how many there are to
// a coin.
const perContract = (instrument: Wire.Instrument): BigDecimal.BigDecimal | undefined => {
  const perCoin = positive(instrument.underlyingToPositionMultiplier) ??
    positive(instrument.underlyingToSettleMultiplier)
  return perCoin === undefined ? undefined : BigDecimal.unsafeDivide(one, perCoin)
}

/**
 * What one of BitMEX's unit of quantity is in our amounts, or `undefined` where nobody can tell.
 *
 * @since 0.1.0
 * @category mapping
 */
export const unit = (market: Pick<Market.Market, "inverse" | "multiplier">): BigDecimal.BigDecimal | undefined =>
  market.inverse === true ? one : market.multiplier

/**
 * A quantity of BitMEX's as an amount of ours.
 *
 * @since 0.1.0
 * @category mapping
 */
export const amount = (unit: BigDecimal.BigDecimal, quantity: BigDecimal.BigDecimal): BigDecimal.BigDecimal =>
  BigDecimal.normalize(BigDecimal.multiply(quantity, unit))

/**
 * An amount of ours as a quantity of BitMEX's, which is a whole number; `undefined` when it is none.
 *
 * @since 0.1.0
 * @category mapping
 */
export const quantity = (
  unit: BigDecimal.BigDecimal,
  amount: BigDecimal.BigDecimal
): BigDecimal.BigDecimal | undefined => {
  const quantity = BigDecimal.round(BigDecimal.unsafeDivide(amount, unit), { scale: 0 })
  return BigDecimal.equals(BigDecimal.multiply(quantity, unit), amount) ? quantity : undefined
}

/**
 * @since 0.1.0
 * @category mapping
 */
export const ticker = (market: Market.Market, instrument: Wire.Instrument): Ticker.Ticker => ({
  exchange: "bitmex",
  symbol: market.symbol,
  last: positive(instrument.lastPrice),
  bid: positive(instrument.bidPrice),
  ask: positive(instrument.askPrice),
  open24h: positive(instrument.prevPrice24h),
  high24h: positive(instrument.highPrice),
  low24h: positive(instrument.lowPrice),
  volume24h: instrument.homeNotional24h ?? undefined,
  at: DateTime.toEpochMillis(instrument.timestamp)
})

/**
 * The book of a market out of rows in no order, several of which may have the same price. `at` is when it was received:
 * the rows say only when each of them last changed.
 *
 * @since 0.1.0
 * @category mapping
 */
export const orderBook = (
  market: Market.Market,
  unit: BigDecimal.BigDecimal,
  rows: ReadonlyArray<Wire.BookLevel>,
  at: number
): OrderBook.OrderBook => {
  const side = (wanted: Wire.BookLevel["side"]): ReadonlyArray<OrderBook.Level> => {
    const levels = new Map<string, OrderBook.Level>()
    for (const { price, side, size } of rows) {
      if (side !== wanted || price == null) continue
      const key = Decimal.format(BigDecimal.normalize(price))
      const known = levels.get(key)?.amount
      const added = amount(unit, size)
      levels.set(key, { price, amount: known === undefined ? added : BigDecimal.sum(known, added) })
    }
    return [...levels.values()]
  }
  return {
    exchange: "bitmex",
    symbol: market.symbol,
    bids: side("Buy").toSorted(Order.reverse(byPrice)),
    asks: side("Sell").toSorted(byPrice),
    at
  }
}

const byPrice = Order.mapInput(BigDecimal.Order, ({ price }: OrderBook.Level) => price)

/**
 * A trade, or `undefined` for a row that is none.
 *
 * @since 0.1.0
 * @category mapping
 */
export const trade = (market: Market.Market, unit: BigDecimal.BigDecimal, row: Wire.Trade): Trade.Trade | undefined => {
  const { price, side, size } = row
  if ((side !== "Buy" && side !== "Sell") || price == null || positive(size) === undefined || size == null) {
    return undefined
  }
  return {
    exchange: "bitmex",
    symbol: market.symbol,
    id: row.trdMatchID,
    side: side === "Buy" ? "buy" : "sell",
    price,
    amount: amount(unit, size),
    at: DateTime.toEpochMillis(row.timestamp)
  }
}

/**
 * The candle of an interval that is `length` milliseconds long, or `undefined` when nothing was traded in it. BitMEX
 * stamps it at its end and lets it open at the close of the one before, which may never have been traded in it: the
 * nearest price that was is taken then.
 *
 * @since 0.1.0
 * @category mapping
 */
export const bar = (unit: BigDecimal.BigDecimal, length: number, bucket: Wire.Bucket): Adapter.Bar | undefined => {
  const { close, high, low, open, volume } = bucket
  if (open == null || high == null || low == null || close == null) return undefined
  return {
    openTime: DateTime.toEpochMillis(bucket.timestamp) - length,
    open: BigDecimal.clamp(open, { minimum: low, maximum: high }),
    high,
    low,
    close,
    volume: amount(unit, volume ?? nothing)
  }
}

const nothing = Decimal.make("0")

const positive = (decimal: BigDecimal.BigDecimal | null | undefined): BigDecimal.BigDecimal | undefined =>
  decimal != null && BigDecimal.isPositive(decimal) ? decimal : undefined

/**
 * The balance of a margin row; `undefined` for a currency whose minor unit is not known, as a guess would be wrong by
 * powers of ten.
 *
 * @since 0.1.0
 * @category mapping
 */
export const balance = (margin: Wire.Margin, units: MinorUnits = minorUnits): Balance.Balance | undefined => {
  const free = money(units, margin.currency, margin.availableMargin)
  const total = money(units, margin.currency, margin.marginBalance)
  return free === undefined || total === undefined
    ? undefined
    : { asset: free.asset, free: free.amount, total: total.amount }
}

/**
 * What a key may do, by the list of those it can see; all unknown when it is not among them.
 *
 * @since 0.1.0
 * @category mapping
 */
export const permissions = (keys: ReadonlyArray<Wire.ApiKey>, id: string): KeyPermissions.KeyPermissions => {
  const key = keys.find((key) => key.id === id)
  if (key === undefined) return { read: true, trade: "unknown", withdraw: "unknown", ipRestricted: "unknown" }
  return {
    read: key.enabled !== false,
    trade: key.permissions.includes("order"),
    withdraw: key.permissions.includes("withdraw"),
    ipRestricted: isRestricted(key)
  }
}

const isRestricted = ({ cidr, cidrs }: Wire.ApiKey): boolean => {
  const ranges = [...cidrs ?? [], ...cidr == null || cidr === "" ? [] : [cidr]]
  return ranges.length > 0 && !ranges.some((range) => range === "0.0.0.0/0" || range === "::/0")
}
