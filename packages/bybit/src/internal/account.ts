import { ExchangeError, type Market, type Order } from "@effect-exchange/core"
import type { Adapter, ExchangeClient, Markets } from "@effect-exchange/core/adapter"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Endpoints from "../Endpoints.js"
import * as Mapping from "../Mapping.js"
import * as OrderMapping from "../OrderMapping.js"
import type * as TradingWire from "../TradingWire.js"
import type * as Wire from "../Wire.js"
import { named } from "./marketData.js"
import { collect, reachBack, spans, week } from "./paging.js"

type Client = ExchangeClient.ExchangeClient<"marketData" | "account">

interface Scope {
  readonly category: Wire.Category
  readonly symbol?: string | undefined
  readonly settleCoin?: string | undefined
}

/** @internal */
export const make = (client: Client, markets: Markets.Markets): Adapter.Account => ({
  balances: Effect.map(client.request(Endpoints.walletBalance, { accountType: "UNIFIED" }), Mapping.balances),
  keyPermissions: Effect.map(client.request(Endpoints.queryApi, {}), Mapping.permissions),
  openOrders: (market) =>
    market !== undefined
      ? openOrdersOf(client, market)
      : Effect.gen(function*() {
        const all = yield* markets.all
        return yield* forEachScope(
          [{ category: "spot" }, ...contracts(all)],
          all,
          "openOrders",
          (scope) => openOrders(client, scope),
          OrderMapping.order
        )
      }),
  order: (reference) => order(client, reference),
  orderHistory: (market, { limit, since }) =>
    Effect.gen(function*() {
      // Those that stand first: one that ends in between is then in both, and counts as ended.
      const open = yield* openOrdersOf(client, market)
      const ended = yield* reachBack(
        "orderHistory",
        spans(since, yield* Clock.currentTimeMillis),
        (span, cursor) => client.request(Endpoints.orderHistory, { ...named(market), ...span, limit: 50, cursor }),
        limit
      )
      const endedIds = new Set(ended.map(({ orderId }) => orderId))
      return [
        ...oldestFirst(ended).map((row) => OrderMapping.order(market, row)),
        ...open.filter(({ id }) => !endedIds.has(id))
      ]
    }),
  fills: (market, { limit, since }) =>
    Effect.gen(function*() {
      const rows = yield* reachBack(
        "fills",
        spans(since, yield* Clock.currentTimeMillis),
        (span, cursor) =>
          client.request(Endpoints.executionList, {
            ...named(market),
            ...span,
            execType: "Trade",
            limit: 100,
            cursor
          }),
        limit
      )
      // Pages may overlap where several were executed in one millisecond.
      const byId = new Map(rows.filter(({ execType }) => execType === "Trade").map((row) => [row.execId, row]))
      return oldestFirst([...byId.values()]).map((row) => OrderMapping.fill(market, row))
    }),
  positions: Effect.gen(function*() {
    const all = yield* markets.all
    return yield* forEachScope(
      contracts(all),
      all,
      "positions",
      (scope) =>
        Effect.map(
          collect("positions", (cursor) => client.request(Endpoints.positionList, { ...scope, limit: 200, cursor })),
          Arr.filter(({ size }) => !BigDecimal.isZero(size))
        ),
      OrderMapping.position
    )
  })
})

// Linear contracts cannot be asked for all at once, but by the coin they settle in.
const contracts = (markets: ReadonlyArray<Market.Market>): ReadonlyArray<Scope> => [
  { category: "inverse" },
  ...Arr.dedupe(markets.flatMap((market) => Mapping.category(market) === "linear" ? market.settle ?? [] : []))
    .map((settleCoin): Scope => ({ category: "linear", settleCoin }))
]

/**
 * The rows of each scope with their markets. One of a market that is not listed fails all: a list that leaves out what an
 * account holds would pass for the whole.
 */
const forEachScope = <Row extends { readonly symbol: string }, A>(
  scopes: ReadonlyArray<Scope>,
  markets: ReadonlyArray<Market.Market>,
  operation: string,
  read: (scope: Scope) => Effect.Effect<ReadonlyArray<Row>, ExchangeError.AccountError>,
  map: (market: Market.Market, row: Row) => A
): Effect.Effect<ReadonlyArray<A>, ExchangeError.AccountError> => {
  const byName = new Map(markets.map((market) => [nameOf(Mapping.category(market), market.id), market]))
  const one = (scope: Scope) => (row: Row): Effect.Effect<A, ExchangeError.MalformedResponse> => {
    const market = byName.get(nameOf(scope.category, row.symbol))
    return market === undefined
      ? new ExchangeError.MalformedResponse({
        exchange: "bybit",
        operation,
        detail: `the ${scope.category} market ${row.symbol.slice(0, 40)} is not listed; ` +
          "a new one is known when the markets are loaded again (see marketsMaxAge)"
      })
      : Effect.succeed(map(market, row))
  }
  return Effect.map(
    Concurrent.forEach(scopes, (scope) => Effect.flatMap(read(scope), Effect.forEach(one(scope))), {
      concurrency: "unbounded"
    }),
    Arr.flatten
  )
}

const nameOf = (category: Wire.Category, symbol: string): string => `${category}:${symbol}`

const openOrders = (client: Client, scope: Scope) =>
  Effect.map(
    collect("openOrders", (cursor) => client.request(Endpoints.orderRealtime, { ...scope, limit: 50, cursor })),
    oldestFirst
  )

const openOrdersOf = (
  client: Client,
  market: Market.Market
): Effect.Effect<ReadonlyArray<Order.Order>, ExchangeError.AccountError> =>
  Effect.map(openOrders(client, named(market)), Arr.map((row) => OrderMapping.order(market, row)))

// Bybit lists the newest first: turned around, those of one millisecond are in their order too.
const oldestFirst: <A>(rows: ReadonlyArray<A>) => ReadonlyArray<A> = Arr.reverse

const order = (client: Client, reference: Adapter.Reference): Effect.Effect<Order.Order, ExchangeError.AccountError> =>
  Effect.gen(function*() {
    const { market, since } = reference
    const input = {
      ...named(market),
      ...reference.id === undefined ? { orderLinkId: reference.clientOrderId } : { orderId: reference.id }
    }
    const isMeant = (row: TradingWire.Order) =>
      row.symbol === market.id &&
      (reference.id === undefined ? row.orderLinkId === reference.clientOrderId : row.orderId === reference.id)
    // What was placed more than a week ago is found only by asking for that week. A little is left for clocks that differ.
    const old = since !== undefined && (yield* Clock.currentTimeMillis) - since > week - day
    const span = old ? { startTime: since - minute, endTime: since - minute + week } : {}
    const { list: recent } = yield* client.request(Endpoints.orderRealtime, input)
    const found = recent.find(isMeant) ??
      (yield* client.request(Endpoints.orderHistory, { ...input, ...span })).list.find(isMeant)
    if (found !== undefined) return OrderMapping.order(market, found)
    const about = { exchange: "bybit", operation: "order" }
    const name = reference.id ?? reference.clientOrderId
    return yield* old
      ? new ExchangeError.Unsupported({
        ...about,
        detail:
          `no order ${name} of ${market.symbol} is known any more: Bybit keeps those that were not filled for a week`,
        alternative: "look for its fills"
      })
      : new ExchangeError.OrderNotFound({
        ...about,
        detail: `no order ${name} of ${market.symbol}, neither open nor ended`
      })
  })

const minute = 60_000
const day = 86_400_000
