/**
 * The adapter for Deribit: spot, perpetual and dated contracts, inverse and linear.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import { ClientOrderId, Exchange, Listing, Page, Question } from "@effect-exchange/core/adapter"
import type { Adapter, Declaration, Row } from "@effect-exchange/core/adapter"
import * as Effect from "effect/Effect"
import * as Endpoints from "./Endpoints.js"
import { feeds, intervals } from "./Feeds.js"
import { read as readMarket } from "./Markets.js"
import { protocol } from "./Protocol.js"

const { ask, to } = Question
const kinds = ["spot", "future"] as const

// A label is looked up within a currency. Of those of spot markets, Deribit documents only a few for this, and not
// under which one an order is stored. The open orders of the market are read instead.
const byLabel: Declaration.Account["byName"][number] = (client) => ({ clientOrderId, market }) =>
  market.settle === undefined
    ? Effect.map(
      client.request(Endpoints.getOpenOrdersByInstrument, Endpoints.named(market)),
      Listing.filter((order) => order.clientOrderId === clientOrderId)
    )
    : client.request(Endpoints.getOrderStateByLabel, { currency: market.settle, label: clientOrderId })

// Histories come latest first.
const isBefore = (at: number | undefined, since: number | undefined) =>
  at !== undefined && since !== undefined && at < since

/**
 * Searches the ended orders for a label, latest first. The search ends when the label is found, or when the orders had
 * ended before the wanted order was placed. After ten pages without either, it fails, because nothing is proven.
 */
const byHistory = (historical: boolean) =>
  Page.byOffset(Endpoints.pageSize, {
    endpoint: Endpoints.getOrderHistory,
    input: (offset: number | undefined, { market }: Declaration.ByClientOrderId) =>
      Endpoints.getOrderHistory.make(market, historical, Endpoints.pageSize, offset),
    isPast: ({ updatedAt }, { since }) => isBefore(updatedAt, since),
    wanted: (row, { clientOrderId }) => row.clientOrderId === clientOrderId,
    enough: () => 1,
    most: 10
  })

const endedOf = (historical: boolean) =>
  Page.byOffset(Endpoints.pageSize, {
    endpoint: Endpoints.getOrderHistory,
    input: (offset: number | undefined, market: Market.Market, { limit }: Adapter.History) =>
      Endpoints.getOrderHistory.make(market, historical, Math.min(limit, Endpoints.pageSize), offset),
    isPast: ({ updatedAt }, _, { since }) => isBefore(updatedAt, since)
  })

/**
 * Reads fills, latest first, until a page reaches back before `since`. The requests do not contain `since`: with a
 * `start_timestamp`, Deribit returns the earliest trades.
 */
const fillsOf = (historical: boolean) =>
  Page.all({
    endpoint: Endpoints.getUserTrades,
    input: (end: number | undefined, market: Market.Market, query: Adapter.History) =>
      Endpoints.part(end, market, query, historical),
    rows: ({ fills }) => fills,
    next: ({ answer: { fills, hasMore }, place }) => hasMore ? Page.atInstant(fills.rows.at(-1)?.at, place) : undefined,
    isPast: ({ at }, _, { since }) => isBefore(at, since),
    wanted: ({ at }: Row.Fill, _, { since }) => !isBefore(at, since)
  })

/**
 * The adapter for Deribit: its tags, Layers and features.
 *
 * `layerMarketData` provides public data. It needs no credentials and has no access to any. `layerAccount` adds the
 * account of an API key. `layer` adds trading; the live exchange requires both `environment: "live"` and
 * `trading: "enabled"`. `layerAccountConfig` and `layerConfig` take every option from configuration. `features`
 * describes what the exchange supports.
 *
 * The services of the tags `MarketData`, `Account` and `Trading` are the same values as those of the shared tags. Use
 * these tags in programs with several exchanges.
 *
 * `credentials` default to `DERIBIT_API_KEY` and `DERIBIT_API_SECRET` from configuration (`DERIBIT_TESTNET_API_KEY` and
 * so on for the testnet). They are read again when they may have been rotated.
 *
 * @since 0.1.0
 * @category exchanges
 */
export const Deribit = Exchange.define({
  name: "Deribit",
  protocol,
  feeds,
  kinds: ["spot", "perpetual", "future"],
  lacks: ["placeBatch"],
  marketData: {
    listings: kinds.map((kind) =>
      ask(Endpoints.getInstruments, () => ({ currency: "any", kind }), Listing.map(readMarket))
    ),
    ticker: to(Endpoints.ticker),
    book: { depths: [1, 5, 10, 20, 50, 100, 1000, 10_000], read: to(Endpoints.getOrderBook) },
    trades: { most: 1000, order: "newest first", read: to(Endpoints.getLastTrades) },
    candles: {
      words: intervals,
      page: 1000,
      read: to(Endpoints.getChart),
      // Deribit's first market opened in this month.
      first: { opened: Date.UTC(2016, 5, 1), by: ["12h", "1h"] }
    },
    status: to(Endpoints.status)
  },
  account: {
    balances: to(Endpoints.getAccountSummaries),
    keyPermissions: to(Endpoints.auth, (scope) => ({
      read: /\btrade:read/.test(scope) && /\baccount:read/.test(scope),
      trade: /\btrade:read_write\b/.test(scope),
      withdraw: /\bwallet:read_write\b/.test(scope),
      ipRestricted: "unknown"
    })),
    open: to(Endpoints.getOpenOrdersByInstrument),
    openOfAll: Question.aboutEach(kinds, to(Endpoints.getOpenOrders)),
    byId: to(Endpoints.getOrderState),
    // Deribit forgets a label half an hour after its order has ended. Earlier orders are searched for in the history.
    byName: [byLabel, byHistory(false), byHistory(true)],
    // A row moves from the recent to the historical ones some time after its order has ended, or after its trade.
    ended: { order: "newest first", read: Question.union([endedOf(false), endedOf(true)]) },
    fills: { order: "newest first", read: Question.union([fillsOf(false), fillsOf(true)]) },
    positions: to(Endpoints.getPositions)
  },
  trading: {
    names: ClientOrderId.upTo(64, "A-Z a-z 0-9 . _ : -", ClientOrderId.asUuid),
    timeInForce: ["GTC", "IOC", "FOK"],
    reduceOnly: true,
    deduplicates: "never",
    takenWithin: "15 seconds",
    seenWithin: "5 seconds",
    place: (client) => (order) => to(order.side === "buy" ? Endpoints.buy : Endpoints.sell)(client)(order),
    cancel: { by: "id", ask: to(Endpoints.cancel) },
    // The response has only the number of canceled orders. An order placed in the meantime may have taken the place of
    // one that was filled.
    cancelAll: { all: to(Endpoints.cancelAllByInstrument, () => undefined) },
    amend: to(Endpoints.edit)
  }
})

/**
 * The identifiers of the tags.
 *
 * @since 0.1.0
 * @category exchanges
 */
export declare namespace Deribit {
  /**
   * The identifier of the `Deribit.MarketData` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type MarketData = Exchange.Named<"DeribitMarketData">

  /**
   * The identifier of the `Deribit.Account` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type Account = Exchange.Named<"DeribitAccount">

  /**
   * The identifier of the `Deribit.Trading` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type Trading = Exchange.Named<"DeribitTrading">
}
