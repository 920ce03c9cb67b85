/**
 * Coinbase Advanced Trade: its spot markets.
 *
 * @since 0.1.0
 */
import { ExchangeError } from "@effect-exchange/core"
import { ClientOrderId, Endpoint, Exchange, Listing, Page, Question } from "@effect-exchange/core/adapter"
import type { Declaration, Row, Wire } from "@effect-exchange/core/adapter"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as BigDecimal from "effect/BigDecimal"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Endpoints from "./Endpoints.js"
import * as Errors from "./Errors.js"
import { feeds } from "./Feeds.js"
import { protocol } from "./Protocol.js"
import type * as Rows from "./Rows.js"

const { to } = Question
const { exchange: id } = protocol

// ---- public data

const market = (
  { cancelOnly: _, limited: __, ...row }: Wire.Type<typeof Rows.Product>
): Row.Market => ({ ...row, kind: "spot" })

// A product has no bid and no ask.
const ticker: Declaration.MarketData["ticker"] = (client) => (market) =>
  Effect.map(
    Concurrent.all([
      to(Endpoints.product)(client)(market),
      to(Endpoints.productBook)(client)(market, 1)
    ], Question.together),
    ([{ market: _, ...product }, { asks: [ask], at, bids: [bid] }]) => ({
      ...product,
      bid: bid?.price,
      ask: ask?.price,
      at
    })
  )

// No endpoint tells: it is judged by what can be traded.
const status: Declaration.MarketData["status"] = (client) => () =>
  Effect.map(
    Concurrent.all([
      client.request(Endpoints.products, { product_type: "SPOT" }),
      client.request(Endpoints.serverTime, {})
    ], Question.together),
    ([{ rows }, at]) => {
      const open = rows.filter(({ status }) => status === "open")
      const unlimited = open.filter(({ limited }) => !limited)
      const isLimited = open.length > 0 || rows.some(({ cancelOnly }) => cancelOnly)
      return {
        status: unlimited.length > 0 ? "operational" : isLimited ? "limited" : "maintenance",
        detail: `${open.length} of ${rows.length} products are open, ${unlimited.length} to all orders`,
        at
      }
    }
  )

// ---- an account

const wallets = Page.byCursor({ endpoint: Endpoints.accounts, input: Endpoints.accounts.make })

/** Which orders are listed, and how many are enough: under a name the first. */
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

// `OPEN` goes with no other status.
const listed = (
  ...statuses: ReadonlyArray<ReadonlyArray<string>>
): Question.Question<"account", [Wanted], Listing.Listing<Row.Order>> =>
(client) =>
(wanted) =>
  Effect.map(
    Effect.forEach(statuses, (order_status) => orders(client)({ ...wanted, order_status })),
    (lists) => Listing.unique(Listing.flatten(lists))
  )

const waiting = ["PENDING", "QUEUED", "CANCEL_QUEUED", "EDIT_QUEUED"]
const open = ["OPEN"]

// Before the others and after them: one that is opened meanwhile is in the last list, and one that is open and about to be changed
// or canceled in the first, though it be open again in the last. Each counts as it was read last.
const standing = listed(open, waiting, open)

// What is not found here is looked for among all orders: those that wait first, as they may be opened meanwhile.
const standingUnderName = listed(waiting, open)

const entries = Page.byCursor({ endpoint: Endpoints.fills, input: Endpoints.fills.make })

// How much earlier than it was sent an order is looked for.
const margin = 60_000

// Orders are listed from an instant by the exchange's clock. With ours, an order placed by a clock that is ahead would seem
// never to have been.
const placedSince: Declaration.Account["byName"][number] = (client) => ({ clientOrderId, market, since }) =>
  Effect.gen(function*() {
    const product_ids = [market.id]
    if (since === undefined) return yield* orders(client)({ product_ids, clientOrderId })
    const ours = yield* Clock.currentTimeMillis
    const theirs = yield* client.request(Endpoints.serverTime, {})
    const start_date = Endpoint.isoTime(Math.max(0, Math.floor(since + theirs - ours) - margin))
    return yield* orders(client)({ product_ids, start_date, clientOrderId })
  })

// ---- orders

const differ = (one: BigDecimal.BigDecimal | undefined, other: BigDecimal.BigDecimal | undefined): boolean =>
  one !== undefined && other !== undefined && !BigDecimal.equals(one, other)

/** Whether the answer is about another order than was asked for, by as much as it says. */
const isAnother = (
  asked: Declaration.NewOrder,
  { market = asked.market.id, side = asked.side, terms }: typeof Rows.Created.Type
): boolean =>
  market !== asked.market.id || side !== asked.side || differ(terms.amount, asked.size) ||
  differ(terms.price, asked.price)

const place: Declaration.Trading["place"] = (client) => (order) =>
  Effect.flatMap(
    client.request(Endpoints.createOrder, Endpoints.newOrder(order)),
    (created): Effect.Effect<Declaration.Placed, ExchangeError.TradingError> =>
      // It may be an earlier order of that name, or an answer gone astray while this one stands: that is looked up.
      isAnother(order, created)
        ? new ExchangeError.MalformedResponse({
          exchange: id,
          operation: Endpoints.createOrder.name,
          detail: `the answer is about another order, ${created.id}`
        })
        : Effect.succeed({ accepted: created.id })
  )

const cancelSeveral = to(
  Endpoints.cancelOrders,
  (rows) => rows.map((row) => ({ id: row.id, outcome: Errors.canceled(row) }))
)

const cancel: Question.Question<"trading", [Declaration.ById], undefined> = (client) => ({ id, market }) =>
  Effect.flatMap(
    cancelSeveral(client)(market, [id]),
    ([canceled]) =>
      canceled === undefined || typeof canceled.outcome === "string"
        ? Effect.succeed(undefined)
        : Effect.fail(canceled.outcome)
  )

const amend: Declaration.OptionalTrading["amend"] = (client) => ({ current, ...change }) => {
  const price = change.price ?? current.price
  const size = change.size ?? current.amount
  return current.timeInForce !== "GTC" || price === undefined || size === undefined
    ? new ExchangeError.Unsupported({
      exchange: id,
      operation: Endpoints.editOrder.name,
      detail: "Coinbase changes limit orders only that stand until canceled",
      alternative: "cancel it and place another"
    })
    : Effect.as(client.request(Endpoints.editOrder, { order_id: current.id, price, size }), undefined)
}

/**
 * Coinbase: its tags, its Layers and what it can do. There are no positions, and orders are placed one by one.
 *
 * `layerMarketData` needs no credentials and has none in reach, `layerAccount` adds the account of a key, and `layer` trading with
 * it, which on the live exchange has to be said twice. `layerAccountConfig` and `layerConfig` take every option from configuration.
 * `MarketData`, `Account` and `Trading` are the same values as the shared services, for programs that use several exchanges, and
 * `features` tells what it can do.
 *
 * Unless `credentials` are given, they are `COINBASE_API_KEY`, the key's name, and `COINBASE_API_SECRET`, its private key, from
 * configuration, read again when they may have been rotated.
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
    listings: [Question.about(true, to(Endpoints.products, Listing.map(market)))],
    ticker,
    tickers: to(Endpoints.tickers),
    // No most is documented, here and for trades.
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
      // As many as one request gives, whatever the documents say.
      page: 299,
      // The exchange opened in January 2015, with nothing from before it.
      first: { opened: Date.UTC(2015, 0, 1), by: ["1d", "1h"] },
      read: to(Endpoints.candles)
    },
    status
  },
  account: {
    balances: (client) => () => Effect.map(wallets(client)(), ({ rows }) => rows),
    keyPermissions: to(Endpoints.keyPermissions),
    open: (client) => (market) => standing(client)({ product_ids: [market.id] }),
    openOfAll: (client) => () => standing(client)({}),
    byId: to(Endpoints.order),
    byName: [
      // Those that stand may be older than all that are read of the others. One placed lately is found either way.
      (client) => ({ clientOrderId, market, since }) =>
        since === undefined
          ? standingUnderName(client)({ product_ids: [market.id], clientOrderId })
          : Effect.succeed([]),
      placedSince
    ],
    searches: true,
    ended: {
      order: "newest first",
      withOpen: true,
      read: (client) => (market, { limit, since }) =>
        orders(client)({
          product_ids: [market.id],
          start_date: Endpoint.isoTime(since),
          limit
        })
    },
    fills: { order: "newest first", feeIn: "quote", read: entries }
  },
  trading: {
    names: { pattern: /^[A-Za-z0-9_-]{1,128}$/, described: "1 to 128 of A-Z a-z 0-9 _ -", make: ClientOrderId.asUuid },
    timeInForce: ["GTC", "IOC", "FOK"],
    reduceOnly: false,
    deduplicates: "always",
    // A token is taken for two minutes, by a request that was sent half a minute after it was asked for at the latest; the
    // rest is for clocks and for orders that are listed late.
    takenWithin: "150 seconds",
    seenWithin: "30 seconds",
    place,
    cancel: { by: "id", ask: cancel },
    cancelAll: { most: 100, several: cancelSeveral },
    amend
  }
})

/**
 * @since 0.1.0
 * @category exchanges
 */
export declare namespace Coinbase {
  /**
   * @since 0.1.0
   * @category tags
   */
  export type MarketData = Exchange.Named<"CoinbaseMarketData">

  /**
   * @since 0.1.0
   * @category tags
   */
  export type Account = Exchange.Named<"CoinbaseAccount">

  /**
   * @since 0.1.0
   * @category tags
   */
  export type Trading = Exchange.Named<"CoinbaseTrading">
}
