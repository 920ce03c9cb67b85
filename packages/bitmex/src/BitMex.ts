/**
 * The adapter for BitMEX, which closed for good on 2026-09-23. Its live and testnet Layers fail every call with
 * `ExchangeClosed`. It works with a base URL, such as that of a simulator or an archive.
 *
 * @since 0.1.0
 */
import { Credentials, Decimal, ExchangeError, KeyPermissions, type Market } from "@effect-exchange/core"
import { ClientOrderId, Endpoint, Exchange, Listing, Page, Question } from "@effect-exchange/core/adapter"
import type { Adapter, Declaration, ExchangeClient, Row, Wire } from "@effect-exchange/core/adapter"
import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Order from "effect/Order"
import * as Endpoints from "./Endpoints.js"
import { feeds } from "./Feeds.js"
import { bar, binSizes, fromMinorUnits, lengthOf, unknownMinorUnit } from "./Markets.js"
import { expiresAfter, protocol } from "./Protocol.js"
import * as Rows from "./Rows.js"

const { ask, to } = Question
// ---- money

type Client = ExchangeClient.ExchangeClient<"marketData" | "account">

/** Returns the minor units of the given currencies. They are requested only if one of them is not known in advance. */
const unitsOf = (client: Client, currencies: ReadonlyArray<string>) =>
  currencies.every((currency) => Rows.minorUnits.has(currency))
    ? Effect.succeed(Rows.minorUnits)
    : Effect.map(
      client.request(Endpoints.walletAssets, {}),
      ({ rows }) => new Map([...rows.map((row) => [row.currency, row] as const), ...Rows.minorUnits])
    )

/**
 * Converts the money in rows from minor units, `money` of a currency per row. A row in an unknown unit is listed
 * separately, because a guess would be wrong by powers of ten.
 */
const convertMoney = <A extends { readonly id?: string; readonly market: string }>(
  client: Client,
  { rows, unknown }: Listing.Listing<readonly [row: A, money: BigDecimal.BigDecimal | undefined, currency: string]>,
  to: (row: A, amount: BigDecimal.BigDecimal, asset: string) => A
) =>
  Effect.map(unitsOf(client, rows.flatMap(([, money, currency]) => money ? [currency] : [])), (units) => {
    const [inUnknownUnit, known] = Arr.partitionMap(rows, ([row, money, currency]) => {
      const unit = units.get(currency)
      if (money === undefined) return Either.right(row)
      return unit === undefined
        ? Either.left({ ...unnamed, id: row.id, market: row.market, detail: unknownMinorUnit(currency) })
        : Either.right(to(row, fromMinorUnits(money, unit.places), unit.asset))
    })
    return { rows: known, unknown: [...unknown, ...inUnknownUnit] }
  })

const unnamed = { clientOrderId: undefined, createdAt: undefined }

const balances: Declaration.Account["balances"] = (client) => () =>
  Effect.gen(function*() {
    const all = yield* to(Endpoints.margin)(client)()
    // Zero is zero in any unit, known or not.
    const rows = all.filter(({ total }) => !BigDecimal.isZero(total))
    const units = yield* unitsOf(client, rows.map(({ currency }) => currency))
    return yield* Effect.forEach(rows, ({ currency, free, total }) => {
      const unit = units.get(currency)
      const detail = unknownMinorUnit(currency)
      if (!unit) {
        return new ExchangeError.MalformedResponse({ exchange: client.exchange, operation: "balances", detail })
      }
      const { asset, places } = unit
      return Effect.succeed({ asset, free: fromMinorUnits(free, places), total: fromMinorUnits(total, places) })
    })
  })

// ---- public data

/** Builds an order book from rows in any order. Several rows may have the same price. */
const book = (rows: ReadonlyArray<Wire.Type<typeof Rows.Level>>): Declaration.Book => {
  const side = (wanted: "buy" | "sell"): ReadonlyArray<Row.Level> => {
    const levels = new Map<string, Row.Level>()
    for (const { amount, price, side } of rows) {
      if (side !== wanted || price === undefined) continue
      const key = Decimal.format(BigDecimal.normalize(price))
      levels.set(key, { price, amount: BigDecimal.sum(amount, levels.get(key)?.amount ?? Decimal.zero) })
    }
    return Arr.sort(levels.values(), byPrice)
  }
  return { bids: side("buy").toReversed(), asks: side("sell") }
}

const byPrice = Order.mapInput(BigDecimal.Order, ({ price }: Row.Level) => price)

// No endpoint reports the status. Urgent messages are announced, and maintenance is a 503 that does not mention
// overload.
const status: Declaration.MarketData["status"] = (client) => () =>
  client.request(Endpoints.urgentAnnouncements, {}).pipe(
    Effect.map(({ rows: [latest] }): Declaration.Status => ({ status: "operational", detail: latest?.title })),
    Effect.catchTag("ExchangeUnavailable", (error) =>
      error.status === 503 && error.outcome === "Unknown"
        ? Effect.succeed<Declaration.Status>({ status: "maintenance", detail: error.detail })
        : error)
  )

// ---- account

/** Reads a table, newest rows first: page by page to its end, or until enough wanted rows are found. */
const table = <A extends { readonly id?: string | undefined }, Args extends ReadonlyArray<unknown>>(
  endpoint: Endpoint.Endpoint<"account", Endpoints.Query, Listing.Listing<A>>,
  input: (...args: Args) => Omit<Endpoints.Query, "count" | "start" | "reverse">,
  wanted?: (row: A, ...args: Args) => boolean,
  step: number = Endpoints.pageSize.account
) => {
  const count = Endpoints.pageSize.account
  return Page.byOffset(count, {
    endpoint,
    input: (start = 0, ...args: Args) => ({ ...input(...args), count, start, reverse: true }),
    wanted
  }, step)
}

/**
 * Reads the open orders. Orders that end between two pages move the others forward, so half of a page is read again.
 */
const openOrders = table(
  Endpoints.orders,
  (market: Market.Market | undefined) => ({ symbol: market?.id, filter: { open: true } }),
  undefined,
  Endpoints.pageSize.account / 2
)

const orderFilter = <Filter>({ id }: Market.Market, filter: Filter) => ({ symbol: id, count: 1, reverse: true, filter })
const since = (market: Market.Market | undefined, { since }: Adapter.History) => ({
  symbol: market?.id,
  startTime: Endpoint.isoTime(since)
})
const ordersSince = table(Endpoints.orders, since)
const executions = table(Endpoints.tradeHistory, since, ({ fill }) => fill !== undefined)

const fills = (client: Client) => (market: Market.Market | undefined, query: Adapter.History) =>
  Effect.flatMap(executions(client)(market, query), (rows) => {
    const fills = Listing.flatMap(rows, ({ fill }) => fill ? [[fill, fill.fee, fill.feeAsset ?? ""] as const] : [])
    return convertMoney(client, fills, (fill, fee, feeAsset) => ({ ...fill, fee, feeAsset }))
  })

const positions: Declaration.OptionalAccount["positions"] = (client) => () =>
  Effect.flatMap(to(Endpoints.positions)(client)(), (rows) =>
    convertMoney(
      client,
      Listing.map(rows, ({ currency, row }) => [row, row.unrealizedPnl, currency] as const),
      (position, unrealizedPnl) => ({ ...position, unrealizedPnl })
    ))

/**
 * The adapter for BitMEX: its tags, Layers and features. A request places one order.
 *
 * `layerMarketData` provides public data. It needs no credentials and has no access to any. `layerAccount` adds the
 * account of an API key. `layer` adds trading; the live exchange requires both `environment: "live"` and
 * `trading: "enabled"`. `layerAccountConfig` and `layerConfig` take every option from configuration. `features`
 * describes what the exchange supports.
 *
 * The services of the tags `MarketData`, `Account` and `Trading` are the same values as those of the shared tags. Use
 * these tags in programs with several exchanges.
 *
 * `credentials` default to `BITMEX_API_KEY` and `BITMEX_API_SECRET` from configuration. They are read again when they
 * may have been rotated.
 *
 * @since 0.1.0
 * @category exchanges
 */
export const BitMex = Exchange.define({
  name: "BitMEX",
  protocol,
  kinds: ["spot", "perpetual", "future"],
  lacks: ["placeBatch"],
  feeds,
  unit: ({ multiplier }) => multiplier,
  volumes: ["candles"],
  marketData: {
    listings: [to(Endpoints.instrumentsActive)],
    ticker: Question.ofOne(to(Endpoints.instrument)),
    tickers: to(Endpoints.tickers),
    book: { depths: Number.POSITIVE_INFINITY, read: to(Endpoints.orderBookL2, book) },
    trades: {
      most: Endpoints.pageSize.public,
      order: "newest first",
      read: to(Endpoints.trades, Listing.flatMap(({ trade }) => trade ?? []))
    },
    candles: {
      words: binSizes,
      page: Endpoints.pageSize.public,
      read: to(Endpoints.tradesBucketed, (rows, _, binSize) => rows.flatMap(bar(binSize))),
      first: ask(
        Endpoints.tradesBucketed,
        (market: Market.Market, binSize: string, from: number) =>
          Endpoints.intervals(market, binSize, { from, count: 1 }),
        (rows, _: Market.Market, binSize: string) => rows.map(({ end }) => ({ openTime: end - lengthOf(binSize) }))
      )
    },
    status
  },
  account: {
    balances,
    // Responses have the id of the key in use redacted, which identifies its row. If the key cannot see itself, it is
    // only known that it may read.
    keyPermissions: to(Endpoints.apiKeys, ({ rows }) => {
      const key = rows.find(({ id }) => id === Credentials.redacted)
      return key?.permissions ?? KeyPermissions.readable
    }),
    open: openOrders,
    openOfAll: Question.about(undefined, openOrders),
    byId: ask(Endpoints.orders, ({ id, market }) => orderFilter(market, { orderID: id })),
    byName: [ask(Endpoints.orders, ({ clientOrderId, market }) => orderFilter(market, { clOrdID: clientOrderId }))],
    ended: { order: "newest first", withOpen: true, read: ordersSince, ofAll: Question.about(undefined, ordersSince) },
    fills: { order: "newest first", read: fills, ofAll: Question.about(undefined, fills) },
    positions
  },
  trading: {
    // The examples of the documentation also contain `/`, but it does not list the allowed characters.
    names: ClientOrderId.upTo(36, "A-Z a-z 0-9 _ -"),
    timeInForce: ["GTC", "IOC", "FOK"],
    reduceOnly: true,
    // BitMEX does not document for how long, so no client order id is ever sent again in reliance on it.
    deduplicates: "while open",
    takenWithin: `${expiresAfter} seconds`,
    // The queue of the matching engine, whose length is not documented.
    seenWithin: "20 seconds",
    place: to(Endpoints.placeOrder),
    cancel: { by: "either", ask: to(Endpoints.cancelOrder, ({ rows: [order] }) => order) },
    cancelAll: {
      ids: to(Endpoints.cancelAllOrders, ({ rows }) => rows.flatMap(({ error, id }) => error === undefined ? [id] : []))
    },
    amend: to(Endpoints.amendOrder)
  }
})

/**
 * The identifiers of the tags.
 *
 * @since 0.1.0
 * @category exchanges
 */
export declare namespace BitMex {
  /**
   * The identifier of the `BitMex.MarketData` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type MarketData = Exchange.Named<"BitMEXMarketData">

  /**
   * The identifier of the `BitMex.Account` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type Account = Exchange.Named<"BitMEXAccount">

  /**
   * The identifier of the `BitMex.Trading` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type Trading = Exchange.Named<"BitMEXTrading">
}
