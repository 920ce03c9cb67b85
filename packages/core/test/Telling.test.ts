import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Metric, Option, TestClock } from "effect"
import type { Adapter, Markets, Row } from "../src/adapter.js"
import * as Telling from "../src/adapter/internal/telling.js"
import { type Balance, Decimal, ExchangeError, type Fill, type Market, type Order, Telemetry } from "../src/index.js"
import * as SeenOrders from "../src/trading/internal/seenOrders.js"
import { bitcoin, ether } from "./support/exchange.js"
import { standing } from "./support/orders.js"

const minute = 60_000
const start = 10_000_000

/** An account whose answers are what a test says. */
const scene = (listed: ReadonlyArray<Market.Market> = [bitcoin, ether]) => {
  const state = {
    open: new Array<Order.Order>(),
    history: new Array<Order.Order>(),
    fills: new Array<Fill.Fill>(),
    balances: new Array<Balance.Balance>(),
    asked: new Array<string>()
  }
  const ask = <A>(what: string, answer: () => A) =>
    Effect.sync(() => {
      state.asked.push(what)
      return answer()
    })
  /** The markets whose fills cannot be read. */
  const failing = new Set<string>()
  const missing = new ExchangeError.OrderNotFound({ exchange: "acme", operation: "order", detail: "gone" })
  const account: Adapter.Account = {
    balances: ask("balances", () => state.balances),
    keyPermissions: Effect.never,
    openOrders: () => ask("open", () => state.open),
    order: ({ id }) =>
      ask(`order ${id}`, () => state.history.find((order) => order.id === id)).pipe(
        Effect.filterOrFail((order) => order !== undefined, () => missing)
      ),
    orderHistory: ({ id }, { since }) =>
      ask(`history ${id} ${since}`, () => state.history.filter(({ symbol }) => bySymbol(symbol)?.id === id)),
    fills: ({ id }, { since }) =>
      failing.has(id)
        ? new ExchangeError.TransportFailed({
          exchange: "acme",
          operation: "fills",
          detail: "gone",
          outcome: "NotSent"
        })
        : ask(`fills ${id} ${since}`, () => state.fills.filter(({ symbol }) => bySymbol(symbol)?.id === id))
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
    use: (operation, symbol, go) => Effect.flatMap(find(operation, symbol), go)
  }
  const seen = SeenOrders.make()
  const desk: Telling.Desk = {
    exchange: "acme",
    unit: undefined,
    feeIn: "quote",
    skew: Effect.succeed(0),
    account,
    markets,
    seen
  }
  return { desk, failing, state, seen }
}

const order = (change: Partial<Order.Order> = {}): Order.Order =>
  standing({ clientOrderId: undefined, createdAt: start, updatedAt: start, ...change })

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

const wish: Telling.StreamRequest = { operation: "streamOrders", market: undefined, startedAt: start }

const unread = Metric.value(
  Telemetry.unknownRows.pipe(Metric.tagged("exchange", "acme"), Metric.tagged("operation", "streamOrders"))
)

const brief = (orders: ReadonlyArray<Order.Order>) => orders.map(({ id, status }) => `${id} ${status}`)

describe("orders that are told of", () => {
  it.effect("begin with those that stand, oldest change first", () =>
    Effect.gen(function*() {
      const { desk, seen, state } = scene()
      state.open = [order({ id: "2", updatedAt: start + 2 }), order({ id: "1", symbol: ether.symbol })]
      const { begin } = Telling.orders(desk, wish)
      assert.deepStrictEqual(brief(yield* begin(undefined)), ["1 open", "2 open"])
      assert.deepStrictEqual(state.asked, ["open"])
      assert.sameMembers(seen.markets().map(({ id }) => id), [bitcoin.id, ether.id])
    }))

  it.effect("are of the market that is wanted", () =>
    Effect.gen(function*() {
      const { desk } = scene()
      const { take } = Telling.orders(desk, { ...wish, market: ether })
      const rows = [rowOf(order()), rowOf(order({ id: "2" }), ether.id)]
      assert.deepStrictEqual(brief(yield* take(rows)), ["2 open"])
    }))

  it.effect("go on beside one of a market that is not listed, which is counted and not hidden", () =>
    Effect.gen(function*() {
      const { desk } = scene()
      const { take } = Telling.orders(desk, wish)
      const before = (yield* unread).count
      assert.deepStrictEqual(brief(yield* take([rowOf(order(), "NEWUSDT"), rowOf(order({ id: "2" }))])), ["2 open"])
      assert.strictEqual((yield* unread).count, before + 1)
    }))

  it.effect("begin beside one of a market that is not found by its symbol", () =>
    Effect.gen(function*() {
      const { desk, state } = scene([bitcoin])
      state.open = [order({ symbol: ether.symbol }), order({ id: "2" })]
      assert.deepStrictEqual(brief(yield* Telling.orders(desk, wish).begin(undefined)), ["2 open"])
    }))

  it.effect("were looked up where the feed did not say it: of histories, and else one by one", () =>
    Effect.gen(function*() {
      const { desk, state } = scene()
      const ids = ["filled", "canceled", "vanished", "standing"]
      state.open = ids.map((id) => order({ id }))
      const { begin } = Telling.orders(desk, wish)
      yield* begin(undefined)
      state.asked = []
      state.open = [order({ id: "standing" }), order({ id: "new", updatedAt: start + 9000 })]
      state.history = [
        order({ id: "filled", status: "filled", filled: Decimal.make("3"), updatedAt: start + 5000 }),
        // Ended before the feed was asked for: no news.
        order({ id: "old", status: "canceled", updatedAt: start - minute }),
        // Of a history that has not caught up with it.
        order({ id: "canceled", status: "canceled", updatedAt: start - minute })
      ]
      const told = yield* begin(start + minute)
      assert.deepStrictEqual(brief(told), ["filled filled", "new open"])
      assert.deepStrictEqual(state.asked, [
        "open",
        `history BTCUSDT ${start - 1000}`,
        "order canceled",
        "order vanished"
      ])
      // What became of one that nobody knows any more is not guessed, and it is not asked for again.
      state.asked = []
      yield* begin(start + minute)
      assert.notInclude(state.asked, "order vanished")
    }))

  it.effect("are asked for where the feed says one that is not understood, beside those that are", () =>
    Effect.gen(function*() {
      const { desk, seen, state } = scene()
      state.open = [order(), order({ id: "2" }), order({ id: "3" })]
      const { begin, take } = Telling.orders(desk, wish)
      yield* begin(undefined)
      seen.visit(bitcoin)
      state.open = [order({ id: "2" }), order({ id: "3" })]
      state.history = [order({ status: "filled", updatedAt: start + 1000 })]
      const telling = yield* Effect.fork(take([rowOf(order({ id: "2", status: "canceled" })), undefined, undefined]))
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(brief(yield* Fiber.join(telling)), ["2 canceled", "1 filled"])
    }))

  it.effect("are told to all that wait for them in the same Layer", () =>
    Effect.gen(function*() {
      const { desk, seen } = scene()
      const waiting = yield* Effect.fork(seen.first("next", ({ status }) => status === "canceled"))
      yield* Effect.yieldNow()
      yield* Telling.orders(desk, wish).take([rowOf(order({ status: "canceled" }))])
      assert.strictEqual((yield* Fiber.join(waiting)).id, "1")
    }))
})

describe("fills that are told of", () => {
  it.effect("are each told once, whichever way they come, with a fee in the quote currency unless it says otherwise", () =>
    Effect.gen(function*() {
      const { desk, state } = scene()
      const { begin, take } = Telling.fills(desk, wish)
      assert.deepStrictEqual(yield* begin(undefined), [])
      const fee = Decimal.make("0.1")
      const rows = [fillRowOf(fill({ fee })), fillRowOf(fill({ fee })), { id: "x", fill: undefined }]
      assert.deepStrictEqual(yield* take(rows), [fill({ fee, feeAsset: "USDT" })])
      state.fills = [fill(), fill({ id: "f2", at: start + 2000 }), fill({ id: "f0", at: start - 2000 })]
      assert.deepStrictEqual((yield* begin(start + minute)).map(({ id }) => id), ["f2"])
      assert.deepStrictEqual(state.asked, ["open", "open", `fills BTCUSDT ${start - 1000}`])
    }))

  it.effect("are read of the history, and waited for, where the feed only says that there are some", () =>
    Effect.gen(function*() {
      const { desk, state } = scene()
      const telling = yield* Effect.fork(
        Telling.fills(desk, wish).take([{ fillsOf: bitcoin.id }, { fillsOf: bitcoin.id }])
      )
      yield* TestClock.adjust(100)
      state.fills = [fill()]
      yield* TestClock.adjust(200)
      state.fills = [fill(), fill({ id: "f2", at: start + 2000 })]
      yield* TestClock.adjust(5000)
      assert.deepStrictEqual((yield* Fiber.join(telling)).map(({ id }) => id), ["f1", "f2"])
      assert.strictEqual(state.asked.length, 4)
    }))

  it.effect("are read of the history where the feed says one that is not understood, once it may be there", () =>
    Effect.gen(function*() {
      const { desk, failing, seen, state } = scene()
      const { begin, take } = Telling.fills(desk, wish)
      yield* begin(undefined)
      seen.visit(bitcoin)
      seen.visit(ether)
      const rows = [fillRowOf(fill()), undefined]
      failing.add(ether.id)
      const failed = yield* Effect.fork(Effect.flip(take(rows)))
      yield* TestClock.adjust(1000)
      assert.strictEqual((yield* Fiber.join(failed))._tag, "TransportFailed")
      failing.clear()
      const telling = yield* Effect.fork(take(rows))
      yield* TestClock.adjust(500)
      state.fills = [fill(), fill({ id: "f2", symbol: ether.symbol, at: start + 2000 })]
      yield* TestClock.adjust(500)
      assert.deepStrictEqual((yield* Fiber.join(telling)).map(({ id }) => id), ["f1", "f2"])
    }))

  it.effect("are given up waiting for after a few looks", () =>
    Effect.gen(function*() {
      const { desk, state } = scene()
      const telling = yield* Effect.fork(Telling.fills(desk, wish).take([{ fillsOf: bitcoin.id }]))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* Fiber.join(telling), [])
      assert.strictEqual(state.asked.length, 5)
    }))
})

describe("fills of a history that cannot be read at first", () => {
  it.effect("are told of once all of it was, in whatever market it failed", () =>
    Effect.gen(function*() {
      const { desk, failing, seen, state } = scene()
      seen.visit(bitcoin)
      seen.visit(ether)
      state.fills = [fill(), fill({ id: "f2", symbol: ether.symbol })]
      const { begin } = Telling.fills(desk, wish)
      failing.add(ether.id)
      assert.strictEqual((yield* Effect.flip(begin(start)))._tag, "TransportFailed")
      failing.clear()
      assert.deepStrictEqual((yield* begin(start)).map(({ id }) => id), ["f1", "f2"])
    }))

  it.effect("are told of where it failed while more was waited for", () =>
    Effect.gen(function*() {
      const { desk, failing, state } = scene()
      const { take } = Telling.fills(desk, wish)
      state.fills = [fill()]
      const telling = yield* Effect.fork(Effect.flip(take([{ fillsOf: bitcoin.id }])))
      yield* TestClock.adjust(100)
      failing.add(bitcoin.id)
      yield* TestClock.adjust(5000)
      yield* Fiber.join(telling)
      failing.clear()
      const again = yield* Effect.fork(take([{ fillsOf: bitcoin.id }]))
      yield* TestClock.adjust(5000)
      assert.deepStrictEqual((yield* Fiber.join(again)).map(({ id }) => id), ["f1"])
    }))

  it.effect("are told of however far the exchange's clock is ahead", () =>
    Effect.gen(function*() {
      const { desk, state } = scene()
      const ahead = 30 * minute
      const { take } = Telling.fills({ ...desk, skew: Effect.succeed(ahead) }, wish)
      const taken = Effect.gen(function*() {
        const telling = yield* Effect.fork(take([{ fillsOf: bitcoin.id }]))
        yield* TestClock.adjust(5000)
        return (yield* Fiber.join(telling)).map(({ id }) => id)
      })
      state.fills = [fill({ at: start + ahead + 1000 })]
      assert.deepStrictEqual(yield* taken, ["f1"])
      state.fills = [...state.fills, fill({ id: "f2", at: start + ahead + 2000 })]
      assert.deepStrictEqual(yield* taken, ["f2"])
    }))
})

describe("balances that are told of", () => {
  const of = (asset: string, free: string, total = free): Balance.Balance => ({
    asset,
    free: Decimal.make(free),
    total: Decimal.make(total)
  })

  it.effect("are whole each time, and nothing where nothing has changed", () =>
    Effect.gen(function*() {
      const { desk, state } = scene()
      state.balances = [of("BTC", "1"), of("USDT", "10", "20")]
      const { begin, take } = Telling.balances(desk, true)
      assert.deepStrictEqual(yield* begin(undefined), [state.balances])
      assert.deepStrictEqual(yield* take([of("USDT", "20")]), [[of("BTC", "1"), of("USDT", "20")]])
      assert.deepStrictEqual(yield* take([of("USDT", "20.0")]).pipe(Effect.map(({ length }) => length)), 0)
      assert.deepStrictEqual(yield* take([of("BTC", "0")]), [[of("USDT", "20.0")]])
    }))

  it.effect("are asked for where the feed only says that they changed, once a second however often it does", () =>
    Effect.gen(function*() {
      const { desk, state } = scene()
      state.balances = [of("BTC", "1")]
      const telling = yield* Effect.fork(Telling.balances(desk, false).take([undefined, undefined, undefined]))
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(yield* Fiber.join(telling), [[of("BTC", "1")]])
      assert.deepStrictEqual(state.asked, ["balances"])
    }))

  it.effect("are asked for where the feed says what they are, and one of it is not understood", () =>
    Effect.gen(function*() {
      const { desk, state } = scene()
      state.balances = [of("BTC", "1"), of("USDT", "10")]
      const { begin, take } = Telling.balances(desk, true)
      yield* begin(undefined)
      state.balances = [of("BTC", "2"), of("USDT", "7")]
      const telling = yield* Effect.fork(take([of("BTC", "2"), undefined]))
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(yield* Fiber.join(telling), [[of("BTC", "2"), of("USDT", "7")]])
    }))
})
