/**
 * A bot that keeps a portfolio at its target weights. It says what it would do, and does it only when told to.
 * `docs/cookbook/rebalancing-bot.md` walks through it, `rebalancing-bot.ts` runs it.
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

/** The account as it is, with a price for each asset. */
const look = Effect.fnUntraced(function*({ cash, targets }: Rebalancing.Portfolio) {
  const market = yield* MarketData.MarketData
  const account = yield* Account.Account
  const quotes = yield* Effect.forEach(Object.keys(targets), (asset) =>
    Effect.gen(function*() {
      const symbol = `${asset}/${cash}`
      const book = yield* market.orderBook(symbol, { depth: 1 })
      const [bid, ask] = [book.bids[0], book.asks[0]]
      // Of a market without one of the sides nobody knows what it is worth.
      return bid === undefined || ask === undefined
        ? []
        : [[asset, { market: yield* market.market(symbol), bid: bid.price, ask: ask.price }] as const]
    }))
  return { balances: yield* account.balances, quotes: new Map(quotes.flat()) }
})

/** What would be done now. */
export const dryRun = Effect.fn("RebalancingBot.dryRun")(function*(portfolio: Rebalancing.Portfolio) {
  const { balances, quotes } = yield* look(portfolio)
  if (quotes.size < Object.keys(portfolio.targets).length) {
    yield* Effect.logWarning("A market has no price; nothing is planned")
    return []
  }
  const planned = Rebalancing.plan(portfolio, balances, quotes)
  yield* Effect.forEach(planned, (order) => Effect.log(described(order)), { discard: true })
  return planned
})

/**
 * Does it: takes back what still stands of the last round, plans, and places the orders so that they only ever add to the book.
 * What a guard or the exchange refuses is told of and left; what became of an order must be known before the next is placed.
 *
 * All open orders of these markets are canceled: give the bot an account of its own.
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

/** Finds out what became of the orders of which nothing is known; fails where that cannot be found out now. */
const settle = Effect.gen(function*() {
  const trading = yield* Trading.Trading
  for (const found of yield* trading.reconcile) {
    yield* Effect.log(`The order ${found.intent.clientOrderId} of an earlier round: ${found._tag}`)
    if (found._tag === "Unknown") return yield* Effect.fail(found.error)
  }
})

/** The other orders may be placed after an order that was refused for a reason of its own. */
const isRefusal = ({ _tag }: ExchangeError.TradingError): boolean =>
  _tag === "OrderDenied" || _tag === "OrderRejected" || _tag === "InsufficientFunds" || _tag === "InvalidRequest" ||
  _tag === "NotPlaced"

const described = ({ amount, market, price, side }: Rebalancing.Planned): string =>
  `${side} ${Decimal.format(amount)} ${market.base} at ${Decimal.format(price)} ${market.quote}`

/** What a bot for this portfolio may order at most, whatever it has planned. */
export const guards = ({ cash, targets }: Rebalancing.Portfolio, maxPerDay: string): OrderGuards.Guards => ({
  symbols: Object.keys(targets).map((asset) => `${asset}/${cash}`),
  maxNotionalPerDay: { [cash]: maxPerDay },
  priceBand: "0.02"
})
