/**
 * Bybit: spot, linear and inverse contracts of a unified trading account.
 *
 * @since 0.1.0
 */
import type { KeyPermissions, Market } from "@effect-exchange/core"
import { ClientOrderId, Exchange, Listing, Page, Question } from "@effect-exchange/core/adapter"
import type { Adapter, Declaration, ExchangeClient, Row, Wire } from "@effect-exchange/core/adapter"
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

const tickersOf = (scope: Endpoints.Scope) =>
  ask(
    Endpoints.tickers,
    () => scope,
    ({ at, list }) => within(scope.category, Listing.map(list, (row) => ({ ...row, at })))
  )

/** Several of a category are all of them: one request can name one symbol. */
const tickers = (client: ExchangeClient.ExchangeClient<"marketData">) => (markets: ReadonlyArray<Market.Market>) =>
  Question.each(
    Object.values(Arr.groupBy(markets, categoryOf)).map(([first, ...others]) =>
      tickersOf(others.length === 0 ? named(first) : { category: categoryOf(first) })
    )
  )(client)()

const touches = (listed: ReadonlyArray<unknown> | undefined, wanted: ReadonlyArray<number>): boolean =>
  // What is not said is meant to be everything.
  listed === undefined || listed.length === 0 || wanted.some((each) => listed.includes(each))

/**
 * `operational` when no interruption is under way, `maintenance` when orders are taken of neither spot nor contracts,
 * `limited` otherwise. WebSocket alone does not count, as feeds tell of themselves; what is not understood may count.
 */
const statusOf = ({ rows, unknown }: Listing.Listing<Wire.Type<typeof Rows.Interruption>>): Declaration.Status => {
  const relevant = rows.filter((each) =>
    each.environment !== 2 && touches(each.products, [1, 2]) && touches(each.services, [1, 2, 5]) &&
    !["scheduled", "completed", "canceled"].includes(each.state)
  )
  if (relevant.length === 0) return { status: unknown.length === 0 ? "operational" : "unknown" }
  const titles = relevant.flatMap(({ title }) => title ?? [])
  const detail = titles.length === 0 ? undefined : titles.join("; ")
  const ongoing = relevant.filter(({ state }) => state === "ongoing")
  if (ongoing.length === 0) return { status: "unknown", detail }
  const closed = ongoing.filter(({ services, users = [] }) => touches(services, [1, 2]) && users.length === 0)
  const isClosed = (product: number) => closed.some(({ products }) => touches(products, [product]))
  return { status: isClosed(1) && isClosed(2) ? "maintenance" : "limited", detail }
}

// ---- account

/** A key that may move coins out of the wallet, be it to an account of the same owner, may withdraw. */
const permissionsOf = (
  { expiredAt = "", ips, permissions, readOnly }: typeof Rows.ApiKey.Type
): KeyPermissions.KeyPermissions => {
  const may = (name: string, ...actions: ReadonlyArray<string>): boolean =>
    readOnly === 0 && actions.some((action) => permissions[name]?.includes(action) === true)
  const ipRestricted = ips.length > 0 && !ips.includes("*")
  const expiresAt = Date.parse(expiredAt)
  return {
    read: true,
    trade: may("ContractTrade", "Order", "Position") || may("Spot", "SpotTrade") || may("Options", "OptionsTrade") ||
      may("Derivatives", "DerivativesTrade"),
    withdraw: may("Wallet", "Withdraw", "AccountTransfer", "SubMemberTransfer", "SubMemberTransferList"),
    ipRestricted,
    // Only keys without addresses expire, and the date of others is 1970.
    ...expiresAt > 0 && !ipRestricted ? { expiresAt } : {}
  }
}

type Orders = Listing.Listing<Wire.Type<typeof Rows.Order>>

const orders = (category: Category, list: Orders) => within(category, Listing.map(list, order(category)))

const standing = (scope: Endpoints.Scope) =>
  Page.all({
    endpoint: Endpoints.orderRealtime,
    input: (cursor: string | undefined) => ({ ...scope, limit: 50, cursor }),
    rows: ({ list }) => orders(scope.category, list),
    next: Page.cursorOfFull
  })

const held = (scope: Endpoints.Scope) =>
  Page.all({
    endpoint: Endpoints.positionList,
    input: (cursor: string | undefined) => ({ ...scope, limit: 200, cursor }),
    rows: ({ list }) => within<Row.Position & { readonly id?: string }>(scope.category, list),
    next: Page.cursorOfFull
  })

/**
 * Linear contracts cannot be asked for all at once, but by the coin they settle in: by those known to be, whatever is listed
 * at the moment.
 */
const contracts = (markets: ReadonlyArray<Market.Market>): ReadonlyArray<Endpoints.Scope> => {
  const settled = markets.flatMap((market) => categoryOf(market) === "linear" ? market.settle ?? [] : [])
  return [
    { category: "inverse" },
    ...Arr.dedupe(["USDT", "USDC", ...settled]).map((settleCoin) => ({ category: "linear" as const, settleCoin }))
  ]
}

const positions: Declaration.OptionalAccount["positions"] = (client) => (markets) =>
  Question.each(contracts(markets).map(held))(client)()

const [day, week] = [86_400_000, 7 * 86_400_000]
const kept = { span: week, kept: 730 * day, order: "newest first", next: Page.cursorOfFull } as const

const part = (limit: number) => (market: Market.Market, cursor: string | undefined, span?: Adapter.Window) => ({
  ...named(market),
  ...span && { startTime: span.from, endTime: span.to },
  limit,
  cursor
})

const found = ({ list }: { readonly list: Orders }, { market }: Adapter.Reference) => orders(categoryOf(market), list)

/** What was placed more than a week ago is found only by asking for that week. A day is left for clocks that differ. */
const byNameEnded: Declaration.Account["byName"][number] = (client) => (reference) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const { since } = reference
    const isOld = since !== undefined && now - since > week - day
    const span = isOld ? { startTime: since - 60_000, endTime: since - 60_000 + week } : {}
    const asked = { ...Endpoints.referred(reference), ...span }
    return Effect.map(client.request(Endpoints.orderHistory, asked), (answer) => found(answer, reference))
  })

/**
 * Bybit: its tags, its Layers and what it can do. A batch is of ten orders, as many as spot takes.
 *
 * `layerMarketData` needs no credentials and has none in reach, `layerAccount` adds the account of a key, and `layer` trading with
 * it, which on the live exchange has to be said twice. `layerAccountConfig` and `layerConfig` take every option from configuration.
 * `MarketData`, `Account` and `Trading` are the same values as the shared services, for programs that use several exchanges, and
 * `features` tells what it can do.
 *
 * Unless `credentials` are given, they are `BYBIT_API_KEY` and `BYBIT_API_SECRET` from configuration (`BYBIT_TESTNET_API_KEY` and so on
 * for the testnet), read again when they may have been rotated.
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
    // What does not trade any more or yet may be held: it is listed only when asked for.
    listings: [
      listing("spot"),
      ...(["linear", "inverse"] as const).flatMap((category) =>
        ["Trading", "PreLaunch", "Delivering"].map((status) => listing(category, status))
      )
    ],
    ticker: Question.ofOne(tickers, (market) => nameOf(named(market))),
    tickers,
    book: { depths: 1000, read: to(Endpoints.orderbook) },
    trades: {
      most: ({ kind }) => kind === "spot" ? 60 : 1000,
      order: "newest first",
      read: to(Endpoints.recentTrade)
    },
    candles: {
      words: intervals,
      page: Endpoints.candlePage,
      read: to(Endpoints.kline),
      // The exchange opened at the end of 2018. Whether an answer without an end begins with the oldest is not documented.
      first: { opened: Date.UTC(2018, 10, 1), by: ["1d", "1h"] }
    },
    status: to(Endpoints.systemStatus, statusOf)
  },
  account: {
    balances: to(Endpoints.walletBalance, Arr.flatten),
    keyPermissions: to(Endpoints.queryApi, permissionsOf),
    open: (client) => (market) => standing(named(market))(client)(),
    openOfAll: (client) => (markets) =>
      Question.each([{ category: "spot" as const }, ...contracts(markets)].map(standing))(client)(),
    byId: [
      ask(Endpoints.orderRealtime, Endpoints.referred, found),
      ask(Endpoints.orderHistory, Endpoints.referred, found)
    ],
    byName: [ask(Endpoints.orderRealtime, Endpoints.referred, found), byNameEnded],
    forgets: { after: "6 days", detail: "Bybit keeps orders that were not filled for a week" },
    ended: {
      order: "newest first",
      read: Page.bySpan({
        ...kept,
        endpoint: Endpoints.orderHistory,
        input: part(50),
        rows: (market, { list }) => orders(categoryOf(market), list)
      })
    },
    fills: {
      order: "newest first",
      // Of contracts it is not said.
      feeIn: "settle",
      read: Page.bySpan({
        ...kept,
        endpoint: Endpoints.executionList,
        input: part(100),
        rows: (market, { list }) => within(categoryOf(market), Listing.flatMap(list, ({ fill }) => fill ?? [])),
        // A page may be of funding alone, with fills behind it.
        next: (page) => {
          const { rows, unknown } = page.answer.list
          return Page.cursorOfFull({ ...page, count: rows.length + unknown.length })
        }
      })
    },
    positions
  },
  trading: {
    names: { pattern: /^[A-Za-z0-9_-]{1,36}$/, described: "1 to 36 of A-Z a-z 0-9 - _", make: ClientOrderId.asUuid },
    timeInForce: ["GTC", "IOC", "FOK"],
    reduceOnly: true,
    deduplicates: "always",
    takenWithin: recvWindow,
    // As much again for the order to be carried out and to show.
    seenWithin: "5 seconds",
    place: to(Endpoints.orderCreate, ({ id }) => ({ accepted: id })),
    // As many as spot takes.
    placeBatch: { most: 10, ask: to(Endpoints.orderCreateBatch) },
    cancel: { by: "either", ask: to(Endpoints.orderCancel, () => undefined) },
    cancelAll: { most: 500, ids: to(Endpoints.orderCancelAll, ({ ids }) => ids) },
    amend: to(Endpoints.orderAmend, () => undefined)
  }
})

/**
 * @since 0.1.0
 * @category exchanges
 */
export declare namespace Bybit {
  /**
   * @since 0.1.0
   * @category tags
   */
  export type MarketData = Exchange.Named<"BybitMarketData">

  /**
   * @since 0.1.0
   * @category tags
   */
  export type Account = Exchange.Named<"BybitAccount">

  /**
   * @since 0.1.0
   * @category tags
   */
  export type Trading = Exchange.Named<"BybitTrading">
}
