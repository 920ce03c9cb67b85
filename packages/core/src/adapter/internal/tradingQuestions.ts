import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { Capability } from "../../engine/Endpoint.js"
import { type ExchangeClient, exchangeTime } from "../../engine/ExchangeClient.js"
import * as Departure from "../../engine/internal/departure.js"
import type { ErrorBody, Protocol } from "../../engine/Protocol.js"
import * as ExchangeError from "../../model/ExchangeError.js"
import { beforeWriting } from "../../model/internal/beforeSending.js"
import * as Listing from "../../model/Listing.js"
import type { Market } from "../../model/Market.js"
import { isClosed, type Order } from "../../model/Order.js"
import type * as Adapter from "../../ports/Adapter.js"
import type { Canceled, NewOrder, OptionalTrading, Outcome, Placed, Trading } from "../Declaration.js"
import type * as Row from "../Row.js"
import type * as accountQuestions from "./accountQuestions.js"
import * as accountRows from "./accountRows.js"
import * as sizing from "./sizing.js"
import * as Unlisted from "./unlisted.js"

type Client = ExchangeClient<Capability>
type Writes<A> = Effect.Effect<A, ExchangeError.TradingError>

/**
 * The declaration of trading, with that of its account and exchange.
 *
 * @internal
 */
export interface Facts extends accountQuestions.Facts {
  readonly trading: Trading & { readonly [K in keyof OptionalTrading]?: OptionalTrading[K] | undefined }
}

/**
 * Creates the trading adapter of an exchange from its declaration.
 *
 * @internal
 */
export const make = (facts: Facts) => (client: Client, account: Adapter.Account): Adapter.Trading => {
  const { protocol: { exchange }, trading: asks } = facts
  const takenWithin = Duration.toMillis(asks.takenWithin)
  const unlisted = Unlisted.make(asks.seenWithin)
  const { amend, placeBatch } = asks

  /** The instant, by the exchange's clock, after which it must no longer accept a request that is sent now. */
  const until = Effect.map(exchangeTime(client), (now) => now + takenWithin)

  const sized = (operation: string, until: number) => (order: Adapter.NewOrder): Writes<NewOrder> =>
    Effect.map(
      sizing.sized(facts, operation, order.market, order.amount),
      (size) => ({ ...order, size, until })
    )

  const placed = (operation: string, order: Adapter.NewOrder, answer: Placed): Writes<Adapter.Placed> =>
    Effect.tap(
      "accepted" in answer
        ? Effect.succeed<Adapter.Placed>({ _tag: "Accepted", id: answer.accepted })
        : Effect.map(
          shown(operation, order.market, answer),
          (order): Adapter.Placed => ({ _tag: "Order", order })
        ),
      (placed) => unlisted.add(order, placed)
    )

  const shown = (operation: string, market: Market, row: Row.Order) =>
    Effect.flatMap(
      sizing.required(facts, operation, market),
      (amounts) =>
        (facts.marketNames?.(market) ?? [market.id]).includes(row.market)
          ? Effect.succeed(accountRows.order(exchange, row, market, amounts))
          : sizing.foreign(exchange, operation, market, row)
    )

  const shownIf = (operation: string, market: Market, row: Row.Order | undefined) =>
    row === undefined ? Effect.succeedNone : Effect.asSome(shown(operation, market, row))

  const canceled = (market: Market, answer: Row.Order | Canceled | undefined): Writes<Option.Option<Order>> => {
    if (answer === undefined || !("outcome" in answer)) return shownIf("cancel", market, answer)
    const { outcome } = answer
    return typeof outcome === "string"
      ? Effect.succeedNone
      : Effect.flatMap(
        Clock.currentTimeMillis,
        (now) => Effect.fail(refusal(facts.protocol, "cancel", outcome.refused, now))
      )
  }

  const place = (order: Adapter.NewOrder): Writes<Adapter.Placed> =>
    Effect.gen(function*() {
      const ready = yield* sized("place", yield* until)(order)
      return yield* placed("place", order, yield* asks.place(client)(ready))
    })

  const cancel = (reference: Adapter.Reference): ReturnType<Adapter.Trading["cancel"]> =>
    Effect.gen(function*() {
      const { id, market } = reference
      const how = asks.cancel
      if (how.by === "either") return yield* shownIf("cancel", market, yield* how.ask(client)(reference))
      if (id !== undefined) return yield* canceled(market, yield* how.ask(client)({ market, id }))
      const known = yield* beforeWriting(account.order(reference))
      if (isClosed(known)) return Option.some(known)
      return yield* canceled(market, yield* how.ask(client)({ market, id: known.id }))
    })

  return {
    clientOrderId: asks.names,
    absentAfter: Duration.sum(Duration.decode(asks.takenWithin), asks.seenWithin),
    place,
    placeBatch: placeBatch === undefined ? undefined : (orders) =>
      Effect.gen(function*() {
        if (!Arr.isNonEmptyReadonlyArray(orders)) return []
        if (orders.length === 1) return [Either.right(yield* place(orders[0]))]
        const ready = yield* Effect.forEach(orders, sized("placeBatch", yield* until))
        const answers = yield* placeBatch.ask(client)(ready)
        const now = yield* Clock.currentTimeMillis
        return yield* Effect.forEach(orders, (order, index) =>
          Effect.either(
            Effect.flatMap(judged(facts, answers[index], now), (answer) => placed("placeBatch", order, answer))
          ))
      }),
    cancel: (reference) => Effect.tap(cancel(reference), () => unlisted.remove(reference)),
    cancelAll: (market) => cancelAll(facts, client, account, cancel, unlisted, market),
    amend: amend === undefined ? undefined : (reference, { amount, price }, current) =>
      Effect.gen(function*() {
        // A declaration has nothing but the client to send requests with.
        yield* Departure.waiting
        const { market } = reference
        const size = amount === undefined ? undefined : yield* sizing.sized(facts, "amend", market, amount)
        const row = yield* amend(client)({ reference, current, price, size, until: yield* until })
        return yield* shownIf("amend", market, row)
      })
  }
}

const judged = (
  { protocol }: Facts,
  outcome: Outcome,
  now: number
): Either.Either<Placed, ExchangeError.TradingError> => {
  if (outcome === undefined) {
    return Either.left(
      new ExchangeError.MalformedResponse({
        exchange: protocol.exchange,
        operation: "placeBatch",
        detail: "the response does not mention one of the orders"
      })
    )
  }
  return "refused" in outcome
    ? Either.left(refusal(protocol, "placeBatch", outcome.refused, now))
    : Either.right(outcome)
}

const refusal = (
  { exchange, ofRow }: Protocol,
  operation: string,
  body: ErrorBody,
  now: number
): ExchangeError.TradingError => {
  const about = { exchange, operation }
  return ofRow?.(body, { about, headers: {}, now, status: 200 }) ??
    new ExchangeError.MalformedResponse({ ...about, code: body.code, detail: body.text })
}

// ---- all orders of a market

const cancelAll = (
  { protocol, trading: { cancelAll } }: Facts,
  client: Client,
  account: Adapter.Account,
  cancel: Adapter.Trading["cancel"],
  unlisted: Unlisted.Unlisted,
  market: Market
): Writes<ReadonlyArray<string>> => {
  const standing = Effect.zipWith(account.openOrders(market), unlisted.of(market), (orders, placed): Standing => {
    const { rows, unknown } = Listing.from(orders)
    const [obscure, named] = Arr.partitionMap(
      unknown,
      (row) => row.id === undefined || row.market === undefined ? Either.left(row) : Either.right(row.id)
    )
    const listed = Arr.dedupe([...rows.map(({ id }) => id), ...named])
    return { listed, ids: Arr.dedupe([...listed, ...placed]), obscure }
  })
  // An order that has ended in the meantime is not found.
  const orNone = <A>(canceled: Writes<A>) => Effect.catchTag(canceled, "OrderNotFound", () => Effect.succeed([]))
  if (cancelAll === undefined) {
    const cancelOne = (id: string) =>
      orNone(Effect.map(cancel({ market, id }), (order) => Option.exists(order, hasEndedOtherwise) ? [] : [id]))
    return Effect.gen(function*() {
      const { ids, obscure } = yield* beforeWriting(standing)
      const canceled = yield* cancelEach(ids, (id) => Effect.zipLeft(cancelOne(id), unlisted.remove({ market, id })))
      yield* failIfUndecoded(protocol, market, obscure)
      return canceled.flat()
    })
  }
  if ("ids" in cancelAll) {
    const { ids, most = Number.POSITIVE_INFINITY } = cancelAll
    const rest = (before: ReadonlyArray<string>): Writes<ReadonlyArray<string>> =>
      Effect.flatMap(orNone(ids(client)(market)), (canceled) => {
        const all = Arr.dedupe([...before, ...canceled])
        return canceled.length >= most && all.length > before.length ? rest(all) : Effect.succeed(all)
      })
    return rest([])
  }
  if ("all" in cancelAll) {
    return Effect.gen(function*() {
      // Needed only to report the orders: if it fails, they are canceled nevertheless.
      const before = yield* Effect.either(standing)
      const canceled = yield* orNone(cancelAll.all(client)(market))
      return canceled ?? (yield* canceledOf(account, market, Either.map(before, ({ listed }) => listed)))
    })
  }
  const { most, several } = cancelAll
  return sweep(
    protocol,
    market,
    standing,
    (ids) => Effect.map(cancelEach(Arr.chunksOf(ids, most), (chunk) => several(client)(market, chunk)), Arr.flatten),
    (id) => unlisted.remove({ market, id }),
    (id) =>
      Effect.catchTag(
        Effect.map(account.order({ market, id }), isClosed),
        "OrderNotFound",
        () => Effect.succeed(false)
      )
  )
}

/**
 * Returns those of the orders, open before all were canceled, that were not filled in the meantime. Orders that cannot be
 * read are left out, because the request to cancel them has been carried out.
 */
const canceledOf = (
  account: Adapter.Account,
  market: Market,
  before: Either.Either<ReadonlyArray<string>, ExchangeError.TradingError>
): Effect.Effect<ReadonlyArray<string>> =>
  Effect.gen(function*() {
    const read = Either.isLeft(before)
      ? [Either.left(before.left)]
      : yield* Effect.forEach(before.right, (id) => Effect.either(account.order({ market, id })))
    const [unread] = read.flatMap((order) =>
      Either.isLeft(order) && order.left._tag !== "OrderNotFound" ? [order.left] : []
    )
    if (unread !== undefined) {
      yield* Effect.logWarning("All orders were canceled, but some are not reported, because they could not be read", {
        exchange: unread.exchange,
        operation: "cancelAll",
        symbol: market.symbol,
        because: unread.message
      })
    }
    return read.flatMap((order) => Either.isRight(order) && order.right.status === "canceled" ? [order.right.id] : [])
  })

/**
 * Cancels each of several orders, or groups of them, before it fails with the first error: an order that cannot be
 * canceled must not leave the others open. An error that is not about the orders, such as that of a wrong key, ends it.
 */
const cancelEach = <A, B>(all: ReadonlyArray<A>, cancel: (one: A) => Writes<B>): Writes<ReadonlyArray<B>> =>
  Effect.flatMap(
    Effect.forEach(all, (one) =>
      Effect.catchIf(
        Effect.map(cancel(one), (canceled): Either.Either<B, ExchangeError.TradingError> => Either.right(canceled)),
        (error) => error.outcome === "Unknown" || error._tag === "OrderRejected",
        (error) => Effect.succeed(Either.left(error))
      )),
    Either.all
  )

/**
 * The ids of the open orders that are listed, those with the orders that may not be listed yet, and the undecodable rows
 * that may be open orders of the market, but whose id or market cannot be read.
 */
interface Standing {
  readonly listed: ReadonlyArray<string>
  readonly ids: ReadonlyArray<string>
  readonly obscure: ReadonlyArray<Listing.Unknown>
}

/**
 * Fails if there is an undecodable row that may be an open order of the market. It is not canceled, because it may
 * belong to another market, and it must not be ignored.
 */
const failIfUndecoded = (
  { exchange }: Protocol,
  { symbol }: Market,
  [obscure]: ReadonlyArray<Listing.Unknown>
): Effect.Effect<void, ExchangeError.MalformedResponse> =>
  obscure === undefined ? Effect.void : new ExchangeError.MalformedResponse({
    exchange,
    operation: "cancelAll",
    detail:
      `an open order ${
        obscure.id ?? ""
      } may belong to ${symbol} and was not canceled, because it could not be decoded: ` +
      obscure.detail
  })

const hasEndedOtherwise = (order: Order): boolean => isClosed(order) && order.status !== "canceled"

/** How many times the open orders are listed and canceled before giving up, as new ones may be placed all the while. */
const sweeps = 10

/** Lists and cancels the open orders, and repeats that until there are none. */
const sweep = (
  protocol: Protocol,
  market: Market,
  standing: Writes<Standing>,
  cancel: (ids: ReadonlyArray<string>) => Writes<ReadonlyArray<Canceled>>,
  forget: (id: string) => Effect.Effect<void>,
  hasEnded: (id: string) => Writes<boolean>
): Writes<ReadonlyArray<string>> =>
  Effect.gen(function*() {
    const canceled: Array<string> = []
    // The exchange may still list these orders for a moment.
    const settled = new Set<string>()
    const refused = new Map<string, ExchangeError.TradingError>()
    for (let count = 0; count < sweeps; count++) {
      const { ids, listed, obscure } = yield* count === 0 ? beforeWriting(standing) : standing
      // An order that was refused and is no longer listed had already ended, unless it is too new to be listed. One that
      // is still listed was refused for a reason.
      for (const id of ids.filter((id) => !settled.has(id))) {
        const error = refused.get(id)
        if (error === undefined) continue
        if (listed.includes(id) || !(yield* hasEnded(id))) return yield* error
        settled.add(id)
      }
      const left = ids.filter((id) => !settled.has(id))
      if (left.length === 0) return yield* Effect.as(failIfUndecoded(protocol, market, obscure), canceled)
      const outcomes = yield* cancel(left)
      const now = yield* Clock.currentTimeMillis
      for (const { id, outcome } of outcomes) {
        if (typeof outcome === "string") {
          settled.add(id)
          yield* forget(id)
        } else refused.set(id, refusal(protocol, "cancelAll", outcome.refused, now))
        if (outcome === "canceled") canceled.push(id)
      }
    }
    return yield* new ExchangeError.OrderRejected({
      exchange: protocol.exchange,
      operation: "cancelAll",
      detail: "orders are being placed as fast as they are canceled; stop placing orders and try again"
    })
  })
