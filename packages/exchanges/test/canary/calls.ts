import { Account, type ExchangeError, type MarketData, Trading } from "@effect-exchange/core"
import { Effect, Either } from "effect"
import { far, symbol } from "../support/exchanges.js"
import { now } from "../support/frozenExchange.js"

/** A call. It returns its failures, including those of the rows of a batch. */
export interface Call {
  readonly name: string
  readonly run: Effect.Effect<
    ReadonlyArray<unknown>,
    never,
    MarketData.MarketData | Account.Account | Trading.Trading
  >
}

type Failed = Effect.Effect<ReadonlyArray<unknown>>

const failures = <A>(self: Effect.Effect<A, ExchangeError.ExchangeError>): Failed =>
  Effect.map(Effect.either(self), (either) => Either.isLeft(either) ? [either.left] : [])

const account = (name: string, call: (account: Account.Account.Service) => Failed): Call => ({
  name,
  run: Effect.flatMap(Account.Account, call)
})

const trading = (name: string, call: (trading: Trading.Trading.Service) => Failed): Call => ({
  name,
  run: Effect.flatMap(Trading.Trading, call)
})

const since = now - 86_400_000
const openOrder = { symbol, clientOrderId: "attack0" } as const
const unknownOrder = { symbol, clientOrderId: "attack77" } as const
const tooExpensive = { ...far("attack2"), amount: "90" }
const more = { ...far("attack3") }

/** Calls that read and change an account, including some that the exchange refuses. */
export const calls: ReadonlyArray<Call> = [
  account("balances", ({ balances }) => failures(balances)),
  account("openOrders", ({ openOrders }) => failures(openOrders(symbol))),
  account("openOrders of all markets", ({ openOrders }) => failures(openOrders())),
  account("order", ({ order }) => failures(order(openOrder))),
  account("order that does not exist", ({ order }) => failures(order(unknownOrder))),
  account("orderHistory", ({ orderHistory }) => failures(orderHistory(symbol, { since }))),
  account("fills", ({ fills }) => failures(fills(symbol, { since }))),
  account("positions", ({ positions }) => failures(positions)),
  account("keyPermissions", ({ keyPermissions }) => failures(keyPermissions)),
  trading("place", ({ place }) => failures(place(far("attack1")))),
  trading("place beyond means", ({ place }) => failures(place(tooExpensive))),
  trading("place with a used client order id", ({ place }) => failures(place(far("attack0")))),
  trading(
    "placeBatch",
    ({ placeBatch }) =>
      Effect.map(
        Effect.either(placeBatch([more, tooExpensive])),
        (either) =>
          Either.isLeft(either) ? [either.left] : either.right.flatMap((row) => Either.isLeft(row) ? [row.left] : [])
      )
  ),
  trading("cancel", ({ cancel }) => failures(cancel(openOrder))),
  trading("cancel of an order that does not exist", ({ cancel }) => failures(cancel(unknownOrder))),
  trading("cancelAll", ({ cancelAll }) => failures(cancelAll(symbol))),
  trading("amend", ({ amend }) => failures(amend(openOrder, { price: "29000" })))
]
