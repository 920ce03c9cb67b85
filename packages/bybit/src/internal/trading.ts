import { ExchangeError, type Market } from "@effect-exchange/core"
import { type Adapter, ClientOrderId, type Endpoint, type ExchangeClient } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Endpoints from "../Endpoints.js"
import { byCode } from "../Errors.js"
import * as Mapping from "../Mapping.js"
import * as OrderMapping from "../OrderMapping.js"
import type * as TradingWire from "../TradingWire.js"
import { given } from "../Wire.js"
import { named } from "./marketData.js"

/** @internal */
export const make = (client: ExchangeClient.ExchangeClient<Endpoint.Capability>): Adapter.Trading => ({
  clientOrderId: {
    pattern: /^[A-Za-z0-9_-]{1,36}$/,
    described: "1 to 36 of A-Z a-z 0-9 - _",
    make: ClientOrderId.asUuid
  },
  // A request is refused five seconds after its timestamp; as much again for the order to be carried out and to show.
  absentAfter: "10 seconds",
  place: (order) =>
    Effect.map(
      client.request(Endpoints.orderCreate, {
        category: Mapping.category(order.market),
        ...OrderMapping.newOrder(order)
      }),
      ({ orderId }) => ({ _tag: "Accepted", id: orderId })
    ),
  placeBatch: (orders) => {
    const [first] = orders
    return first === undefined ? Effect.succeed([]) : Effect.map(
      client.request(Endpoints.orderCreateBatch, {
        category: Mapping.category(first.market),
        request: orders.map(OrderMapping.newOrder)
      }),
      (wire) => orders.map((_, index) => placedOf(wire, index))
    )
  },
  cancel: (reference) => Effect.as(client.request(Endpoints.orderCancel, referred(reference)), Option.none()),
  cancelAll: (market) => cancelAll(client, market, []),
  amend: (reference, { amount, price }) =>
    Effect.as(
      client.request(Endpoints.orderAmend, {
        ...referred(reference),
        qty: amount === undefined ? undefined : BigDecimal.normalize(amount),
        price: price === undefined ? undefined : BigDecimal.normalize(price)
      }),
      Option.none()
    )
})

const referred = (reference: Adapter.Reference): typeof TradingWire.Reference.Type => ({
  ...named(reference.market),
  ...reference.id === undefined ? { orderLinkId: reference.clientOrderId } : { orderId: reference.id }
})

const placedOf = (
  wire: TradingWire.Batch,
  index: number
): Either.Either<Adapter.Placed, ExchangeError.TradingError> => {
  const about = { exchange: "bybit", operation: Endpoints.orderCreateBatch.name }
  const outcome = wire.retExtInfo.list[index]
  const id = given(wire.result.list[index]?.orderId)
  if (outcome?.code === 0 && id !== undefined) return Either.right({ _tag: "Accepted", id })
  const unclear = new ExchangeError.MalformedResponse({
    ...about,
    detail: "the answer does not say what became of the order"
  })
  if (outcome === undefined || outcome.code === 0) return Either.left(unclear)
  const detail = (given(outcome.msg) ?? "").slice(0, 200)
  return Either.left(byCode({ ...about, code: String(outcome.code), detail }, outcome.code) ?? unclear)
}

// As many as are canceled at a time: there may be more.
const most = 500

const cancelAll = (
  client: ExchangeClient.ExchangeClient<Endpoint.Capability>,
  market: Market.Market,
  before: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<string>, ExchangeError.TradingError> =>
  Effect.flatMap(client.request(Endpoints.orderCancelAll, named(market)), ({ list, success }) => {
    if (success === "0") {
      return new ExchangeError.OrderRejected({
        exchange: "bybit",
        operation: Endpoints.orderCancelAll.name,
        detail: `the orders of ${market.symbol} could not be canceled; cancel them one by one`
      })
    }
    const fresh = list.map(({ orderId }) => orderId).filter((id) => !before.includes(id))
    const all = [...before, ...fresh]
    return list.length >= most && fresh.length > 0 ? cancelAll(client, market, all) : Effect.succeed(all)
  })
