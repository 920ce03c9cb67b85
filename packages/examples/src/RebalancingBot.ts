/**
 * Keeps a portfolio at its target weights. It only logs its orders unless you tell it to place them.
 * `docs/cookbook/rebalancing-bot.md` explains the bot, and `rebalancing-bot.ts` runs it.
 */
import {
  Account,
  Decimal,
  type ExchangeError,
  MarketData,
  type Order,
  type OrderGuards,
  Trading
} from "@effect-exchange/core"
import { Array as Arr, Effect, Option } from "effect"
import * as Rebalancing from "./Rebalancing.js"

/** Reads the balances of the account and the best prices of each asset. */
const look = Effect.fnUntraced(function*({ cash, targets }: Rebalancing.Portfolio) {
  const market = yield* MarketData.MarketData
  const account = yield* Account.Account
  const quotes = yield* Effect.forEach(Object.keys(targets), (asset) =>
    Effect.gen(function*() {
      const symbol = `${asset}/${cash}`
      const book = yield* market.orderBook(symbol, { depth: 1 })
      const [bid, ask] = [book.bids[0], book.asks[0]]
      // A market without bids or asks has no reliable price, so the asset is left out.
      return bid === undefined || ask === undefined
        ? []
        : [[asset, { market: yield* market.market(symbol), bid: bid.price, ask: ask.price }] as const]
    }))
  return { balances: yield* account.balances, quotes: new Map(quotes.flat()) }
})

/** Logs and returns the orders that the bot would place now. */
export const dryRun = Effect.fn("RebalancingBot.dryRun")(function*(portfolio: Rebalancing.Portfolio) {
  const { balances, quotes } = yield* look(portfolio)
  if (quotes.size < Object.keys(portfolio.targets).length) {
    yield* Effect.logWarning("A market has no price, so no orders are planned")
    return []
  }
  const planned = Rebalancing.plan(portfolio, balances, quotes)
  yield* Effect.forEach(planned, (order) => Effect.log(described(order)), { discard: true })
  return planned
})

/**
 * Runs one round: settles the orders of earlier rounds, cancels those that are still open, plans, and places the new
 * orders. The orders are post-only, so they add to the book and never take from it. An order that a guard or the
 * exchange refuses is logged and skipped. Any other error ends the round, because the outcome of an order must be known
 * before the next order is placed.
 *
 * It cancels all open orders of these markets, including yours: give the bot its own account.
 */
export const round = Effect.fn("RebalancingBot.round")(function*(portfolio: Rebalancing.Portfolio) {
  const trading = yield* Trading.Trading
  yield* settle
  yield* Effect.forEach(
    Object.keys(portfolio.targets),
    (asset) => trading.cancelAll(`${asset}/${portfolio.cash}`),
    { discard: true }
  )
  const placed = yield* Effect.forEach(
    yield* dryRun(portfolio),
    ({ amount, market, price, side }) =>
      trading.place({ type: "limit", symbol: market.symbol, side, amount, price, postOnly: true }).pipe(
        Effect.asSome,
        Effect.catchIf(
          isRefusal,
          (error) => Effect.as(Effect.logWarning(error.message), Option.none<Order.Order>())
        )
      )
  )
  return Arr.getSomes(placed)
})

/**
 * Determines the outcome of earlier orders whose outcome is unknown. Fails if the outcome of one cannot be determined
 * now.
 */
const settle = Effect.gen(function*() {
  const trading = yield* Trading.Trading
  for (const found of yield* trading.reconcile) {
    yield* Effect.log(`Outcome of order ${found.intent.clientOrderId} of an earlier round: ${found._tag}`)
    if (found._tag === "Unknown") return yield* Effect.fail(found.error)
  }
})

/** Returns `true` if only this order was refused, so that the round may place the other orders. */
const isRefusal = ({ _tag }: ExchangeError.TradingError): boolean =>
  _tag === "OrderDenied" || _tag === "OrderRejected" || _tag === "InsufficientFunds" || _tag === "InvalidRequest" ||
  _tag === "NotPlaced"

const described = ({ amount, market, price, side }: Rebalancing.Planned): string =>
  `${side} ${Decimal.format(amount)} ${market.base} at ${Decimal.format(price)} ${market.quote}`

/**
 * Returns the limits on what a bot for this portfolio may order, whatever it plans. They protect against a wrong plan.
 */
export const guards = ({ cash, targets }: Rebalancing.Portfolio, maxPerDay: string): OrderGuards.Guards => ({
  symbols: Object.keys(targets).map((asset) => `${asset}/${cash}`),
  maxNotionalPerDay: { [cash]: maxPerDay },
  priceBand: "0.02"
})
