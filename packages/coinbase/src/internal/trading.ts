import { Decimal, ExchangeError, type Market, Order } from "@effect-exchange/core"
import { type Adapter, ClientOrderId, type Endpoint, type ExchangeClient, Listing } from "@effect-exchange/core/adapter"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Mapping from "../OrderMapping.js"
import * as Endpoints from "../TradingEndpoints.js"
import type * as Wire from "../TradingWire.js"

const mostCancels = 100

/** @internal */
export const make = (
  client: ExchangeClient.ExchangeClient<Endpoint.Capability>,
  { account }: { readonly account: Adapter.Account }
): Adapter.Trading => {
  const cancelAll = (
    ids: ReadonlyArray<string>
  ): Effect.Effect<ReadonlyArray<Wire.CancelResult>, ExchangeError.TradingError> =>
    Effect.map(
      Effect.forEach(
        Arr.chunksOf(ids, mostCancels),
        (order_ids) => client.request(Endpoints.cancelOrders, { order_ids })
      ),
      Arr.flatten
    )

  /** Those refused may have ended meanwhile; one that stands still is an error. */
  const noneLeft = (
    market: Market.Market,
    refused: ReadonlyArray<Wire.CancelResult>
  ): Effect.Effect<void, ExchangeError.TradingError> =>
    Effect.gen(function*() {
      if (refused.length === 0) return
      const open = new Set(Arr.map(Listing.from(yield* account.openOrders(market)).rows, ({ id }) => id))
      const left = refused.filter(({ order_id }) => open.has(order_id))
      if (left[0] === undefined) return
      return yield* new ExchangeError.OrderRejected({
        ...about("cancelAll"),
        code: left[0].failure_reason,
        detail: `${left.length} orders of ${market.symbol} stand still, ${left[0].order_id} among them; try again`
      })
    })

  return {
    clientOrderId: {
      pattern: /^[A-Za-z0-9_-]{1,128}$/,
      described: "1 to 128 of A-Z a-z 0-9 _ -",
      make: ClientOrderId.asUuid
    },
    // A token is taken for two minutes, by a request that was sent half a minute after it was asked for at the latest; the
    // rest is for clocks and for orders that are listed late.
    absentAfter: "3 minutes",
    place: (order) =>
      Effect.flatMap(
        client.request(Endpoints.createOrder, Mapping.newOrder(order)),
        (created): Effect.Effect<Adapter.Placed, ExchangeError.TradingError> =>
          // It may be an earlier order of that name, or an answer gone astray while this one stands: that is looked up.
          Mapping.isAnother(order, created)
            ? new ExchangeError.MalformedResponse({
              ...about("createOrder"),
              detail: `the answer is about another order, ${created.success_response.order_id}`
            })
            : Effect.succeed({ _tag: "Accepted", id: created.success_response.order_id })
      ),
    cancel: (reference) =>
      Effect.gen(function*() {
        const known = reference.id === undefined ? yield* account.order(reference) : undefined
        if (known !== undefined && Order.isClosed(known)) return Option.some(known)
        const id = known === undefined ? reference.id : known.id
        const results = yield* cancelAll(id === undefined ? [] : [id])
        const failure = results.flatMap((result) => Mapping.cancelFailure(about("cancelOrders"), result) ?? [])
        return failure[0] === undefined ? Option.none() : yield* failure[0]
      }),
    cancelAll: (market) =>
      Effect.gen(function*() {
        const orders = Listing.from(yield* account.openOrders(market)).rows
        const results = yield* cancelAll(orders.map(({ id }) => id))
        const [refused, canceled] = Arr.partition(results, ({ success }) => success)
        yield* noneLeft(market, refused.filter((result) => Mapping.cancelFailure(about("cancelAll"), result)))
        return canceled.map(({ order_id }) => order_id)
      }),
    amend: (_, change, current) => {
      const price = change.price ?? current.price
      const size = change.amount ?? current.amount
      return current.timeInForce !== "GTC" || price === undefined || size === undefined
        ? new ExchangeError.Unsupported({
          ...about("editOrder"),
          detail: "Coinbase changes limit orders only that stand until canceled",
          alternative: "cancel it and place another"
        })
        : Effect.as(
          client.request(Endpoints.editOrder, {
            order_id: current.id,
            price: Decimal.format(price),
            size: Decimal.format(size)
          }),
          Option.none()
        )
    }
  }
}

const about = (operation: string) => ({ exchange: "coinbase", operation })
