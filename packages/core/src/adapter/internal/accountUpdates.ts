import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as BigDecimal from "effect/BigDecimal"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { Markets } from "../../engine/Markets.js"
import type { Balance } from "../../model/Balance.js"
import * as Decimal from "../../model/Decimal.js"
import type { AccountError } from "../../model/ExchangeError.js"
import type { Fill } from "../../model/Fill.js"
import * as Listing from "../../model/Listing.js"
import type { Market } from "../../model/Market.js"
import type { Order } from "../../model/Order.js"
import type * as Adapter from "../../ports/Adapter.js"
import { changedAt, type SeenOrders } from "../../trading/internal/seenOrders.js"
import type { Account, PublicFacts } from "../Declaration.js"
import type { FillsOf } from "../Feeds.js"
import type * as Row from "../Row.js"
import { summed } from "./accountQuestions.js"
import * as accountRows from "./accountRows.js"
import * as Delivered from "./delivered.js"
import { understood } from "./understood.js"

type Reads<A> = Effect.Effect<ReadonlyArray<A>, AccountError>

/**
 * The logic that turns the rows of a feed into the values to deliver. `onServing` returns what to deliver when the feed
 * starts to serve, or serves again after a loss (`lostAt` is when it stopped serving, epoch milliseconds of our clock).
 * `onRows` returns what to deliver for rows of the feed, where `undefined` stands for a row that could not be decoded.
 *
 * @internal
 */
export interface AccountUpdates<in Row, out A> {
  readonly onServing: (lostAt: number | undefined) => Reads<A>
  readonly onRows: (rows: ReadonlyArray<Row>) => Reads<A>
}

/**
 * The services that complete a feed by requests, and that report its orders to the rest of the Layer.
 *
 * @internal
 */
export interface Services extends Pick<PublicFacts<string>, "unit"> {
  readonly exchange: string
  /** The currency of a fee whose row names no asset. */
  readonly feeIn: Account["fills"]["feeIn"]
  /** The exchange's clock minus ours, in milliseconds. */
  readonly skew: Effect.Effect<number>
  readonly account: Adapter.Account
  readonly markets: Markets
  readonly seen: SeenOrders
}

/**
 * The request of a subscriber: the operation, the market if only one is wanted, and when the stream was requested, by
 * our clock as it is now.
 *
 * @internal
 */
export interface StreamRequest {
  readonly operation: string
  readonly market: Market | undefined
  readonly startedAt: Effect.Effect<number>
}

/**
 * Delivers the open orders, then every order that changes, and after a loss of the feed the orders that changed in the
 * meantime.
 *
 * @internal
 */
export const orders = (services: Services, request: StreamRequest): AccountUpdates<Row.Order | undefined, Order> => {
  const { account, exchange, markets, seen } = services
  const { market, operation } = request
  const known = Delivered.orders()

  /**
   * Returns the orders that are new to the subscriber, in the order in which they changed, and reports them to the rest
   * of the Layer.
   */
  const newIn = (orders: ReadonlyArray<Delivered.OrderOf>): ReadonlyArray<Order> =>
    orders.toSorted((one, other) => changedAt(one.order, 0) - changedAt(other.order, 0)).flatMap((next) => {
      if (!known.take(next)) return []
      seen.visit(next.market)
      seen.report(next.order)
      return [next.order]
    })

  /** Looks up an order that was open when last seen, and is now neither open nor among those that ended recently. */
  const lookedUp = ({ market, order: { id } }: Delivered.OrderOf): Reads<Delivered.OrderOf> =>
    account.order({ market, id }).pipe(
      Effect.map((order) => [{ order, market }]),
      Effect.catchTag("OrderNotFound", "SymbolNotFound", () => {
        known.forget(id)
        return Effect.as(
          Effect.logWarning("The exchange no longer knows an order that was open; its outcome is not reported", {
            exchange,
            id
          }),
          []
        )
      })
    )

  const endedSince = (from: number): Reads<Delivered.OrderOf> => {
    const query = { since: from, limit }
    if (market === undefined && account.orderHistoryOfAll !== undefined) {
      return Effect.flatMap(
        understood(exchange, operation, account.orderHistoryOfAll(query)),
        (orders) => withMarkets(services, operation, orders)
      )
    }
    return historiesOf(services, request, (market) =>
      Effect.map(
        understood(exchange, operation, account.orderHistory(market, query)),
        (orders) => orders.map((order) => ({ order, market }))
      ))
  }

  /**
   * Returns the open orders, those that ended since then, and those in neither list, which are looked up one by one.
   */
  const changedSince = (lostAt: number): Reads<Delivered.OrderOf> =>
    Effect.gen(function*() {
      const open = yield* standing(services, request)
      const from = yield* since(services, request, lostAt)
      const ended = yield* endedSince(from)
      const listed = [...open, ...ended.filter(({ order }) => changedAt(order, from) >= from)]
      const ids = new Set(listed.map(({ order }) => order.id))
      const unlisted = yield* Effect.forEach(known.standing().filter(({ order }) => !ids.has(order.id)), lookedUp)
      return [...listed, ...unlisted.flat()]
    })

  return {
    onServing: (lostAt) => Effect.map(lostAt === undefined ? standing(services, request) : changedSince(lostAt), newIn),
    onRows: (rows) =>
      Effect.gen(function*() {
        const decoded = yield* understood(
          exchange,
          operation,
          accountRows.aboutAny(
            services,
            markets,
            Listing.of(rows.filter(Predicate.isNotUndefined)),
            (row, market, amounts) => ({
              order: accountRows.order(exchange, row, market, amounts),
              market
            })
          )
        )
        const missed = rows.every(Predicate.isNotUndefined) ? [] : yield* afterASecond(changedSince)
        return [
          ...decoded.filter((each) => isWanted(request, each.order)).flatMap((each) => newIn([each])),
          ...newIn(missed)
        ]
      })
  }
}

/**
 * Delivers each fill once: those that the feed reports, and from the history those that it does not.
 *
 * @internal
 */
export const fills = (
  services: Services,
  request: StreamRequest
): AccountUpdates<Row.Fill | Row.Entry | FillsOf | undefined, Fill> => {
  const { account, exchange, feeIn, markets, seen } = services
  const { market, operation } = request
  const known = Delivered.fills()
  /**
   * The instant, by the exchange's clock, up to which the history of each symbol was read. It is for feeds that only
   * report that there are new fills.
   */
  const readUntil = new Map<string, number>()

  /**
   * Returns the fills of a history that are new to the subscriber. They are not recorded as delivered until all
   * histories of the batch are read, because the batch may have to be read again.
   */
  const newSince = (from: number, history: Effect.Effect<Listing.Rows<Fill>, AccountError>): Reads<Fill> =>
    Effect.map(
      understood(exchange, operation, history),
      (fills) => fills.filter((fill) => fill.at >= from && known.isNew(fill))
    )

  const historyOf = (market: Market, from: number): Reads<Fill> =>
    newSince(from, account.fills(market, { since: from, limit }))

  /** Returns the new fills of all markets concerned. */
  const missedSince = (lostAt: number): Reads<Fill> =>
    Effect.flatMap(since(services, request, lostAt), (from) => {
      return market !== undefined || account.fillsOfAll === undefined
        ? historiesOf(services, request, (market) => historyOf(market, from))
        : newSince(from, account.fillsOfAll({ since: from, limit }))
    })

  const deliver = (read: ReadonlyArray<Fill>): ReadonlyArray<Fill> =>
    read.toSorted((one, other) => one.at - other.at).filter((fill) => {
      readUntil.set(fill.symbol, fill.at)
      return known.take(fill)
    })

  /**
   * Reads a history until it shows no more new fills, as it may show them one by one and some time after the notice.
   */
  const readUntilStable = (market: Market, found: ReadonlyArray<Fill> = [], attempt = 0): Reads<Fill> =>
    Effect.gen(function*() {
      const begun = yield* since(services, request, yield* request.startedAt)
      const all = yield* historyOf(market, Math.max(begun, (readUntil.get(market.symbol) ?? begun) - margin))
      const pause = pauses[attempt]
      return pause === undefined || (all.length === found.length && found.length > 0)
        ? all
        : yield* Effect.delay(readUntilStable(market, all, attempt + 1), pause)
    })

  return {
    onServing: (lostAt) =>
      Effect.gen(function*() {
        yield* standing(services, request)
        if (lostAt === undefined) return []
        return deliver(yield* missedSince(lostAt))
      }),
    onRows: (rows) =>
      Effect.gen(function*() {
        const reported: Array<Row.Fill> = []
        const touched = new Set<string>()
        for (const row of rows.filter(Predicate.isNotUndefined)) {
          if ("fillsOf" in row) touched.add(row.fillsOf)
          else if (!("fill" in row)) reported.push(row)
          else if (row.fill !== undefined) reported.push(row.fill)
        }
        const decoded = yield* understood(
          exchange,
          operation,
          accountRows.aboutAny(services, markets, Listing.of(reported), (row, market, amounts) => {
            seen.visit(market)
            return accountRows.fill(exchange, feeIn, row, market, amounts)
          })
        )
        const asked = yield* understood(
          exchange,
          operation,
          accountRows.aboutAny(
            services,
            markets,
            Listing.of(Array.from(touched, (market) => ({ market }))),
            (_, market) => {
              seen.visit(market)
              return market
            }
          )
        )
        // Concurrently, because each may wait for seconds until its fills appear.
        const read = yield* Concurrent.forEach(
          asked.filter((market) => isWanted(request, market)),
          (market) => readUntilStable(market),
          { concurrency: "unbounded" }
        )
        const missed = rows.every(Predicate.isNotUndefined) ? [] : yield* afterASecond(missedSince)
        return [
          ...decoded.filter((fill) => isWanted(request, fill) && known.take(fill)),
          ...deliver([...read.flat(), ...missed])
        ]
      })
  }
}

/**
 * Delivers all balances whenever one changes. `isReported` is `true` if the feed reports the balances, and `false` if
 * it only reports that they changed.
 *
 * @internal
 */
export const balances = (
  { account }: Services,
  isReported: boolean
): AccountUpdates<Balance | undefined, ReadonlyArray<Balance>> => {
  let byAsset = new Map<string, Balance>()
  let lastDelivered: string | undefined
  const ifChanged = (): ReadonlyArray<ReadonlyArray<Balance>> => {
    const all = summed(Array.from(byAsset.values()))
    const text = all.map(({ asset, free, total }) => `${asset} ${plain(free)} ${plain(total)}`).join()
    if (text === lastDelivered) return []
    lastDelivered = text
    return [all]
  }
  const readAll = Effect.map(account.balances, (all) => {
    byAsset = new Map(all.map((balance) => [balance.asset, balance]))
    return ifChanged()
  })
  return {
    onServing: () => readAll,
    onRows: (rows) => {
      const reported = rows.filter((row) => row !== undefined)
      return isReported && reported.length === rows.length
        ? Effect.sync(() => {
          for (const row of reported) byAsset.set(row.asset, row)
          return ifChanged()
        })
        // At most one request per second, however often the feed reports a change.
        : Effect.zipLeft(readAll, Effect.sleep(second))
    }
  }
}

/**
 * Reads what has changed until now, after rows that could not be decoded. It waits a second first, because answers may
 * lag behind the feed, and so that repeated failures cause at most one request per second.
 */
const afterASecond = <A>(changedSince: (lostAt: number) => Reads<A>): Reads<A> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.delay(changedSince(now), second))

/** Formats a number without trailing zeros, which may differ between the feed and an answer. */
const plain = (value: BigDecimal.BigDecimal): string => Decimal.format(BigDecimal.normalize(value))

const isWanted = ({ market }: StreamRequest, { symbol }: { readonly symbol: string }): boolean =>
  market === undefined || symbol === market.symbol

/**
 * Reads the open orders with their markets. An order whose market is not known is left out with a warning and does not
 * hide the others.
 */
const standing = (services: Services, { market, operation }: StreamRequest): Reads<Delivered.OrderOf> =>
  Effect.flatMap(
    understood(services.exchange, operation, services.account.openOrders(market)),
    (orders) => withMarkets(services, operation, orders)
  )

/**
 * Reads the history of the requested market, or of each market in which the account has had orders. One of those that
 * the exchange no longer has is left out with a warning and does not hide the others.
 */
const historiesOf = <A>(
  { exchange, seen }: Services,
  { market: requested }: StreamRequest,
  read: (market: Market) => Reads<A>
): Reads<A> =>
  requested !== undefined ? read(requested) : Effect.map(
    Effect.forEach(seen.markets(), (market) =>
      Effect.catchTag(read(market), "SymbolNotFound", ({ detail }) =>
        Effect.as(
          Effect.logWarning("The history of a market was left out of the stream", {
            exchange,
            symbol: market.symbol,
            because: detail
          }),
          []
        ))),
    (all) => all.flat()
  )

const withMarkets = (
  { exchange, markets, seen }: Services,
  operation: string,
  orders: ReadonlyArray<Order>
): Reads<Delivered.OrderOf> =>
  Effect.map(
    Effect.forEach(orders, (order) =>
      markets.find(operation, order.symbol).pipe(
        Effect.map((market) => {
          seen.visit(market)
          return [{ order, market }]
        }),
        Effect.catchTag("SymbolNotFound", ({ detail }) =>
          Effect.as(
            Effect.logWarning("An order was left out of the stream", { exchange, id: order.id, because: detail }),
            []
          ))
      )),
    (all) => all.flat()
  )

/**
 * Returns the instant from which to read a history, by the exchange's clock. It is some time before the feed was lost,
 * because the loss may have been detected late, but not before the stream was requested. An instant that our clock, set
 * back a moment ago, has not reached again cannot be compared with the exchange's, so the latest rows are read.
 */
const since = ({ skew }: Services, request: StreamRequest, lostAt: number): Effect.Effect<number> =>
  Effect.zipWith(request.startedAt, Effect.zip(Clock.currentTimeMillis, skew), (startedAt, [now, skew]) => {
    const from = Math.max(startedAt - second, lostAt - margin)
    return Math.floor((Math.max(startedAt, lostAt) > now ? Math.min(from, now - margin) : from) + skew)
  })

const second = 1000
/** How long a connection may have been dead before that was detected, in milliseconds. */
const margin = 300_000
/** The maximum number of rows to read of a history, which is already bounded by when the feed was lost. */
const limit = 10_000
const pauses = [200, 400, 800, 1600]
