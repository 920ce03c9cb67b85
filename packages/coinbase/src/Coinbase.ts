/**
 * The adapter for Coinbase Advanced Trade: its spot markets.
 *
 * @since 0.1.0
 */
import { ExchangeError } from "@effect-exchange/core"
import { ClientOrderId, Endpoint, Exchange, Listing, Page, Question } from "@effect-exchange/core/adapter"
import type { Adapter, Declaration, ExchangeClient } from "@effect-exchange/core/adapter"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Endpoints from "./Endpoints.js"
import * as Errors from "./Errors.js"
import { feeds } from "./Feeds.js"
import { protocol } from "./Protocol.js"
import type * as Rows from "./Rows.js"

const { to } = Question

// ---- public data

// A product has no bid and no ask, so both come from the order book.
const ticker: Declaration.MarketData["ticker"] = (client) => (market) =>
  Effect.map(
    Concurrent.all([
      to(Endpoints.product)(client)(market),
      to(Endpoints.productBook)(client)(market, 1)
    ], Question.concurrently),
    ([{ market: _, ...product }, { asks: [ask], at, bids: [bid] }]) => ({
      ...product,
      bid: bid?.price,
      ask: ask?.price,
      at
    })
  )

// No endpoint reports the status. It is derived from the products that can be traded.
const status: Declaration.MarketData["status"] = (client) => () =>
  Effect.map(
    Concurrent.all([
      client.request(Endpoints.products, { product_type: "SPOT" }),
      client.request(Endpoints.serverTime, {})
    ], Question.concurrently),
    ([{ rows }, at]) => {
      const open = rows.filter(({ row }) => row.status === "open")
      const unlimited = open.filter(({ limited }) => !limited)
      const isLimited = open.length > 0 || rows.some(({ cancelOnly }) => cancelOnly)
      return {
        status: unlimited.length > 0 ? "operational" : isLimited ? "limited" : "maintenance",
        detail: `${open.length} of ${rows.length} products are open, ${unlimited.length} of them for all order types`,
        at
      }
    }
  )

// ---- account

const wallets = Page.byCursor({ endpoint: Endpoints.accounts, input: Endpoints.accounts.make })

/** The orders to list, and how many are enough: for a client order id, the first match is enough. */
type Wanted = Endpoints.Wanted & { readonly limit?: number; readonly clientOrderId?: string }

const orders = Page.byCursor({
  endpoint: Endpoints.orders,
  input: (cursor, { clientOrderId: _, limit = Endpoints.pageSize, ...wanted }: Wanted) => ({
    product_type: "SPOT",
    ...wanted,
    limit: Math.min(limit, Endpoints.pageSize),
    cursor
  }),
  wanted: (row, { clientOrderId = row.clientOrderId }: Wanted) => row.clientOrderId === clientOrderId,
  enough: ({ clientOrderId, limit = Number.POSITIVE_INFINITY }: Wanted) => clientOrderId === undefined ? limit : 1
})

type Client = ExchangeClient.ExchangeClient<"account">

// `OPEN` cannot be combined with other statuses.
const listed = (...statuses: ReadonlyArray<ReadonlyArray<string>>) => (client: Client) => (wanted: Wanted) =>
  Effect.map(
    Effect.forEach(statuses, (order_status) => orders(client)({ ...wanted, order_status })),
    (lists) => Listing.unique(Listing.flatten(lists))
  )

const waiting = ["PENDING", "QUEUED", "CANCEL_QUEUED", "EDIT_QUEUED"]
const open = ["OPEN"]

// Open orders are listed before and after the waiting ones. An order that opens in the meantime is in the last list. An
// open order that is about to be amended or canceled is in the first list, and may be open again in the last one. Each
// order counts as it was read last.
const openOrders = listed(open, waiting, open)

// An order that is not found here is searched for among all orders. Waiting orders are listed first, because they may
// open in the meantime.
const openOrdersByName = listed(waiting, open)

const entries = Page.byCursor({ endpoint: Endpoints.fills, input: Endpoints.fills.make })

const placedFrom = ({ limit, since }: Adapter.History) => ({ start_date: Endpoint.isoTime(since), limit })

// How far before the time it was sent an order is searched for, in milliseconds.
const margin = 60_000

const placedSince: Declaration.Account["byName"][number] = (client) => ({ clientOrderId, market, since }) => {
  const wanted: Wanted = { product_ids: [market.id], clientOrderId }
  // Like the times of the orders, `since` is by the exchange's clock.
  return orders(client)(
    since === undefined ? wanted : { ...wanted, start_date: Endpoint.isoTime(Math.max(0, Math.floor(since) - margin)) }
  )
}

// ---- trading

const differ = (one: BigDecimal.BigDecimal | undefined, other: BigDecimal.BigDecimal | undefined): boolean =>
  one !== undefined && other !== undefined && !BigDecimal.equals(one, other)

/** Returns `true` if the response is about another order than the request, as far as the response says. */
const isAboutAnother = (
  requested: Declaration.NewOrder,
  { market = requested.market.id, side = requested.side, terms }: typeof Rows.Created.Type
): boolean =>
  market !== requested.market.id || side !== requested.side || differ(terms.amount, requested.size) ||
  differ(terms.price, requested.price)

const place: Declaration.Trading["place"] = (client) => (order) =>
  client.request(Endpoints.createOrder, Endpoints.newOrder(order)).pipe(
    // This may be an earlier order with the same client order id, or a misdirected response although the new order
    // exists. The order is therefore looked up.
    Effect.filterOrFail((created) => !isAboutAnother(order, created), ({ id }) =>
      new ExchangeError.MalformedResponse({
        exchange: client.exchange,
        operation: Endpoints.createOrder.name,
        detail: `the response describes a different order, ${id}`
      })),
    Effect.map(({ id }) => ({ accepted: id }))
  )

const cancelSeveral = to(
  Endpoints.cancelOrders,
  (rows) => rows.map(Errors.canceled)
)

const amend: Declaration.OptionalTrading["amend"] = (client) => ({ current, ...change }) => {
  const price = change.price ?? current.price
  const size = change.size ?? current.amount
  return current.timeInForce !== "GTC" || price === undefined || size === undefined
    ? new ExchangeError.Unsupported({
      exchange: client.exchange,
      operation: Endpoints.editOrder.name,
      detail: "Coinbase can amend only GTC limit orders",
      alternative: "cancel it and place a new one"
    })
    : Effect.as(client.request(Endpoints.editOrder, { order_id: current.id, price, size }), undefined)
}

/**
 * The adapter for Coinbase: its tags, Layers and features. There are no positions, and a request places one order.
 *
 * `layerMarketData` provides public data. It needs no credentials and has no access to any. `layerAccount` adds the
 * account of an API key. `layer` adds trading; the live exchange requires both `environment: "live"` and
 * `trading: "enabled"`. `layerAccountConfig` and `layerConfig` take every option from configuration. `features`
 * describes what the exchange supports.
 *
 * The services of the tags `MarketData`, `Account` and `Trading` are the same values as those of the shared tags. Use
 * these tags in programs with several exchanges.
 *
 * `credentials` default to `COINBASE_API_KEY` (the name of the key) and `COINBASE_API_SECRET` (its private key) from
 * configuration. They are read again when they may have been rotated.
 *
 * @since 0.1.0
 * @category exchanges
 */
export const Coinbase = Exchange.define({
  name: "Coinbase",
  protocol,
  feeds,
  kinds: ["spot"],
  lacks: ["positions", "placeBatch"],
  marketData: {
    listings: [Question.about(true, to(Endpoints.products, Listing.map(({ row }) => row)))],
    ticker,
    tickers: to(Endpoints.tickers),
    // No maximum is documented, neither here nor for trades.
    book: { depths: Number.POSITIVE_INFINITY, read: to(Endpoints.productBook) },
    trades: { most: Number.POSITIVE_INFINITY, order: "newest first", read: to(Endpoints.marketTrades) },
    candles: {
      words: {
        "1m": "ONE_MINUTE",
        "5m": "FIVE_MINUTE",
        "15m": "FIFTEEN_MINUTE",
        "30m": "THIRTY_MINUTE",
        "1h": "ONE_HOUR",
        "2h": "TWO_HOUR",
        "4h": "FOUR_HOUR",
        "6h": "SIX_HOUR",
        "1d": "ONE_DAY"
      },
      // The maximum of one response, whatever the documentation says.
      page: 299,
      // The exchange opened in January 2015 and has no earlier candles.
      first: { opened: Date.UTC(2015, 0, 1), by: ["1d", "1h"] },
      read: to(Endpoints.candles)
    },
    status
  },
  account: {
    balances: (client) => () => Effect.map(wallets(client)(), ({ rows }) => rows),
    keyPermissions: to(Endpoints.keyPermissions),
    open: (client) => (market) => openOrders(client)({ product_ids: [market.id] }),
    openOfAll: Question.about({}, openOrders),
    byId: to(Endpoints.order),
    byName: [
      // Open orders may be older than all other orders that are read. A recent order is found either way.
      (client) => ({ clientOrderId, market, since }) =>
        since === undefined
          ? openOrdersByName(client)({ product_ids: [market.id], clientOrderId })
          : Effect.succeed([]),
      placedSince
    ],
    searches: true,
    ended: {
      order: "newest first",
      withOpen: true,
      read: (client) => (market, query) => orders(client)({ product_ids: [market.id], ...placedFrom(query) }),
      ofAll: (client) => (query) => orders(client)(placedFrom(query))
    },
    fills: { order: "newest first", feeIn: "quote", read: entries, ofAll: Question.about(undefined, entries) }
  },
  trading: {
    names: ClientOrderId.upTo(128, "A-Z a-z 0-9 _ -", ClientOrderId.asUuid),
    timeInForce: ["GTC", "IOC", "FOK"],
    reduceOnly: false,
    deduplicates: "always",
    // Coinbase accepts a token for two minutes, and a request is sent at most half a minute after it was made.
    // `seenWithin` allows for clock differences and for orders that are listed late.
    takenWithin: "150 seconds",
    seenWithin: "30 seconds",
    place,
    cancel: {
      by: "id",
      ask: (client) => ({ id, market }) => Effect.map(cancelSeveral(client)(market, [id]), ([canceled]) => canceled)
    },
    cancelAll: { most: 100, several: cancelSeveral },
    amend
  }
})

/**
 * The identifiers of the tags.
 *
 * @since 0.1.0
 * @category exchanges
 */
export declare namespace Coinbase {
  /**
   * The identifier of the `Coinbase.MarketData` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type MarketData = Exchange.Named<"CoinbaseMarketData">

  /**
   * The identifier of the `Coinbase.Account` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type Account = Exchange.Named<"CoinbaseAccount">

  /**
   * The identifier of the `Coinbase.Trading` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type Trading = Exchange.Named<"CoinbaseTrading">
}
