import * as BigDecimal from "effect/BigDecimal"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Markets } from "../../engine/Markets.js"
import type { Balance } from "../../model/Balance.js"
import * as Decimal from "../../model/Decimal.js"
import type { AccountError } from "../../model/ExchangeError.js"
import type { Fill } from "../../model/Fill.js"
import * as Listing from "../../model/Listing.js"
import type { Market } from "../../model/Market.js"
import type { Order } from "../../model/Order.js"
import type * as Adapter from "../../ports/Adapter.js"
import type { SeenOrders } from "../../trading/internal/seenOrders.js"
import type { Account, PublicFacts } from "../Declaration.js"
import type { FillsOf } from "../Feeds.js"
import type * as Row from "../Row.js"
import { summed } from "./accountQuestions.js"
import * as accountRows from "./accountRows.js"
import * as News from "./news.js"
import { understood } from "./understood.js"

type Reads<A> = Effect.Effect<ReadonlyArray<A>, AccountError>

/**
 * What is told of what a feed says: `begin` answers what there is to tell when it serves for the first time, or again (`lostAt`
 * is when it ceased to, epoch milliseconds by our clock), and `take` what of its rows, where one that is not understood is
 * `undefined`.
 *
 * @internal
 */
export interface Telling<in Row, out A> {
  readonly begin: (lostAt: number | undefined) => Reads<A>
  readonly take: (rows: ReadonlyArray<Row>) => Reads<A>
}

/** @internal What is asked for beside a feed, and who else of the Layer hears of it. */
export interface Desk extends Pick<PublicFacts<string>, "unit"> {
  readonly exchange: string
  /** What a fee without an asset is in. */
  readonly feeIn: Account["fills"]["feeIn"]
  /** The exchange's clock minus ours, in milliseconds. */
  readonly skew: Effect.Effect<number>
  readonly account: Adapter.Account
  readonly markets: Markets
  readonly seen: SeenOrders
}

/** @internal Whom it is told: the operation, the market if only one is wanted, and when it was asked for, by our clock. */
export interface Wish {
  readonly operation: string
  readonly market: Market | undefined
  readonly startedAt: number
}

/**
 * Orders: those that stand, then each that changes, and what became of those that changed while the feed was lost.
 *
 * @internal
 */
export const orders = (desk: Desk, wish: Wish): Telling<Row.Order | undefined, Order> => {
  const { account, exchange, markets, seen } = desk
  const { market, operation } = wish
  const known = News.orders()

  /** What of the orders is news, in the order in which it happened; the rest of the Layer is told as well. */
  const newsOf = (orders: ReadonlyArray<News.OrderOf>): ReadonlyArray<Order> =>
    orders.toSorted((one, other) => changedAt(one.order) - changedAt(other.order)).flatMap((next) => {
      if (!known.take(next)) return []
      seen.visit(next.market)
      seen.tell(next.order)
      return [next.order]
    })

  /** One that stood when it was last heard of, and is neither among those that stand nor among those that ended lately. */
  const lookedUp = ({ market, order: { id } }: News.OrderOf): Reads<News.OrderOf> =>
    account.order({ market, id }).pipe(
      Effect.map((order) => [{ order, market }]),
      Effect.catchTag("OrderNotFound", () => {
        known.forget(id)
        return Effect.as(
          Effect.logWarning("An order that stood is no longer known to the exchange; what became of it is not told", {
            exchange,
            id
          }),
          []
        )
      })
    )

  /** Those that stand, those that ended since then, and what became of those of which neither is known. */
  const changedSince = (lostAt: number): Reads<News.OrderOf> =>
    Effect.gen(function*() {
      const open = yield* standing(desk, wish)
      const from = yield* since(desk, wish, lostAt)
      const histories = yield* Effect.forEach(market === undefined ? seen.markets() : [market], (market) =>
        Effect.map(
          understood(exchange, operation, account.orderHistory(market, { since: from, limit })),
          (orders) => orders.flatMap((order) => changedAt(order, from) < from ? [] : [{ order, market }])
        ))
      const listed = [...open, ...histories.flat()]
      const ids = new Set(listed.map(({ order }) => order.id))
      const gone = yield* Effect.forEach(known.standing().filter(({ order }) => !ids.has(order.id)), lookedUp)
      return [...listed, ...gone.flat()]
    })

  return {
    begin: (lostAt) => Effect.map(lostAt === undefined ? standing(desk, wish) : changedSince(lostAt), newsOf),
    take: (rows) =>
      Effect.gen(function*() {
        const told = yield* understood(
          exchange,
          operation,
          accountRows.aboutAny(desk, markets, Listing.of(rows.filter(isKnown)), (row, market, amounts) => ({
            order: accountRows.order(exchange, row, market, amounts),
            market
          }))
        )
        const missed = rows.every(isKnown) ? [] : yield* afterAWhile(changedSince)
        return [
          ...told.filter((each) => isWanted(wish, each.order)).flatMap((each) => newsOf([each])),
          ...newsOf(missed)
        ]
      })
  }
}

/**
 * Fills, each once: those that the feed tells of, and of the history those that it did not.
 *
 * @internal
 */
export const fills = (desk: Desk, wish: Wish): Telling<Row.Fill | Row.Entry | FillsOf | undefined, Fill> => {
  const { account, exchange, feeIn, markets, seen } = desk
  const { market, operation } = wish
  const known = News.fills()
  /** Until when, by the exchange's clock, the history of a market was read, as its feed only says that there is more of it. */
  const readUntil = new Map<string, number>()

  /** What of a history is news. It is not told before all of it is read that is read together: it may have to be read again. */
  const historyOf = (market: Market, from: number): Reads<Fill> =>
    Effect.map(
      understood(exchange, operation, account.fills(market, { since: from, limit })),
      (fills) => fills.filter((fill) => fill.at >= from && known.isNews(fill))
    )

  /** What the histories of all markets have that may be meant. */
  const unheardSince = (lostAt: number): Reads<ReadonlyArray<Fill>> =>
    Effect.flatMap(
      since(desk, wish, lostAt),
      (from) => Effect.forEach(market === undefined ? seen.markets() : [market], (market) => historyOf(market, from))
    )

  const tell = (read: ReadonlyArray<Fill>): ReadonlyArray<Fill> =>
    read.toSorted((one, other) => one.at - other.at).filter((fill) => {
      readUntil.set(fill.symbol, fill.at)
      return known.take(fill)
    })

  /** The history may show fills some time after the news of them, one by one: it is read until it shows no more of them. */
  const soon = (market: Market, found: ReadonlyArray<Fill> = [], attempt = 0): Reads<Fill> =>
    Effect.gen(function*() {
      const begun = yield* since(desk, wish, wish.startedAt)
      const all = yield* historyOf(market, Math.max(begun, (readUntil.get(market.symbol) ?? begun) - margin))
      const pause = pauses[attempt]
      return pause === undefined || (all.length === found.length && found.length > 0)
        ? all
        : yield* Effect.delay(soon(market, all, attempt + 1), pause)
    })

  return {
    begin: (lostAt) =>
      Effect.gen(function*() {
        yield* standing(desk, wish)
        if (lostAt === undefined) return []
        return tell((yield* unheardSince(lostAt)).flat())
      }),
    take: (rows) =>
      Effect.gen(function*() {
        const said: Array<Row.Fill> = []
        const touched = new Set<string>()
        for (const row of rows.filter(isKnown)) {
          if ("fillsOf" in row) touched.add(row.fillsOf)
          else if (!("fill" in row)) said.push(row)
          else if (row.fill !== undefined) said.push(row.fill)
        }
        const told = yield* understood(
          exchange,
          operation,
          accountRows.aboutAny(desk, markets, Listing.of(said), (row, market, amounts) => {
            seen.visit(market)
            return accountRows.fill(exchange, feeIn, row, market, amounts)
          })
        )
        const asked = yield* understood(
          exchange,
          operation,
          accountRows.aboutAny(
            desk,
            markets,
            Listing.of(Array.from(touched, (market) => ({ market }))),
            (_, market) => market
          )
        )
        const read = yield* Effect.forEach(asked.filter((market) => isWanted(wish, market)), (market) => soon(market))
        const missed = rows.every(isKnown) ? [] : yield* afterAWhile(unheardSince)
        return [
          ...told.filter((fill) => isWanted(wish, fill) && known.take(fill)),
          ...tell([...read, ...missed].flat())
        ]
      })
  }
}

/**
 * Balances, whole whenever one has changed; `isSaid` where the feed says what they are, and not only that they changed.
 *
 * @internal
 */
export const balances = ({ account }: Desk, isSaid: boolean): Telling<Balance | undefined, ReadonlyArray<Balance>> => {
  let held = new Map<string, Balance>()
  let told: string | undefined
  const whole = (): ReadonlyArray<ReadonlyArray<Balance>> => {
    const all = summed(Array.from(held.values()))
    const text = all.map(({ asset, free, total }) => `${asset} ${plain(free)} ${plain(total)}`).join()
    if (text === told) return []
    told = text
    return [all]
  }
  const ask = Effect.map(account.balances, (all) => {
    held = new Map(all.map((balance) => [balance.asset, balance]))
    return whole()
  })
  return {
    begin: () => ask,
    take: (rows) => {
      const said = rows.filter((row) => row !== undefined)
      return isSaid && said.length === rows.length
        ? Effect.sync(() => {
          for (const row of said) held.set(row.asset, row)
          return whole()
        })
        // However often it is said that something changed, it is asked for once a second.
        : Effect.zipLeft(ask, Effect.sleep(second))
    }
  }
}

const isKnown = <A>(row: A | undefined): row is A => row !== undefined

/**
 * What has changed until now where it was not understood: an answer may be late to know it, and however often nothing is
 * understood, it is asked for once a second.
 */
const afterAWhile = <A>(changedSince: (lostAt: number) => Reads<A>): Reads<A> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.delay(changedSince(now), second))

/** Without zeros at its end, of which the feed and the answer may have different numbers. */
const plain = (value: BigDecimal.BigDecimal): string => Decimal.format(BigDecimal.normalize(value))

const isWanted = ({ market }: Wish, { symbol }: { readonly symbol: string }): boolean =>
  market === undefined || symbol === market.symbol

/** Orders that stand, with their markets. One of which it is not known which market it is of hides no other. */
const standing = ({ account, exchange, markets, seen }: Desk, { market, operation }: Wish): Reads<News.OrderOf> =>
  Effect.flatMap(
    understood(exchange, operation, account.openOrders(market)),
    (orders) =>
      Effect.map(
        Effect.forEach(orders, (order) =>
          markets.find(operation, order.symbol).pipe(
            Effect.map((market) => {
              seen.visit(market)
              return [{ order, market }]
            }),
            Effect.catchTag("SymbolNotFound", ({ detail }) =>
              Effect.as(
                Effect.logWarning("An order that stands is not told", { exchange, id: order.id, because: detail }),
                []
              ))
          )),
        (all) => all.flat()
      )
  )

/**
 * From when a history is to be read, by the exchange's clock: some time before the feed was lost, as that may have been found out
 * late, and nothing from before it was asked for.
 */
const since = ({ skew }: Desk, { startedAt }: Wish, lostAt: number): Effect.Effect<number> =>
  Effect.map(skew, (skew) => Math.floor(Math.max(startedAt - second, lostAt - margin) + skew))

const second = 1000
/** A connection may have been dead for so long before it was found out. */
const margin = 300_000
/** So much of a history is read at most: it is bounded by when the feed was lost. */
const limit = 10_000
const pauses = [200, 400, 800, 1600]

const changedAt = ({ createdAt, updatedAt }: Order, otherwise = 0): number => updatedAt ?? createdAt ?? otherwise
