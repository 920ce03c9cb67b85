import {
  type Account,
  type Balance,
  Decimal,
  ExchangeError,
  FeedItem,
  type KeyPermissions,
  Order,
  type Position
} from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import type { CallLog } from "./callLog.js"
import { InvalidMock, valid } from "./invalidMock.js"
import * as Listing from "./listing.js"
import { count, latest, type MockExchange, start } from "./mockExchange.js"
import type { Balances } from "./mockModel.js"
import { entriesOf, type Entry, freeOf, type Holding, type Venue } from "./venue.js"

/** @internal */
export const make = (
  mock: MockExchange,
  calls: CallLog<ExchangeError.AccountError>,
  options: {
    readonly keyPermissions: KeyPermissions.KeyPermissions
    readonly positions: ReadonlyArray<Position.Position> | undefined
    readonly trades: boolean
  }
): Account.Account.Service => {
  const { exchange, find, venue } = mock
  const ask = (operation: string, symbol: string) =>
    Effect.tap(find(operation, symbol), (market) => calls.record(operation, [market.symbol]))
  const keyPermissions = Effect.as(calls.record("keyPermissions"), options.keyPermissions)

  /** Streams new rows of the account. Of the rows that exist at the start, it emits those that satisfy `isFirst`. */
  const live = <A extends { readonly symbol: string }>(
    operation: string,
    symbol: string | undefined,
    rowsOf: (venue: Venue) => ReadonlyArray<A>,
    { isFirst, keyOf }: { readonly isFirst: (row: A) => boolean; readonly keyOf: (row: A) => string }
  ): Stream.Stream<FeedItem.FeedItem<A>, ExchangeError.AccountError> =>
    Stream.unwrap(Effect.gen(function*() {
      const market = symbol === undefined ? undefined : yield* find(operation, symbol)
      yield* calls.record(operation, market === undefined ? [] : [market.symbol])
      const sent = new Set(rowsOf(yield* Ref.get(venue)).flatMap((row) => isFirst(row) ? [] : [keyOf(row)]))
      const news = (venue: Venue) =>
        rowsOf(venue).filter((row) => {
          if (sent.has(keyOf(row)) || (market !== undefined && row.symbol !== market.symbol)) return false
          sent.add(keyOf(row))
          return true
        })
      return Stream.concat(
        Stream.make(FeedItem.FeedItem.Connected()),
        Stream.map(Stream.mapConcat(venue.changes, news), (value) => FeedItem.FeedItem.Data({ value }))
      )
    }))

  return {
    exchange,
    balances: Effect.zipRight(calls.record("balances"), Effect.map(Ref.get(venue), balancesOf)),
    openOrders: (symbol) =>
      Effect.gen(function*() {
        if (symbol === undefined) yield* calls.record("openOrders")
        const wanted = symbol === undefined ? undefined : (yield* ask("openOrders", symbol)).symbol
        const orders = entriesOf(yield* Ref.get(venue)).map(({ order }) => order)
        return latest(
          orders.filter((order) => !Order.isClosed(order) && (wanted === undefined || order.symbol === wanted)),
          ({ createdAt }) => createdAt ?? 0,
          orders.length
        )
      }),
    order: (reference) =>
      Effect.gen(function*() {
        yield* validateReference(mock, "order", reference)
        yield* calls.record("order", [reference.symbol])
        return (yield* entry(mock, "order", reference)).order
      }),
    orderHistory: (symbol, query) =>
      Effect.gen(function*() {
        const limit = yield* count(exchange, "orderHistory", "limit", query?.limit ?? 100)
        const since = yield* start(exchange, "orderHistory", query?.since)
        const wanted = (yield* ask("orderHistory", symbol)).symbol
        const orders = entriesOf(yield* Ref.get(venue)).flatMap(({ order }) => order.symbol === wanted ? [order] : [])
        return latest(orders, ({ createdAt }) => createdAt ?? 0, limit, since)
      }),
    fills: (symbol, query) =>
      Effect.gen(function*() {
        const limit = yield* count(exchange, "fills", "limit", query?.limit ?? 100)
        const since = yield* start(exchange, "fills", query?.since)
        const wanted = (yield* ask("fills", symbol)).symbol
        const { fills } = yield* Ref.get(venue)
        return latest(fills.filter((fill) => fill.symbol === wanted), ({ at }) => at, limit, since)
      }),
    positions: options.positions === undefined
      ? new ExchangeError.Unsupported({
        exchange,
        operation: "positions",
        detail: "the mock is configured without positions",
        alternative: "configure positions, or read balances instead"
      })
      : Effect.as(calls.record("positions"), options.positions),
    streamOrders: (symbol) =>
      live("streamOrders", symbol, ({ orders }) => Array.from(orders.values(), ({ order }) => order), {
        isFirst: (order) => !Order.isClosed(order),
        keyOf: (order) => [order.id, order.status, BigDecimal.format(order.filled), order.updatedAt].join(" ")
      }),
    streamFills: (symbol) =>
      live("streamFills", symbol, ({ fills }) => fills, { isFirst: () => false, keyOf: ({ id }) => id }),
    streamBalances: () =>
      Stream.unwrap(Effect.as(
        calls.record("streamBalances"),
        Stream.concat(
          Stream.make(FeedItem.FeedItem.Connected()),
          venue.changes.pipe(
            Stream.map(balancesOf),
            Stream.changesWith((one, other) => textOf(one) === textOf(other)),
            Stream.map((value) => FeedItem.FeedItem.Data({ value }))
          )
        )
      )),
    keyPermissions,
    verifyKey: (wanted) =>
      Effect.tap(keyPermissions, ({ trade, withdraw }) => {
        const { allowTrade = options.trades, allowWithdraw = false } = wanted ?? {}
        const permission = withdraw === true && !allowWithdraw
          ? "withdraw"
          : trade === true && !allowTrade
          ? "trade"
          : undefined
        return permission === undefined ? Effect.void : new ExchangeError.KeyRefused({
          exchange,
          operation: "verifyKey",
          permission,
          detail: `the key can ${permission}; use one that cannot`
        })
      })
  }
}

/**
 * Finds the order of a reference.
 *
 * @internal
 */
export const entry = (
  { exchange, venue }: MockExchange,
  operation: string,
  reference: Order.Reference
): Effect.Effect<Entry, ExchangeError.OrderNotFound> =>
  Effect.flatMap(Ref.get(venue), (venue) => {
    const found = entriesOf(venue).find(({ order }) =>
      order.symbol === reference.symbol &&
      (reference.id === undefined ? order.clientOrderId === reference.clientOrderId : order.id === reference.id)
    )
    return found === undefined
      ? new ExchangeError.OrderNotFound({ exchange, operation, detail: "there is no such order" })
      : Effect.succeed(found)
  })

/**
 * Checks that a reference names a listed market and has a possible order id.
 *
 * @internal
 */
export const validateReference = (
  { exchange, find }: MockExchange,
  operation: string,
  reference: Order.Reference
): Effect.Effect<void, ExchangeError.AccountError> =>
  Effect.flatMap(
    find(operation, reference.symbol),
    () =>
      /^[\x21-\x7e]{1,128}$/.test(reference.id ?? reference.clientOrderId ?? "") ?
        Effect.void :
        new ExchangeError.InvalidRequest({
          exchange,
          operation,
          detail: "invalid order id: expected 1 to 128 printable characters"
        })
  )

const textOf = (balances: ReadonlyArray<Balance.Balance>): string =>
  balances.map(({ asset, free, total }) => [asset, BigDecimal.format(free), BigDecimal.format(total)].join(" ")).join()

const balancesOf = (venue: Venue): ReadonlyArray<Balance.Balance> =>
  Array.from(venue.balances, ([asset, { total }]) => ({
    asset,
    free: BigDecimal.max(Decimal.zero, freeOf(venue, asset)),
    total
  })).filter(({ total }) => !BigDecimal.isZero(total))

/** @internal */
export const holdings = (balances: Balances): Either.Either<ReadonlyMap<string, Holding>, InvalidMock> =>
  Either.map(
    Either.all(
      Object.entries(balances).map(([asset, input]) =>
        Either.gen(function*() {
          const free = yield* valid(Listing.amount({ subject: asset, field: "free" }, input.free, "zero"))
          const total = yield* valid(
            Listing.amount({ subject: asset, field: "total" }, input.total ?? input.free, "zero")
          )
          if (BigDecimal.greaterThan(free, total)) {
            return yield* Either.left(
              new InvalidMock({ subject: asset, field: "free", detail: "must not be above the total" })
            )
          }
          return [asset, { total, free }] as const
        })
      )
    ),
    (entries) => new Map(entries)
  )
