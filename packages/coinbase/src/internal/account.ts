import { ExchangeError, type Market, type Order } from "@effect-exchange/core"
import type { Adapter, ExchangeClient, Markets } from "@effect-exchange/core/adapter"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Endpoints from "../Endpoints.js"
import * as Mapping from "../OrderMapping.js"
import * as TradingEndpoints from "../TradingEndpoints.js"
import type * as Wire from "../TradingWire.js"
import * as Pages from "./pages.js"

const pageSize = 250

// How much earlier than it was sent an order is looked for.
const margin = 60_000

interface Wanted {
  readonly product_ids?: ReadonlyArray<string> | undefined
  readonly order_status?: ReadonlyArray<Wire.Order["status"]> | undefined
  readonly start_date?: number | undefined
}

/** @internal */
export const make = (
  client: ExchangeClient.ExchangeClient<"marketData" | "account">,
  { markets }: { readonly markets: Markets.Markets }
): Adapter.Account => {
  const orders = (wanted: Wanted, limit = pageSize): Stream.Stream<Wire.Order, ExchangeError.AccountError> =>
    Pages.rows(
      "orders",
      (cursor) => client.request(TradingEndpoints.orders, { product_type: "SPOT", ...wanted, limit, cursor }),
      ({ orders }) => orders
    )

  // `OPEN` goes with no other status. Those that wait are read first: one that is opened meanwhile is in the second list.
  const standing = (
    product_ids: ReadonlyArray<string> | undefined
  ): Stream.Stream<Wire.Order, ExchangeError.AccountError> =>
    Stream.concat(orders({ product_ids, order_status: waiting }), orders({ product_ids, order_status: ["OPEN"] }))

  const inMarket = (wire: Wire.Order): Effect.Effect<Order.Order, ExchangeError.AccountError> =>
    Effect.flatMap(
      markets.byId(wire.product_id),
      Option.match({
        onSome: (market) => Effect.succeed(Mapping.order(market, wire)),
        onNone: () =>
          new ExchangeError.MalformedResponse({
            exchange: "coinbase",
            operation: "orders",
            detail: `an order is of the product ${JSON.stringify(wire.product_id.slice(0, 60))}, which is not listed`
          })
      })
    )

  const byClientOrderId = (
    market: Market.Market,
    clientOrderId: string,
    since: number | undefined
  ): Effect.Effect<Order.Order, ExchangeError.AccountError> => {
    const product_ids = [market.id]
    const listed = since === undefined
      ? Stream.concat(standing(product_ids), orders({ product_ids }))
      : Stream.unwrap(Effect.map(startOf(client, since), (start_date) => orders({ product_ids, start_date })))
    return listed.pipe(
      Stream.filter(({ client_order_id }) => client_order_id === clientOrderId),
      Stream.runHead,
      Effect.flatMap(Option.match({
        onSome: (wire) => Effect.succeed(Mapping.order(market, wire)),
        onNone: () => notFound("no order under this client order id is listed")
      }))
    )
  }

  return {
    balances: Effect.map(
      Pages.toArray(Pages.rows(
        "balances",
        (cursor) => client.request(TradingEndpoints.accounts, { limit: pageSize, cursor }),
        ({ accounts }) => accounts
      )),
      Mapping.balances
    ),
    keyPermissions: Effect.map(client.request(TradingEndpoints.keyPermissions, {}), Mapping.permissions),
    openOrders: (market) =>
      Effect.flatMap(
        Pages.toArray(standing(market === undefined ? undefined : [market.id])),
        (wires) => Effect.forEach(new Map(wires.map((wire) => [wire.order_id, wire])).values(), inMarket)
      ),
    order: ({ clientOrderId, id, market, since }) =>
      id === undefined
        ? byClientOrderId(market, clientOrderId, since)
        : Effect.flatMap(
          client.request(TradingEndpoints.order, { order_id: id }),
          (wire): Effect.Effect<Order.Order, ExchangeError.AccountError> =>
            wire.product_id === market.id
              ? Effect.succeed(Mapping.order(market, wire))
              : notFound(`the order is of another product than ${market.id}`)
        ),
    orderHistory: (market, { limit, since }) =>
      Effect.map(
        Pages.toArray(
          Stream.take(orders({ product_ids: [market.id], start_date: since }, Math.min(limit, pageSize)), limit)
        ),
        newestLast((wire) => Mapping.order(market, wire))
      ),
    fills: (market, { limit, since }) =>
      Effect.map(
        Pages.toArray(Stream.take(
          Pages.rows(
            "fills",
            (cursor) =>
              client.request(TradingEndpoints.fills, {
                product_ids: [market.id],
                start_sequence_timestamp: since,
                limit: Math.min(limit, pageSize),
                cursor
              }),
            ({ fills }) => fills
          ),
          limit
        )),
        newestLast(Mapping.fill(market))
      )
  }
}

const waiting = ["PENDING", "QUEUED", "CANCEL_QUEUED", "EDIT_QUEUED"] as const

// Rows come newest first. Those of one millisecond keep the order they are handed on in.
const newestLast = <A, B>(map: (row: A) => B) => (rows: ReadonlyArray<A>): ReadonlyArray<B> =>
  Arr.reverse(Arr.map(rows, map))

const notFound = (detail: string): ExchangeError.OrderNotFound =>
  new ExchangeError.OrderNotFound({ exchange: "coinbase", operation: "order", detail })

// Orders are listed from an instant by the exchange's clock. With ours, an order placed by a clock that is ahead would seem
// never to have been.
const startOf = (
  client: ExchangeClient.ExchangeClient<"marketData">,
  since: number
): Effect.Effect<number, ExchangeError.AccountError> =>
  Effect.map(
    Effect.all([Clock.currentTimeMillis, client.request(Endpoints.serverTime, {})]),
    ([ours, theirs]) => Math.max(0, Math.floor(since + theirs - ours) - margin)
  )
