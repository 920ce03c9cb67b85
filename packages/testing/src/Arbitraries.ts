/**
 * Arbitraries of markets, prices, orders and hostile texts, for property tests with `FastCheck`.
 *
 * @since 0.1.0
 */
import {
  type Balance,
  Candle,
  Decimal,
  type ExchangeStatus,
  type Fill,
  type KeyPermissions,
  type Market,
  Order,
  type OrderBook,
  type Position,
  type Price,
  type Ticker,
  type Trade
} from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import * as FastCheck from "effect/FastCheck"
import { ascending, asset, decimal, instant, named, optional, positive, symbol } from "./internal/arbitraryValues.js"

export { asset, decimal, decimalText, hostileText, positive, symbol, text } from "./internal/arbitraryValues.js"

const side = FastCheck.constantFrom("buy" as const, "sell" as const)
const id = FastCheck.uuid()
const exchange = FastCheck.constant("arbitrary")
/**
 * A market whose kind and assets agree with its symbol.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const market: FastCheck.Arbitrary<Market.Market> = FastCheck.tuple(
  named,
  FastCheck.constantFrom("open" as const, "halted" as const, "closed" as const, "unknown" as const),
  optional(positive),
  optional(positive)
).map(([named, status, tickSize, lotSize]) => ({
  ...named,
  id: named.symbol.replace("/", "-"),
  status,
  tickSize,
  lotSize
}))

/**
 * The markets of an exchange: at least one, with unique symbols and ids.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const markets: FastCheck.Arbitrary<ReadonlyArray<Market.Market>> = FastCheck.uniqueArray(market, {
  minLength: 1,
  maxLength: 20,
  selector: ({ symbol }) => symbol
})

/**
 * A consistent ticker: `bid` is at most `ask`, and `last` and `open24h` lie between `low24h` and `high24h`. Each field
 * that an exchange may omit may be missing.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const ticker: FastCheck.Arbitrary<Ticker.Ticker> = FastCheck.tuple(ascending(2), ascending(4), symbol, instant)
  .chain(
    ([[bid, ask], [low24h, last, open24h, high24h], symbol, at]) =>
      FastCheck.record({
        exchange: FastCheck.constant("arbitrary"),
        symbol: FastCheck.constant(symbol),
        at: FastCheck.constant(at),
        last: optional(FastCheck.constant(last)),
        bid: optional(FastCheck.constant(bid)),
        ask: optional(FastCheck.constant(ask)),
        open24h: optional(FastCheck.constant(open24h)),
        high24h: optional(FastCheck.constant(high24h)),
        low24h: optional(FastCheck.constant(low24h)),
        volume24h: optional(positive)
      })
  )

/**
 * A price in its market's quote currency.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const price: FastCheck.Arbitrary<Price.Price> = FastCheck.record({
  named,
  amount: positive,
  basis: FastCheck.constantFrom("last" as const, "mid" as const),
  observedAt: instant
}).map(({ named, ...price }) => ({ ...price, symbol: named.symbol, currency: named.quote, source: "arbitrary" }))

/**
 * An order book that is not crossed, with up to ten levels per side, best first.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const orderBook: FastCheck.Arbitrary<OrderBook.OrderBook> = FastCheck.tuple(
  FastCheck.uniqueArray(positive, { maxLength: 20, comparator: BigDecimal.equals }),
  FastCheck.nat({ max: 10 }),
  FastCheck.array(positive, { minLength: 20, maxLength: 20 }),
  symbol,
  instant
).map(([prices, bids, amounts, symbol, at]) => {
  const levels = prices.toSorted(BigDecimal.Order).flatMap((price, index) => {
    const amount = amounts[index]
    return amount === undefined ? [] : [{ price, amount }]
  })
  return {
    exchange: "arbitrary",
    symbol,
    bids: levels.slice(0, bids).toReversed(),
    asks: levels.slice(bids, bids + 10),
    at
  }
})

/**
 * A public trade.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const trade: FastCheck.Arbitrary<Trade.Trade> = FastCheck.record({
  exchange,
  symbol,
  id,
  side,
  price: positive,
  amount: positive,
  at: instant
})

/**
 * A candle that opens at an open time of its interval, with `open` and `close` between `low` and `high`.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const candle: FastCheck.Arbitrary<Candle.Candle> = FastCheck.tuple(
  ascending(4),
  FastCheck.constantFrom(...Candle.Interval.literals),
  FastCheck.boolean()
).chain(([[low, one, other, high], interval, rises]) => {
  const [open = Decimal.one, close = Decimal.one] = rises ? [one, other] : [other, one]
  return FastCheck.record({
    exchange,
    symbol,
    interval: FastCheck.constant(interval),
    // The first week begins before the epoch.
    openTime: instant.map((at) => Math.max(Candle.openTime(interval, at), Candle.openFrom(interval, 0))),
    open: FastCheck.constant(open),
    high: FastCheck.constant(high ?? open),
    low: FastCheck.constant(low ?? open),
    close: FastCheck.constant(close),
    volume: positive,
    isOpen: FastCheck.boolean()
  })
})

/**
 * An order whose status agrees with its fills. A limit order has a price, a filled order is filled in full, and an
 * order with fills has an average price.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const order: FastCheck.Arbitrary<Order.Order> = FastCheck.record({
  symbol,
  id,
  clientOrderId: optional(id),
  side,
  type: FastCheck.constantFrom("limit" as const, "market" as const),
  status: FastCheck.constantFrom(...Order.Status.literals),
  timeInForce: optional(FastCheck.constantFrom("GTC" as const, "IOC" as const, "FOK" as const)),
  price: positive,
  amount: positive,
  part: FastCheck.constantFrom(0n, 1n, 2n, 3n),
  createdAt: instant,
  later: FastCheck.nat({ max: 1_000_000 })
}).map(({ createdAt, later, part, price, ...order }) => {
  const share = BigDecimal.multiply(order.amount, BigDecimal.make(25n * part, 2))
  const filled = order.status === "filled"
    ? order.amount
    : order.status === "pending" || order.status === "rejected"
    ? Decimal.zero
    : share
  return {
    ...order,
    exchange: "arbitrary",
    price: order.type === "limit" ? price : undefined,
    filled,
    averagePrice: BigDecimal.isZero(filled) ? undefined : price,
    createdAt,
    updatedAt: createdAt + later
  }
})

/**
 * A fill of an order of the account, with a fee or a rebate.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const fill: FastCheck.Arbitrary<Fill.Fill> = FastCheck.record({
  exchange,
  symbol,
  id,
  orderId: id,
  clientOrderId: optional(id),
  side,
  price: positive,
  amount: positive,
  fee: optional(
    FastCheck.tuple(positive, FastCheck.boolean()).map(([fee, paid]) => paid ? fee : BigDecimal.negate(fee))
  ),
  feeAsset: optional(asset),
  liquidity: FastCheck.constantFrom("maker" as const, "taker" as const, "unknown" as const),
  at: instant
})

/**
 * An open position in a contract.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const position: FastCheck.Arbitrary<Position.Position> = FastCheck.record({
  exchange,
  symbol: symbol.filter((symbol) => symbol.includes(":")),
  side: FastCheck.constantFrom("long" as const, "short" as const),
  amount: positive,
  entryPrice: optional(positive),
  markPrice: optional(positive),
  liquidationPrice: optional(positive),
  leverage: optional(positive),
  unrealizedPnl: optional(decimal)
})

/**
 * A balance whose free amount is at most its total.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const balance: FastCheck.Arbitrary<Balance.Balance> = FastCheck.tuple(asset, ascending(2)).map(
  ([asset, [free = Decimal.one, total = free]]) => ({ asset, free, total })
)

const permission = FastCheck.constantFrom(true, false, "unknown" as const)

/**
 * The permissions of a key.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const keyPermissions: FastCheck.Arbitrary<KeyPermissions.KeyPermissions> = FastCheck.record({
  read: permission,
  trade: permission,
  withdraw: permission,
  ipRestricted: permission,
  expiresAt: optional(instant)
})

/**
 * The status that an exchange reports about itself.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const exchangeStatus: FastCheck.Arbitrary<ExchangeStatus.ExchangeStatus> = FastCheck.record({
  exchange,
  status: FastCheck.constantFrom("operational" as const, "limited", "maintenance", "unknown"),
  detail: optional(FastCheck.string()),
  at: instant
})

export {
  /**
   * Texts that are not symbols and could do harm: paths, queries, control characters, look-alikes, excessive length.
   *
   * @since 0.1.0
   * @category texts
   */
  hostileTexts
} from "./internal/hostileTexts.js"
