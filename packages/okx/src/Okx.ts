/**
 * The adapter for OKX v5: spot, perpetual and dated contracts.
 *
 * @since 0.1.0
 */
import { Candle, type ExchangeStatus } from "@effect-exchange/core"
import { ClientOrderId, Exchange, ExchangeClient, Listing, Page, Question } from "@effect-exchange/core/adapter"
import type { Declaration, Endpoint, Wire } from "@effect-exchange/core/adapter"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Endpoints from "./Endpoints.js"
import { hasEnded } from "./Errors.js"
import { feeds, intervals } from "./Feeds.js"
import { read as readMarket, unit } from "./Markets.js"
import { orderLifetime, protocol } from "./Protocol.js"
import type * as Rows from "./Rows.js"

const { to } = Question
const kinds = ["spot", "perpetual", "future"] as const

// ---- public data

// One endpoint has the latest 1440 candles, including the current one, and another has all earlier candles. A few of
// the 1440 are left unused, because the clocks may differ.
const recent = 1400

const candles: Declaration.MarketData["candles"]["read"] = (client) => (market, bar, window, interval) =>
  Effect.gen(function*() {
    const oldest = Candle.shift(interval, yield* ExchangeClient.exchangeTime(client), -recent)
    const endpoint = window.from >= oldest ? Endpoints.candles : Endpoints.historyCandles
    return yield* to(endpoint)(client)(market, bar, window)
  })

const severity: ReadonlyArray<ExchangeStatus.ExchangeStatus["status"]> = ["maintenance", "limited", "unknown"]

/**
 * Returns the most severe of the maintenances in progress. OKX calls the environments `1` (live) and `2` (demo). In the
 * last phase of a maintenance (`pre_open`), orders can be canceled and added to the book. If no maintenance is in
 * progress, but a row is not understood, the status is `unknown`.
 */
const status: Declaration.MarketData["status"] = (client) => () =>
  Effect.map(client.request(Endpoints.status, {}), ({ rows, unknown }) => {
    const here = /^testnet$|-demo$/.test(client.environment) ? "2" : "1"
    const relevant = rows
      .filter(({ environment = here, state }) => environment === here && ["ongoing", "pre_open"].includes(state))
      .map(({ state, status, title }) => ({
        status: status === "maintenance" && state === "pre_open" ? "limited" as const : status,
        detail: title
      }))
    const [worst] = severity.flatMap((status) => relevant.filter((each) => each.status === status))
    return worst ?? { status: unknown.length === 0 ? "operational" : "unknown" }
  })

// ---- account

const openOrders = Page.byLast(Endpoints.pageSize, {
  endpoint: Endpoints.ordersPending,
  input: Endpoints.ordersPending.make
})

/**
 * The history of one market and that of all, which is requested by kind: from an endpoint for recent days and, if
 * `since` is earlier, also from one that goes back further. The latter has no orders that were canceled unfilled, and
 * OKX advises against it for recent fills.
 */
const history = <Row extends { readonly id?: string | undefined }>(
  days: number,
  recent: Endpoint.Endpoint<"account", ReturnType<typeof Endpoints.part>, Listing.Listing<Row>>,
  older: typeof recent
) => {
  const from = (endpoint: typeof recent) => Page.byLast(Endpoints.pageSize, { endpoint, input: Endpoints.part })
  const latest = from(recent)
  const all = Question.union([latest, from(older)])
  const read: typeof all = (client) => (subject, query) =>
    Effect.flatMap(ExchangeClient.exchangeTime(client), (now) => {
      const ask = query.since !== undefined && query.since < now - days * 86_400_000 ? all : latest
      return ask(client)(subject, query)
    })
  return { read, ofAll: Question.aboutEach(kinds.map((kind) => ({ kind })), read) }
}

// ---- trading

type Ack = Wire.Type<typeof Rows.Ack>

/** Returns the acknowledgement of each order: the one with its id, or else the one in its place if that has no id. */
const acksInOrder = (acks: ReadonlyArray<Ack>, names: ReadonlyArray<string>, by: "id" | "clientOrderId") =>
  names.map((name, index) => {
    const atIndex = acks.length === names.length ? acks[index] : undefined
    return acks.find((ack) => ack[by] === name) ?? (atIndex?.[by] === undefined ? atIndex : undefined)
  })

const canceled = (id: string, ack: Ack | undefined): ReadonlyArray<Declaration.Canceled> => {
  if (ack === undefined) return []
  return [{ id, outcome: ack.code === "0" ? "canceled" : hasEnded(ack.code) ? "ended" : { refused: ack } }]
}

/**
 * The adapter for OKX: its tags, Layers and features. The testnet is OKX's demo trading.
 *
 * `layerMarketData` provides public data. It needs no credentials and has no access to any. `layerAccount` adds the
 * account of an API key. `layer` adds trading; the live exchange requires both `environment: "live"` and
 * `trading: "enabled"`. `layerAccountConfig` and `layerConfig` take every option from configuration. `features`
 * describes what the exchange supports.
 *
 * The services of the tags `MarketData`, `Account` and `Trading` are the same values as those of the shared tags. Use
 * these tags in programs with several exchanges.
 *
 * `credentials` default to `OKX_API_KEY`, `OKX_API_SECRET` and `OKX_API_PASSPHRASE` from configuration
 * (`OKX_TESTNET_API_KEY` and so on for demo trading). They are read again when they may have been rotated.
 *
 * @since 0.1.0
 * @category exchanges
 */
export const Okx = Exchange.define({
  name: "OKX",
  protocol,
  feeds,
  kinds,
  unit,
  volumes: ["tickers", "candles"],
  marketData: {
    listings: kinds.map((kind) => Question.about(kind, to(Endpoints.instruments, Listing.map(readMarket)))),
    ticker: to(Endpoints.ticker),
    tickers: Question.aboutEachOf((markets) => Arr.dedupe(markets.map(({ kind }) => kind)), to(Endpoints.tickers)),
    book: {
      depths: 5000,
      read: (client) => (market, size) => to(size <= 400 ? Endpoints.books : Endpoints.booksFull)(client)(market, size)
    },
    trades: { most: 500, order: "newest first", read: to(Endpoints.trades) },
    candles: {
      words: intervals,
      page: Endpoints.candlePage,
      read: candles,
      // No market has candles from before 2017. A search by weeks takes two requests; a search by days takes a dozen.
      first: { opened: Date.UTC(2017, 0, 1), by: ["1w", "1d", "1h"] }
    },
    status
  },
  account: {
    balances: to(Endpoints.balance),
    keyPermissions: to(Endpoints.accountConfig, ({ addresses, permissions }) => ({
      read: permissions.includes("read_only"),
      trade: permissions.includes("trade"),
      withdraw: permissions.includes("withdraw"),
      ipRestricted: addresses !== ""
    })),
    open: openOrders,
    openOfAll: (client) => () => openOrders(client)(),
    byId: to(Endpoints.order),
    byName: [to(Endpoints.order)],
    forgetsAfter: "2 hours",
    ended: { order: "newest first", ...history(7, Endpoints.ordersHistory, Endpoints.ordersHistoryArchive) },
    fills: { order: "newest first", ...history(3, Endpoints.fills, Endpoints.fillsHistory) },
    // Positions in options cannot be read here, and margin positions on spot are not positions of a market.
    positions: Question.aboutEach(["perpetual", "future"], to(Endpoints.positions))
  },
  trading: {
    names: ClientOrderId.upTo(32, "A-Z a-z 0-9"),
    timeInForce: ["GTC", "IOC", "FOK"],
    reduceOnly: true,
    deduplicates: "while open",
    takenWithin: orderLifetime,
    // The same time again for clock differences and for the order to appear.
    seenWithin: "5 seconds",
    place: to(Endpoints.placeOrder, ({ id }) => ({ accepted: id })),
    placeBatch: {
      most: 20,
      ask: to(
        Endpoints.placeOrders,
        (acks, orders) =>
          acksInOrder(acks, orders.map(({ clientOrderId }) => clientOrderId), "clientOrderId").map(
            (ack) => ack === undefined ? undefined : ack.code === "0" ? { accepted: ack.id } : { refused: ack }
          )
      )
    },
    cancel: { by: "either", ask: to(Endpoints.cancelOrder, () => undefined) },
    cancelAll: {
      most: 20,
      several: to(
        Endpoints.cancelOrders,
        // An order without an acknowledgement is listed again.
        (acks, _, ids) => acksInOrder(acks, ids, "id").flatMap((ack, index) => canceled(ids[index] ?? "", ack))
      )
    },
    amend: to(Endpoints.amendOrder, () => undefined)
  }
})

/**
 * The identifiers of the tags.
 *
 * @since 0.1.0
 * @category exchanges
 */
export declare namespace Okx {
  /**
   * The identifier of the `Okx.MarketData` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type MarketData = Exchange.Named<"OKXMarketData">

  /**
   * The identifier of the `Okx.Account` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type Account = Exchange.Named<"OKXAccount">

  /**
   * The identifier of the `Okx.Trading` tag.
   *
   * @since 0.1.0
   * @category tags
   */
  export type Trading = Exchange.Named<"OKXTrading">
}
