/**
 * OKX's words in ours: markets and public data, balances and positions.
 *
 * @since 0.1.0
 */
import {
  type Balance,
  type Candle,
  type ExchangeStatus,
  ExchangeSymbol,
  type KeyPermissions,
  type Market,
  type OrderBook,
  type Position,
  type Ticker,
  type Trade
} from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import type * as Wire from "./Wire.js"

/**
 * OKX's word for a kind of market.
 *
 * @since 0.1.0
 * @category models
 */
export type InstType = "SPOT" | "SWAP" | "FUTURES"

/**
 * @since 0.1.0
 * @category mapping
 */
export const instTypes: { readonly [K in Market.Kind]: InstType } = {
  spot: "SPOT",
  perpetual: "SWAP",
  future: "FUTURES"
}

/**
 * The market of an instrument; none for one that is not traded here (options), whose assets are not in our notation, or
 * whose contracts are worth neither an amount of the base currency nor, when inverse, of the quote currency.
 *
 * OKX sizes contracts in contracts. Amounts of linear ones are here in the base currency: the steps and bounds are
 * multiplied by what a contract is worth.
 *
 * @since 0.1.0
 * @category mapping
 */
export const market = (wire: Wire.Instrument): Market.Market | undefined => {
  const terms = termsOf(wire)
  const symbol = terms === undefined ? undefined : ExchangeSymbol.fromAssets(terms)
  if (terms === undefined || symbol === undefined) return undefined
  const { base, inverse, kind, multiplier, quote, settle } = terms
  const unit = inverse === true ? undefined : multiplier
  const amount = (size: BigDecimal.BigDecimal | undefined) => {
    const known = positive(size)
    return known === undefined || unit === undefined ? known : BigDecimal.multiply(known, unit)
  }
  return {
    symbol,
    id: wire.instId,
    kind,
    status: wire.state === "live" ? "open" : halted.has(wire.state) ? "halted" : "unknown",
    base,
    quote,
    tickSize: positive(wire.tickSz),
    lotSize: amount(wire.lotSz),
    minAmount: amount(wire.minSz),
    maxAmount: amount(wire.maxLmtSz),
    settle,
    inverse,
    multiplier
  }
}

const halted: ReadonlySet<string> = new Set(["suspend", "preopen", "test", "post_only", "rebase", "settling"])

type Terms = Pick<Market.Market, "base" | "quote" | "kind" | "settle" | "inverse" | "multiplier"> & {
  readonly expiry?: string | undefined
}

const termsOf = (wire: Wire.Instrument): Terms | undefined => {
  if (wire.instType === "SPOT") return { base: wire.baseCcy ?? "", quote: wire.quoteCcy ?? "", kind: "spot" }
  const kind = contracts.get(wire.instType)
  // OKX leaves the currencies of a contract empty: what it is on says them.
  const [, base, quote] = /^([^-]+)-([^-]+)$/.exec(wire.uly ?? "") ?? []
  const { ctMult, ctVal, ctValCcy, settleCcy: settle } = wire
  if (kind === undefined || base === undefined || quote === undefined || settle === undefined || settle === "") {
    return undefined
  }
  const multiplier = positive(ctVal !== undefined && ctMult !== undefined ? BigDecimal.multiply(ctVal, ctMult) : ctVal)
  const inverse = wire.ctType === "inverse"
  const expiry = kind === "future" ? expiryOf(wire.expTime) : undefined
  if (
    multiplier === undefined || ctValCcy !== (inverse ? quote : base) || (kind === "future") !== (expiry !== undefined)
  ) {
    return undefined
  }
  return { base, quote, kind, settle, inverse, multiplier, expiry }
}

const contracts: ReadonlyMap<string, Market.Kind> = new Map([["SWAP", "perpetual"], ["FUTURES", "future"]])

const expiryOf = (at: number | undefined): string | undefined =>
  at === undefined ? undefined : DateTime.formatIsoDateUtc(DateTime.unsafeMake(at)).replaceAll("-", "").slice(2)

const positive = (decimal: BigDecimal.BigDecimal | undefined): BigDecimal.BigDecimal | undefined =>
  decimal !== undefined && BigDecimal.isPositive(decimal) ? decimal : undefined

// Inverse contracts are counted in contracts, by OKX and here.
const unitOf = (market: Pick<Market.Market, "inverse" | "multiplier">): BigDecimal.BigDecimal | undefined =>
  market.inverse === true ? undefined : market.multiplier

/**
 * The amount that a size of OKX's is: of linear contracts, as much of the base currency as they are worth.
 *
 * @since 0.1.0
 * @category mapping
 */
export const amountOf = (
  market: Pick<Market.Market, "inverse" | "multiplier">,
  size: BigDecimal.BigDecimal
): BigDecimal.BigDecimal => {
  const unit = unitOf(market)
  return unit === undefined ? size : BigDecimal.multiply(size, unit)
}

/**
 * The size in OKX's terms that an amount is: the other way round of {@link amountOf}.
 *
 * @since 0.1.0
 * @category mapping
 */
export const sizeOf = (
  market: Pick<Market.Market, "inverse" | "multiplier">,
  amount: BigDecimal.BigDecimal
): BigDecimal.BigDecimal => {
  const unit = unitOf(market)
  return unit === undefined ? amount : BigDecimal.normalize(BigDecimal.unsafeDivide(amount, unit))
}

/**
 * A market without bids, asks or trades has empty fields. The volume of linear contracts is in the base currency; that of
 * inverse ones, which are counted in contracts, is left out.
 *
 * @since 0.1.0
 * @category mapping
 */
export const ticker = (market: Market.Market, wire: Wire.Ticker): Ticker.Ticker => ({
  exchange: "okx",
  symbol: market.symbol,
  last: positive(wire.last),
  bid: positive(wire.bidPx),
  ask: positive(wire.askPx),
  open24h: positive(wire.open24h),
  high24h: positive(wire.high24h),
  low24h: positive(wire.low24h),
  volume24h: market.kind === "spot" ? wire.vol24h : market.inverse === true ? undefined : wire.volCcy24h,
  at: wire.ts
})

/**
 * @since 0.1.0
 * @category mapping
 */
export const orderBook = (market: Market.Market, wire: Wire.Book): OrderBook.OrderBook => {
  const levels = (side: Wire.Book["asks"]): ReadonlyArray<OrderBook.Level> =>
    side.map(([price, size]) => ({ price, amount: amountOf(market, size) }))
  return {
    exchange: "okx",
    symbol: market.symbol,
    bids: levels(wire.bids),
    asks: levels(wire.asks),
    at: wire.ts,
    sequence: wire.seqId === undefined ? undefined : String(wire.seqId)
  }
}

/**
 * @since 0.1.0
 * @category mapping
 */
export const trade = (market: Market.Market, wire: Wire.Trade): Trade.Trade => ({
  exchange: "okx",
  symbol: market.symbol,
  id: wire.tradeId,
  side: wire.side,
  price: wire.px,
  amount: amountOf(market, wire.sz),
  at: wire.ts
})

/**
 * OKX's names of intervals: a day is UTC's only where the name says so; without, it begins in Hong Kong.
 *
 * @since 0.1.0
 * @category mapping
 */
export const bars: { readonly [I in Candle.Interval]: string } = {
  "1m": "1m",
  "5m": "5m",
  "15m": "15m",
  "30m": "30m",
  "1h": "1H",
  "4h": "4H",
  "1d": "1Dutc"
}

/**
 * @since 0.1.0
 * @category mapping
 */
export const bar = (market: Market.Market, [openTime, open, high, low, close, volume]: Wire.Candle): Adapter.Bar => ({
  openTime,
  open,
  high,
  low,
  close,
  volume: amountOf(market, volume)
})

const services: ReadonlyMap<string, ExchangeStatus.ExchangeStatus["status"]> = new Map([
  // All trading; then that of some accounts, of some products, of one kind of market.
  ["5", "maintenance"],
  ["8", "limited"],
  ["9", "limited"],
  ["99", "limited"],
  ["1", "limited"],
  ["2", "limited"],
  ["3", "limited"],
  // WebSocket, options, block and spread trading, bots and copy trading are no concern of this client's.
  ...["0", "4", "6", "7", "10", "11"].map((service) => [service, "operational"] as const)
])

const severity: ReadonlyArray<ExchangeStatus.ExchangeStatus["status"]> = [
  "maintenance",
  "limited",
  "unknown",
  "operational"
]

/**
 * The worst of the maintenances under way, in an environment that OKX calls `1` (live) or `2` (demo). In the last phase
 * of one (`pre_open`) orders can be canceled and added to the book.
 *
 * @since 0.1.0
 * @category mapping
 */
export const status = (
  rows: ReadonlyArray<Wire.Maintenance>,
  env: "1" | "2",
  at: number
): ExchangeStatus.ExchangeStatus => {
  const judged = rows
    .filter((row) => (row.state === "ongoing" || row.state === "pre_open") && (row.env ?? env) === env)
    .map((row) => ({ title: row.title, status: judge(row) }))
  const [worst] = severity.flatMap((status) => judged.filter((each) => each.status === status))
  return worst === undefined || worst.status === "operational"
    ? { exchange: "okx", status: "operational", at }
    : { exchange: "okx", status: worst.status, detail: worst.title.slice(0, 200), at }
}

const judge = ({ serviceType, state }: Wire.Maintenance): ExchangeStatus.ExchangeStatus["status"] => {
  const status = services.get(serviceType) ?? "unknown"
  return status === "maintenance" && state === "pre_open" ? "limited" : status
}

/**
 * @since 0.1.0
 * @category mapping
 */
export const permissions = ({ ip, perm }: Wire.AccountConfig): KeyPermissions.KeyPermissions => {
  const granted = new Set(perm.split(",").map((each) => each.trim()))
  return {
    read: granted.has("read_only"),
    trade: granted.has("trade"),
    withdraw: granted.has("withdraw"),
    ipRestricted: ip !== ""
  }
}

const nothing = BigDecimal.fromBigInt(0n)

/**
 * Which fields speak depends on the mode of the account: equity before cash, what is available of it before what is
 * available of cash.
 *
 * @since 0.1.0
 * @category mapping
 */
export const balances = ({ details }: Wire.Balance): ReadonlyArray<Balance.Balance> =>
  details
    .map(({ availBal, availEq, cashBal, ccy, eq }) => ({
      asset: ccy,
      free: availEq ?? availBal ?? nothing,
      total: eq ?? cashBal ?? nothing
    }))
    .filter(({ free, total }) => !BigDecimal.isZero(total) || !BigDecimal.isZero(free))

/**
 * The position, none when it is empty: OKX keeps rows of those that were closed.
 *
 * @since 0.1.0
 * @category mapping
 */
export const position = (market: Market.Market, wire: Wire.Position): Position.Position | undefined =>
  wire.pos === undefined || BigDecimal.isZero(wire.pos) ? undefined : {
    exchange: "okx",
    symbol: market.symbol,
    side: wire.posSide === "net" ? BigDecimal.isNegative(wire.pos) ? "short" : "long" : wire.posSide,
    amount: amountOf(market, BigDecimal.abs(wire.pos)),
    entryPrice: positive(wire.avgPx),
    markPrice: positive(wire.markPx),
    liquidationPrice: positive(wire.liqPx),
    leverage: positive(wire.lever),
    unrealizedPnl: wire.upl
  }
