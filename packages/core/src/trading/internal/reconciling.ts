import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Decimal from "../../model/Decimal.js"
import * as ExchangeError from "../../model/ExchangeError.js"
import type * as Trading from "../../ports/Trading.js"
import * as OrderGuards from "../OrderGuards.js"
import { type Intent, unnamed } from "../OrderJournal.js"
import { type Desk, intentOf } from "./desk.js"
import { describe, writeOutcome } from "./journaling.js"
import * as Lookup from "./lookup.js"

type Found = Effect.Effect<Trading.Reconciled>

/**
 * Finds out what became of the orders that the journal holds open for this account, all of them at once: to prove that an
 * order was never taken takes time but hardly a request, and a hundred such proofs take no longer than one.
 *
 * @internal
 */
export const reconcile = (
  desk: Desk
): Effect.Effect<ReadonlyArray<Trading.Reconciled>, ExchangeError.OrderDenied> =>
  Effect.gen(function*() {
    const accounts = yield* desk.journal.accounts
    const written = yield* desk.journal.open
    // Afterwards: what has begun meanwhile is under way, too.
    const underWay = new Set(Array.from(desk.underWay, ({ clientOrderId }) => clientOrderId))
    const open = written.filter(({ clientOrderId, environment, exchange }) =>
      exchange === desk.exchange && environment === desk.environment && !underWay.has(clientOrderId)
    )
    yield* tellOfOthers(open.filter(({ account }) => account !== unnamed && !accounts.has(account)))
    const oneOfAFew = (yield* Effect.makeSemaphore(atOnce)).withPermits(1)
    // Who asks for hundreds of orders neither crowds out what else is asked, nor spends the time of a look-up in a queue.
    const polite: Desk = {
      ...desk,
      account: { ...desk.account, order: (reference) => oneOfAFew(desk.account.order(reference)) }
    }
    return yield* Concurrent.forEach(
      open.filter(({ account }) => accounts.has(account) || account === unnamed),
      (intent) => accounts.has(intent.account) ? close(polite, intent) : whose(desk, intent),
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

const atOnce = 4

const close = (desk: Desk, intent: Intent): Found => {
  const { account, clientOrderId, symbol } = intent
  const notPlaced = (reason: string): Found =>
    writeOutcome(desk, clientOrderId, { _tag: "NotPlaced", reason }, account).pipe(
      Effect.zipRight(forget(desk, intent)),
      Effect.as({ _tag: "NotPlaced" as const, intent })
    )
  return Effect.matchEffect(
    Effect.flatMap(
      desk.markets.find("reconcile", symbol),
      (market) => Lookup.searchIntent(desk, "reconcile", market, intent, "unhurried")
    ),
    {
      onFailure: (error): Found =>
        error._tag === "DuplicateOrder"
          ? notPlaced(error.detail)
          : Effect.succeed({ _tag: "Unknown", intent, error }),
      onSuccess: Option.match({
        onNone: () => notPlaced("found by reconciling"),
        onSome: (order): Found =>
          Effect.as(
            writeOutcome(desk, clientOrderId, { _tag: "Placed", orderId: order.id }, account),
            { _tag: "Placed" as const, intent, order }
          )
      })
    }
  )
}

// An order that was never placed counts for nothing, in the sum of its day as well: once, though several reconcile it.
const forget = ({ givenBack, spent }: Desk, { at, clientOrderId, worth }: Intent): Effect.Effect<void> =>
  Effect.suspend(() => {
    const intent = intentOf(clientOrderId, at)
    if (givenBack.has(intent) || worth === undefined) return Effect.void
    givenBack.add(intent)
    return Ref.update(spent, (spent) =>
      Option.match(Decimal.parse(worth.amount), {
        onNone: () => spent,
        onSome: (amount) => OrderGuards.release(spent, worth.currency, amount, at)
      }))
  })

// To look for it with this key and not to find it would prove nothing.
const whose = ({ exchange }: Desk, intent: Intent): Found =>
  Effect.succeed({
    _tag: "Unknown",
    intent,
    error: new ExchangeError.InvalidRequest({
      exchange,
      operation: "reconcile",
      detail:
        `the journal does not say which account placed ${intent.clientOrderId}; if it is this one, build the Layer with `
        + "formerAccounts: [OrderJournal.unnamed]"
    })
  })

// A key that was rotated since the last run looks like another account.
const tellOfOthers = (open: ReadonlyArray<Intent>): Effect.Effect<void> => {
  const accounts = [...new Set(open.map(({ account }) => account))]
  return accounts.length === 0 ? Effect.void : Effect.logWarning(
    `The order journal holds ${open.length} open orders of other accounts: ${
      accounts.join(", ")
    }. Those of a key that this `
      + "account had before are reconciled when its name is among the formerAccounts of the Layer"
  )
}
