import {
  type Account,
  Decimal,
  type ExchangeError,
  type FeedItem,
  Fill,
  Order,
  Ticker,
  Trade
} from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { AccountCase, MarketDataCase, TradingCase } from "../ContractCase.js"
import { about, defineAccount, defineMarketData, first, symbolsOf } from "./defineCase.js"
import { Broken, ensure, fits, refused, unique } from "./judging.js"
import { amountAt, define as defineTrading, ended, equal, eventually, placeFar, quote } from "./scene.js"

type Live<A> = Stream.Stream<FeedItem.FeedItem<A>, ExchangeError.ExchangeError | FeedItem.SlowConsumer>
type Failure = ExchangeError.ExchangeError | Broken

/** The items that a feed has sent. */
interface Items<A> {
  readonly values: Array<A>
  readonly statuses: Array<string>
}

/** The longest time until a feed sends a value. */
const patience = "40 seconds"
/** The number of values to read from a feed that may have none. */
const several = 20

/** Reports `SlowConsumer` as a failure of the case, because only the suite itself can be too slow. */
const drained = <A>(stream: Live<A>): Effect.Effect<void, Failure> =>
  Effect.catchAll(
    Stream.runDrain(stream),
    (error): Effect.Effect<never, Failure> =>
      error._tag === "SlowConsumer" ? new Broken({ detail: error.message }) : Effect.fail(error)
  )

/** Reads the feed until `isEnough`, and appends its items to `received`. */
const collect = <A>(stream: Live<A>, received: Items<A>, isEnough: () => boolean): Effect.Effect<void, Failure> =>
  drained(Stream.takeUntil(stream, (item) => {
    if (item._tag === "Data") received.values.push(item.value)
    else received.statuses.push(item._tag)
    return isEnough()
  }))

/** Returns at least `atLeast` values of a feed, or none if the exchange does not support the feed. */
const valuesOf = <A>(
  what: string,
  stream: Live<A>,
  atLeast: number
): Effect.Effect<ReadonlyArray<A>, Failure> => {
  const received: Items<A> = { values: [], statuses: [] }
  return collect(stream, received, () => received.values.length >= (atLeast === 0 ? several : atLeast)).pipe(
    Effect.timeoutOption(atLeast === 0 ? "5 seconds" : patience),
    Effect.zipRight(
      Effect.suspend(() =>
        ensure(
          received.statuses[0] === "Connected",
          () => `${what} must start with Connected, but started with ${received.statuses[0] ?? "a value"}`
        )
      )
    ),
    Effect.zipRight(
      Effect.suspend(() =>
        ensure(received.values.length >= atLeast, () => `${what} sent too few values within ${patience}`)
      )
    ),
    Effect.as(received.values),
    Effect.catchAll((error) => error._tag === "Unsupported" ? Effect.succeed([]) : Effect.fail(error))
  )
}

const isOf = (
  what: string,
  value: { readonly symbol: string; readonly exchange: string },
  expected: { readonly symbol: string; readonly exchange: string }
) =>
  ensure(
    value.symbol === expected.symbol && value.exchange === expected.exchange,
    () => `${what} of ${expected.symbol} on ${expected.exchange} is labeled ${value.symbol} on ${value.exchange}`
  )

/** @internal */
export const feedCases: ReadonlyArray<MarketDataCase> = [
  defineMarketData(
    about("FD-01", "a ticker feed reports that it is connected, and then sends tickers of its symbol"),
    (service, subject) =>
      Effect.gen(function*() {
        const symbol = first(yield* symbolsOf(service, subject))
        for (const ticker of yield* valuesOf("the ticker feed", service.streamTicker(symbol), 1)) {
          yield* fits(Ticker.Ticker, "the ticker", ticker)
          yield* isOf("the ticker", ticker, { symbol, exchange: service.exchange })
        }
      })
  ),
  defineMarketData(
    about("FD-02", "an order book feed sends complete books: the best level first, and not crossed"),
    (service, subject) =>
      Effect.gen(function*() {
        const symbol = first(yield* symbolsOf(service, subject))
        const books = yield* valuesOf("the order book feed", service.streamOrderBook(symbol, { depth: 5 }), 1)
        for (const book of books) {
          yield* isOf("the order book", book, { symbol, exchange: service.exchange })
          const { asks, bids } = book.depth(5)
          const prices = [...bids.toReversed(), ...asks].map(({ price }) => price)
          yield* ensure(
            prices.every((price, index) => index === 0 || BigDecimal.lessThan(prices[index - 1] ?? price, price)),
            () => `the order book of ${symbol} is crossed, or its levels are not sorted best first`
          )
        }
      })
  ),
  defineMarketData(
    about("FD-03", "a trade feed sends each trade once, oldest first"),
    (service, subject) =>
      Effect.gen(function*() {
        const symbol = first(yield* symbolsOf(service, subject))
        const trades = yield* valuesOf("the trade feed", service.streamTrades(symbol), 0)
        for (const trade of trades) {
          yield* fits(Trade.Trade, "the trade", trade)
          yield* isOf("the trade", trade, { symbol, exchange: service.exchange })
        }
        yield* unique("the trade", trades.map(({ id }) => id))
      })
  ),
  defineMarketData(
    about("FD-04", "a feed of an unlisted or invalid symbol fails like a request for that symbol"),
    (service, { unknownSymbol }) =>
      Effect.forEach([[unknownSymbol, "SymbolNotFound"], ["nonsense", "InvalidRequest"]] as const, ([input, tag]) => {
        const asked = Effect.catchTag(drained(service.streamTrades(input)), "Broken", Effect.die)
        const expected = { tag, exchange: service.exchange, operation: "streamTrades", input }
        return Effect.if(hasNoFeed(asked), { onTrue: () => Effect.void, onFalse: () => refused(asked, expected) })
      }, { discard: true })
  )
]

const hasNoFeed = (asked: Effect.Effect<void, ExchangeError.ExchangeError>): Effect.Effect<boolean> =>
  Effect.match(asked, { onFailure: ({ _tag }) => _tag === "Unsupported", onSuccess: () => false })

const balanceTexts = (balances: Effect.Effect.Success<Account.Account.Service["balances"]>): string =>
  balances.map(({ asset, free, total }) =>
    [asset, BigDecimal.format(BigDecimal.normalize(free)), BigDecimal.format(BigDecimal.normalize(total))].join(" ")
  ).toSorted().join()

// Details must not contain amounts, because reports of a run against a real account may be public.
/** @internal */
export const accountFeedCases: ReadonlyArray<AccountCase> = [
  defineAccount(
    about("FD-05", "a balance feed starts with the balances that a request returns"),
    (service) =>
      Effect.gen(function*() {
        const [balances] = yield* valuesOf("the balance feed", service.streamBalances(), 1)
        if (balances === undefined) return
        yield* eventually(Effect.flatMap(service.balances, (asked) =>
          ensure(
            balanceTexts(asked) === balanceTexts(balances),
            () => "the balances of the feed differ from those of a request"
          )))
      })
  )
]

/** @internal */
export const tradingFeedCases: ReadonlyArray<TradingCase> = [
  defineTrading(
    about("FD-06", "an order feed starts with the open orders and reports their changes"),
    (scene) =>
      Effect.gen(function*() {
        const { account, market: { symbol }, trading } = scene
        const before = yield* placeFar(scene)
        const received: Items<Order.Order> = { values: [], statuses: [] }
        const statesOf = (id: string) => received.values.filter((order) => order.id === id).map(({ status }) => status)
        const listening = yield* Effect.fork(
          collect(account.streamOrders(symbol), received, () => statesOf(before.id).includes("canceled"))
        )
        yield* until(
          listening,
          () => statesOf(before.id).length > 0,
          "the order feed did not start with an open order"
        )
        if (yield* isUnsupported(listening)) {
          return
        }
        const after = yield* placeFar(scene)
        yield* until(
          listening,
          () => statesOf(after.id).length > 0,
          "the order feed did not report a placed order"
        )
        yield* trading.cancel(before)
        yield* until(
          listening,
          () => statesOf(before.id).includes("canceled"),
          "the order feed did not report a canceled order"
        )
        for (const order of received.values) yield* fits(Order.Order, "an order of the feed", order)
        yield* ensure(
          received.values.every((order) => order.symbol === symbol),
          () => `the order feed of ${symbol} sent an order of another market`
        )
      })
  ),
  defineTrading(
    about("FD-07", "a fill feed reports each fill once, and the same fills as the history"),
    (scene) =>
      Effect.gen(function*() {
        const { account, market: { symbol }, trading } = scene
        const received: Items<Fill.Fill> = { values: [], statuses: [] }
        const listening = yield* Effect.fork(collect(account.streamFills(symbol), received, () => false))
        yield* until(listening, () => received.statuses.length > 0, "the fill feed did not start")
        if (yield* isUnsupported(listening)) return
        const { ask } = yield* quote(scene, scene.market)
        const amount = amountAt(scene.market, ask)
        const order = yield* Effect.flatMap(
          trading.place({ type: "market", symbol, side: "buy", amount }),
          (placed) => ended(scene, placed)
        )
        const fillsReceived = () => received.values.filter(({ orderId }) => orderId === order.id)
        const filled = () => fillsReceived().reduce((sum, { amount }) => BigDecimal.sum(sum, amount), Decimal.zero)
        yield* until(listening, () =>
          equal(order.filled, filled()), "the fill feed did not report the whole filled amount")
        for (const fill of fillsReceived()) {
          yield* fits(Fill.Fill, "a fill of the feed", fill)
        }
        yield* unique(
          "the fill",
          fillsReceived().map(({ id }) =>
            id
          )
        )
        const history = (yield* account.fills(symbol)).filter(({ orderId }) => orderId === order.id)
        yield* ensure(
          history.map(({ id }) => id).toSorted().join() === fillsReceived().map(({ id }) => id).toSorted().join(),
          () => "the fills of the feed differ from those of the history"
        )
        yield* Fiber.interrupt(listening)
      })
  )
]

/** Waits until `isSo` or until the feed has ended. */
const until = (
  listening: Fiber.RuntimeFiber<void, Failure>,
  isSo: () => boolean,
  otherwise: string
): Effect.Effect<void, Broken> =>
  Effect.sleep("1 second").pipe(
    Effect.repeat({ until: () => isSo() || listening.unsafePoll() !== null }),
    Effect.timeoutFail({ duration: patience, onTimeout: () => new Broken({ detail: otherwise }) })
  )

/** Returns `true` if the exchange does not support the feed. Fails if the feed has failed otherwise. */
const isUnsupported = (listening: Fiber.RuntimeFiber<void, Failure>): Effect.Effect<boolean, Failure> =>
  Effect.flatMap(
    Fiber.poll(listening),
    Option.match({
      onNone: () => Effect.succeed(false),
      onSome: (exit) =>
        Effect.as(exit, false).pipe(
          Effect.catchAll((error) => error._tag === "Unsupported" ? Effect.succeed(true) : Effect.fail(error))
        )
    })
  )
