/**
 * The adapter for Bybit: spot, linear and inverse contracts of a unified trading account.
 *
 * @since 0.1.0
 */
import { KeyPermissions, type Market, Order } from "@effect-exchange/core"
import { ClientOrderId, Exchange, Listing, Page, Question } from "@effect-exchange/core/adapter"
import type { Adapter, Declaration, ExchangeClient, Row, Wire } from "@effect-exchange/core/adapter"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Endpoints from "./Endpoints.js"
import { feeds, intervals } from "./Feeds.js"
import { type Category, categoryOf, named, nameOf, order, within } from "./Markets.js"
import { protocol, recvWindow } from "./Protocol.js"
import type * as Rows from "./Rows.js"

const { ask, to } = Question

// ---- public data

const listing = (category: Category, status?: string): Declaration.MarketData["listings"][number] =>
  Page.all({
    endpoint: Endpoints.instrumentsInfo,
    input: (cursor) => ({ category, status, limit: 1000, cursor }),
    rows: ({ list }) => list,
    next: Page.cursorOfFull
  })

const tickersOf = ask(
  Endpoints.tickers,
  (scope: Endpoints.Scope) => scope,
  ({ at, list }, { category }) => within(category, Listing.map(list, (row) => ({ ...row, at })))
)

/**
 * For several markets of a category, requests all tickers of the category, because a request can name only one symbol.
 */
const tickers = Question.aboutEachOf(
  (markets: ReadonlyArray<Market.Market>) =>
    Object.values(Arr.groupBy(markets, categoryOf)).map(([first, ...others]): Endpoints.Scope =>
      others.length === 0 ? named(first) : { category: categoryOf(first) }
    ),
  tickersOf
)

const includesAny = (listed: ReadonlyArray<unknown> | undefined, wanted: ReadonlyArray<number>): boolean =>
  // A missing or empty list means everything.
  listed === undefined || listed.length === 0 || wanted.some((each) => listed.includes(each))

/**
 * Returns `operational` if no interruption is in progress, `maintenance` if orders are accepted for neither spot nor
 * contracts, and `limited` otherwise. Returns `unknown` if there are only interruptions that are not understood.
 * Interruptions of WebSocket alone are ignored, because feeds report their own state.
 */
const statusOf = ({ rows, unknown }: Listing.Listing<Wire.Type<typeof Rows.Interruption>>): Declaration.Status => {
  const relevant = rows.filter((each) =>
    each.environment !== 2 && includesAny(each.products, [1, 2]) && includesAny(each.services, [1, 2, 5]) &&
    !["scheduled", "completed", "canceled"].includes(each.state)
  )
  if (relevant.length === 0) return { status: unknown.length === 0 ? "operational" : "unknown" }
  const titles = relevant.flatMap(({ title }) => title ?? [])
  const detail = titles.length === 0 ? undefined : titles.join("; ")
  const ongoing = relevant.filter(({ state }) => state === "ongoing")
  if (ongoing.length === 0) return { status: "unknown", detail }
  const closed = ongoing.filter(({ services, users = [] }) => includesAny(services, [1, 2]) && users.length === 0)
  const isClosed = (product: number) => closed.some(({ products }) => includesAny(products, [product]))
  return { status: isClosed(1) && isClosed(2) ? "maintenance" : "limited", detail }
}

// ---- account

/** Demo trading does not report the permissions of a key. A response from the account shows that the key may read. */
const keyPermissions: Declaration.Account["keyPermissions"] = (client) =>
  client.environment === "demo"
    ? to(Endpoints.walletBalance, () => KeyPermissions.readable)(client)
    : to(Endpoints.queryApi)(client)

type Orders = Listing.Listing<Wire.Type<typeof Rows.Order>>

const orders = (category: Category, list: Orders) => within(category, Listing.map(list, order(category)))

const openOrders = Page.all({
  endpoint: Endpoints.orderRealtime,
  input: (cursor: string | undefined, scope: Endpoints.Scope) => ({ ...scope, limit: 50, cursor }),
  rows: ({ list }, [{ category }]) => orders(category, list),
  next: Page.cursorOfFull
})

const positions = Page.all({
  endpoint: Endpoints.positionList,
  input: (cursor: string | undefined, scope: Endpoints.Scope) => ({ ...scope, limit: 200, cursor }),
  rows: ({ list }, [{ category }]) => within<Row.Position & { readonly id?: string }>(category, list),
  next: Page.cursorOfFull
})

/**
 * Linear contracts cannot be requested all at once, only by the coin in which they settle. `USDT` and `USDC` are always
 * included, whatever is currently listed.
 */
const contracts = (markets: ReadonlyArray<Market.Market>): ReadonlyArray<Endpoints.Scope> => {
  const settled = markets.flatMap((market) => categoryOf(market) === "linear" ? market.settle ?? [] : [])
  return [
    { category: "inverse" },
    ...Arr.dedupe(["USDT", "USDC", ...settled]).map((settleCoin) => ({ category: "linear" as const, settleCoin }))
  ]
}

const [day, week] = [86_400_000, 7 * 86_400_000]
const kept = { span: week, kept: 730 * day, order: "newest first", next: Page.cursorOfFull } as const

const part = (limit: number) => (scope: Endpoints.Scope, cursor: string | undefined, span?: Adapter.Window) => ({
  ...scope,
  ...span && { startTime: span.from, endTime: span.to },
  limit,
  cursor
})

const endedOf = Page.bySpan({
  ...kept,
  endpoint: Endpoints.orderHistory,
  input: part(50),
  rows: ({ category }: Endpoints.Scope, { list }) => orders(category, list)
})

const fillsOf = Page.bySpan({
  ...kept,
  endpoint: Endpoints.executionList,
  input: part(100),
  rows: ({ category }: Endpoints.Scope, { list }) => within(category, Listing.flatMap(list, ({ fill }) => fill ?? [])),
  // A page may have only funding payments, with fills on later pages.
  next: (page) => {
    const { rows, unknown } = page.answer.list
    return Page.cursorOfFull({ ...page, count: rows.length + unknown.length })
  }
})

/** The history of one market and that of all, which is requested by category. */
const history = <Row>(of: Question.Question<"account", [Endpoints.Scope, Adapter.History], Listing.Listing<Row>>) => {
  const read: Declaration.Past<Row> = (client) => (market, query) => of(client)(named(market), query)
  return {
    read,
    ofAll: Question.aboutEach([{ category: "spot" }, { category: "linear" }, { category: "inverse" }], of)
  }
}

const found = ({ list }: { readonly list: Orders }, { market }: Adapter.Reference) => orders(categoryOf(market), list)

/**
 * An order placed more than a week ago is found only by requesting that week. One day is left for clock differences.
 */
const byNameEnded: Declaration.Account["byName"][number] = (client) => (reference) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const { since } = reference
    const isOld = since !== undefined && now - since > week - day
    const span = isOld ? { startTime: since - 60_000, endTime: since - 60_000 + week } : {}
    const parameters = { ...Endpoints.referred(reference), ...span }
    return Effect.map(client.request(Endpoints.orderHistory, parameters), (answer) => found(answer, reference))
  })

// ---- trading

type Trading = ExchangeClient.ExchangeClient<"account" | "trading">

const cancelOf = to(Endpoints.orderCancel, () => undefined)

/** Cancels an order. On spot, an order with a trigger is found only by its kind, which the open order itself shows. */
const cancel = (client: Trading) => (reference: Adapter.Reference) =>
  Effect.catchTag(cancelOf(client)(reference), "OrderNotFound", (error) =>
    Effect.gen(function*() {
      if (categoryOf(reference.market) !== "spot") return yield* error
      const { list } = yield* client.request(Endpoints.orderRealtime, Endpoints.referred(reference))
      const open = list.rows.find(({ row }) => !Order.isClosed(row))
      return open === undefined ? yield* error : yield* cancelOf(client)(reference, open.kind)
    }))

const triggerKinds: ReadonlyArray<Rows.Kind> = ["tpslOrder", "StopOrder", "OcoOrder", "BidirectionalTpslOrder"]

/** Cancels all orders of a market. On spot, each request cancels the orders of one kind. */
const cancelAll = (client: Trading) => (market: Market.Market) => {
  const request = (kind?: Rows.Kind) =>
    client.request(Endpoints.orderCancelAll, Endpoints.orderCancelAll.make(market, kind)).pipe(
      Effect.map(({ ids }) => ids),
      // A site that does not have a kind of order refuses its name. One kind without orders must not hide the others.
      Effect.catchIf(({ _tag, code }) => _tag === "OrderNotFound" || code === "170202", () => Effect.succeed([]))
    )
  if (categoryOf(market) !== "spot") return request()
  return Effect.gen(function*() {
    // Alone, because a half-open circuit admits one request and refuses the others until that one has succeeded.
    const plain = yield* Effect.either(request("Order"))
    const withTrigger = yield* Effect.either(Concurrent.forEach(triggerKinds, request, Question.concurrently))
    return [...yield* plain, ...Arr.flatten(yield* withTrigger)]
  })
}

/**
 * The adapter for Bybit: its tags, Layers and features. A batch has up to ten orders, the maximum for spot.
 *
 * `layerMarketData` provides public data. It needs no credentials and has no access to any. `layerAccount` adds the
 * account of an API key. `layer` adds trading; the live exchange requires both `environment: "live"` and
 * `trading: "enabled"`. `layerAccountConfig` and `layerConfig` take every option from configuration. `features`
 * describes what the exchange supports.
 *
 * The services of the tags `MarketData`, `Account` and `Trading` are the same values as those of the shared tags. Use
 * these tags in programs with several exchanges.
 *
 * `credentials` default to `BYBIT_API_KEY` and `BYBIT_API_SECRET` from configuration (`BYBIT_TESTNET_API_KEY` and so on
 * for the testnet). They are read again when they may have been rotated.
 *
 * @since 0.1.0
 * @category exchanges
 */
export const Bybit = Exchange.define({
  name: "Bybit",
  protocol,
  feeds,
  kinds: ["spot", "perpetual", "future"],
  marketNames: (market) => [nameOf(named(market))],
  marketData: {
    // Markets that do not trade yet, or no longer trade, may still be held. Bybit lists them only by their status.
    listings: [
      listing("spot"),
      ...(["linear", "inverse"] as const).flatMap((category) =>
        ["Trading", "PreLaunch", "Delivering"].map((status) => listing(category, status))
      )
    ],
    ticker: Question.ofOne(tickers, (market) => nameOf(named(market))),
    tickers,
    book: { depths: 1000, read: to(Endpoints.orderbook) },
    trades: { most: ({ kind }) => kind === "spot" ? 60 : 1000, order: "newest first", read: to(Endpoints.recentTrade) },
    candles: {
      words: intervals,
      page: Endpoints.candlePage,
      read: to(Endpoints.kline),
      // The exchange opened at the end of 2018. It is not documented whether a response without an end begins with the
      // oldest candle.
      first: { opened: Date.UTC(2018, 10, 1), by: ["1d", "1h"] }
    },
    status: to(Endpoints.systemStatus, statusOf)
  },
  account: {
    balances: to(Endpoints.walletBalance, Arr.flatten),
    keyPermissions,
    open: (client) => (market) => openOrders(client)(named(market)),
    openOfAll: Question.aboutEachOf((markets) => [{ category: "spot" as const }, ...contracts(markets)], openOrders),
    byId: [
      ask(Endpoints.orderRealtime, Endpoints.referred, found),
      ask(Endpoints.orderHistory, Endpoints.referred, found)
    ],
    byName: [ask(Endpoints.orderRealtime, Endpoints.referred, found), byNameEnded],
    // Bybit keeps them for seven days. One day is left for clock differences.
    forgetsAfter: "6 days",
    ended: { order: "newest first", ...history(endedOf) },
    fills: {
      order: "newest first",
      // For contracts, Bybit does not report the asset of the fee.
      feeIn: "settle",
      ...history(fillsOf)
    },
    positions: Question.aboutEachOf(contracts, positions)
  },
  trading: {
    names: ClientOrderId.upTo(36, "A-Z a-z 0-9 _ -", ClientOrderId.asUuid),
    timeInForce: ["GTC", "IOC", "FOK"],
    reduceOnly: true,
    deduplicates: "always",
    takenWithin: recvWindow,
    // The same time again for the order to be carried out and to appear.
    seenWithin: "5 seconds",
    place: to(Endpoints.orderCreate, ({ id }) => ({ accepted: id })),
    // The maximum for spot.
    placeBatch: { most: 10, ask: to(Endpoints.orderCreateBatch) },
    cancel: { by: "either", ask: cancel },
    cancelAll: { most: 500, ids: cancelAll },
    amend: to(Endpoints.orderAmend, () => undefined)
  }
})

/**
 * The identifiers of the tags.
 *
 * @since 0.1.0
 * @category exchanges
 */
export declare namespace Bybit {
  /**
   * The identifier of the `Bybit.MarketData` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type MarketData = Exchange.Named<"BybitMarketData">

  /**
   * The identifier of the `Bybit.Account` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type Account = Exchange.Named<"BybitAccount">

  /**
   * The identifier of the `Bybit.Trading` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type Trading = Exchange.Named<"BybitTrading">
}
