import * as Bulkhead from "@effect-exchange/resilience/Bulkhead"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import { isRejection } from "@effect-exchange/resilience/Rejection"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { fromRefusal } from "../../engine/internal/refusal.js"
import * as Decimal from "../../model/Decimal.js"
import * as ExchangeError from "../../model/ExchangeError.js"
import type * as Trading from "../../ports/Trading.js"
import { type Begun, type Intent, unnamed } from "../OrderJournal.js"
import * as DailyTotals from "./dailyTotals.js"
import { type Desk, intentOf, notePlaced, orderKey, type Placed } from "./desk.js"
import { describe, writeOutcome } from "./journaling.js"
import * as Lookup from "./lookup.js"

type Found = Effect.Effect<Trading.Reconciled>

/**
 * Finds out the outcomes of this account's open orders in the journal, all concurrently. To prove that an order was
 * never accepted takes time but hardly any requests, so a hundred proofs take no longer than one.
 *
 * @internal
 */
export const reconcile = (
  desk: Desk
): Effect.Effect<ReadonlyArray<Trading.Reconciled>, ExchangeError.OrderDenied> =>
  Effect.gen(function*() {
    const accounts = yield* desk.journal.accounts
    // Before and after the journal is read, to include the calls that ended or began in the meantime.
    const before = Array.from(desk.underWay)
    const written = yield* desk.journal.open
    const underWay = new Set([...before, ...desk.underWay].map(({ clientOrderId }) => clientOrderId))
    const open = written.filter(({ clientOrderId, environment, exchange }) =>
      exchange === desk.exchange && environment === desk.environment && !underWay.has(clientOrderId)
    )
    const history = open.length === 0 ? [] : yield* desk.journal.since(
      desk.exchange,
      desk.environment,
      open.reduce((first, { at }) => Math.min(first, at), Number.POSITIVE_INFINITY) - tolerance
    )
    yield* warnOfOtherAccounts(open.filter(({ account }) => account !== unnamed && !accounts.has(account)))
    // Limits the concurrent look-ups, so that thousands of them do not crowd out other requests.
    const lookups = yield* Bulkhead.make({
      name: `${desk.exchange}.reconcile`,
      permits: maxLookups,
      maxQueue: Number.POSITIVE_INFINITY
    })
    const throttled: Desk = {
      ...desk,
      placed: knownOrders(desk.placed, history),
      amended: new Set([
        ...desk.amended,
        ...history.flatMap(({ amends, clientOrderId }) => amends === undefined ? [] : [clientOrderId])
      ]),
      account: {
        ...desk.account,
        order: (reference) =>
          Effect.mapError(
            lookups.withPermit(desk.account.order(reference)),
            (error) => isRejection(error) ? fromRefusal({ exchange: desk.exchange, operation: "order" }, error) : error
          )
      }
    }
    return yield* Concurrent.forEach(
      open.filter(({ account }) => accounts.has(account) || account === unnamed),
      (intent) =>
        accounts.has(intent.account)
          ? close(throttled, intent, (order) => notePlaced(desk.placed, order))
          : unattributed(desk, intent),
      { concurrency: "unbounded" }
    )
  }).pipe(
    Effect.mapError((error) =>
      new ExchangeError.OrderDenied({
        exchange: desk.exchange,
        operation: "reconcile",
        guard: "journal",
        detail: describe(error)
      })
    )
  )

const maxLookups = 4

// In milliseconds. An order that was begun so much earlier differs in its age, even if the clock has been corrected since.
const tolerance = 600_000

/** Adds the orders whose ids the journal knows. */
const knownOrders = (placed: Desk["placed"], history: ReadonlyArray<Begun>): Desk["placed"] => {
  const known = new Map(placed)
  for (const { at, clientOrderId, orderId, outcomeAt, symbol } of history) {
    if (orderId === undefined || outcomeAt === undefined) continue
    const key = orderKey({ id: orderId, symbol })
    if (!known.has(key)) known.set(key, { at, clientOrderId, symbol, id: orderId, knownAt: outcomeAt })
  }
  return known
}

const close = (desk: Desk, intent: Intent, onPlaced: (order: Placed) => void): Found => {
  const { account, at, clientOrderId, symbol } = intent
  // In this order: an intent with an outcome is not reconciled again, and an interruption would keep its worth.
  const notPlaced = (reason: string): Found =>
    forget(desk, intent).pipe(
      Effect.zipRight(writeOutcome(desk, intent, { _tag: "NotPlaced", reason }, account)),
      Effect.as({ _tag: "NotPlaced" as const, intent })
    )
  return Effect.matchEffect(
    Effect.flatMap(
      desk.markets.find("reconcile", symbol),
      (market) =>
        intent.market === undefined || intent.market === market.id
          ? Lookup.searchIntent(desk, "reconcile", market, intent, "unhurried")
          : renamed(desk, intent, intent.market, market.id)
    ),
    {
      onFailure: (error): Found =>
        error._tag === "DuplicateOrder"
          ? notPlaced(error.detail)
          : Effect.succeed({ _tag: "Unknown", intent, error }),
      onSuccess: Option.match({
        onNone: () => notPlaced("reconcile found no such order"),
        onSome: (order): Found =>
          Effect.flatMap(Clock.currentTimeMillis, (knownAt): Found => {
            const known = desk.placed.get(orderKey(order))
            // An order fulfils one intent only. If that is another one, this one may have an order of its own.
            if (known !== undefined && intentOf(known) !== intentOf(intent)) return close(desk, intent, onPlaced)
            const placed = { at, clientOrderId, symbol, id: order.id, knownAt }
            desk.placed.set(orderKey(placed), placed)
            onPlaced(placed)
            return Effect.as(
              writeOutcome(desk, intent, { _tag: "Placed", orderId: order.id }, account),
              { _tag: "Placed" as const, intent, order }
            )
          })
      })
    }
  )
}

// Not looked up: it would be missing in the new market, which proves nothing.
const renamed = ({ exchange }: Desk, { clientOrderId, symbol }: Intent, before: string, now: string) =>
  new ExchangeError.Unsupported({
    exchange,
    operation: "reconcile",
    detail:
      `the exchange called the market ${symbol} ${before} when ${clientOrderId} was sent, and now calls it ${now}`,
    alternative: `look for the order in ${before}`
  })

// Subtracts an order that was never placed from the total of its day, once even if several Layers reconcile it.
const forget = ({ givenBack, spent }: Desk, intent: Intent): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { at, worth } = intent
    const key = intentOf(intent)
    if (givenBack.has(key) || worth === undefined) return Effect.void
    givenBack.add(key)
    return Ref.update(spent, (totals) =>
      Option.match(Decimal.parse(worth.amount), {
        onNone: () => totals,
        onSome: (amount) => DailyTotals.release(totals, worth.currency, amount, at)
      }))
  })

// Not looked up: with this key, not finding the order would prove nothing.
const unattributed = ({ exchange }: Desk, intent: Intent): Found =>
  Effect.succeed({
    _tag: "Unknown",
    intent,
    error: new ExchangeError.InvalidRequest({
      exchange,
      operation: "reconcile",
      detail:
        `the journal does not say which account placed ${intent.clientOrderId}; if it was this one, build the Layer with `
        + "formerAccounts: [OrderJournal.unnamed]"
    })
  })

// The orders of a key that was rotated since the last run seem to belong to another account.
const warnOfOtherAccounts = (open: ReadonlyArray<Intent>): Effect.Effect<void> => {
  const accounts = [...new Set(open.map(({ account }) => account))]
  return accounts.length === 0 ? Effect.void : Effect.logWarning(
    `The order journal has ${open.length} open orders of other accounts: ${accounts.join(", ")}. To reconcile those of `
      + "an earlier key of this account, add its account name to the formerAccounts of the Layer"
  )
}
