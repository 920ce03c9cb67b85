import { Decimal, ExchangeError, type Market } from "@effect-exchange/core"
import type { Adapter, Endpoint, ExchangeClient, Markets } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Mapping from "../Mapping.js"
import * as OrderMapping from "../OrderMapping.js"
import { protocol } from "../Protocol.js"
import * as TradingEndpoints from "../TradingEndpoints.js"
import { orderOf } from "./account.js"
import { unitOf } from "./sizes.js"

/** @internal */
export const trading = (
  client: ExchangeClient.ExchangeClient<Endpoint.Capability>,
  { markets }: { readonly markets: Markets.Markets }
): Adapter.Trading => ({
  // `/` is in the examples of the documents, but what else may be is not said.
  clientOrderId: {
    pattern: /^[A-Za-z0-9_-]{1,36}$/,
    described: "1 to 36 of A-Z a-z 0-9 _ -",
    make: (hex) => hex
  },
  // A request is refused ten seconds after it was signed; the rest is for the engine's queue, of which nobody has said
  // how long it gets.
  absentAfter: "30 seconds",
  place: (order) =>
    Effect.gen(function*() {
      const operation = TradingEndpoints.placeOrder.name
      const quantity = yield* quantityOf(operation, order.market, order.amount)
      const row = yield* client.request(TradingEndpoints.placeOrder, OrderMapping.newOrder(order, quantity))
      return { _tag: "Order", order: yield* orderOf(operation, markets, row, order.market) }
    }),
  cancel: ({ clientOrderId, id, market }) =>
    Effect.flatMap(
      client.request(TradingEndpoints.cancelOrder, id === undefined ? { clOrdID: clientOrderId } : { orderID: id }),
      ([row]) =>
        row === undefined
          ? Effect.succeedNone
          : Effect.asSome(orderOf(TradingEndpoints.cancelOrder.name, markets, row, market))
    ),
  cancelAll: (market) =>
    client.request(TradingEndpoints.cancelAllOrders, { symbol: market.id }).pipe(
      Effect.map((rows) => rows.filter(({ error }) => error == null || error === "").map(({ orderID }) => orderID)),
      // All of them had ended meanwhile.
      Effect.catchTag("OrderNotFound", () => Effect.succeed([]))
    ),
  amend: ({ market }, change, current) =>
    Effect.gen(function*() {
      const operation = TradingEndpoints.amendOrder.name
      const price = changed(change.price, current.price)
      const amount = changed(change.amount, current.amount)
      // What changes nothing is refused.
      if (price === undefined && amount === undefined) return Option.some(current)
      const row = yield* client.request(TradingEndpoints.amendOrder, {
        orderID: current.id,
        price,
        orderQty: amount === undefined ? undefined : yield* quantityOf(operation, market, amount)
      })
      return Option.some(yield* orderOf(operation, markets, row, market))
    })
})

const changed = (
  wanted: BigDecimal.BigDecimal | undefined,
  current: BigDecimal.BigDecimal | undefined
): BigDecimal.BigDecimal | undefined =>
  wanted !== undefined && current !== undefined && BigDecimal.equals(wanted, current) ? undefined : wanted

const quantityOf = (
  operation: string,
  market: Market.Market,
  amount: BigDecimal.BigDecimal
): Effect.Effect<BigDecimal.BigDecimal, ExchangeError.TradingError> =>
  Effect.flatMap(unitOf(operation, market), (unit) => {
    const quantity = Mapping.quantity(unit, amount)
    return quantity === undefined
      ? new ExchangeError.InvalidRequest({
        exchange: protocol.exchange,
        operation,
        detail: `the amount ${Decimal.format(amount)} of ${market.symbol} is no whole number of ${Decimal.format(unit)}`
      })
      : Effect.succeed(quantity)
  })
