/**
 * The adapter for Binance Spot.
 *
 * @since 0.1.0
 */
import { ExchangeError, KeyPermissions, type Market } from "@effect-exchange/core"
import { ClientOrderId, Exchange, type Listing, Page, Question } from "@effect-exchange/core/adapter"
import type { Declaration, Endpoint } from "@effect-exchange/core/adapter"
import * as Endpoints from "./Endpoints.js"
import { feeds, intervals } from "./Feeds.js"
import { protocol } from "./Protocol.js"

const { ask, to } = Question

/**
 * Returns `true` where no `/sapi` endpoint reports the status of the exchange and the permissions of a key. Test hosts
 * have no `/sapi`. Binance.US requires a key for its status, and does not report permissions.
 */
const lacksSapi = ({ environment }: { readonly environment: string }): boolean =>
  environment === "testnet" || environment === "demo" || environment === "us"

/** Where no endpoint reports the status, a response from the clock shows that the exchange is operational. */
const status: Declaration.MarketData["status"] = (client) =>
  lacksSapi(client)
    ? to(Endpoints.serverTime, (at): Declaration.Status => ({ status: "operational", at }))(client)
    : to(Endpoints.systemStatus)(client)

/** Where no endpoint reports the permissions, a response from the account shows that the key may read. */
const keyPermissions: Declaration.Account["keyPermissions"] = (client) =>
  lacksSapi(client)
    ? to(Endpoints.account, () => KeyPermissions.readable)(client)
    : to(Endpoints.apiRestrictions)(client)

/**
 * Reads the latest rows of a history.
 *
 * A request without times returns the latest rows. A request with a start time returns the oldest rows from that time
 * on, within one day. Ids count the whole market and not the account, so the previous page cannot be requested. More
 * rows than one page holds are therefore read forward from `since`.
 */
const latest = <Row extends { readonly id: string }>(
  endpoint: Endpoint.Endpoint<"account", Endpoints.Part, Listing.Listing<Row>>,
  timeOf: (row: Row) => number | undefined
): Declaration.Past<Row> =>
(client) => {
  // All rows, oldest first: one day at a time, and page by page where a day has more than one page.
  const forward = Page.bySpan({
    endpoint,
    span: 86_400_000,
    order: "oldest first",
    input: ({ id }: Market.Market, from: number | undefined, span) => ({
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
      detail: `Binance returns at most the latest ${Endpoints.pageSize} rows without \`since\``,
      alternative: `request at most ${Endpoints.pageSize}, or pass \`since\``
    })
  }
}

/**
 * The adapter for Binance: its tags, Layers and features. Its spot markets have no positions, it cannot amend an order,
 * and a request places one order.
 *
 * `layerMarketData` provides public data. It needs no credentials and has no access to any. `layerAccount` adds the
 * account of an API key. `layer` adds trading; the live exchange requires both `environment: "live"` and
 * `trading: "enabled"`. `layerAccountConfig` and `layerConfig` take every option from configuration. `features`
 * describes what the exchange supports.
 *
 * The services of the tags `MarketData`, `Account` and `Trading` are the same values as those of the shared tags. Use
 * these tags in programs with several exchanges.
 *
 * `credentials` default to `BINANCE_API_KEY` and `BINANCE_API_SECRET` from configuration (`BINANCE_TESTNET_API_KEY` and
 * so on for the testnet). They are read again when they may have been rotated. A secret in PEM is an Ed25519 key.
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
    // The ids of many markets would make the URL longer than proxies accept. Requesting all tickers has the same
    // weight.
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
      // Without an end time, the response begins with the oldest candle from the start time on.
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
    forgetsAfter: "90 days",
    ended: { order: "oldest first", withOpen: true, read: latest(Endpoints.allOrders, ({ createdAt }) => createdAt) },
    fills: { order: "oldest first", read: latest(Endpoints.myTrades, ({ at }) => at) }
  },
  trading: {
    // The characters that all versions of the documentation allow. Newer versions also allow `.`, `:` and `/`.
    names: ClientOrderId.upTo(36, "A-Z a-z 0-9 _ -"),
    timeInForce: ["GTC", "IOC", "FOK"],
    reduceOnly: false,
    deduplicates: "while open",
    // 5 seconds during which the exchange accepts the request, and 10 until it times out.
    takenWithin: "15 seconds",
    // The lag of the exchange's database.
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
 * The identifiers of the tags.
 *
 * @since 0.1.0
 * @category exchanges
 */
export declare namespace Binance {
  /**
   * The identifier of the `Binance.MarketData` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type MarketData = Exchange.Named<"BinanceMarketData">

  /**
   * The identifier of the `Binance.Account` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type Account = Exchange.Named<"BinanceAccount">

  /**
   * The identifier of the `Binance.Trading` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type Trading = Exchange.Named<"BinanceTrading">
}
