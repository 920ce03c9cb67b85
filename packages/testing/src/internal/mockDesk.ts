import { Decimal, ExchangeError, type Market, type Order, OrderGuards, OrderJournal } from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import { InvalidMock } from "./invalidMock.js"

/** The environment of all journal entries of a mock. */
const environment = "mock"

const account = "mock"

/**
 * The guards and the journal that each order passes, as in a client.
 *
 * @internal
 */
export interface Desk {
  readonly exchange: string
  readonly guards: OrderGuards.Guards
  readonly journal: OrderJournal.OrderJournal["Type"]
  readonly lastPrice: (market: Market.Market) => Effect.Effect<BigDecimal.BigDecimal, ExchangeError.MarketDataError>
  readonly spent: Ref.Ref<OrderGuards.Spent>
  /** The client order ids of the calls in progress, which `reconcile` skips. */
  readonly inProgress: Set<string>
}

/**
 * An order that is ready to be sent: the guards have accepted and counted it, and the journal has recorded it.
 *
 * @internal
 */
export interface Ready {
  readonly checked: Order.Checked
  readonly clientOrderId: string
  readonly worth: BigDecimal.BigDecimal
  readonly at: number
}

/** @internal */
export const make = (
  options: Pick<Desk, "exchange" | "guards" | "journal" | "lastPrice">
): Effect.Effect<Desk, InvalidMock | OrderJournal.JournalFailed> =>
  Effect.gen(function*() {
    const { exchange, guards, journal } = options
    yield* Option.match(OrderGuards.validate(guards), {
      onNone: () => Effect.void,
      onSome: (detail) => new InvalidMock({ subject: "the orders", field: "guards", detail })
    })
    const now = yield* Clock.currentTimeMillis
    const entries = yield* journal.since(account, exchange, environment, now - 86_400_000)
    return {
      ...options,
      spent: yield* Ref.make(OrderGuards.fromJournal(entries, now)),
      inProgress: new Set()
    }
  })

/**
 * Checks an order against the guards, counts it and returns its worth. For an open order, only the increase is counted.
 *
 * @internal
 */
export const admit = (
  desk: Desk,
  operation: string,
  checked: Order.Checked,
  before?: Order.Checked
): Effect.Effect<
  { readonly worth: BigDecimal.BigDecimal; readonly at: number },
  ExchangeError.MarketDataError | ExchangeError.OrderDenied
> =>
  Effect.gen(function*() {
    const price = OrderGuards.needsPrice(desk.guards, checked) ? yield* desk.lastPrice(checked.market) : undefined
    const at = yield* Clock.currentTimeMillis
    const worth = yield* Effect.flatten(Ref.modify(desk.spent, (spent) =>
      Either.match(OrderGuards.admit(desk.guards, spent, checked, price, at, before), {
        onLeft: (denial): readonly [Admission, OrderGuards.Spent] => [
          new ExchangeError.OrderDenied({ exchange: desk.exchange, operation, ...denial }),
          spent
        ],
        onRight: ([worth, next]) => [Effect.succeed(worth), next]
      })))
    return { worth, at }
  })

type Admission = Effect.Effect<BigDecimal.BigDecimal, ExchangeError.OrderDenied>

/**
 * Prepares an order for sending: counts it with the guards and records it in the journal. `reconcile` skips the order
 * while the scope is open.
 *
 * @internal
 */
export const begin = (
  desk: Desk,
  operation: string,
  checked: Order.Checked,
  clientOrderId: string
): Effect.Effect<Ready, ExchangeError.MarketDataError | ExchangeError.OrderDenied, Scope.Scope> =>
  Effect.gen(function*() {
    const { at, worth } = yield* admit(desk, operation, checked)
    const ready = { checked, clientOrderId, worth, at }
    yield* Effect.acquireRelease(
      Effect.sync(() => void desk.inProgress.add(clientOrderId)),
      () => Effect.sync(() => desk.inProgress.delete(clientOrderId))
    )
    yield* Effect.onError(writeIntent(desk, operation, ready), () => release(desk, checked.market, ready))
    return ready
  })

/**
 * Records the change of an open order's worth, or its reversal, so that the daily total in the journal is right.
 *
 * @internal
 */
export const writeAmendment = (
  desk: Desk,
  { clientOrderId, id }: Order.Order,
  checked: Order.Checked,
  { at, worth }: Pick<Ready, "at" | "worth">
): Effect.Effect<void, ExchangeError.OrderDenied> =>
  BigDecimal.isZero(worth)
    ? Effect.void
    : writeIntent(desk, "amend", { checked, clientOrderId: clientOrderId ?? id, worth, at }, id)

const writeIntent = (
  { exchange, journal }: Desk,
  operation: string,
  { at, checked, clientOrderId, worth }: Ready,
  amends?: string
): Effect.Effect<void, ExchangeError.OrderDenied> =>
  Effect.mapError(
    journal.append({
      _tag: "Intent",
      exchange,
      environment,
      account,
      clientOrderId,
      symbol: checked.market.symbol,
      side: checked.side,
      type: checked.type,
      amount: Decimal.format(checked.amount),
      price: checked.price === undefined ? undefined : Decimal.format(checked.price),
      timeInForce: checked.timeInForce,
      worth: { currency: checked.market.quote, amount: Decimal.format(worth) },
      amends,
      at
    }),
    ({ message }) =>
      new ExchangeError.OrderDenied({
        exchange,
        operation,
        guard: "journal",
        detail: `the order was not sent, because the journal failed: ${message}`
      })
  )

/**
 * Records the outcome of an order. If the journal fails, the order is left for `reconcile`.
 *
 * @internal
 */
export const writeOutcome = (
  { exchange, journal }: Desk,
  { at: begunAt, clientOrderId }: Pick<OrderJournal.Intent, "clientOrderId" | "at">,
  outcome: Pick<OrderJournal.Outcome, "_tag" | "orderId" | "reason">
): Effect.Effect<void> =>
  Effect.flatMap(
    Clock.currentTimeMillis,
    (at) => journal.append({ ...outcome, exchange, environment, account, clientOrderId, begunAt, at })
  ).pipe(
    Effect.catchTag(
      "JournalFailed",
      ({ message }) =>
        Effect.logWarning("The outcome of an order could not be journaled; call reconcile later", message)
    )
  )

/**
 * Records the outcome of placing an order. An order with an unknown outcome stays open in the journal.
 *
 * @internal
 */
export const conclude = (
  desk: Desk,
  ready: Ready,
  result: Either.Either<Order.Order, ExchangeError.TradingError>
): Effect.Effect<void> =>
  Either.match(result, {
    onRight: ({ id }) => writeOutcome(desk, ready, { _tag: "Placed", orderId: id }),
    onLeft: (error) =>
      error.outcome === "Unknown" ? Effect.void : Effect.zipRight(
        release(desk, ready.checked.market, ready),
        writeOutcome(desk, ready, { _tag: "NotPlaced", reason: error.message })
      )
  })

/**
 * Releases the amount that the guards have counted for an order.
 *
 * @internal
 */
export const release = (
  { spent }: Desk,
  market: Market.Market,
  { at, worth }: Pick<Ready, "at" | "worth">
): Effect.Effect<void> => Ref.update(spent, (spent) => OrderGuards.release(spent, market.quote, worth, at))

/**
 * Returns the open orders of this mock in the journal, except those of calls in progress.
 *
 * @internal
 */
export const open = (
  { exchange, journal, inProgress }: Desk
): Effect.Effect<ReadonlyArray<OrderJournal.Intent>, ExchangeError.OrderDenied> =>
  OrderJournal.openFor(journal, account).pipe(
    Effect.map((intents) =>
      intents.filter((intent) =>
        intent.exchange === exchange && intent.environment === environment && !inProgress.has(intent.clientOrderId)
      )
    ),
    Effect.mapError(({ message }) =>
      new ExchangeError.OrderDenied({ exchange, operation: "reconcile", guard: "journal", detail: message })
    )
  )

/**
 * Closes the journal entry of an order that was never placed, and releases the amount that the guards counted for it.
 *
 * @internal
 */
export const closeNotPlaced = (desk: Desk, intent: OrderJournal.Intent): Effect.Effect<void> => {
  const { at, worth } = intent
  return Effect.zipRight(
    writeOutcome(desk, intent, { _tag: "NotPlaced", reason: "reconcile found no such order" }),
    Ref.update(desk.spent, (spent) =>
      worth === undefined
        ? spent
        : Option.match(Decimal.parse(worth.amount), {
          onNone: () => spent,
          onSome: (amount) => OrderGuards.release(spent, worth.currency, amount, at)
        }))
  )
}

/**
 * Returns `true` if an order is the one that an intent describes. An order that was created since then may have been
 * amended, so its amount and its price may differ.
 *
 * @internal
 */
export const matches = (intent: OrderJournal.Intent, order: Order.Order): boolean =>
  order.clientOrderId === intent.clientOrderId && order.symbol === intent.symbol && order.side === intent.side &&
  order.type === intent.type &&
  ((order.createdAt !== undefined && order.createdAt >= intent.at) ||
    (same(intent.amount, order.amount) && same(intent.price, order.price)))

const same = (text: string | undefined, decimal: BigDecimal.BigDecimal | undefined): boolean =>
  text === undefined || decimal === undefined ||
  Option.exists(Decimal.parse(text), (exact) => BigDecimal.equals(exact, decimal))
