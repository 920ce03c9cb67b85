/**
 * OKX v5: spot, perpetual and dated contracts.
 *
 * @since 0.1.0
 */
import { Candle, type ExchangeStatus } from "@effect-exchange/core"
import { Exchange, Listing, Page, Question } from "@effect-exchange/core/adapter"
import type { Declaration, Endpoint, Wire } from "@effect-exchange/core/adapter"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Endpoints from "./Endpoints.js"
import { hasEnded } from "./Errors.js"
import { bars, feeds } from "./Feeds.js"
import { read as readMarket, unit } from "./Markets.js"
import { orderLifetime, protocol } from "./Protocol.js"
import type * as Rows from "./Rows.js"

const { to } = Question
const kinds = ["spot", "perpetual", "future"] as const

// ---- public data

const tickers: Declaration.MarketData["tickers"] = (client) => (markets) =>
  Question.aboutEach(Arr.dedupe(markets.map(({ kind }) => kind)), to(Endpoints.tickers))(client)()

// The latest candles come from one endpoint, with the open one, and all before them from another: 1440 of them do, and some
// are left for the clocks to differ.
const recent = 1400

const candles: Declaration.MarketData["candles"]["read"] = (client) => (market, bar, window, interval) =>
  Effect.gen(function*() {
    const oldest = Candle.shift(interval, yield* Clock.currentTimeMillis, -recent)
    const endpoint = window.from >= oldest ? Endpoints.candles : Endpoints.historyCandles
    return yield* to(endpoint)(client)(market, bar, window)
  })

const severity: ReadonlyArray<ExchangeStatus.ExchangeStatus["status"]> = ["maintenance", "limited", "unknown"]

/**
 * The worst of the maintenances under way, in an environment that OKX calls `1` (live) or `2` (demo). In the last phase of
 * one (`pre_open`) orders can be canceled and added to the book. One that is not understood may be any of these.
 */
const status: Declaration.MarketData["status"] = (client) => () =>
  Effect.map(client.request(Endpoints.status, {}), ({ rows, unknown }) => {
    const here = /^testnet$|-demo$/.test(client.environment) ? "2" : "1"
    const judged = rows
      .filter(({ environment = here, state }) => environment === here && ["ongoing", "pre_open"].includes(state))
      .map(({ state, status, title }) => ({
        status: status === "maintenance" && state === "pre_open" ? "limited" as const : status,
        detail: title
      }))
    const [worst] = severity.flatMap((status) => judged.filter((each) => each.status === status))
    return worst ?? { status: unknown.length === 0 ? "operational" : "unknown" }
  })

// ---- account

const standing = Page.byLast(Endpoints.pageSize, {
  endpoint: Endpoints.ordersPending,
  input: Endpoints.ordersPending.make
})

/** Rows of one market, from an endpoint of the last days or from one that goes back further. */
const history = <Row extends { readonly id?: string | undefined }>(
  days: number,
  recent: Endpoint.Endpoint<"account", ReturnType<typeof Endpoints.part>, Listing.Listing<Row>>,
  older: typeof recent
): Declaration.Past<Row> =>
(client) =>
(market, query) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Page.byLast(Endpoints.pageSize, {
      endpoint: query.since !== undefined && query.since < now - days * 86_400_000 ? older : recent,
      input: Endpoints.part
    })(client)(market, query))

// ---- orders

type Ack = Wire.Type<typeof Rows.Ack>

/** What was said of each: under its name, or in its place by one without a name. */
const saidOf = (acks: ReadonlyArray<Ack>, names: ReadonlyArray<string>, by: "id" | "clientOrderId") =>
  names.map((name, index) => {
    const inPlace = acks.length === names.length ? acks[index] : undefined
    return acks.find((ack) => ack[by] === name) ?? (inPlace?.[by] === undefined ? inPlace : undefined)
  })

const canceled = (id: string, ack: Ack | undefined): ReadonlyArray<Declaration.Canceled> => {
  if (ack === undefined) return []
  return [{ id, outcome: ack.code === "0" ? "canceled" : hasEnded(ack.code) ? "ended" : { refused: ack } }]
}

/**
 * OKX: its tags, its Layers and what it can do, as far as this package goes. The testnet is OKX's demo trading.
 *
 * `layerMarketData` needs no credentials and has none in reach, `layerAccount` adds the account of a key, and `layer` trading with
 * it, which on the live exchange has to be said twice. `layerAccountConfig` and `layerConfig` take every option from configuration.
 * `MarketData`, `Account` and `Trading` are the same values as the shared services, for programs that use several exchanges, and
 * `features` tells what it can do.
 *
 * Unless `credentials` are given, they are `OKX_API_KEY`, `OKX_API_SECRET` and `OKX_API_PASSPHRASE` from configuration
 * (`OKX_TESTNET_API_KEY` and so on for demo trading), read again when they may have been rotated.
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
    tickers,
    book: {
      depths: 5000,
      read: (client) => (market, size) => to(size <= 400 ? Endpoints.books : Endpoints.booksFull)(client)(market, size)
    },
    trades: { most: 500, order: "newest first", read: to(Endpoints.trades) },
    candles: {
      words: bars,
      page: Endpoints.candlePage,
      read: candles,
      // No market has candles from before that year. Weeks find in two requests what days find in a dozen.
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
    open: standing,
    openOfAll: (client) => () => standing(client)(),
    byId: to(Endpoints.order),
    byName: [to(Endpoints.order)],
    forgets: {
      after: "2 hours",
      detail: "OKX does not have the order, and forgets after two hours those that were canceled unfilled"
    },
    ended: { order: "newest first", read: history(7, Endpoints.ordersHistory, Endpoints.ordersHistoryArchive) },
    fills: { order: "newest first", read: history(3, Endpoints.fills, Endpoints.fillsHistory) },
    // Those of options cannot be read here, and those of spot on margin are no positions of a market's.
    positions: Question.aboutEach(["perpetual", "future"], to(Endpoints.positions))
  },
  trading: {
    names: { pattern: /^[A-Za-z0-9]{1,32}$/, described: "1 to 32 of A-Z a-z 0-9", make: (hex) => hex },
    timeInForce: ["GTC", "IOC", "FOK"],
    reduceOnly: true,
    deduplicates: "while open",
    takenWithin: orderLifetime,
    // As much again for the clocks to differ and for it to be shown.
    seenWithin: "5 seconds",
    place: to(Endpoints.placeOrder, ({ id }) => ({ accepted: id })),
    placeBatch: {
      most: 20,
      ask: to(
        Endpoints.placeOrders,
        (acks, orders) =>
          saidOf(acks, orders.map(({ clientOrderId }) => clientOrderId), "clientOrderId").map(
            (ack) => ack === undefined ? undefined : ack.code === "0" ? { accepted: ack.id } : { refused: ack }
          )
      )
    },
    cancel: { by: "either", ask: to(Endpoints.cancelOrder, () => undefined) },
    cancelAll: {
      most: 20,
      several: to(
        Endpoints.cancelOrders,
        // What nothing is said of is listed again.
        (acks, _, ids) => saidOf(acks, ids, "id").flatMap((ack, index) => canceled(ids[index] ?? "", ack))
      )
    },
    amend: to(Endpoints.amendOrder, () => undefined)
  }
})

/**
 * @since 0.1.0
 * @category exchanges
 */
export declare namespace Okx {
  /**
   * @since 0.1.0
   * @category tags
   */
  export type MarketData = Exchange.Named<"OKXMarketData">

  /**
   * @since 0.1.0
   * @category tags
   */
  export type Account = Exchange.Named<"OKXAccount">

  /**
   * @since 0.1.0
   * @category tags
   */
  export type Trading = Exchange.Named<"OKXTrading">
}
