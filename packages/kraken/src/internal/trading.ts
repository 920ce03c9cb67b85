import { ExchangeError, type Market } from "@effect-exchange/core"
import { type Adapter, ClientOrderId, type Endpoint, type ExchangeClient } from "@effect-exchange/core/adapter"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Endpoints from "../Endpoints.js"
import * as Errors from "../Errors.js"
import * as OrderMapping from "../OrderMapping.js"
import type * as Wire from "../Wire.js"

type Client = ExchangeClient.ExchangeClient<Endpoint.Capability>

/** How long the exchange may take an order after it was handed to the client, in milliseconds. */
const takenWithin = 15_000

/** @internal */
export const make = (client: Client, account: Adapter.Account): Adapter.Trading => ({
  clientOrderId: {
    pattern: /^(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-z]{1,18})$/,
    described: "a UUID in lower case, or 1 to 18 of a-z 0-9",
    make: ClientOrderId.asUuid
  },
  // Until the deadline an order may be taken; a little later it can be seen, and our clock be compared by a second.
  absentAfter: takenWithin + 5000,
  place: (order) =>
    Effect.flatMap(deadline(client), (deadline) =>
      Effect.map(
        client.request(Endpoints.addOrder, { pair: order.market.id, ...OrderMapping.newOrder(order), deadline }),
        ([id]) => accepted(id)
      )),
  placeBatch: (orders) => placeBatch(client, orders),
  cancel: (reference) => Effect.as(client.request(Endpoints.cancelOrder, named(reference)), Option.none()),
  cancelAll: (market) => cancelAll(client, account, market),
  amend: (reference, { amount, price }, current) =>
    Effect.flatMap(deadline(client), (deadline) =>
      Effect.as(
        client.request(Endpoints.amendOrder, {
          ...named(reference),
          order_qty: amount,
          limit_price: price,
          post_only: price !== undefined && current.postOnly === true ? true : undefined,
          deadline
        }),
        Option.none()
      ))
})

/**
 * When the exchange shall no longer take an order, by its own clock: an order that is not there after it never will be.
 */
const deadline = (client: Client): Effect.Effect<string> =>
  Effect.zipWith(
    Clock.currentTimeMillis,
    client.health,
    (now, { clockSkewMillis }) =>
      DateTime.formatIso(DateTime.unsafeMake(Math.floor(now + clockSkewMillis + takenWithin)))
  )

const accepted = (id: string): Adapter.Placed => ({ _tag: "Accepted", id })

const named = (reference: Adapter.Reference) =>
  reference.id === undefined ? { cl_ord_id: reference.clientOrderId } : { txid: reference.id }

const placeBatch = (
  client: Client,
  orders: ReadonlyArray<Adapter.NewOrder>
): Effect.Effect<
  ReadonlyArray<Either.Either<Adapter.Placed, ExchangeError.TradingError>>,
  ExchangeError.TradingError
> =>
  Effect.gen(function*() {
    const [first, ...others] = orders
    if (first === undefined) return []
    const pair = first.market.id
    const before = yield* deadline(client)
    // The exchange takes no batch of one.
    if (others.length === 0) {
      const [id] = yield* client.request(Endpoints.addOrder, {
        pair,
        ...OrderMapping.newOrder(first),
        deadline: before
      })
      return [Either.right(accepted(id))]
    }
    const rows = yield* client.request(Endpoints.addOrderBatch, {
      pair,
      orders: orders.map(OrderMapping.newOrder),
      deadline: before
    })
    const now = yield* Clock.currentTimeMillis
    return rows.map((row) => outcome(row, now))
  })

const outcome = (row: Wire.BatchRow, now: number): Either.Either<Adapter.Placed, ExchangeError.TradingError> => {
  const about = { exchange: "kraken", operation: Endpoints.addOrderBatch.name }
  if (row.error !== undefined) return Either.left(Errors.ofText(row.error, about, now))
  return row.txid === undefined
    ? Either.left(
      new ExchangeError.MalformedResponse({ ...about, detail: "the answer has neither an id nor an error of an order" })
    )
    : Either.right(accepted(row.txid))
}

/** `CancelAll` would cancel the orders of every pair. */
const cancelAll = (
  client: Client,
  account: Adapter.Account,
  market: Market.Market
): Effect.Effect<ReadonlyArray<string>, ExchangeError.TradingError> =>
  Effect.gen(function*() {
    const ids = (yield* account.openOrders(market)).map(({ id }) => id)
    const canceled = yield* Effect.forEach(
      Arr.chunksOf(ids, Endpoints.pageSize),
      (chunk) =>
        client.request(Endpoints.cancelOrderBatch, { orders: chunk }).pipe(
          // One of them ended meanwhile, and nobody says whether the others were canceled.
          Effect.catchTag("OrderNotFound", () => Effect.as(eachCanceled(client, chunk), 0)),
          Effect.flatMap((count) => count === chunk.length ? Effect.succeed(chunk) : canceledOf(client, market, chunk))
        )
    )
    return canceled.flat()
  })

const eachCanceled = (client: Client, ids: ReadonlyArray<string>): Effect.Effect<void, ExchangeError.TradingError> =>
  Effect.forEach(
    ids,
    (txid) => Effect.catchTag(client.request(Endpoints.cancelOrder, { txid }), "OrderNotFound", () => Effect.void),
    { discard: true }
  )

/** Those of the orders that were canceled, where the exchange says only how many, and not all were. */
const canceledOf = (
  client: Client,
  market: Market.Market,
  ids: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<string>, ExchangeError.TradingError> =>
  Effect.map(
    client.request(Endpoints.queryOrders, { txid: ids.join(",") }),
    (wire) => OrderMapping.ordersOf(market, wire).filter(({ status }) => status === "canceled").map(({ id }) => id)
  )
