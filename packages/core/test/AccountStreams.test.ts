import { Deadline } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Metric, Option, Stream, TestClock } from "effect"
import type { Adapter, Markets, Row } from "../src/adapter.js"
import * as AccountStreams from "../src/adapter/internal/accountStreams.js"
import * as AccountUpdates from "../src/adapter/internal/accountUpdates.js"
import {
  type Balance,
  Decimal,
  ExchangeError,
  FeedItem,
  type Fill,
  type Market,
  type Order,
  Telemetry
} from "../src/index.js"
import * as SeenOrders from "../src/trading/internal/seenOrders.js"
import { bitcoin, ether } from "./support/exchange.js"
import { openOrder } from "./support/orders.js"
import { settableClock } from "./support/time.js"

const minute = 60_000
const start = 10_000_000

/** The parts of a Layer around a stream, with an account whose responses are given by the test. */
const setup = (listed: ReadonlyArray<Market.Market> = [bitcoin, ether]) => {
  const state = {
    open: new Array<Order.Order>(),
    history: new Array<Order.Order>(),
    fills: new Array<Fill.Fill>(),
    balances: new Array<Balance.Balance>(),
    requests: new Array<string>()
  }
  const ask = <A>(what: string, answer: () => A) =>
    Effect.sync(() => {
      state.requests.push(what)
      return answer()
    })
  /** The ids of markets whose fills cannot be read. */
  const failing = new Set<string>()
  /** The ids of markets that the exchange no longer knows. */
  const removed = new Set<string>()
  const missing = new ExchangeError.OrderNotFound({ exchange: "acme", operation: "order", detail: "gone" })
  const ofMarket = <A>({ id, symbol }: Market.Market, self: Effect.Effect<A>) =>
    Effect.suspend(() =>
      removed.has(id)
        ? new ExchangeError.SymbolNotFound({ exchange: "acme", operation: "history", symbol, detail: "removed" })
        : self
    )
  const account: Adapter.Account = {
    balances: ask("balances", () => state.balances),
    keyPermissions: Effect.never,
    openOrders: () => ask("open", () => state.open),
    order: ({ id, market }) =>
      ofMarket(market, ask(`order ${id}`, () => state.history.find((order) => order.id === id))).pipe(
        Effect.filterOrFail((order) => order !== undefined, () => missing)
      ),
    orderHistory: (market, { since }) =>
      ofMarket(
        market,
        ask(
          `history ${market.id} ${since}`,
          () => state.history.filter(({ symbol }) => bySymbol(symbol)?.id === market.id)
        )
      ),
    fills: (market, { since }) =>
      Effect.suspend((): Effect.Effect<Array<Fill.Fill>, ExchangeError.AccountError> =>
        failing.has(market.id)
          ? new ExchangeError.TransportFailed({
            exchange: "acme",
            operation: "fills",
            detail: "gone",
            outcome: "NotSent"
          })
          : ofMarket(
            market,
            ask(
              `fills ${market.id} ${since}`,
              () => state.fills.filter(({ symbol }) => bySymbol(symbol)?.id === market.id)
            )
          )
      )
  }
  const bySymbol = (symbol: string) => listed.find((market) => market.symbol === symbol)
  const find: Markets.Markets["find"] = (operation, symbol) =>
    Effect.fromNullable(bySymbol(symbol)).pipe(
      Effect.mapError(() => new ExchangeError.SymbolNotFound({ exchange: "acme", operation, symbol, detail: "none" }))
    )
  const markets: Markets.Markets = {
    all: Effect.succeed(listed),
    byId: (id) => Effect.succeed(Option.fromNullable(listed.find((market) => market.id === id))),
    find,
    recent: find,
    use: (operation, symbol, go) => Effect.flatMap(find(operation, symbol), go)
  }
  const seen = SeenOrders.make()
  const desk: AccountUpdates.Services = {
    exchange: "acme",
    unit: undefined,
    feeIn: "quote",
    skew: Effect.succeed(0),
    account,
    markets,
    seen
  }
  return { desk, failing, removed, state, seen }
}

const order = (change: Partial<Order.Order> = {}): Order.Order =>
  openOrder({ clientOrderId: undefined, createdAt: start, updatedAt: start, ...change })

const rowOf = ({ exchange: _, symbol: __, ...rest }: Order.Order, market = bitcoin.id): Row.Order => ({
  ...rest,
  market
})

const fill = (change: Partial<Fill.Fill> = {}): Fill.Fill => ({
  exchange: "acme",
  symbol: bitcoin.symbol,
  id: "f1",
  orderId: "1",
  side: "buy",
  price: Decimal.make("100"),
  amount: Decimal.make("1"),
  liquidity: "maker",
  at: start + 1000,
  ...change
})

const fillRowOf = ({ exchange: _, symbol: __, ...rest }: Fill.Fill, market = bitcoin.id): Row.Fill => ({
  ...rest,
  market
})

const request: AccountUpdates.StreamRequest = {
  operation: "streamOrders",
  market: undefined,
  startedAt: Effect.succeed(start)
}

const unknownRows = Metric.value(
  Telemetry.unknownRows.pipe(Metric.tagged("exchange", "acme"), Metric.tagged("operation", "streamOrders"))
)

const idsAndStatuses = (orders: ReadonlyArray<Order.Order>) => orders.map(({ id, status }) => `${id} ${status}`)

describe("the stream of orders", () => {
  it.effect("begins with the open orders, least recently updated first", () =>
    Effect.gen(function*() {
      const { desk, seen, state } = setup()
      state.open = [order({ id: "2", updatedAt: start + 2 }), order({ id: "1", symbol: ether.symbol })]
      const { onServing: begin } = AccountUpdates.orders(desk, request)
      assert.deepStrictEqual(idsAndStatuses(yield* begin(undefined)), ["1 open", "2 open"])
      assert.deepStrictEqual(state.requests, ["open"])
      assert.sameMembers(seen.markets().map(({ id }) => id), [bitcoin.id, ether.id])
    }))

  it.effect("contains only orders of the requested market", () =>
    Effect.gen(function*() {
      const { desk } = setup()
      const { onRows: take } = AccountUpdates.orders(desk, { ...request, market: ether })
      const rows = [rowOf(order()), rowOf(order({ id: "2" }), ether.id)]
      assert.deepStrictEqual(idsAndStatuses(yield* take(rows)), ["2 open"])
    }))

  it.effect("delivers the other orders if one is of an unlisted market, which is counted as unknown", () =>
    Effect.gen(function*() {
      const { desk } = setup()
      const { onRows: take } = AccountUpdates.orders(desk, request)
      const before = (yield* unknownRows).count
      assert.deepStrictEqual(idsAndStatuses(yield* take([rowOf(order(), "NEWUSDT"), rowOf(order({ id: "2" }))])), [
        "2 open"
      ])
      assert.strictEqual((yield* unknownRows).count, before + 1)
    }))

  it.effect("begins with the other orders if the symbol of one is unlisted", () =>
    Effect.gen(function*() {
      const { desk, state } = setup([bitcoin])
      state.open = [order({ symbol: ether.symbol }), order({ id: "2" })]
      assert.deepStrictEqual(idsAndStatuses(yield* AccountUpdates.orders(desk, request).onServing(undefined)), [
        "2 open"
      ])
    }))

  it.effect("reads the histories of all markets at once where the exchange has them, for markets not seen before, too", () =>
    Effect.gen(function*() {
      const { desk, state } = setup()
      const account: Adapter.Account = {
        ...desk.account,
        orderHistoryOfAll: ({ since }) =>
          Effect.map(Effect.succeed(state.history), (orders) => {
            state.requests.push(`orders since ${since}`)
            return orders
          }),
        fillsOfAll: ({ since }) =>
          Effect.map(Effect.succeed(state.fills), (fills) => {
            state.requests.push(`fills since ${since}`)
            return fills
          })
      }
      const orders = AccountUpdates.orders({ ...desk, account }, request)
      const fills = AccountUpdates.fills({ ...desk, account }, request)
      yield* orders.onServing(undefined)
      yield* fills.onServing(undefined)
      state.requests.length = 0
      yield* TestClock.setTime(start + minute)
      const ended = { symbol: ether.symbol, status: "filled", updatedAt: start + 5000 } as const
      state.history = [order({ id: "9", ...ended }), order({ id: "8", ...ended, updatedAt: start - minute })]
      state.fills = [fill({ id: "f9", orderId: "9", symbol: ether.symbol, at: start + 5000 })]
      assert.deepStrictEqual(idsAndStatuses(yield* orders.onServing(start + 4000)), ["9 filled"])
      assert.deepStrictEqual((yield* fills.onServing(start + 4000)).map(({ id }) => id), ["f9"])
      assert.deepStrictEqual(state.requests, [
        "open",
        `orders since ${start - 1000}`,
        "open",
        `fills since ${start - 1000}`
      ])
      const ofBitcoin = AccountUpdates.fills({ ...desk, account }, { ...request, market: bitcoin })
      assert.deepStrictEqual(yield* ofBitcoin.onServing(start + 4000), [])
    }))

  it.effect("looks up orders that ended while the feed was lost, in the history and otherwise one by one", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(start + 60 * minute)
      const { desk, state } = setup()
      const ids = ["filled", "canceled", "vanished", "standing"]
      state.open = ids.map((id) => order({ id }))
      const { onServing: begin } = AccountUpdates.orders(desk, request)
      yield* begin(undefined)
      state.requests = []
      state.open = [order({ id: "standing" }), order({ id: "new", updatedAt: start + 9000 })]
      state.history = [
        order({ id: "filled", status: "filled", filled: Decimal.make("3"), updatedAt: start + 5000 }),
        // Ended before the stream was requested, so it is not delivered.
        order({ id: "old", status: "canceled", updatedAt: start - minute }),
        // As in a history that lags behind.
        order({ id: "canceled", status: "canceled", updatedAt: start - minute })
      ]
      const delivered = yield* begin(start + minute)
      assert.deepStrictEqual(idsAndStatuses(delivered), ["filled filled", "new open"])
      assert.deepStrictEqual(state.requests, [
        "open",
        `history BTCUSDT ${start - 1000}`,
        "order canceled",
        "order vanished"
      ])
      // The end of an order that the exchange no longer knows is not guessed, and it is not looked up again.
      state.requests = []
      yield* begin(start + minute)
      assert.notInclude(state.requests, "order vanished")
    }))

  it.effect("requests the orders after a row that could not be decoded, and delivers the decoded ones as well", () =>
    Effect.gen(function*() {
      const { desk, seen, state } = setup()
      state.open = [order(), order({ id: "2" }), order({ id: "3" })]
      const { onServing: begin, onRows: take } = AccountUpdates.orders(desk, request)
      yield* begin(undefined)
      seen.visit(bitcoin)
      state.open = [order({ id: "2" }), order({ id: "3" })]
      state.history = [order({ status: "filled", updatedAt: start + 1000 })]
      const taking = yield* Effect.fork(take([rowOf(order({ id: "2", status: "canceled" })), undefined, undefined]))
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(idsAndStatuses(yield* Fiber.join(taking)), ["2 canceled", "1 filled"])
    }))

  it.effect("reports its orders to callers that wait for them in the same Layer", () =>
    Effect.gen(function*() {
      const { desk, seen } = setup()
      const waiting = yield* Effect.fork(seen.first("next", ({ status }) => status === "canceled"))
      yield* Effect.yieldNow()
      yield* AccountUpdates.orders(desk, request).onRows([rowOf(order({ status: "canceled" }))])
      assert.strictEqual((yield* Fiber.join(waiting)).id, "1")
    }))
})

describe("the stream of fills", () => {
  it.effect("delivers each fill once, from the feed or the history, with the fee in the quote currency by default", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(start + 60 * minute)
      const { desk, state } = setup()
      const { onServing: begin, onRows: take } = AccountUpdates.fills(desk, request)
      assert.deepStrictEqual(yield* begin(undefined), [])
      const fee = Decimal.make("0.1")
      const rows = [fillRowOf(fill({ fee })), fillRowOf(fill({ fee })), { id: "x", fill: undefined }]
      assert.deepStrictEqual(yield* take(rows), [fill({ fee, feeAsset: "USDT" })])
      state.fills = [fill(), fill({ id: "f2", at: start + 2000 }), fill({ id: "f0", at: start - 2000 })]
      assert.deepStrictEqual((yield* begin(start + minute)).map(({ id }) => id), ["f2"])
      assert.deepStrictEqual(state.requests, ["open", "open", `fills BTCUSDT ${start - 1000}`])
    }))

  it.effect("polls the history if the feed only announces fills", () =>
    Effect.gen(function*() {
      const { desk, state } = setup()
      const taking = yield* Effect.fork(
        AccountUpdates.fills(desk, request).onRows([{ fillsOf: bitcoin.id }, { fillsOf: bitcoin.id }])
      )
      yield* TestClock.adjust(100)
      state.fills = [fill()]
      yield* TestClock.adjust(200)
      state.fills = [fill(), fill({ id: "f2", at: start + 2000 })]
      yield* TestClock.adjust(5000)
      assert.deepStrictEqual((yield* Fiber.join(taking)).map(({ id }) => id), ["f1", "f2"])
      assert.strictEqual(state.requests.length, 4)
    }))

  it.effect("reads the history after a row that could not be decoded, with a delay", () =>
    Effect.gen(function*() {
      const { desk, failing, seen, state } = setup()
      const { onServing: begin, onRows: take } = AccountUpdates.fills(desk, request)
      yield* begin(undefined)
      seen.visit(bitcoin)
      seen.visit(ether)
      const rows = [fillRowOf(fill()), undefined]
      failing.add(ether.id)
      const failed = yield* Effect.fork(Effect.flip(take(rows)))
      yield* TestClock.adjust(1000)
      assert.strictEqual((yield* Fiber.join(failed))._tag, "TransportFailed")
      failing.clear()
      const taking = yield* Effect.fork(take(rows))
      yield* TestClock.adjust(500)
      state.fills = [fill(), fill({ id: "f2", symbol: ether.symbol, at: start + 2000 })]
      yield* TestClock.adjust(500)
      assert.deepStrictEqual((yield* Fiber.join(taking)).map(({ id }) => id), ["f1", "f2"])
    }))

  it.effect("polls the histories of several markets at the same time", () =>
    Effect.gen(function*() {
      const { desk, state } = setup()
      const taking = yield* Effect.fork(
        AccountUpdates.fills(desk, request).onRows([{ fillsOf: bitcoin.id }, { fillsOf: ether.id }])
      )
      yield* TestClock.adjust("2 seconds")
      state.fills = [fill(), fill({ id: "f2", symbol: ether.symbol, at: start + 2000 })]
      yield* TestClock.adjust("1100 millis")
      assert.deepStrictEqual((yield* Fiber.join(taking)).map(({ id }) => id), ["f1", "f2"])
    }))

  it.effect("stops polling for announced fills after five reads", () =>
    Effect.gen(function*() {
      const { desk, state } = setup()
      const taking = yield* Effect.fork(AccountUpdates.fills(desk, request).onRows([{ fillsOf: bitcoin.id }]))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* Fiber.join(taking), [])
      assert.strictEqual(state.requests.length, 5)
    }))
})

describe("after a lost connection, a market that the exchange no longer has", () => {
  it.effect("hides no order of the others, and neither does an order in it that was open", () =>
    Effect.gen(function*() {
      const { desk, removed, seen, state } = setup()
      state.open = [order(), order({ id: "2", symbol: ether.symbol })]
      const { onServing: serve } = AccountUpdates.orders(desk, request)
      yield* serve(undefined)
      yield* TestClock.setTime(start + minute)
      state.open = []
      state.history = [order({ id: "2", symbol: ether.symbol, status: "canceled", updatedAt: start + 5000 })]
      removed.add(bitcoin.id)
      assert.sameMembers(seen.markets().map(({ id }) => id), [bitcoin.id, ether.id])
      assert.deepStrictEqual(idsAndStatuses(yield* serve(start + 4000)), ["2 canceled"])
      const one = AccountUpdates.orders(desk, { ...request, market: bitcoin })
      assert.strictEqual((yield* Effect.flip(one.onServing(start + 4000)))._tag, "SymbolNotFound")
    }))

  it.effect("hides no fill of the others", () =>
    Effect.gen(function*() {
      const { desk, removed, seen, state } = setup()
      seen.visit(bitcoin)
      seen.visit(ether)
      state.fills = [fill({ symbol: ether.symbol })]
      removed.add(bitcoin.id)
      assert.deepStrictEqual((yield* AccountUpdates.fills(desk, request).onServing(start)).map(({ id }) => id), ["f1"])
      const one = AccountUpdates.fills(desk, { ...request, market: bitcoin })
      assert.strictEqual((yield* Effect.flip(one.onServing(start)))._tag, "SymbolNotFound")
    }))
})

describe("the stream of fills after its history could not be read", () => {
  it.effect("delivers the fills of all markets once all histories were read", () =>
    Effect.gen(function*() {
      const { desk, failing, seen, state } = setup()
      seen.visit(bitcoin)
      seen.visit(ether)
      state.fills = [fill(), fill({ id: "f2", symbol: ether.symbol })]
      const { onServing: begin } = AccountUpdates.fills(desk, request)
      failing.add(ether.id)
      assert.strictEqual((yield* Effect.flip(begin(start)))._tag, "TransportFailed")
      failing.clear()
      assert.deepStrictEqual((yield* begin(start)).map(({ id }) => id), ["f1", "f2"])
    }))

  it.effect("delivers fills that were read before polling for more failed", () =>
    Effect.gen(function*() {
      const { desk, failing, state } = setup()
      const { onRows: take } = AccountUpdates.fills(desk, request)
      state.fills = [fill()]
      const taking = yield* Effect.fork(Effect.flip(take([{ fillsOf: bitcoin.id }])))
      yield* TestClock.adjust(100)
      failing.add(bitcoin.id)
      yield* TestClock.adjust(5000)
      yield* Fiber.join(taking)
      failing.clear()
      const again = yield* Effect.fork(take([{ fillsOf: bitcoin.id }]))
      yield* TestClock.adjust(5000)
      assert.deepStrictEqual((yield* Fiber.join(again)).map(({ id }) => id), ["f1"])
    }))

  it.effect("reads what it missed in a market of which the feed only reported that it has fills", () =>
    Effect.gen(function*() {
      const { desk, state } = setup()
      yield* TestClock.setTime(start + 60 * minute)
      const { onServing: begin, onRows: take } = AccountUpdates.fills(desk, request)
      state.fills = [fill()]
      const taking = yield* Effect.fork(take([{ fillsOf: bitcoin.id }]))
      yield* TestClock.adjust(5000)
      assert.strictEqual((yield* Fiber.join(taking)).length, 1)
      state.fills = [...state.fills, fill({ id: "f2", at: start + 2 * minute })]
      assert.deepStrictEqual((yield* begin(start + minute)).map(({ id }) => id), ["f2"])
    }))

  it.effect("delivers fills after the local clock was set back", () =>
    Effect.gen(function*() {
      const { desk, seen, state } = setup()
      seen.visit(bitcoin)
      yield* TestClock.setTime(start + 30 * minute)
      const { onServing: begin, onRows: take } = AccountUpdates.fills(desk, {
        ...request,
        startedAt: Effect.succeed(start + 60 * minute)
      })
      const done = (read: ReturnType<typeof take>) =>
        Effect.gen(function*() {
          const reading = yield* Effect.fork(read)
          yield* TestClock.adjust(5000)
          return (yield* Fiber.join(reading)).map(({ id }) => id)
        })
      state.fills = [fill({ at: start + 29 * minute })]
      assert.deepStrictEqual(yield* done(take([{ fillsOf: bitcoin.id }])), ["f1"])
      state.fills = [...state.fills, fill({ id: "f2", at: start + 30 * minute })]
      assert.deepStrictEqual(yield* done(begin(start + 61 * minute)), ["f2"])
    }))

  it.effect("delivers fills however far the exchange's clock is ahead", () =>
    Effect.gen(function*() {
      const { desk, state } = setup()
      const ahead = 30 * minute
      const { onRows: take } = AccountUpdates.fills({ ...desk, skew: Effect.succeed(ahead) }, request)
      const taken = Effect.gen(function*() {
        const taking = yield* Effect.fork(take([{ fillsOf: bitcoin.id }]))
        yield* TestClock.adjust(5000)
        return (yield* Fiber.join(taking)).map(({ id }) => id)
      })
      state.fills = [fill({ at: start + ahead + 1000 })]
      assert.deepStrictEqual(yield* taken, ["f1"])
      state.fills = [...state.fills, fill({ id: "f2", at: start + ahead + 2000 })]
      assert.deepStrictEqual(yield* taken, ["f2"])
    }))
})

describe("the stream of fills of a feed", () => {
  const topic = () => ({ socket: "private", key: "fills", channel: "fills" })
  const { Connected, Reconnecting, Resynced } = FeedItem.FeedItem
  const lost = Reconnecting({ since: start, because: "a test" })

  /** Streams the fills while the feed emits these status changes, and returns what is recorded. */
  const recorded = (desk: AccountUpdates.Services, ...statuses: ReadonlyArray<FeedItem.FeedItem<never>>) =>
    recordedFrom(desk, Stream.concat(Stream.fromIterable(statuses), Stream.never))

  const recordedFrom = (desk: AccountUpdates.Services, feed: Stream.Stream<FeedItem.FeedItem<never>>) =>
    Effect.gen(function*() {
      const streams = AccountStreams.make(
        desk,
        { fills: { topic, reader: () => () => [] } },
        Effect.succeed({ channel: () => () => feed })
      )
      const items: Array<FeedItem.FeedItem<Fill.Fill>> = []
      yield* Effect.forkScoped(
        Stream.runForEach(streams.streamFills(), (item) => Effect.sync(() => items.push(item)))
      )
      yield* TestClock.adjust("30 minutes")
      return items.map((item) => item._tag === "Data" ? item.value.id : item._tag)
    })

  it.scoped("resumes after a loss, however long the requests for all markets take together", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(start)
      const { desk, seen, state } = setup()
      seen.visit(bitcoin)
      seen.visit(ether)
      state.fills = [fill(), fill({ id: "f2", symbol: ether.symbol, at: start + 2000 })]
      const { account } = desk
      const late = new ExchangeError.DeadlineExceeded({ exchange: "acme", operation: "fills", detail: "not sent" })
      const slow: Adapter.Account = {
        ...account,
        // As at a rate limit: the request waits, and fails if its deadline comes first.
        fills: (market, query) =>
          Effect.zipRight(
            Effect.filterOrFail(
              Effect.zipRight(Effect.sleep("20 seconds"), Deadline.remaining),
              Option.match({ onNone: () => true, onSome: (left) => Duration.toMillis(left) > 0 }),
              () => late
            ),
            account.fills(market, query)
          )
      }
      assert.deepStrictEqual(yield* recorded({ ...desk, account: slow }, Connected(), lost, Resynced()), [
        "Connected",
        "Reconnecting",
        "Resynced",
        "f1",
        "f2"
      ])
    }))

  it.scoped("repeats only the request that failed", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(start)
      const { desk, failing, seen, state } = setup()
      seen.visit(bitcoin)
      seen.visit(ether)
      failing.add(ether.id)
      yield* Effect.fork(Effect.delay(Effect.sync(() => failing.clear()), "1 minute"))
      assert.deepStrictEqual(yield* recorded(desk, Connected(), lost, Resynced()), [
        "Connected",
        "Reconnecting",
        "Resynced"
      ])
      assert.deepStrictEqual(state.requests, [
        "open",
        "open",
        `fills BTCUSDT ${start - 1000}`,
        `fills ${ether.id} ${start - 1000}`
      ])
    }))

  for (
    const [when, setBack] of [["while", 12 * 60 * minute], ["by less than the time for which", 10 * minute]] as const
  ) {
    it.scoped(`has all fills if the local clock was set back ${when} the feed was down`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(start)
        const { ahead, clock } = yield* settableClock
        const { desk, seen, state } = setup()
        seen.visit(bitcoin)
        state.fills = [fill({ at: start + minute })]
        const feed = Stream.fromIterable([Connected(), lost]).pipe(
          Stream.concat(Stream.execute(Effect.sleep("20 minutes"))),
          Stream.concat(Stream.fromEffect(Effect.sync(() => {
            ahead.millis = -setBack
            return Resynced()
          }))),
          Stream.concat(Stream.never)
        )
        // The exchange's clock is right.
        const skew = Effect.sync(() => -ahead.millis)
        const items = yield* recordedFrom({ ...desk, skew }, feed).pipe(Effect.withClock(clock))
        assert.deepStrictEqual(items, ["Connected", "Reconnecting", "Resynced", "f1"])
      }))
  }

  for (
    const [how, setForwardBy, suspendedFor] of [
      ["was set forward", 2 * 60 * minute, 0],
      ["was right while the machine was suspended", 0, 2 * 60 * minute]
    ] as const
  ) {
    it.scoped(`has the fills since it was requested, and none from before, if the local clock ${how}`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(start)
        const { ahead, clock } = yield* settableClock
        const { desk, seen, state } = setup()
        seen.visit(bitcoin)
        state.fills = [fill({ id: "f0", at: start - minute }), fill({ at: start + minute })]
        const feed = Stream.fromIterable([Connected()]).pipe(
          Stream.concat(Stream.execute(Effect.sleep("2 minutes"))),
          Stream.concat(Stream.fromEffect(Effect.sync(() => {
            // When the last message arrived, by the clock as it was then.
            const since = clock.unsafeCurrentTimeMillis()
            ahead.millis = setForwardBy + suspendedFor
            return Reconnecting({ since, because: "a test" })
          }))),
          Stream.concat(Stream.make(Resynced())),
          Stream.concat(Stream.never)
        )
        // The exchange's clock is right.
        const skew = Effect.sync(() => ahead.millis === 0 ? 0 : -setForwardBy)
        const items = yield* recordedFrom({ ...desk, skew }, feed).pipe(Effect.withClock(clock))
        assert.deepStrictEqual(items, ["Connected", "Reconnecting", "Resynced", "f1"])
      }))
  }

  it.scoped("has the fills since it was requested if the feed was down then", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(start)
      const { desk, seen, state } = setup()
      seen.visit(bitcoin)
      state.fills = [fill({ id: "f0", at: start - 2000 }), fill()]
      assert.deepStrictEqual(yield* recorded(desk, lost, Resynced()), ["Reconnecting", "Resynced", "f1"])
    }))
})

describe("the stream of balances", () => {
  const balanceOf = (asset: string, free: string, total = free): Balance.Balance => ({
    asset,
    free: Decimal.make(free),
    total: Decimal.make(total)
  })

  it.effect("delivers all balances at each change, and nothing if none has changed", () =>
    Effect.gen(function*() {
      const { desk, state } = setup()
      state.balances = [balanceOf("BTC", "1"), balanceOf("USDT", "10", "20")]
      const { onServing: begin, onRows: take } = AccountUpdates.balances(desk, true)
      assert.deepStrictEqual(yield* begin(undefined), [state.balances])
      assert.deepStrictEqual(yield* take([balanceOf("USDT", "20")]), [[balanceOf("BTC", "1"), balanceOf("USDT", "20")]])
      assert.deepStrictEqual(yield* take([balanceOf("USDT", "20.0")]).pipe(Effect.map(({ length }) => length)), 0)
      assert.deepStrictEqual(yield* take([balanceOf("BTC", "0")]), [[balanceOf("USDT", "20.0")]])
    }))

  it.effect("requests the balances once for several announced changes within a second", () =>
    Effect.gen(function*() {
      const { desk, state } = setup()
      state.balances = [balanceOf("BTC", "1")]
      const taking = yield* Effect.fork(AccountUpdates.balances(desk, false).onRows([undefined, undefined, undefined]))
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(yield* Fiber.join(taking), [[balanceOf("BTC", "1")]])
      assert.deepStrictEqual(state.requests, ["balances"])
    }))

  it.effect("requests the balances after a row that could not be decoded", () =>
    Effect.gen(function*() {
      const { desk, state } = setup()
      state.balances = [balanceOf("BTC", "1"), balanceOf("USDT", "10")]
      const { onServing: begin, onRows: take } = AccountUpdates.balances(desk, true)
      yield* begin(undefined)
      state.balances = [balanceOf("BTC", "2"), balanceOf("USDT", "7")]
      const taking = yield* Effect.fork(take([balanceOf("BTC", "2"), undefined]))
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(yield* Fiber.join(taking), [[balanceOf("BTC", "2"), balanceOf("USDT", "7")]])
    }))
})
