/**
 * Binance Spot.
 *
 * @since 0.1.0
 */
import { ExchangeError, KeyPermissions } from "@effect-exchange/core"
import { Exchange, type Listing, Page, Question } from "@effect-exchange/core/adapter"
import type { Declaration, Endpoint } from "@effect-exchange/core/adapter"
import * as Endpoints from "./Endpoints.js"
import { feeds, intervals } from "./Feeds.js"
import { protocol } from "./Protocol.js"

const { ask, to } = Question

/**
 * Where nothing of `/sapi` says how the exchange is and what a key may do: test hosts have none of it, and Binance.US tells
 * its status to keys only, and of keys nothing.
 */
const isSilent = ({ environment }: { readonly environment: string }): boolean =>
  environment === "testnet" || environment === "demo" || environment === "us"

/** Where no endpoint tells, that the clock answers at all shows that it serves. */
const status: Declaration.MarketData["status"] = (client) =>
  isSilent(client)
    ? to(Endpoints.serverTime, (at): Declaration.Status => ({ status: "operational", at }))(client)
    : to(Endpoints.systemStatus)(client)

/** Where no endpoint tells, that the account answers at all shows that the key may read. */
const keyPermissions: Declaration.Account["keyPermissions"] = (client) =>
  isSilent(client)
    ? to(Endpoints.account, () => KeyPermissions.readable)(client)
    : to(Endpoints.apiRestrictions)(client)

/**
 * The latest rows of a history. Without times the answer is the latest; with a beginning it would be the oldest from there,
 * of one day. Ids are of the whole market and not of the account, so there is no way back to the page before: more than a page
 * is read forward, from when they are asked for.
 */
const latest = <Row extends { readonly id: string }>(
  endpoint: Endpoint.Endpoint<"account", Endpoints.Part, Listing.Listing<Row>>,
  timeOf: (row: Row) => number | undefined
): Declaration.Past<Row> =>
(client) => {
  // All of them, the oldest first: a day at a time, and a page at a time where a day has more.
  const forward = Page.bySpan({
    endpoint,
    span: 86_400_000,
    order: "oldest first",
    input: ({ id }, from: number | undefined, span) => ({
      symbol: id,
      startTime: from ?? span?.from,
      endTime: span?.to,
      limit: Endpoints.pageSize
    }),
    rows: (_, rows: Listing.Listing<Row>) => rows,
    next: ({ answer: { rows }, count, place }) => {
      const last = rows.at(-1)
      return count < Endpoints.pageSize ? undefined : Page.atInstant(last && timeOf(last), place)
    }
  })
  return (market, query) => {
    if (query.limit <= Endpoints.pageSize) {
      return client.request(endpoint, { symbol: market.id, limit: query.limit })
    }
    return query.since !== undefined ? forward(client)(market, query) : new ExchangeError.Unsupported({
      exchange: client.exchange,
      operation: endpoint.name,
      detail: `Binance shows the latest ${Endpoints.pageSize} at once`,
      alternative: `ask for ${Endpoints.pageSize}, or for those \`since\` an instant`
    })
  }
}

/**
 * Binance: its tags, its Layers and what it can do. There are no positions on its spot markets, an order cannot be amended, and
 * a request places one.
 *
 * `layerMarketData` needs no credentials and has none in reach, `layerAccount` adds the account of a key, and `layer` trading with
 * it, which on the live exchange has to be said twice. `layerAccountConfig` and `layerConfig` take every option from configuration.
 * `MarketData`, `Account` and `Trading` are the same values as the shared services, for programs that use several exchanges, and
 * `features` tells what it can do.
 *
 * Unless `credentials` are given, they are `BINANCE_API_KEY` and `BINANCE_API_SECRET` from configuration (`BINANCE_TESTNET_API_KEY` and
 * so on for the testnet), read again when they may have been rotated. A secret in PEM is an Ed25519 key.
 *
 * @since 0.1.0
 * @category exchanges
 */
export const Binance = Exchange.define({
  name: "Binance",
  protocol,
  feeds,
  kinds: ["spot"],
  lacks: ["positions", "amend", "placeBatch"],
  marketData: {
    listings: [to(Endpoints.exchangeInfo)],
    ticker: to(Endpoints.ticker24hr),
    // The names of many markets would make a longer URL than proxies take; all of them weigh no more.
    tickers: ask(Endpoints.tickers24hr, (markets) => ({
      symbols: markets.length > 100 ? undefined : [...new Set(markets.map(({ id }) => id))]
    })),
    book: { depths: 5000, read: to(Endpoints.depth) },
    trades: { most: Endpoints.pageSize, order: "oldest first", read: to(Endpoints.trades) },
    candles: {
      words: intervals,
      page: Endpoints.pageSize,
      read: ask(Endpoints.klines, ({ id }, interval, { from, to }) => ({
        symbol: id,
        interval,
        startTime: from,
        endTime: to - 1,
        limit: Endpoints.pageSize
      })),
      // Without an end the answer begins with the oldest there is from the start on.
      first: ask(Endpoints.klines, ({ id }, interval, startTime) => ({ symbol: id, interval, startTime, limit: 1 }))
    },
    status
  },
  account: {
    balances: to(Endpoints.account),
    keyPermissions,
    open: to(Endpoints.openOrders),
    openOfAll: ask(Endpoints.openOrders, () => ({})),
    byId: to(Endpoints.order),
    byName: [to(Endpoints.order)],
    forgets: { after: "90 days", detail: "Binance archives an order that was not filled after 90 days" },
    ended: { order: "oldest first", withOpen: true, read: latest(Endpoints.allOrders, ({ createdAt }) => createdAt) },
    fills: { order: "oldest first", read: latest(Endpoints.myTrades, ({ at }) => at) }
  },
  trading: {
    // What all versions of the documents allow: the newer ones allow `.`, `:` and `/` as well.
    names: { pattern: /^[A-Za-z0-9_-]{1,36}$/, described: "1 to 36 of A-Z a-z 0-9 - _", make: (hex) => hex },
    timeInForce: ["GTC", "IOC", "FOK"],
    reduceOnly: false,
    deduplicates: "while open",
    // 10 seconds until the exchange gives up, and 5 in which it takes the request.
    takenWithin: "15 seconds",
    // What its database lags behind.
    seenWithin: "5 seconds",
    place: to(Endpoints.newOrder),
    cancel: { by: "either", ask: to(Endpoints.cancelOrder) },
    cancelAll: {
      ids: to(
        Endpoints.cancelOpenOrders,
        (rows) => rows.flatMap((row) => "orderReports" in row ? row.orderReports : [row]).map(({ orderId }) => orderId)
      )
    }
  }
})

/**
 * @since 0.1.0
 * @category exchanges
 */
export declare namespace Binance {
  /**
   * @since 0.1.0
   * @category tags
   */
  export type MarketData = Exchange.Named<"BinanceMarketData">

  /**
   * @since 0.1.0
   * @category tags
   */
  export type Account = Exchange.Named<"BinanceAccount">

  /**
   * @since 0.1.0
   * @category tags
   */
  export type Trading = Exchange.Named<"BinanceTrading">
}
