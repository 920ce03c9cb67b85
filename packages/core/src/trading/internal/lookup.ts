import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Decimal from "../../model/Decimal.js"
import * as ExchangeError from "../../model/ExchangeError.js"
import { quote } from "../../model/internal/quote.js"
import * as Listing from "../../model/Listing.js"
import type { Market } from "../../model/Market.js"
import { isClosed, type Order } from "../../model/Order.js"
import type * as Adapter from "../../ports/Adapter.js"
import type { Intent } from "../OrderJournal.js"
import { intentOf, orderKey, type Placed } from "./desk.js"
import * as Identity from "./identity.js"
import * as OrderReading from "./orderReading.js"
import { changedAt } from "./seenOrders.js"

/**
 * The services and settings with which an order is looked up.
 *
 * @internal
 */
export interface Place {
  readonly exchange: string
  readonly features: Pick<Adapter.Features, "deduplicates" | "name">
  readonly adapter: Pick<Adapter.Trading, "absentAfter">
  readonly account: Pick<Adapter.Account, "order" | "openOrders" | "orderHistory">
  /** The exchange's clock minus ours, in milliseconds. */
  readonly skew: Effect.Effect<number>
  /** The client order ids of the latest orders that were amended. */
  readonly amended: ReadonlySet<string>
  /** The latest orders that were placed. */
  readonly placed: ReadonlyMap<string, Placed>
  readonly patience: Duration.DurationInput
}

type Failure = ExchangeError.AccountError | ExchangeError.DuplicateOrder

/**
 * Looks up an order by its client order id. Returns none once the exchange has shown in two ways that it never accepted
 * the order. Fails with `DuplicateOrder` if the id belongs to another order, because the exchange then cannot have
 * accepted this one. Use it only for orders that nothing sends any more.
 *
 * @internal
 */
export const search = (
  place: Place,
  operation: string,
  asked: Identity.Asked,
  pace?: OrderReading.Pace
): Effect.Effect<Option.Option<Order>, Failure> =>
  OrderReading.find({
    pace,
    lookup: byName(place, operation, asked),
    elsewhere: byList(place, operation, asked),
    absentAfter: place.adapter.absentAfter,
    patience: place.patience
  })

/**
 * Looks up the order of an intent that has no outcome in the journal.
 *
 * @internal
 */
export const searchIntent = (
  place: Place,
  operation: string,
  market: Market,
  intent: Intent,
  pace?: OrderReading.Pace
): Effect.Effect<Option.Option<Order>, Failure> => {
  const amount = Option.getOrUndefined(Decimal.parse(intent.amount))
  const price = intent.price === undefined ? undefined : Option.getOrUndefined(Decimal.parse(intent.price))
  return amount === undefined
    ? new ExchangeError.InvalidRequest({
      exchange: place.exchange,
      operation,
      detail: `the intent ${quote(intent.clientOrderId)} has no valid amount to compare an order with`
    })
    : Effect.flatMap(
      asked(place, { ...intent, market, amount, price }, intent),
      (asked) => search(place, operation, { ...asked, isLeftOpen: true }, pace)
    )
}

/**
 * Converts an instant of our clock to the exchange's clock.
 *
 * @internal
 */
export const theirs = (place: Pick<Place, "skew">, at: number): Effect.Effect<number> =>
  Effect.map(place.skew, (skew) => at + skew)

/**
 * Reads an order by a reference. Fails with `MalformedResponse` if the answer is about another order.
 *
 * @internal
 */
export const byReference = (
  { account, exchange }: Pick<Place, "account" | "exchange">,
  operation: string,
  reference: Adapter.Reference
): Effect.Effect<Order, ExchangeError.AccountError> =>
  Effect.filterOrFail(
    account.order(reference),
    (order) => Identity.isMeant(reference, order),
    () =>
      new ExchangeError.MalformedResponse({
        exchange,
        operation,
        detail: "the response describes a different order"
      })
  )

const byName = (
  place: Place,
  operation: string,
  asked: Identity.Asked
): Effect.Effect<Order, Failure> =>
  // The exchange stores the order under the time of its own clock, which is not always known: search broadly, compare
  // strictly.
  Effect.flatMap(
    place.account.order({ market: asked.market, clientOrderId: asked.clientOrderId, since: since(asked) }),
    (order) => judge(place, operation, asked, order)
  )

/**
 * Returns an order with the client order id if it is the requested one. If it is another order and the exchange keeps
 * one order per id, that proves that ours was not accepted, provided that the order is older, or is also listed under
 * the id and cannot be ours with amended terms.
 */
const judge = (
  place: Place,
  operation: string,
  asked: Identity.Asked,
  order: Order
): Effect.Effect<Order, Failure> => {
  const differences = Identity.differences(asked, order)
  const about = { exchange: place.exchange, operation }
  if (differences.length === 0) {
    return asked.isAnothers(order)
      // Ours may be one more order with the client order id, which only a list shows.
      ? new ExchangeError.OrderNotFound({
        ...about,
        detail: `the order ${order.id} with the client order id ${asked.clientOrderId} was placed by another call`
      })
      : Effect.succeed(order)
  }
  const mismatch = new ExchangeError.MalformedResponse({ ...about, detail: another(differences) })
  const taken = new ExchangeError.DuplicateOrder({
    ...about,
    detail: `the client order id ${asked.clientOrderId} belongs to another order, ${order.id}, ` +
      `which differs in its ${differences.join(" and ")}; nothing was placed`
  })
  const { deduplicates } = place.features
  const keeps = deduplicates === "always" || (deduplicates === "while open" && !isClosed(order))
  if (!keeps || !Identity.isNamesake(asked, order)) return mismatch
  if (differences.includes("age")) return taken
  // Another program may have amended ours.
  if (Identity.mayBeAmended(asked, differences, order)) return mismatch
  return Effect.flatMap(
    recent(place, asked),
    ({ namesakes, ours }): Effect.Effect<Order, Failure> =>
      ours !== undefined ? Effect.succeed(ours) : namesakes.some(({ id }) => id === order.id) ? taken : mismatch
  )
}

/** @internal */
export const another = (differences: ReadonlyArray<string>): string =>
  `the response describes a different order: its ${differences.join(" and ")} ${
    differences.length === 1 ? "is" : "are"
  } not ` +
  "as requested"

/**
 * Lists the orders of the market that are not older than the requested one, and those among them with its client order
 * id.
 */
const recent = ({ account }: Place, asked: Identity.Asked) =>
  Effect.gen(function*() {
    // Open orders are read first: one that ends in between is then among the ended ones.
    const standing = Listing.from(yield* account.openOrders(asked.market))
    const ended = Listing.from(yield* account.orderHistory(asked.market, { since: asked.from, limit: listed }))
    const orders = [...standing.rows, ...ended.rows].filter((order) =>
      !Identity.differences(asked, order).includes("age") && !asked.isAnothers(order)
    )
    const namesakes = orders.filter((order) => Identity.isNamesake(asked, order))
    return {
      orders,
      namesakes,
      ours: namesakes.find((order) => Identity.differences(asked, order).length === 0),
      /** An undecodable row that may be the requested order. */
      obscure: [...standing.unknown, ...ended.unknown].find((row) => Identity.mayMatch(asked, row)),
      /**
       * Whether the history goes back to when the order was requested. Only old updates of ended orders count: open
       * orders are listed however old they are, and a history sorted by end begins with the orders that ended last,
       * however early they were created.
       */
      isWhole: ended.rows.length + ended.unknown.length < listed ||
        ended.rows.some((order) => isClosed(order) && changedAt(order, asked.from) < asked.from)
    }
  })

const byList = (
  place: Place,
  operation: string,
  asked: Identity.Asked
): Effect.Effect<Option.Option<Order>, Failure> =>
  Effect.flatMap(recent(place, asked), ({ isWhole, namesakes, obscure, orders, ours }): Effect.Effect<
    Option.Option<Order>,
    Failure
  > => {
    if (ours !== undefined) return Effect.succeedSome(ours)
    const about = { exchange: place.exchange, operation }
    if (namesakes[0] !== undefined) {
      const detail = another(Identity.differences(asked, namesakes[0]))
      return new ExchangeError.MalformedResponse({ ...about, detail })
    }
    if (orders.some((order) => Identity.differences(asked, order).length === 0)) {
      return new ExchangeError.MalformedResponse({
        ...about,
        detail: "an order with the same side, amount and price is listed without a client order id"
      })
    }
    if (obscure !== undefined) {
      return new ExchangeError.MalformedResponse({
        ...about,
        detail: `a listed order may be the requested one, but could not be decoded: ${obscure.detail}`
      })
    }
    return isWhole ? Effect.succeedNone : new ExchangeError.Unsupported({
      ...about,
      detail: `there are more than ${listed} orders of ${asked.market.symbol} since this one was sent`,
      alternative: `look for ${asked.clientOrderId} among them`
    })
  })

const listed = 1000

/**
 * Creates the terms with which to compare answers about an order that was requested at `at`, by our clock. A minute is
 * allowed for clocks that differ. Our clock may have been corrected since, so the `skew` of that time counts as well if
 * it is known.
 *
 * @internal
 */
export const asked = (
  place: Pick<Place, "skew" | "amended" | "placed">,
  order: Omit<Identity.Asked, "from" | "amendable" | "isLeftOpen" | "isAmended" | "wasKnown" | "isAnothers">,
  { at, skew }: { readonly at: number; readonly skew?: number | undefined }
): Effect.Effect<Identity.Asked> =>
  Effect.zipWith(Clock.currentTimeMillis, place.skew, (now, current) => {
    const begun = at + Math.min(current, skew ?? current)
    const placedByAnother = (found: Order) => {
      const known = place.placed.get(orderKey(found))
      return known === undefined || intentOf(known) === intentOf({ clientOrderId: order.clientOrderId, at })
        ? undefined
        : known
    }
    return {
      market: order.market,
      clientOrderId: order.clientOrderId,
      side: order.side,
      type: order.type,
      amount: order.amount,
      price: order.price,
      from: begun - tolerance,
      amendable: now + current - begun > soon,
      isLeftOpen: false,
      isAmended: () => place.amended.has(order.clientOrderId),
      wasKnown: (found) => {
        const known = placedByAnother(found)
        // The clock may not have advanced since this call began.
        return known !== undefined && known.knownAt <= at
      },
      isAnothers: (found) => placedByAnother(found) !== undefined
    }
  })

/**
 * Returns the instant from which to search for the order, an hour before it was requested (epoch milliseconds).
 *
 * @internal
 */
export const since = ({ from }: Identity.Asked): number => from + tolerance - 3_600_000

const tolerance = 60_000
// Longer than it takes to place an order, including all look-ups.
const soon = 600_000
