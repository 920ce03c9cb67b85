import * as Clock from "effect/Clock"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Decimal from "../../model/Decimal.js"
import * as ExchangeError from "../../model/ExchangeError.js"
import * as Credentials from "../../ports/Credentials.js"
import * as OrderJournal from "../OrderJournal.js"
import type { Desk, Ledger, Ready } from "./desk.js"

/** @internal */
export const ledger = (
  journal: OrderJournal.OrderJournal["Type"],
  credentials: Credentials.Provider,
  formerAccounts: ReadonlyArray<string>
): Ledger => {
  const names = new Set(formerAccounts)
  const account = Effect.map(credentials.get, (credentials) => {
    const name = Credentials.fingerprint(credentials)
    names.add(name)
    return name
  })
  const accounts = Effect.as(account, names)
  return {
    append: journal.append,
    open: journal.open,
    account,
    accounts,
    since: (exchange, environment, epochMillis) =>
      Effect.flatMap(accounts, (names) =>
        Effect.map(
          Effect.forEach(names, (name) => journal.since(name, exchange, environment, epochMillis)),
          (found) => found.flat()
        )),
    written: new Map()
  }
}

/**
 * Writes down that an order is about to be sent.
 *
 * @internal
 */
export const writeIntent = (
  desk: Desk,
  operation: string,
  { at, order, worth }: Ready
): Effect.Effect<void, ExchangeError.OrderDenied> => {
  const { journal } = desk
  const { clientOrderId, market } = order
  return journal.account.pipe(
    Effect.tap((account) => Effect.sync(() => journal.written.set(clientOrderId, account))),
    Effect.flatMap((account) =>
      journal.append({
        _tag: "Intent",
        exchange: desk.exchange,
        environment: desk.environment,
        account,
        clientOrderId,
        symbol: market.symbol,
        side: order.side,
        type: order.type,
        amount: Decimal.format(order.amount),
        price: order.price === undefined ? undefined : Decimal.format(order.price),
        timeInForce: order.timeInForce,
        worth: { currency: market.quote, amount: Decimal.format(worth) },
        at
      })
    ),
    Effect.mapError((error) =>
      new ExchangeError.OrderDenied({
        exchange: desk.exchange,
        operation,
        guard: "journal",
        detail: `without a journal no order is sent: ${describe(error)}`
      })
    )
  )
}

/**
 * Writes down what became of an order, of the account under which its intent was written unless said otherwise, and answers
 * whether it could. The order is what it is: a journal that fails here leaves it to be reconciled.
 *
 * @internal
 */
export const writeOutcome = (
  desk: Desk,
  clientOrderId: string,
  outcome: Pick<OrderJournal.Outcome, "_tag" | "orderId" | "reason">,
  account: string | undefined = desk.journal.written.get(clientOrderId)
): Effect.Effect<boolean> =>
  Effect.gen(function*() {
    const name = account ?? (yield* desk.journal.account)
    const at = yield* Clock.currentTimeMillis
    const { environment, exchange } = desk
    yield* desk.journal.append({ ...outcome, exchange, environment, account: name, clientOrderId, at })
    desk.journal.written.delete(clientOrderId)
    return true
  }).pipe(
    Effect.catchAll((error) =>
      Effect.as(
        Effect.logWarning("An order's outcome could not be written down; reconcile later", describe(error)),
        false
      )
    )
  )

/** @internal */
export const describe = (error: OrderJournal.JournalFailed | ConfigError.ConfigError): string =>
  error instanceof OrderJournal.JournalFailed ? error.message : Credentials.describe(error)
