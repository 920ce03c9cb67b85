import type * as BigDecimal from "effect/BigDecimal"
import * as Clock from "effect/Clock"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Decimal from "../../model/Decimal.js"
import * as ExchangeError from "../../model/ExchangeError.js"
import type { Checked, Order } from "../../model/Order.js"
import * as Credentials from "../../ports/Credentials.js"
import * as OrderJournal from "../OrderJournal.js"
import { type Begun, begunOf, type Desk, intentOf, type Ledger, type Ready } from "./desk.js"

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
 * Records in the journal that an order is about to be sent.
 *
 * @internal
 */
export const writeIntent = (
  desk: Desk,
  operation: string,
  ready: Ready
): Effect.Effect<void, ExchangeError.OrderDenied> =>
  Effect.tap(
    desk.journal.account,
    (account) => Effect.sync(() => desk.journal.written.set(intentOf(begunOf(ready)), account))
  ).pipe(
    Effect.flatMap((account) =>
      append(desk, account, ready.order.clientOrderId, ready.order, ready.worth, ready.at, { skew: ready.skew })
    ),
    Effect.mapError((error) => denied(desk, operation, error))
  )

const denied = ({ exchange }: Desk, operation: string, error: OrderJournal.JournalFailed | ConfigError.ConfigError) =>
  new ExchangeError.OrderDenied({
    exchange,
    operation,
    guard: "journal",
    detail: `not sent: the order could not be written to the journal: ${describe(error)}`
  })

/**
 * Records in the journal what is added to an open order, or taken back again, for daily totals.
 *
 * @internal
 */
export const writeAmendment = (
  desk: Desk,
  { clientOrderId, id }: Order,
  order: Checked,
  worth: BigDecimal.BigDecimal,
  at: number
): Effect.Effect<void, ExchangeError.OrderDenied> =>
  desk.journal.account.pipe(
    Effect.flatMap((account) => append(desk, account, clientOrderId ?? id, order, worth, at, { amends: id })),
    Effect.mapError((error) => denied(desk, "amend", error))
  )

const append = (
  desk: Desk,
  account: string,
  clientOrderId: string,
  { amount, market, price, side, timeInForce, type }: Checked,
  worth: BigDecimal.BigDecimal,
  at: number,
  more: Pick<OrderJournal.Intent, "amends" | "skew">
): Effect.Effect<void, OrderJournal.JournalFailed> =>
  desk.journal.append({
    _tag: "Intent",
    exchange: desk.exchange,
    environment: desk.environment,
    account,
    clientOrderId,
    symbol: market.symbol,
    market: market.id,
    side,
    type,
    amount: Decimal.format(amount),
    price: price === undefined ? undefined : Decimal.format(price),
    timeInForce,
    worth: { currency: market.quote, amount: Decimal.format(worth) },
    ...more,
    at
  })

/**
 * Records the outcome of an intent in the journal, and returns whether that succeeded. `account` defaults to the one
 * under which the intent was recorded. A failure is only logged: it does not affect the order, which can still be
 * reconciled.
 *
 * @internal
 */
export const writeOutcome = (
  desk: Desk,
  begun: Begun,
  outcome: Pick<OrderJournal.Outcome, "_tag" | "orderId" | "reason">,
  account: string | undefined = desk.journal.written.get(intentOf(begun))
): Effect.Effect<boolean> =>
  Effect.gen(function*() {
    const name = account ?? (yield* desk.journal.account)
    const at = yield* Clock.currentTimeMillis
    const { environment, exchange } = desk
    const { at: begunAt, clientOrderId } = begun
    yield* desk.journal.append({ ...outcome, exchange, environment, account: name, clientOrderId, begunAt, at })
    desk.journal.written.delete(intentOf(begun))
    return true
  }).pipe(
    Effect.catchAll((error) =>
      Effect.as(
        Effect.logWarning(
          "The outcome of an order could not be written to the journal; reconcile later",
          describe(error)
        ),
        false
      )
    )
  )

/** @internal */
export const describe = (error: OrderJournal.JournalFailed | ConfigError.ConfigError): string =>
  error instanceof OrderJournal.JournalFailed ? error.message : Credentials.describe(error)
