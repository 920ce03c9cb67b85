/**
 * BitMEX, which closed for good on 2026-09-23: its live and testnet Layers answer `ExchangeClosed` to every call, and a
 * base URL (a simulator's, an archive's) brings it to life.
 *
 * @since 0.1.0
 */
import { Credentials, Decimal, ExchangeError, KeyPermissions, type Market } from "@effect-exchange/core"
import { Endpoint, Exchange, Listing, Page, Question } from "@effect-exchange/core/adapter"
import type { Declaration, ExchangeClient, Row, Wire } from "@effect-exchange/core/adapter"
import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Order from "effect/Order"
import * as Endpoints from "./Endpoints.js"
import { feeds } from "./Feeds.js"
import { bar, binSizes, counted, lengthOf, one, unheard, unit } from "./Markets.js"
import { expiresAfter, protocol } from "./Protocol.js"
import * as Rows from "./Rows.js"

const { ask, to } = Question
const { exchange } = protocol
const { MalformedResponse } = ExchangeError
const nothing = Decimal.make("0")

// ---- money

type Client = ExchangeClient.ExchangeClient<"marketData" | "account">

/** The minor units of some currencies, asked for only where they are not known beforehand. */
const unitsOf = (client: Client, currencies: ReadonlyArray<string>) =>
  currencies.every((currency) => Rows.minorUnits.has(currency))
    ? Effect.succeed(Rows.minorUnits)
    : Effect.map(
      client.request(Endpoints.walletAssets, {}),
      ({ rows }) => new Map([...rows.map((row) => [row.currency, row] as const), ...Rows.minorUnits])
    )

/**
 * Rows whose money is in minor units, of `money` of a currency. One in a unit that nobody knows is told apart: a guess is
 * wrong by powers of ten.
 */
const valued = <A extends { readonly id?: string; readonly market: string }>(
  client: Client,
  { rows, unknown }: Listing.Listing<readonly [row: A, money: BigDecimal.BigDecimal | undefined, currency: string]>,
  to: (row: A, amount: BigDecimal.BigDecimal, asset: string) => A
) =>
  Effect.map(unitsOf(client, rows.flatMap(([, money, currency]) => money ? [currency] : [])), (units) => {
    const [obscure, known] = Arr.partitionMap(rows, ([row, money, currency]) => {
      const unit = units.get(currency)
      if (money === undefined) return Either.right(row)
      return unit === undefined
        ? Either.left({ ...unnamed, id: row.id, market: row.market, detail: unheard(currency) })
        : Either.right(to(row, counted(money, unit.places), unit.asset))
    })
    return { rows: known, unknown: [...unknown, ...obscure] }
  })

const unnamed = { clientOrderId: undefined, createdAt: undefined }

const balances: Declaration.Account["balances"] = (client) => () =>
  Effect.gen(function*() {
    const all = yield* to(Endpoints.margin)(client)()
    // Nothing is nothing in any unit, known here or not.
    const rows = all.filter(({ total }) => !BigDecimal.isZero(total))
    const units = yield* unitsOf(client, rows.map(({ currency }) => currency))
    return yield* Effect.forEach(rows, ({ currency, free, total }) => {
      const unit = units.get(currency)
      if (!unit) return new MalformedResponse({ exchange, operation: "balances", detail: unheard(currency) })
      const { asset, places } = unit
      return Effect.succeed({ asset, free: counted(free, places), total: counted(total, places) })
    })
  })

// ---- public data

/** The book out of rows in no order, of which several may have one price. */
const book = (rows: ReadonlyArray<Wire.Type<typeof Rows.Level>>): Declaration.Book => {
  const side = (wanted: "buy" | "sell"): ReadonlyArray<Row.Level> => {
    const levels = new Map<string, Row.Level>()
    for (const { amount, price, side } of rows) {
      if (side !== wanted || price === undefined) continue
      const key = Decimal.format(BigDecimal.normalize(price))
      levels.set(key, { price, amount: BigDecimal.sum(amount, levels.get(key)?.amount ?? nothing) })
    }
    return Arr.sort(levels.values(), byPrice)
  }
  return { bids: side("buy").toReversed(), asks: side("sell") }
}

const byPrice = Order.mapInput(BigDecimal.Order, ({ price }: Row.Level) => price)

// There is no endpoint that tells: what is urgent is announced, and maintenance is a 503 that does not speak of load.
const status: Declaration.MarketData["status"] = (client) => () =>
  client.request(Endpoints.urgentAnnouncements, {}).pipe(
    Effect.map(({ rows: [latest] }): Declaration.Status => ({
      status: "operational",
      detail: latest?.title
    })),
    Effect.catchTag("ExchangeUnavailable", (error) =>
      error.status === 503 && error.outcome === "Unknown"
        ? Effect.succeed<Declaration.Status>({ status: "maintenance", detail: error.detail })
        : error)
  )

// ---- tables of the account

/** A table, the newest rows first: page after page to its end, or until there is enough of what is wanted. */
const table = <A extends { readonly id?: string | undefined }, Args extends ReadonlyArray<unknown>>(
  endpoint: Endpoint.Endpoint<"account", Endpoints.Query, Listing.Listing<A>>,
  input: (...args: Args) => Omit<Endpoints.Query, "count" | "start" | "reverse">,
  wanted?: (row: A, ...args: Args) => boolean,
  step: number = Endpoints.pageSize.account
) => {
  const count = Endpoints.pageSize.account
  return Page.all({
    endpoint,
    input: (start: number | undefined = 0, ...args: Args) => ({ ...input(...args), count, start, reverse: true }),
    rows: (rows) => rows,
    next: (page) => page.count < count ? undefined : (page.place ?? 0) + step,
    wanted
  })
}

/** Orders that stand. Those that end between two pages move the others forward: half of a page is read again. */
const standing = <Args extends ReadonlyArray<unknown>>(input: (...args: Args) => Pick<Endpoints.Query, "symbol">) =>
  table(
    Endpoints.orders,
    (...args: Args) => ({ ...input(...args), filter: { open: true } }),
    undefined,
    Endpoints.pageSize.account / 2
  )

const sought = <Filter>({ id }: Market.Market, filter: Filter) => ({ symbol: id, count: 1, reverse: true, filter })
const since = ({ id }: Market.Market, { since }: Declaration.History) => ({
  symbol: id,
  startTime: Endpoint.isoTime(since)
})
const executions = table(Endpoints.tradeHistory, since, ({ fill }) => fill !== undefined)

const fills: Declaration.Account["fills"]["read"] = (client) => (market, query) =>
  Effect.flatMap(executions(client)(market, query), (rows) => {
    const fills = Listing.flatMap(rows, ({ fill }) => fill ? [[fill, fill.fee, fill.feeAsset ?? ""] as const] : [])
    return valued(client, fills, (fill, fee, feeAsset) => ({ ...fill, fee, feeAsset }))
  })

const positions: Declaration.OptionalAccount["positions"] = (client) => () =>
  Effect.flatMap(to(Endpoints.positions)(client)(), (rows) =>
    valued(
      client,
      Listing.map(rows, ({ currency, row }) => [row, row.unrealizedPnl, currency] as const),
      (position, unrealizedPnl) => ({ ...position, unrealizedPnl })
    ))

// ---- trading

/** What changes nothing would be refused, and is not sent: the order is as it was. */
const amend: Declaration.OptionalTrading["amend"] = (client) => ({ current, reference: { market }, ...change }) => {
  const sizeOf = (amount: BigDecimal.BigDecimal) => BigDecimal.unsafeDivide(amount, unit(market) ?? one)
  const amount = current.amount && sizeOf(current.amount)
  const price = changed(change.price, current.price)
  const orderQty = changed(change.size, amount)
  return price === undefined && orderQty === undefined
    ? Effect.succeed({ ...current, market: market.id, amount, filled: sizeOf(current.filled) })
    : client.request(Endpoints.amendOrder, { orderID: current.id, price, orderQty })
}

const changed = (wanted: BigDecimal.BigDecimal | undefined, current: BigDecimal.BigDecimal | undefined) =>
  wanted && current && BigDecimal.equals(wanted, current) ? undefined : wanted

/**
 * BitMEX: its tags, its Layers and what it could do. It takes one order a request.
 *
 * `layerMarketData` needs no credentials and has none in reach, `layerAccount` adds the account of a key, and `layer` trading with
 * it, which on the live exchange has to be said twice. `layerAccountConfig` and `layerConfig` take every option from configuration.
 * `MarketData`, `Account` and `Trading` are the same values as the shared services, for programs that use several exchanges, and
 * `features` tells what it can do.
 *
 * Unless `credentials` are given, they are `BITMEX_API_KEY` and `BITMEX_API_SECRET` from configuration, read again when they may have
 * been rotated.
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
  unit,
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
    // In an answer the key in use has no other name. What may be is unknown where it is not among those it can see.
    keyPermissions: to(Endpoints.apiKeys, ({ rows }) => {
      const key = rows.find(({ id }) => id === Credentials.redacted)
      return key?.permissions ?? KeyPermissions.readable
    }),
    open: standing(({ id }: Market.Market) => ({ symbol: id })),
    openOfAll: standing(() => ({})),
    byId: ask(Endpoints.orders, ({ id, market }) => sought(market, { orderID: id })),
    byName: [ask(Endpoints.orders, ({ clientOrderId, market }) => sought(market, { clOrdID: clientOrderId }))],
    ended: { order: "newest first", withOpen: true, read: table(Endpoints.orders, since) },
    fills: { order: "newest first", read: fills },
    positions
  },
  trading: {
    // `/` is in the examples of the documents, but what else may be is not said.
    names: { pattern: /^[A-Za-z0-9_-]{1,36}$/, described: "1 to 36 of A-Z a-z 0-9 _ -", make: (hex) => hex },
    timeInForce: ["GTC", "IOC", "FOK"],
    reduceOnly: true,
    // For how long nobody has said, so no name is ever used again on the strength of it.
    deduplicates: "while open",
    takenWithin: `${expiresAfter} seconds`,
    // The engine's queue, of which nobody has said how long it gets.
    seenWithin: "20 seconds",
    place: to(Endpoints.placeOrder),
    cancel: { by: "either", ask: to(Endpoints.cancelOrder, ({ rows: [order] }) => order) },
    cancelAll: {
      ids: to(
        Endpoints.cancelAllOrders,
        ({ rows }) => rows.flatMap(({ error, id }) => error === undefined ? [id] : [])
      )
    },
    amend
  }
})

/**
 * @since 0.1.0
 * @category exchanges
 */
export declare namespace BitMex {
  /**
   * @since 0.1.0
   * @category tags
   */
  export type MarketData = Exchange.Named<"BitMEXMarketData">

  /**
   * @since 0.1.0
   * @category tags
   */
  export type Account = Exchange.Named<"BitMEXAccount">

  /**
   * @since 0.1.0
   * @category tags
   */
  export type Trading = Exchange.Named<"BitMEXTrading">
}
