import { ExchangeError, type Market, type Order } from "@effect-exchange/core"
import { type Adapter, type ExchangeClient, type Markets, Pages } from "@effect-exchange/core/adapter"
import * as Effect from "effect/Effect"
import * as Endpoints from "../Endpoints.js"
import * as Mapping from "../Mapping.js"
import * as OrderMapping from "../OrderMapping.js"
import type * as Wire from "../Wire.js"

type Client = ExchangeClient.ExchangeClient<"marketData" | "account">

/** @internal */
export const make = (client: Client, markets: Markets.Markets): Adapter.Account => {
  const names = assetNames(client)
  return {
    balances: Effect.flatMap(
      client.request(Endpoints.balanceEx, {}),
      (wire) => Effect.map(names(Object.keys(wire)), (nameOf) => OrderMapping.balances(wire, nameOf))
    ),
    keyPermissions: Effect.map(client.request(Endpoints.getApiKeyInfo, {}), OrderMapping.permissions),
    openOrders: (market) =>
      Effect.flatMap(
        client.request(Endpoints.openOrders, {}),
        (wire) =>
          market === undefined ? ofAllMarkets(markets, wire) : Effect.succeed(OrderMapping.ordersOf(market, wire))
      ),
    order: (reference) =>
      reference.id === undefined
        ? byClientOrderId(client, reference.market, reference.clientOrderId)
        : byId(client, reference.market, reference.id),
    orderHistory: (market, query) =>
      Effect.gen(function*() {
        // First those that stand: one that ends meanwhile is then found among those that ended, and not missed.
        const standing = OrderMapping.ordersOf(market, yield* client.request(Endpoints.openOrders, {}))
        const ended = yield* paged(
          "orderHistory",
          (ofs) => client.request(Endpoints.closedOrders, { ofs, start: startOf(query) }),
          (row) => Mapping.isOf(market, row.descr.pair),
          query.limit
        )
        const endedOrders = Array.from(ended, ([id, row]) => OrderMapping.order(market, id, row))
        return [...standing.filter(({ id }) => !ended.has(id)), ...endedOrders]
      }),
    fills: (market, query) =>
      Effect.map(
        paged(
          "fills",
          (ofs) => client.request(Endpoints.tradesHistory, { ofs, start: startOf(query) }),
          (row) => Mapping.isOf(market, row.pair),
          query.limit
        ),
        (rows) => Array.from(rows, ([id, row]) => OrderMapping.fill(market, id, row))
      )
  }
}

/** Names of assets by their ids, read again only when there is an id that was not there the last time. */
const assetNames = (client: Client) => {
  let known: ReadonlyMap<string, string> = new Map()
  const load = Effect.map(client.request(Endpoints.assets, {}), (rows) => {
    known = new Map(rows.map(([id, { altname }]) => [id, Mapping.assetName(altname)]))
  })
  return (ids: ReadonlyArray<string>): Effect.Effect<(id: string) => string, ExchangeError.AccountError> =>
    Effect.suspend(() => ids.every((id) => known.has(id)) ? Effect.void : load).pipe(
      Effect.as((id) => known.get(id) ?? id)
    )
}

const ofAllMarkets = (
  markets: Markets.Markets,
  wire: Wire.Orders
): Effect.Effect<ReadonlyArray<Order.Order>, ExchangeError.AccountError> =>
  Effect.flatMap(markets.all, (all) => {
    const byPair = Mapping.byPair(all)
    return Effect.forEach(Object.entries(wire), ([id, row]) => {
      const market = byPair.get(row.descr.pair)
      // Left out, it would look as if it did not stand.
      return market === undefined
        ? new ExchangeError.SymbolNotFound({
          exchange: "kraken",
          operation: "openOrders",
          symbol: row.descr.pair,
          detail: `the order ${id} stands in ${row.descr.pair}, which is not among the markets; ask for one market only`
        })
        : Effect.succeed(OrderMapping.order(market, id, row))
    })
  })

const missing = (detail: string) => new ExchangeError.OrderNotFound({ exchange: "kraken", operation: "order", detail })

const byId = (
  client: Client,
  market: Market.Market,
  id: string
): Effect.Effect<Order.Order, ExchangeError.AccountError> =>
  Effect.flatMap(client.request(Endpoints.queryOrders, { txid: id }), (wire) => {
    const found = OrderMapping.ordersOf(market, wire).find((order) => order.id === id)
    return found === undefined ? missing(`no order ${id} in ${market.symbol}`) : Effect.succeed(found)
  })

/** An order goes from those that stand to those that ended and never back: in this order none slips through. */
const byClientOrderId = (
  client: Client,
  market: Market.Market,
  clientOrderId: string
): Effect.Effect<Order.Order, ExchangeError.AccountError> =>
  Effect.gen(function*() {
    const isIt = (order: Order.Order) => order.clientOrderId === clientOrderId
    const open = yield* client.request(Endpoints.openOrders, { cl_ord_id: clientOrderId })
    const standing = OrderMapping.ordersOf(market, open).find(isIt)
    if (standing !== undefined) return standing
    const closed = yield* client.request(Endpoints.closedOrders, { cl_ord_id: clientOrderId })
    // The exchange lets an id be used again once the order has ended: the latest is meant.
    const ended = OrderMapping.ordersOf(market, closed).filter(isIt).reduce<Order.Order | undefined>(
      (latest, order) => latest === undefined || (order.createdAt ?? 0) > (latest.createdAt ?? 0) ? order : latest,
      undefined
    )
    if (ended !== undefined) return ended
    // A page of other orders proves nothing of this one.
    if (Object.values(closed).some(({ cl_ord_id }) => cl_ord_id !== clientOrderId)) {
      return yield* new ExchangeError.MalformedResponse({
        exchange: "kraken",
        operation: "order",
        detail: "the answer has orders of other client order ids than the one asked for"
      })
    }
    return yield* missing(`no order ${clientOrderId} in ${market.symbol}`)
  })

// The exchange leaves out what is of that second itself.
const startOf = ({ since }: Adapter.History): number | undefined =>
  since === undefined ? undefined : Math.max(0, Math.floor(since / 1000) - 1)

/**
 * Rows of a history of all pairs, the latest first, until there are enough of one or no more. New ones move the pages: a
 * row that comes twice is one.
 */
const paged = <A>(
  operation: string,
  read: (offset: number) => Effect.Effect<{ readonly [id: string]: A } | readonly [], ExchangeError.AccountError>,
  isWanted: (row: A) => boolean,
  limit: number
): Effect.Effect<ReadonlyMap<string, A>, ExchangeError.AccountError> =>
  Effect.map(
    Pages.collect<readonly [id: string, row: A], number, ExchangeError.AccountError>({
      exchange: "kraken",
      operation,
      enough: limit,
      id: ([id]) => id,
      read: (offset = 0) =>
        Effect.map(read(offset), (page) => {
          const rows = Object.entries<A>(page)
          return {
            rows: rows.filter(([, row]) => isWanted(row)),
            next: rows.length < Endpoints.pageSize ? undefined : offset + Endpoints.pageSize
          }
        })
    }),
    (rows) => new Map(rows)
  )
