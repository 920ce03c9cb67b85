import { ExchangeError, type Market } from "@effect-exchange/core"
import { type Adapter, type ExchangeClient, type Markets, Pages } from "@effect-exchange/core/adapter"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Endpoints from "../Endpoints.js"
import * as Mapping from "../Mapping.js"
import * as OrderMapping from "../OrderMapping.js"
import * as TradingEndpoints from "../TradingEndpoints.js"
import type * as TradingWire from "../TradingWire.js"

type Client = ExchangeClient.ExchangeClient<"marketData" | "account">

const forgottenAfter = Duration.toMillis("2 hours")
const day = Duration.toMillis("1 day")
const page = 100

/** @internal */
export const make = (client: Client, markets: Markets.Markets): Adapter.Account => ({
  balances: Effect.map(client.request(Endpoints.balance, {}), Mapping.balances),
  keyPermissions: Effect.map(client.request(Endpoints.accountConfig, {}), Mapping.permissions),
  openOrders: (market) =>
    Effect.flatMap(pending(client, market), (rows) =>
      Effect.forEach(rows.filter(isOurs), (wire) =>
        Effect.map(
          market === undefined ? listed(markets, "openOrders", wire.instId) : Effect.succeed(market),
          (market) => OrderMapping.order(market, wire)
        ))),
  order: (reference) =>
    client.request(TradingEndpoints.order, OrderMapping.named(reference)).pipe(
      Effect.map((wire) => OrderMapping.order(reference.market, wire)),
      Effect.catchTag("OrderNotFound", (error) => absent(reference, error))
    ),
  orderHistory: (market, { limit, since }) =>
    Effect.gen(function*() {
      const standing = yield* pending(client, market)
      const now = yield* Clock.currentTimeMillis
      const endpoint = since !== undefined && since < now - 7 * day
        ? TradingEndpoints.ordersHistoryArchive
        : TradingEndpoints.ordersHistory
      const ended = yield* pages(
        "orderHistory",
        (after) => client.request(endpoint, { ...historyOf(market, since), after }),
        ({ ordId }) => ordId,
        limit
      )
      // One that ended between the two answers is in both, and has ended.
      const over = new Set(ended.map(({ ordId }) => ordId))
      return [...ended, ...standing.filter(({ ordId }) => !over.has(ordId))].map((wire) =>
        OrderMapping.order(market, wire)
      )
    }),
  fills: (market, { limit, since }) =>
    Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const endpoint = since !== undefined && since < now - 3 * day
        ? TradingEndpoints.fillsHistory
        : TradingEndpoints.fills
      const rows = yield* pages(
        "fills",
        (after) => client.request(endpoint, { ...historyOf(market, since), after }),
        ({ billId }) => billId,
        limit
      )
      return rows.map((wire) => OrderMapping.fill(market, wire))
    }),
  positions: Effect.flatMap(client.request(Endpoints.positions, {}), (rows) =>
    Effect.map(
      Effect.forEach(rows.filter(({ instType }) => instType === "SWAP" || instType === "FUTURES"), (wire) =>
        Effect.map(listed(markets, "positions", wire.instId), (market) => Mapping.position(market, wire))),
      (positions) =>
        positions.flatMap((position) => position ?? [])
    ))
})

const historyOf = (market: Market.Market, since: number | undefined) => ({
  instType: Mapping.instTypes[market.kind],
  instId: market.id,
  // Whether the instant itself is included OKX does not say.
  begin: since === undefined ? undefined : Math.max(0, since - 1),
  limit: page
})

/** @internal The orders that stand, of one market or of all. */
export const pending = (
  client: Client,
  market: Market.Market | undefined
): Effect.Effect<ReadonlyArray<TradingWire.Order>, ExchangeError.AccountError> =>
  pages(
    "openOrders",
    (after) => client.request(TradingEndpoints.ordersPending, { instId: market?.id, after, limit: page }),
    ({ ordId }) => ordId,
    Number.POSITIVE_INFINITY
  )

// OKX begins with the newest; here the oldest come first, also of those of one instant.
const pages = <A, E>(
  operation: string,
  read: (after: string | undefined) => Effect.Effect<ReadonlyArray<A>, E>,
  id: (row: A) => string,
  enough: number
): Effect.Effect<ReadonlyArray<A>, E | ExchangeError.Unsupported> =>
  Effect.map(
    Pages.collect<A, string, E>({
      exchange: "okx",
      operation,
      enough,
      read: (after) =>
        Effect.map(read(after), (rows) => {
          const last = rows.at(-1)
          return { rows, next: last === undefined || rows.length < page ? undefined : id(last) }
        })
    }),
    (rows) => rows.toReversed()
  )

// Options and events cannot be traded here, and their orders not be shown.
const isOurs = ({ instType }: TradingWire.Order): boolean => ["SPOT", "MARGIN", "SWAP", "FUTURES"].includes(instType)

// Left out would look like not there, which an order or a position must not.
const listed = (
  markets: Markets.Markets,
  operation: string,
  instId: string
): Effect.Effect<Market.Market, ExchangeError.MarketDataError> =>
  Effect.flatMap(
    markets.byId(instId),
    Option.match({
      onNone: () =>
        new ExchangeError.MalformedResponse({
          exchange: "okx",
          operation,
          detail: `the answer names the market ${instId.slice(0, 60)}, which is not listed`
        }),
      onSome: Effect.succeed
    })
  )

// OKX forgets canceled orders of which nothing was filled: by then, one that is not there may have been.
const absent = (
  { clientOrderId, since }: Adapter.Reference,
  error: ExchangeError.OrderNotFound
): Effect.Effect<never, ExchangeError.OrderNotFound | ExchangeError.Unsupported> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.fail(
      clientOrderId === undefined || since === undefined || now - since < forgottenAfter
        ? error
        : new ExchangeError.Unsupported({
          exchange: "okx",
          operation: "order",
          code: error.code,
          detail: "OKX does not have the order, and forgets after two hours those that were canceled unfilled",
          alternative: "nothing of it was filled, if it was taken at all; reconcile sooner"
        })
    ))
