/**
 * The adapter for Kraken Spot.
 *
 * @since 0.1.0
 */
import { ExchangeError, type Market, Order } from "@effect-exchange/core"
import { ClientOrderId, Exchange, Listing, Page, Question } from "@effect-exchange/core/adapter"
import type { Declaration, Endpoint, ExchangeClient } from "@effect-exchange/core/adapter"
import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Endpoints from "./Endpoints.js"
import * as Errors from "./Errors.js"
import { feeds, intervals } from "./Feeds.js"
import { altnameOf, assetName, read as readMarket } from "./Markets.js"
import { protocol } from "./Protocol.js"

const { ask, to } = Question

type Client = ExchangeClient.ExchangeClient<"account" | "trading">

/**
 * Reads the balances. The names of the assets are in another table, which is read again only for an id that it did not
 * have. An asset that earns rewards (`XBT.F`) counts as the same asset.
 */
const balances: Declaration.Account["balances"] = (client) => {
  let known: ReadonlyMap<string, string> = new Map()
  let isPart = false
  const named = (ids: ReadonlyArray<string>) =>
    Effect.suspend(() =>
      ids.every((id) => known.has(id))
        ? Effect.void
        : Effect.map(client.request(Endpoints.assets, {}), ({ rows, unknown }) => {
          known = new Map(rows.map(({ altname, id }) => [id, assetName(altname.replace(/\.F$/, ""))]))
          isPart = unknown.length > 0
        })
    )
  return () =>
    Effect.gen(function*() {
      const rows = yield* client.request(Endpoints.balanceEx, {})
      yield* named(rows.map(({ id }) => id))
      const unnamedRow = rows.find(({ id }) => !known.has(id))
      // The asset may be a row that was not understood. Under its id, it would be taken for another asset.
      if (unnamedRow !== undefined && isPart) {
        return yield* new ExchangeError.MalformedResponse({
          exchange: client.exchange,
          operation: Endpoints.assets.name,
          detail: "a balance has an unknown asset id, and part of the asset table could not be decoded"
        })
      }
      return rows.map(({ balance, credit, held, id }) => {
        const total = BigDecimal.sum(balance, credit)
        return { asset: known.get(id) ?? id, total, free: BigDecimal.subtract(total, held) }
      })
    })
}

// Kraken excludes rows of the start second itself.
const startOf = (since: number | undefined): number | undefined =>
  since === undefined ? undefined : Math.max(0, Math.floor(since / 1000) - 1)

/** The history of one market and that of all. Kraken has only the latter, from which the former is selected. */
const history = <Row extends { readonly id: string; readonly market: string }>(
  endpoint: Endpoint.Endpoint<"account", Endpoints.Part, Listing.Listing<Row>>,
  how: Pick<Endpoints.Part, "consolidate_taker"> = {}
) => {
  const read = Page.byOffset(Endpoints.pageSize, {
    endpoint,
    input: (ofs, _: Market.Market | undefined, { since }: Declaration.History) => ({
      ofs,
      start: startOf(since),
      ...how
    }),
    wanted: (row, _, { isWanted }: Declaration.History) => isWanted(row)
  })
  return { read, ofAll: Question.about(undefined, read) }
}

/**
 * Cancels orders by their ids. `CancelAll` is not used, because it cancels the orders of every pair.
 *
 * The response to a batch has only the number of canceled orders, or only an error if one order had ended. In that case
 * each order is canceled separately. Unless all were canceled, the orders are read to find their outcomes.
 */
const cancelSeveral = (client: Client) => (_: Market.Market, ids: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const cancelOne = (txid: string) =>
      Effect.catchTag(client.request(Endpoints.cancelOrder, { txid }), "OrderNotFound", () => Effect.void)
    const count = yield* client.request(Endpoints.cancelOrderBatch, { orders: ids }).pipe(
      Effect.catchTag("OrderNotFound", () =>
        Effect.validateAll(ids, cancelOne, { discard: true }).pipe(Effect.mapError(Arr.headNonEmpty), Effect.as(0)))
    )
    if (count === ids.length) {
      return ids.map((id): Declaration.Canceled => ({ id, outcome: "canceled" }))
    }
    const { rows } = yield* client.request(Endpoints.queryOrders, { txid: ids.join(",") })
    // An order that is still open has not ended, and is canceled again.
    return rows.filter(Order.isClosed).map(({ id, status }): Declaration.Canceled => ({
      id,
      outcome: status === "canceled" ? "canceled" : "ended"
    }))
  })

/**
 * The adapter for Kraken: its tags, Layers and features. Its spot markets have no positions.
 *
 * `layerMarketData` provides public data. It needs no credentials and has no access to any. `layerAccount` adds the
 * account of an API key. `layer` adds trading; the live exchange requires both `environment: "live"` and
 * `trading: "enabled"`. `layerAccountConfig` and `layerConfig` take every option from configuration. `features`
 * describes what the exchange supports.
 *
 * The services of the tags `MarketData`, `Account` and `Trading` are the same values as those of the shared tags. Use
 * these tags in programs with several exchanges.
 *
 * `credentials` default to `KRAKEN_API_KEY` and `KRAKEN_API_SECRET` from configuration. They are read again when they
 * may have been rotated.
 *
 * @since 0.1.0
 * @category exchanges
 */
export const Kraken = Exchange.define({
  name: "Kraken",
  protocol,
  feeds,
  kinds: ["spot"],
  lacks: ["positions"],
  marketNames: (market) => [market.id, altnameOf(market), market.symbol],
  marketData: {
    listings: [to(Endpoints.assetPairs, Listing.map(readMarket))],
    ticker: to(Endpoints.ticker),
    tickers: to(Endpoints.tickers),
    book: { depths: 500, read: to(Endpoints.depth) },
    trades: { most: 1000, order: "oldest first", read: to(Endpoints.trades) },
    candles: { words: intervals, page: 720, kept: 720, read: to(Endpoints.ohlc) },
    status: to(Endpoints.systemStatus)
  },
  account: {
    balances,
    keyPermissions: to(Endpoints.getApiKeyInfo, ({ ipAllowlist, permissions, validUntil }) => ({
      read: permissions.some((name) => name.startsWith("query-")),
      trade: permissions.includes("modify-trades"),
      // Kraken does not publish the names of all permissions. One that is neither to query nor to modify may allow
      // anything.
      withdraw: permissions.some((name) => name.startsWith("withdraw"))
        ? true
        : permissions.every((name) => /^(?:query|modify)-/.test(name))
        ? false
        : "unknown",
      ipRestricted: ipAllowlist.length > 0,
      ...validUntil === 0 ? {} : { expiresAt: validUntil }
    })),
    openOfAll: ask(Endpoints.openOrders, () => ({})),
    byId: to(Endpoints.queryOrders),
    byName: [Endpoints.openOrders, Endpoints.closedOrders].map((endpoint) =>
      ask(endpoint, ({ clientOrderId }) => ({ cl_ord_id: clientOrderId }))
    ),
    ended: { order: "newest first", ...history(Endpoints.closedOrders) },
    // The stream lists each fill, so the history must not list them consolidated.
    fills: { order: "newest first", feeIn: "quote", ...history(Endpoints.tradesHistory, { consolidate_taker: false }) }
  },
  trading: {
    names: {
      pattern: /^(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-z]{1,18})$/,
      described: "a UUID in lower case, or 1 to 18 characters of a-z 0-9",
      make: ClientOrderId.asUuid
    },
    timeInForce: ["GTC", "IOC"],
    reduceOnly: false,
    deduplicates: "while open",
    // An order may appear shortly after its deadline, and the clocks can only be compared to the second.
    takenWithin: "15 seconds",
    seenWithin: "5 seconds",
    place: to(Endpoints.addOrder, (accepted) => ({ accepted })),
    placeBatch: {
      most: 15,
      ask: to(
        Endpoints.addOrderBatch,
        (rows) =>
          rows.map(({ error, id }) =>
            error !== undefined ? { refused: Errors.errorBody(error) } : id === undefined ? undefined : { accepted: id }
          )
      )
    },
    cancel: { by: "either", ask: to(Endpoints.cancelOrder, () => undefined) },
    cancelAll: { most: Endpoints.pageSize, several: cancelSeveral },
    amend: to(Endpoints.amendOrder, () => undefined)
  }
})

/**
 * The identifiers of the tags.
 *
 * @since 0.1.0
 * @category exchanges
 */
export declare namespace Kraken {
  /**
   * The identifier of the `Kraken.MarketData` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type MarketData = Exchange.Named<"KrakenMarketData">

  /**
   * The identifier of the `Kraken.Account` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type Account = Exchange.Named<"KrakenAccount">

  /**
   * The identifier of the `Kraken.Trading` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type Trading = Exchange.Named<"KrakenTrading">
}
