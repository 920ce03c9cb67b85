import { Credentials, ExchangeError, type Market, type Order } from "@effect-exchange/core"
import { type Adapter, type ExchangeClient, type Markets, Pages } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Endpoints from "../Endpoints.js"
import * as Mapping from "../Mapping.js"
import * as OrderMapping from "../OrderMapping.js"
import { protocol } from "../Protocol.js"
import * as TradingEndpoints from "../TradingEndpoints.js"
import type * as TradingWire from "../TradingWire.js"
import { marketOf, unitOf } from "./sizes.js"

const { exchange } = protocol

/** @internal */
export const account = (
  client: ExchangeClient.ExchangeClient<"marketData" | "account">,
  { markets }: { readonly markets: Markets.Markets }
): Adapter.Account => ({
  balances: Effect.gen(function*() {
    // Nothing is nothing in any unit, known here or not.
    const rows = (yield* client.request(Endpoints.margin, { currency: "all" }))
      .filter(({ marginBalance }) => marginBalance !== 0)
    const units = yield* unitsFor(client, rows.map(({ currency }) => currency))
    return yield* Effect.forEach(
      rows,
      (row) => valued(Endpoints.margin.name, row.currency, Mapping.balance(row, units))
    )
  }),
  // In an answer the key in use has no other name.
  keyPermissions: Effect.map(
    client.request(Endpoints.apiKeys, {}),
    (keys) => Mapping.permissions(keys, Credentials.redacted)
  ),
  openOrders: (market) =>
    Effect.flatMap(
      newest("openOrders", Number.POSITIVE_INFINITY, (page) =>
        client.request(TradingEndpoints.orders, {
          ...page,
          symbol: market?.id,
          filter: { open: true },
          reverse: true
        }), orderId),
      (rows) => ordersOf(markets, rows, market)
    ),
  order: (reference) =>
    Effect.flatMap(
      client.request(TradingEndpoints.orders, {
        symbol: reference.market.id,
        filter: reference.id === undefined ? { clOrdID: reference.clientOrderId } : { orderID: reference.id },
        count: 1,
        reverse: true
      }),
      ([row]) =>
        row === undefined
          ? new ExchangeError.OrderNotFound({
            exchange,
            operation: TradingEndpoints.orders.name,
            detail: `there is no order ${reference.id ?? reference.clientOrderId} of ${reference.market.symbol}`
          })
          : orderOf(TradingEndpoints.orders.name, markets, row, reference.market)
    ),
  orderHistory: (market, { limit, since }) =>
    Effect.flatMap(
      newest("orderHistory", limit, (page) =>
        client.request(TradingEndpoints.orders, {
          ...page,
          symbol: market.id,
          reverse: true,
          startTime: instant(since)
        }), orderId),
      (rows) => ordersOf(markets, rows, market)
    ),
  fills: (market, { limit, since }) =>
    Effect.gen(function*() {
      const unit = yield* unitOf(TradingEndpoints.tradeHistory.name, market)
      const rows = (yield* newest("fills", limit, (page) =>
        client.request(TradingEndpoints.tradeHistory, {
          ...page,
          symbol: market.id,
          reverse: true,
          startTime: instant(since)
        }), (row) => isTrade(row) ? row.execID : undefined)).filter(isTrade)
      const units = yield* unitsFor(client, rows.flatMap((row) => OrderMapping.feeCurrency(row) ?? []))
      return yield* Effect.forEach(rows, (row) =>
        valued(
          TradingEndpoints.tradeHistory.name,
          OrderMapping.feeCurrency(row) ?? "",
          OrderMapping.fill(market, unit, units, row)
        ))
    }),
  positions: Effect.gen(function*() {
    const operation = TradingEndpoints.positions.name
    const rows = (yield* client.request(TradingEndpoints.positions, { filter: { isOpen: true } }))
      .filter(({ currentQty }) => !BigDecimal.isZero(currentQty))
    const units = yield* unitsFor(client, rows.map(({ currency }) => currency))
    return yield* Effect.forEach(rows, (row) =>
      Effect.flatMap(
        marketOf(operation, markets, row.symbol),
        ([market, unit]) => valued(operation, row.currency, OrderMapping.position(market, unit, units, row))
      ))
  })
})

/**
 * An order's row as an order; `expected` is its market where it is known.
 *
 * @internal
 */
export const orderOf = (
  operation: string,
  markets: Markets.Markets,
  row: TradingWire.Order,
  expected?: Market.Market
): Effect.Effect<Order.Order, ExchangeError.AccountError> =>
  Effect.map(
    marketOf(operation, markets, row.symbol, expected),
    ([market, unit]) => OrderMapping.order(market, unit, row)
  )

const ordersOf = (
  markets: Markets.Markets,
  rows: ReadonlyArray<TradingWire.Order>,
  expected: Market.Market | undefined
): Effect.Effect<ReadonlyArray<Order.Order>, ExchangeError.AccountError> =>
  Effect.forEach(rows, (row) => orderOf(TradingEndpoints.orders.name, markets, row, expected))

const orderId = ({ orderID }: TradingWire.Order): string => orderID

const isTrade = (row: TradingWire.Execution): row is TradingWire.TradeExecution => "execID" in row

const instant = (at: number | undefined): DateTime.Utc | undefined =>
  at === undefined ? undefined : Option.getOrUndefined(DateTime.make(at))

// As many rows as one request gives; not fewer than a hundred are asked for, as not all of them may count.
const [fewest, most] = [100, 500]

/**
 * The newest rows of a table that is read newest first, oldest first: until there are `limit` of those that count, which
 * are those with an `id`. One that is on two pages, as another came in between, is one row, as it was read last.
 */
const newest = <A>(
  operation: string,
  limit: number,
  read: (
    page: { readonly start: number; readonly count: number }
  ) => Effect.Effect<ReadonlyArray<A>, ExchangeError.AccountError>,
  id: (row: A) => string | undefined
): Effect.Effect<ReadonlyArray<A>, ExchangeError.AccountError> => {
  const count = Math.min(most, Math.max(fewest, limit))
  return Effect.map(
    Pages.collect<readonly [id: string, row: A], number, ExchangeError.AccountError>({
      exchange,
      operation,
      enough: limit,
      id: ([id]) => id,
      read: (start = 0) =>
        Effect.map(read({ start, count }), (rows) => ({
          rows: rows.flatMap((row) => {
            const key = id(row)
            return key === undefined ? [] : [[key, row] as const]
          }),
          next: rows.length < count ? undefined : start + rows.length
        }))
    }),
    (rows) => rows.map(([, row]) => row).toReversed()
  )
}

/** The minor units of some currencies, asked for only where they are not known beforehand. */
const unitsFor = (
  client: ExchangeClient.ExchangeClient<"marketData" | "account">,
  currencies: ReadonlyArray<string>
): Effect.Effect<Mapping.MinorUnits, ExchangeError.AccountError> =>
  currencies.every((currency) => Mapping.minorUnits.has(currency))
    ? Effect.succeed(Mapping.minorUnits)
    : Effect.map(
      client.request(Endpoints.walletAssets, {}),
      (assets) => new Map([...Mapping.unitsOf(assets), ...Mapping.minorUnits])
    )

const valued = <A>(
  operation: string,
  currency: string,
  value: A | undefined
): Effect.Effect<A, ExchangeError.MalformedResponse> =>
  value === undefined
    ? new ExchangeError.MalformedResponse({
      exchange,
      operation,
      detail: `the minor unit "${currency.slice(0, 20)}" is not known, so what it is worth cannot be told`
    })
    : Effect.succeed(value)
