import { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { type BigDecimal, Effect, Either, Fiber, Layer, Metric, Option, Redacted, Schema, TestClock } from "effect"
import {
  ClientOrderId,
  type Declaration,
  Endpoint,
  Errors,
  Exchange,
  Limit,
  Listing,
  Page,
  Protocol,
  Question,
  Row,
  Wire
} from "../src/adapter.js"
import * as sizing from "../src/adapter/internal/sizing.js"
import {
  Credentials,
  Decimal,
  Environment,
  ExchangeError,
  ExchangeSymbol,
  type Market,
  MarketData,
  OrderJournal,
  Telemetry
} from "../src/index.js"
import * as Acme from "./support/acme.js"
import { http, meanwhile } from "./support/exchange.js"
import { limits, open, protocol, read, spot, time } from "./support/toy.js"
import * as Far from "./support/wire.js"

/** A contract is a hundredth of a bitcoin. */
const swap: Market.Market = {
  ...spot,
  symbol: ExchangeSymbol.make("BTC/USD:USD"),
  id: "XBTSWAP",
  kind: "perpetual",
  settle: "USD",
  multiplier: Decimal.make("0.01")
}
/** What a contract is worth changes. */
const quanto: Market.Market = {
  ...swap,
  symbol: ExchangeSymbol.make("ETH/USD:BTC"),
  id: "ETHQUANTO",
  base: "ETH",
  settle: "BTC"
}

const d = Decimal.make

const row = (change: Partial<Row.Order> = {}): Row.Order => ({
  id: "1",
  market: "XBTUSD",
  clientOrderId: "mine",
  side: "buy",
  type: "limit",
  status: "open",
  price: d("100"),
  amount: d("3"),
  filled: d("0"),
  createdAt: 1,
  ...change
})

const unknown = (change: Partial<Listing.Unknown> = {}): Listing.Unknown => ({
  id: "9",
  market: "XBTUSD",
  clientOrderId: "other",
  createdAt: 1,
  detail: "status",
  ...change
})

const says = <A>(answer: A) => () => () => Effect.succeed(answer)
const no = () => () => Effect.die("not asked")

const facts = {
  name: "Toy",
  protocol,
  kinds: ["spot", "perpetual"],
  lacks: [],
  marketNames: ({ id }: Market.Market) => [id, `${id}.A`],
  unit: (market: Market.Market) => market.id === "ETHQUANTO" ? undefined : market.multiplier ?? d("1"),
  marketData: {
    listings: [says([spot, swap, quanto, undefined])],
    ticker: no,
    book: { depths: [5, 20, 100], read: no },
    trades: { most: 10, order: "newest first", read: no },
    candles: { words: { "1h": "60" }, page: 10, read: no },
    status: says({ status: "operational" })
  },
  account: {
    balances: says([]),
    keyPermissions: no,
    openOfAll: says([row()]),
    byId: says([row()]),
    byName: [says([row()])],
    ended: { order: "newest first", read: says([]) },
    fills: { order: "newest first", feeIn: "quote", read: no },
    positions: says([])
  },
  trading: {
    names: { pattern: /^.+$/, described: "any", make: ClientOrderId.asUuid },
    timeInForce: ["GTC"],
    reduceOnly: true,
    deduplicates: "always",
    takenWithin: "5 seconds",
    seenWithin: "5 seconds",
    place: no,
    placeBatch: { most: 10, ask: no },
    amend: no,
    cancel: { by: "id", ask: no }
  }
} satisfies Declaration.Facts<"Toy", never>

type Facts = Declaration.Facts<"Toy", never>

const toy = (change: {
  readonly marketData?: Partial<Facts["marketData"]>
  readonly account?: Partial<Facts["account"]>
  readonly trading?: Partial<Facts["trading"]>
}) => {
  const exchange = Exchange.define<"Toy">({
    ...facts,
    marketData: { ...facts.marketData, ...change.marketData },
    account: { ...facts.account, ...change.account },
    trading: { ...facts.trading, ...change.trading }
  })
  const layer = Layer.provideMerge(
    Layer.provide(
      exchange.layer({
        environment: { name: "scripted", baseUrl: "http://toy.localhost" },
        credentials: Credentials.fixed({ key: Redacted.make("key"), secret: Redacted.make("secret") })
      }),
      OrderJournal.layerNone
    ),
    http
  )
  return { data: exchange.MarketData, account: exchange.Account, trading: exchange.Trading, layer, exchange }
}

const shown = (
  values: ReadonlyArray<{ readonly symbol: string; readonly amount?: BigDecimal.BigDecimal | undefined }>
) => values.map(({ amount, symbol }) => [`${symbol}`, amount === undefined ? undefined : Decimal.format(amount)])

describe("public data", () => {
  it.effect("has the markets of every listing, but for one that fails, unless all do", () =>
    Effect.gen(function*() {
      const failed = () => () =>
        new ExchangeError.RequestTimedOut({ exchange: "toy", operation: "markets", detail: "" })
      const some = toy({ marketData: { listings: [failed, says([spot]), says([swap])] } })
      const markets = yield* Effect.flatMap(some.data, ({ markets }) => markets).pipe(Effect.provide(some.layer))
      assert.deepStrictEqual(markets.map(({ id }) => id), ["XBTUSD", "XBTSWAP"])
      const none = toy({ marketData: { listings: [failed, failed] } })
      const error = yield* Effect.flip(
        Effect.flatMap(none.data, ({ markets }) => markets).pipe(Effect.provide(none.layer))
      )
      assert.strictEqual(error._tag, "RequestTimedOut")
    }))

  it.effect("has each market once that moves from one listing to another, and knows its orders", () =>
    Effect.gen(function*() {
      const moving = toy({ marketData: { listings: [says([spot]), says([{ ...spot, status: "halted" }, swap])] } })
      const { markets, orders } = yield* Effect.all({
        markets: Effect.flatMap(moving.data, ({ markets }) => markets),
        orders: Effect.flatMap(moving.account, ({ openOrders }) => openOrders())
      }).pipe(Effect.provide(moving.layer))
      assert.deepStrictEqual(markets.map(({ id }) => id), ["XBTUSD", "XBTSWAP"])
      assert.deepStrictEqual(orders.map(({ id }) => id), ["1"])
    }))

  it.effect("finds a market by its symbol whatever is closed that had the same", () =>
    Effect.gen(function*() {
      const closed = { ...spot, id: "OLDUSD", status: "closed" } as const
      for (const listing of [[spot, closed], [closed, spot]]) {
        const { data, layer } = toy({ marketData: { listings: [says(listing)] } })
        const found = yield* Effect.flatMap(data, ({ market }) => market(spot.symbol)).pipe(Effect.provide(layer))
        assert.strictEqual(found.id, "XBTUSD")
      }
    }))

  it.effect("chooses none of several open markets of one symbol, and knows the others", () =>
    Effect.gen(function*() {
      const twin = { ...spot, id: "TWINUSD" }
      const { data, layer } = toy({ marketData: { listings: [says([spot, twin, swap])] } })
      yield* Effect.gen(function*() {
        const { market, markets } = yield* data
        const error = yield* Effect.flip(market(spot.symbol))
        assert.strictEqual(error._tag, "SymbolNotFound")
        assert.include(error.message, "XBTUSD and TWINUSD")
        assert.strictEqual((yield* market(swap.symbol)).id, "XBTSWAP")
        assert.strictEqual((yield* markets).length, 3)
      }).pipe(Effect.provide(layer))
      const halted = toy({ marketData: { listings: [says([spot, { ...twin, status: "halted" }])] } })
      const found = yield* Effect.flatMap(halted.data, ({ market }) => market(spot.symbol)).pipe(
        Effect.provide(halted.layer)
      )
      assert.strictEqual(found.id, "XBTUSD")
    }))

  it.effect("cuts what the exchange says of itself to 200 characters", () =>
    Effect.gen(function*() {
      const long = toy({ marketData: { status: says({ status: "limited", detail: "x".repeat(500) }) } })
      const status = yield* Effect.flatMap(long.data, ({ status }) => status).pipe(Effect.provide(long.layer))
      assert.strictEqual(status.detail, "x".repeat(200))
      const silent = toy({})
      const nothing = yield* Effect.flatMap(silent.data, ({ status }) => status).pipe(Effect.provide(silent.layer))
      assert.notProperty(nothing, "detail")
    }))

  it.effect("asks where rows move from one answer to another, and has each once", () =>
    Effect.gen(function*() {
      const later = row({ id: "1", clientOrderId: "later" })
      const history = Question.union<"account", [], Row.Order>([
        says([row({ id: "1" }), row({ id: "2" })]),
        says([later])
      ])
      const exchange = toy({ account: { openOfAll: history } })
      const orders = yield* Effect.flatMap(exchange.account, ({ openOrders }) => openOrders()).pipe(
        Effect.provide(exchange.layer)
      )
      assert.deepStrictEqual(orders.map(({ id }) => id).toSorted(), ["1", "2"])
      assert.strictEqual(orders.find(({ id }) => id === "1")?.clientOrderId, "later")
    }))

  it.effect("takes a listing of which nothing is understood for one that failed", () =>
    Effect.gen(function*() {
      const strange = says({ rows: [], unknown: [unknown()] })
      const some = toy({ marketData: { listings: [strange, says([spot])] } })
      const markets = yield* Effect.flatMap(some.data, ({ markets }) => markets).pipe(Effect.provide(some.layer))
      assert.deepStrictEqual(markets.map(({ id }) => id), ["XBTUSD"])
      const none = toy({ marketData: { listings: [strange] } })
      const error = yield* Effect.flip(
        Effect.flatMap(none.data, ({ markets }) => markets).pipe(Effect.provide(none.layer))
      )
      assert.strictEqual(error._tag, "MalformedResponse")
    }))

  it.effect("asks for the least depth that is enough, and counts amounts in what a contract is", () =>
    Effect.gen(function*() {
      const asked: Array<number> = []
      const level = { price: d("100"), amount: d("7") }
      const { data, layer } = toy({
        marketData: {
          book: {
            depths: [5, 20, 100],
            read: () => (_, depth) =>
              Effect.sync(() => {
                asked.push(depth)
                return { bids: [level], asks: [{ ...level, price: d("101") }] }
              })
          },
          trades: {
            most: 2,
            order: "newest first",
            read: () => (_, limit) =>
              Effect.sync(() => {
                asked.push(limit)
                const trade = { side: "buy", price: d("100"), amount: d("7"), at: 5 } as const
                return [{ ...trade, id: "2" }, { ...trade, id: "1" }]
              })
          }
        }
      })
      yield* Effect.gen(function*() {
        yield* TestClock.setTime(77)
        const service = yield* data
        const book = yield* service.orderBook("BTC/USD:USD", { depth: 6 })
        assert.deepStrictEqual(shown([{ ...book, amount: book.bids[0]?.amount }]), [["BTC/USD:USD", "0.07"]])
        assert.strictEqual(book.at, 77)
        yield* service.orderBook("BTC/USD", { depth: 5000 })
        const trades = yield* service.trades("BTC/USD:USD", { limit: 50 })
        // Those of one instant are in the order of time.
        assert.deepStrictEqual(trades.map(({ id }) => id), ["1", "2"])
        assert.deepStrictEqual(shown(trades.slice(0, 1)), [["BTC/USD:USD", "0.07"]])
        assert.deepStrictEqual(asked, [20, 100, 2])
        for (const ask of [service.orderBook("ETH/USD:BTC"), service.trades("ETH/USD:BTC")]) {
          assert.strictEqual(
            (yield* Effect.flip<unknown, ExchangeError.MarketDataError, never>(ask))._tag,
            "Unsupported"
          )
        }
      }).pipe(Effect.provide(layer))
    }))
})

describe("reads of an account", () => {
  it.effect("keep what is known when a market is not, or is not listed, and count what they leave out", () =>
    Effect.gen(function*() {
      const left = Metric.value(
        Telemetry.unknownRows.pipe(Metric.tagged("exchange", "toy"), Metric.tagged("operation", "positions"))
      )
      const before = yield* left
      const position = { side: "long", amount: d("2") } as const
      const { account, layer } = toy({
        account: {
          openOfAll: says({
            rows: [
              row(),
              row({ id: "2", market: "NOSUCH" }),
              row({ id: "3", market: "XBTSWAP" }),
              row({ id: "4", market: "ETHQUANTO" })
            ],
            unknown: [unknown()]
          }),
          positions: says([
            { ...position, market: "币安人生" },
            { ...position, market: "XBTSWAP" },
            { ...position, market: "XBTUSD", amount: d("0") }
          ])
        }
      })
      yield* Effect.gen(function*() {
        const service = yield* account
        assert.deepStrictEqual(shown(yield* service.openOrders()), [["BTC/USD", "3"], ["BTC/USD:USD", "0.03"]])
        assert.deepStrictEqual(shown(yield* service.positions), [["BTC/USD:USD", "0.02"]])
      }).pipe(Effect.provide(layer))
      assert.strictEqual((yield* left).count - before.count, 1)
    }))

  it.effect("of one market show no order of another", () =>
    Effect.gen(function*() {
      const { account, layer } = toy({ account: { openOfAll: says([row(), row({ id: "2", market: "XBTSWAP" })]) } })
      const orders = yield* Effect.flatMap(account, (service) => service.openOrders("BTC/USD")).pipe(
        Effect.provide(layer)
      )
      assert.deepStrictEqual(orders.map(({ id }) => id), ["1"])
      const wrong = toy({ account: { open: says([row({ market: "XBTSWAP" })]) } })
      const error = yield* Effect.flip(
        Effect.flatMap(wrong.account, (service) => service.openOrders("BTC/USD")).pipe(Effect.provide(wrong.layer))
      )
      assert.strictEqual(error._tag, "MalformedResponse")
    }))

  it.effect("sum the rows of one asset, and hand on nothing below zero and nothing that is nothing", () =>
    Effect.gen(function*() {
      const coin = (asset: string, free: string, total: string) => ({ asset, free: d(free), total: d(total) })
      const { account, layer } = toy({
        account: {
          balances: says([coin("A", "-1", "0"), coin("B", "-1", "2"), coin("C", "0", "0"), coin("A", "3", "3")])
        }
      })
      const balances = yield* Effect.flatMap(account, ({ balances }) => balances).pipe(Effect.provide(layer))
      assert.deepStrictEqual(
        balances.map(({ asset, free, total }) => [asset, Decimal.format(free), Decimal.format(total)]),
        [["A", "2", "3"], ["B", "0", "2"]]
      )
    }))

  const named = { symbol: "BTC/USD", clientOrderId: "mine" }
  const missing = new ExchangeError.OrderNotFound({ exchange: "toy", operation: "ask", detail: "", code: "404" })

  it.effect("ask for a name in one place after the other, and take the latest under it", () =>
    Effect.gen(function*() {
      const { account, layer } = toy({
        account: {
          byName: [
            () => () => missing,
            says([row({ id: "1", createdAt: 1 }), row({ id: "3", createdAt: 3 }), row({ id: "2", createdAt: 2 })]),
            no
          ]
        }
      })
      const order = yield* Effect.flatMap(account, (service) => service.order(named)).pipe(Effect.provide(layer))
      assert.strictEqual(order.id, "3")
    }))

  it.effect("say OrderNotFound with the exchange's code only when every place was asked", () =>
    Effect.gen(function*() {
      const { account, layer } = toy({ account: { byName: [() => () => missing, says([])] } })
      const error = yield* Effect.flip(Effect.flatMap(account, (service) => service.order(named))).pipe(
        Effect.provide(layer)
      )
      assert.strictEqual(error._tag, "OrderNotFound")
      assert.strictEqual(error.code, "404")
    }))

  for (
    const [why, byName] of [
      ["others are listed", says([row({ clientOrderId: "other" })])],
      ["one that may be it is not understood", says({ rows: [], unknown: [unknown({ clientOrderId: undefined })] })],
      ["it is not understood itself", says({ rows: [], unknown: [unknown({ clientOrderId: "mine" })] })]
    ] as const
  ) {
    it.effect(`take it for no proof of absence when ${why}`, () =>
      Effect.gen(function*() {
        const { account, layer } = toy({ account: { byName: [byName] } })
        const error = yield* Effect.flip(Effect.flatMap(account, (service) => service.order(named))).pipe(
          Effect.provide(layer)
        )
        assert.strictEqual(error._tag, "MalformedResponse")
      }))
  }

  it.effect("search lists of any name where they say so", () =>
    Effect.gen(function*() {
      const { account, layer } = toy({
        account: { searches: true, byName: [says({ rows: [row({ clientOrderId: "other" })], unknown: [unknown()] })] }
      })
      const error = yield* Effect.flip(Effect.flatMap(account, (service) => service.order(named))).pipe(
        Effect.provide(layer)
      )
      assert.strictEqual(error._tag, "OrderNotFound")
    }))

  it.effect("say of no order that it stands where it is listed among those that ended, understood or not", () =>
    Effect.gen(function*() {
      const { account, layer } = toy({
        account: {
          open: says([row({ id: "1" }), row({ id: "2" })]),
          ended: { order: "newest first", read: says({ rows: [], unknown: [unknown({ id: "1" })] }) }
        }
      })
      const orders = yield* Effect.flatMap(account, ({ orderHistory }) => orderHistory("BTC/USD")).pipe(
        Effect.provide(layer)
      )
      assert.deepStrictEqual(orders.map(({ id }) => id), ["2"])
    }))

  it.effect("count an order that ended while it was listed as ended", () =>
    Effect.gen(function*() {
      const { account, layer } = toy({
        account: {
          openOfAll: says([row({ id: "1" }), row({ id: "2", createdAt: 2 })]),
          ended: { order: "newest first", read: says([row({ id: "1", status: "filled" })]) }
        }
      })
      const orders = yield* Effect.flatMap(account, (service) => service.orderHistory("BTC/USD")).pipe(
        Effect.provide(layer)
      )
      assert.deepStrictEqual(orders.map(({ id, status }) => [id, status]), [["1", "filled"], ["2", "open"]])
    }))
})

describe("an order whose answer is lost", () => {
  const lost = new ExchangeError.RequestTimedOut({ exchange: "toy", operation: "place", detail: "no answer" })
  const outcome = (obscure: Partial<Listing.Unknown>) => {
    const nameless = unknown({ clientOrderId: undefined, createdAt: undefined, ...obscure })
    const { layer, trading } = toy({
      account: { openOfAll: says({ rows: [], unknown: [nameless] }), byName: [says([])] },
      trading: { place: () => () => lost }
    })
    const limit = { type: "limit", symbol: "BTC/USD", side: "buy", amount: "3", price: "100" } as const
    return Effect.flatMap(trading, (service) => service.place({ ...limit, clientOrderId: "mine" })).pipe(
      Effect.flip,
      Effect.map(({ _tag }) => _tag),
      meanwhile,
      Effect.provide(layer)
    )
  }

  it.effect("may be a row that is not understood, by whichever name of its market", () =>
    Effect.gen(function*() {
      for (const market of ["XBTUSD", "XBTUSD.A", undefined]) {
        assert.strictEqual(yield* outcome({ market }), "OutcomeUnknown", market)
      }
      assert.strictEqual(yield* outcome({ market: "XBTSWAP" }), "NotPlaced")
      assert.strictEqual(yield* outcome({ clientOrderId: "other" }), "NotPlaced")
    }))
})

describe("changes", () => {
  const ids = { symbol: "BTC/USD" }

  it.effect("cancel all that stands, understood or not, so many at a time, until nothing is left", () =>
    Effect.gen(function*() {
      const standing = new Set(["1", "2", "3", "9"])
      const asked: Array<ReadonlyArray<string>> = []
      const { layer, trading } = toy({
        account: {
          openOfAll: () => () =>
            Effect.sync(() => ({
              rows: [...standing].filter((id) => id !== "9").map((id) => row({ id })),
              unknown: standing.has("9") ? [unknown(), unknown({ id: "8", market: "XBTSWAP" })] : []
            }))
        },
        trading: {
          cancelAll: {
            most: 2,
            several: () => (_, ids) =>
              Effect.sync(() => {
                asked.push(ids)
                return ids.map((id): Declaration.Canceled => {
                  standing.delete(id)
                  // It is refused, and gone a moment later: it had ended.
                  return id === "3"
                    ? { id, outcome: new ExchangeError.OrderRejected({ exchange: "toy", operation: "", detail: "" }) }
                    : { id, outcome: id === "2" ? "ended" : "canceled" }
                })
              })
          }
        }
      })
      const canceled = yield* Effect.flatMap(trading, (service) => service.cancelAll(ids.symbol)).pipe(
        Effect.provide(layer)
      )
      assert.deepStrictEqual(canceled, ["1", "9"])
      assert.deepStrictEqual(asked, [["1", "2"], ["3", "9"]])
    }))

  for (
    const [what, cancelAll] of [
      ["by several at once", (canceled: (ids: ReadonlyArray<string>) => void) => ({
        most: 2,
        several: () => (_: unknown, ids: ReadonlyArray<string>) =>
          Effect.sync(() => {
            canceled(ids)
            return ids.map((id) => ({ id, outcome: "canceled" as const }))
          })
      })],
      ["one by one", () => undefined]
    ] as const
  ) {
    const scene = (obscure: Partial<Listing.Unknown>, isAskedByMarket = false) => {
      const standing = new Set(["1", "2"])
      const canceled: Array<string> = []
      const cancel = (ids: ReadonlyArray<string>) => {
        for (const id of ids) {
          canceled.push(id)
          standing.delete(id)
        }
      }
      const listed = () => () =>
        Effect.sync(() => ({
          rows: standing.has("1") ? [row({ id: "1" })] : [],
          unknown: standing.has("2") ? [unknown({ id: "2", ...obscure })] : []
        }))
      const { layer, trading } = toy({
        account: isAskedByMarket ? { open: listed } : { openOfAll: listed },
        trading: {
          cancel: { by: "id", ask: () => ({ id }) => Effect.as(Effect.sync(() => cancel([id])), undefined) },
          cancelAll: cancelAll(cancel)
        }
      })
      return Effect.flatMap(trading, (service) => Effect.either(service.cancelAll(ids.symbol))).pipe(
        Effect.map((answer) => ({
          answer: Either.match(answer, { onLeft: ({ _tag }) => _tag, onRight: (ids) => ids.join(" ") }),
          canceled: canceled.join(" ")
        })),
        Effect.provide(layer)
      )
    }

    it.effect(`cancel no order that may be of another market, and say that it stands: ${what}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* scene({ market: undefined }), { answer: "MalformedResponse", canceled: "1" })
      }))

    it.effect(`do not pass over an order without an id that can be read: ${what}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* scene({ id: undefined }), { answer: "MalformedResponse", canceled: "1" })
      }))

    it.effect(`cancel an order of which no more than its id can be read, where its market was asked for: ${what}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* scene({ market: undefined }, true), { answer: "1 2", canceled: "1 2" })
      }))
  }

  it.effect("look at each that stood where it is not said which were canceled: others may have been", () =>
    Effect.gen(function*() {
      const ended = { "1": "canceled", "2": "filled" } as const
      const { layer, trading } = toy({
        account: {
          open: says([row({ id: "1" }), row({ id: "2" }), row({ id: "3" })]),
          byId: () => ({ id }) => Effect.succeed(id === "1" || id === "2" ? [row({ id, status: ended[id] })] : [])
        },
        trading: { cancelAll: { all: says(undefined) } }
      })
      const canceled = yield* Effect.flatMap(trading, (service) => service.cancelAll(ids.symbol)).pipe(
        Effect.provide(layer)
      )
      assert.deepStrictEqual(canceled, ["1"])
    }))

  it.effect("list nothing beforehand where the answer says which were canceled, and are none where none was open", () =>
    Effect.gen(function*() {
      const open = [["1", "2"]]
      const { layer, trading } = toy({
        account: { openOfAll: no },
        trading: {
          cancelAll: {
            ids: () => () => {
              const canceled = open.pop()
              return canceled === undefined
                ? new ExchangeError.OrderNotFound({ exchange: "toy", operation: "", detail: "" })
                : Effect.succeed(canceled)
            }
          }
        }
      })
      const cancelAll = Effect.flatMap(trading, (service) => service.cancelAll(ids.symbol))
      const canceled = yield* Effect.all([cancelAll, cancelAll]).pipe(Effect.provide(layer))
      assert.deepStrictEqual(canceled, [["1", "2"], []])
    }))

  it.effect("fail with what one was refused for that still stands", () =>
    Effect.gen(function*() {
      const { layer, trading } = toy({
        trading: {
          cancelAll: {
            most: 2,
            several: () => (_, ids) =>
              Effect.succeed(ids.map((id) => ({
                id,
                outcome: new ExchangeError.OrderRejected({ exchange: "toy", operation: "", detail: "frozen" })
              })))
          }
        }
      })
      const error = yield* Effect.flip(Effect.flatMap(trading, (service) => service.cancelAll(ids.symbol))).pipe(
        Effect.provide(layer)
      )
      assert.strictEqual(error._tag, "OrderRejected")
      assert.include(error.message, "frozen")
    }))

  it.effect("cancel by the id where the exchange knows no name", () =>
    Effect.gen(function*() {
      const asked: Array<unknown> = []
      const { layer, trading } = toy({
        trading: {
          cancel: {
            by: "id",
            ask: () => (reference) =>
              Effect.sync(() => {
                asked.push(reference)
                return row({ status: "canceled" })
              })
          }
        }
      })
      const order = yield* Effect.flatMap(
        trading,
        (service) => service.cancel({ symbol: "BTC/USD", clientOrderId: "mine" })
      ).pipe(Effect.provide(layer))
      assert.strictEqual(order.status, "canceled")
      assert.deepStrictEqual(asked, [{ market: spot, id: "1" }])
    }))

  it.effect("send sizes in what the exchange counts in, and say until when", () =>
    Effect.gen(function*() {
      const asked: Array<unknown> = []
      const { layer, trading } = toy({
        trading: {
          place: () => ({ clientOrderId, price, size, until }) =>
            Effect.sync(() => {
              asked.push([Decimal.format(size), until])
              return row({ id: "7", market: "XBTSWAP", clientOrderId, price, amount: size, createdAt: 1000 })
            })
        }
      })
      yield* Effect.gen(function*() {
        yield* TestClock.setTime(1000)
        const service = yield* trading
        const order = { type: "limit", symbol: "BTC/USD:USD", side: "buy", price: "100" } as const
        const placed = yield* service.place({ ...order, amount: "0.03" })
        assert.deepStrictEqual(shown([placed]), [["BTC/USD:USD", "0.03"]])
        assert.deepStrictEqual(asked, [["3", 6000]])
        yield* service.place({ ...order, amount: "0.035" })
        assert.deepStrictEqual(asked[1], ["3.5", 6000])
        assert.strictEqual(
          (yield* Effect.flip(service.place({ ...order, symbol: "ETH/USD:BTC", amount: "1" })))._tag,
          "Unsupported"
        )
        assert.strictEqual(asked.length, 2)
      }).pipe(Effect.provide(layer))
    }))

  it("refuse an amount that cannot be said exactly in what the exchange counts in", () => {
    const third = sizing.of({ unit: () => d("0.03") }, swap)
    assert.strictEqual(Option.getOrThrow(Option.map(Option.fromNullable(third?.size(d("0.06"))), Decimal.format)), "2")
    assert.isUndefined(third?.size(d("0.01")))
  })

  it.effect("judge each order of a batch by itself, and take silence for no answer", () =>
    Effect.gen(function*() {
      const { layer, trading } = toy({
        account: { byId: says([row({ id: "7" })]), byName: [says([])] },
        trading: {
          placeBatch: {
            most: 10,
            ask: () => () => Effect.succeed([{ accepted: "7" }, { refused: { code: "poor", text: "no money" } }])
          }
        }
      })
      const results = yield* Effect.flatMap(trading, (service) =>
        Effect.fork(service.placeBatch(
          ["a", "b", "c"].map((clientOrderId) => ({
            type: "limit",
            symbol: "BTC/USD",
            side: "buy",
            price: "100",
            amount: "3",
            clientOrderId
          }))
        ))).pipe(
          Effect.tap(() => TestClock.adjust("10 minutes")),
          Effect.flatMap((fiber) => fiber),
          Effect.provide(layer)
        )
      assert.strictEqual(Option.getOrThrow(Either.getLeft(results[1] ?? assert.fail()))._tag, "InsufficientFunds")
      assert.strictEqual(Either.isLeft(results[2] ?? assert.fail()), true)
    }))
})

describe("a declaration", () => {
  it("says what the exchange can do", () => {
    assert.deepStrictEqual(toy({}).exchange.features, {
      name: "Toy",
      kinds: ["spot", "perpetual"],
      testnet: false,
      passphrase: false,
      candles: ["1h"],
      positions: true,
      timeInForce: ["GTC"],
      reduceOnly: true,
      amend: true,
      batch: 10,
      deduplicates: "always"
    })
  })

  it.effect("may answer for one order by a row alone", () =>
    Effect.gen(function*() {
      const { account, layer } = toy({
        account: { byId: says(row({ id: "7" })), byName: [says([]), says(row({ clientOrderId: "mine" }))] }
      })
      const [byId, byName] = yield* Effect.flatMap(account, (service) =>
        Effect.all([
          service.order({ symbol: "BTC/USD", id: "7" }),
          service.order({ symbol: "BTC/USD", clientOrderId: "mine" })
        ])).pipe(Effect.provide(layer))
      assert.deepStrictEqual([byId?.id, byName?.clientOrderId], ["7", "mine"])
    }))

  it("does not compile with a public question answered by a private endpoint, or with what is lacking and not said", () => {
    const own = read("own", "/own", { answer: Schema.Struct({ status: Schema.Literal("operational") }) })
    // @ts-expect-error a public question is not answered by an endpoint of the account
    const status: Declaration.MarketData["status"] = Question.ask(own, () => ({}))
    const { amend: _, ...trading } = facts.trading
    // @ts-expect-error whether orders can be amended is not said
    const silent: Declaration.Facts<"Toy", never> = { ...facts, trading }
    const said: Declaration.Facts<"Toy", "amend"> = { ...facts, lacks: ["amend"], trading }
    // @ts-expect-error what is lacking is not declared
    const both: Declaration.Facts<"Toy", "amend"> = { ...facts, lacks: ["amend"] }
    assert.isDefined([status, silent, said, both])
    const exchange = Exchange.define({ ...facts, name: "Lacking", lacks: ["amend"], trading })
    const amend = (service: Effect.Effect.Success<typeof exchange.Trading>) =>
      // @ts-expect-error an exchange that cannot amend has no such method
      service.amend
    assert.isDefined(amend)
  })
})

describe("an exchange of public data", () => {
  const { account: _, lacks: __, trading: ___, ...open } = facts
  const exchange = Exchange.definePublic({ ...open, name: "Open" })

  it.effect("answers under both tags, and says that it does no more", () =>
    Effect.gen(function*() {
      const [own, shared] = [yield* exchange.MarketData, yield* MarketData.MarketData]
      assert.strictEqual(own, shared)
      assert.strictEqual((yield* own.status).status, "operational")
      assert.deepInclude(exchange.features, { name: "Open", positions: false, timeInForce: [], batch: 0, amend: false })
    }).pipe(Effect.provide(Layer.provide(
      exchange.layerMarketData({ environment: { name: "scripted", baseUrl: "http://toy.localhost" } }),
      http
    ))))

  it("has no account and no trading, and cannot declare either", () => {
    // @ts-expect-error there is no account to read
    assert.isUndefined(exchange.layerAccount)
    // @ts-expect-error nor is any declared
    assert.isDefined(Exchange.definePublic({ ...open, name: "Open", trading: facts.trading }))
  })
})

describe("regions", () => {
  const regional = Exchange.define({
    ...facts,
    name: "Regional",
    protocol: Protocol.make({
      exchange: "regional",
      hosts: {
        live: Protocol.open("https://regional.example"),
        testnet: { _tag: "None", alternative: "use the demo" }
      },
      regions: {
        eea: { baseUrl: "https://eea.regional.example", headers: { "x-region": "eea" } },
        demo: { baseUrl: "https://demo.regional.example", isTest: true },
        strict: { baseUrl: "https://strict.regional.example", limits: { ip: Limit.window(2, "1 second") } }
      },
      limits,
      sign: (request) => Either.right({ ...request, signature: "" }),
      errors: Errors.table({ readError: () => undefined, codes: {} }),
      serverTime: time
    })
  })
  const credentials = Credentials.fixed({ key: Redacted.make("key"), secret: Redacted.make("secret") })

  it.effect("are asked where they are, with the headers they want", () =>
    Effect.gen(function*() {
      const wire = Far.make(() => Far.json({ now: 5 }))
      yield* Effect.flatMap(regional.MarketData, ({ serverTime }) => serverTime).pipe(
        Effect.provide(regional.layerMarketData({ environment: "eea" })),
        Effect.provideService(HttpClient.HttpClient, wire.client)
      )
      assert.deepStrictEqual(wire.sent.map(({ headers, url }) => [url, headers["x-region"]]), [
        ["https://eea.regional.example/time", "eea"]
      ])
    }))

  it.effect("cost real money unless they are for tests", () =>
    Effect.gen(function*() {
      const built = (options: Parameters<typeof regional.layer>[0]) =>
        Effect.scoped(Layer.build(Layer.provide(regional.layer(options), [http, OrderJournal.layerNone])))
      yield* built({ environment: "demo", credentials })
      yield* built({ environment: "eea", credentials, trading: "enabled" })
      const error = yield* Effect.flip(built({ environment: "eea", credentials }))
      assert.include(String(error), "with real money")
    }))

  it.effect("that do not exist are refused with those that do, by the compiler too", () =>
    Effect.gen(function*() {
      // @ts-expect-error there is no such region
      const layer = regional.layerMarketData({ environment: "mars" })
      const error = yield* Effect.flip(Effect.scoped(Layer.build(Layer.provide(layer, http))))
      assert.include(String(error), "live, testnet, eea, demo, strict")
      // @ts-expect-error nor has an exchange any that declares none
      toy({}).exchange.layerMarketData({ environment: "eea" })
    }))

  for (
    const [environment, atOnce] of [
      ["live", 3],
      ["eea", 3],
      ["strict", 2],
      [{ name: "mine", baseUrl: "https://strict.regional.example" }, 2]
    ] as const
  ) {
    it.effect(`meter by their own limits where they have any: ${Environment.name(environment)}`, () =>
      Effect.gen(function*() {
        const wire = Far.make(() => Far.json({ now: 5 }))
        yield* Effect.gen(function*() {
          const { serverTime } = yield* regional.MarketData
          const three = yield* Effect.fork(Effect.all([serverTime, serverTime, serverTime], { concurrency: 3 }))
          yield* TestClock.adjust(0)
          assert.strictEqual(wire.sent.length, atOnce)
          yield* TestClock.adjust("1 second")
          yield* Fiber.join(three)
          assert.strictEqual(wire.sent.length, 3)
        }).pipe(
          Effect.provide(regional.layerMarketData({ environment })),
          Effect.provideService(HttpClient.HttpClient, wire.client)
        )
      }))
  }

  it("change numbers of limits, and none that there is not", () => {
    const { sign, ...shared } = Acme.protocol
    const made = Protocol.make({
      ...shared,
      hosts: { live: shared.live, testnet: shared.testnet },
      errors: shared,
      limits: { ip: Limit.window(100, "1 minute"), orders: Limit.window(9, "1 second", { per: "key" }) },
      sign,
      regions: {
        us: { baseUrl: "https://us.acme.example", limits: { ip: Limit.window(50, "1 minute") } },
        // @ts-expect-error there is no such limit
        eea: { baseUrl: "https://eea.acme.example", limits: { weight: Limit.window(50, "1 minute") } }
      }
    })
    const at = (origin: string) =>
      Protocol.limitsAt(made, origin).map((limit) => [limit.scope, "limit" in limit && limit.limit])
    assert.deepStrictEqual(at("https://us.acme.example"), [["ip", 50], ["orders", 9]])
    assert.deepStrictEqual(at("https://acme.example"), [["ip", 100], ["orders", 9]])
  })

  it.effect("have keys of their own in configuration", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        Effect.scoped(Layer.build(Layer.provide(regional.layerAccount({ environment: "eea" }), http)))
      )
      assert.include(String(error), "REGIONAL_EEA_API_KEY")
    }))
})

describe("pages", () => {
  const list = read("list", "/list", {
    input: Endpoint.inputOf<{ readonly after?: string | undefined }>(),
    answer: Wire.answer({
      rows: Wire.at("rows", Wire.list(Row.of({ id: Wire.at("id", Wire.text), mine: Wire.at("mine", Schema.Boolean) }))),
      next: Wire.at("next", Wire.blank(Wire.text))
    })
  })
  const asked = (
    pages: { readonly [after: string]: { readonly rows: ReadonlyArray<unknown>; readonly next?: string } },
    facts: { readonly enough?: number; readonly most?: number } = {}
  ) => {
    const question = Page.all({
      endpoint: list,
      input: (after: string | undefined, _: number) => ({ after }),
      rows: ({ rows }) => rows,
      next: Page.cursor(({ next }) => next),
      wanted: ({ mine }: { readonly id: string; readonly mine: boolean }) => mine,
      enough: (limit) => limit,
      most: facts.most
    })
    const exchange = Exchange.define<"Toy">({
      ...facts_,
      account: {
        ...facts_.account,
        keyPermissions: (client) => () =>
          Effect.map(question(client)(facts.enough ?? 100), ({ rows, unknown }) => ({
            read: true,
            trade: "unknown",
            withdraw: "unknown",
            ipRestricted: "unknown",
            expiresAt: Number(rows.map(({ id }) => id).join("")) + 1_000_000 * unknown.length
          }))
      }
    })
    const wire = Far.make(({ query }) => Far.json(pages[query.get("after") ?? ""] ?? { rows: [] }))
    return Effect.gen(function*() {
      const permissions = yield* Effect.flatMap(exchange.Account, ({ keyPermissions }) => keyPermissions)
      return [permissions.expiresAt, wire.sent.length]
    }).pipe(
      Effect.provide(Layer.provideMerge(
        exchange.layerAccount({
          environment: { name: "scripted", baseUrl: "http://toy.localhost" },
          credentials: Credentials.fixed({ key: Redacted.make("key"), secret: Redacted.make("secret") })
        }),
        Layer.succeed(HttpClient.HttpClient, wire.client)
      ))
    )
  }
  const facts_ = facts
  const of = (...ids: ReadonlyArray<number>) => ids.map((id) => ({ id: String(id), mine: id < 5 }))

  it.effect("are read until there are no more; a row that comes twice is one, and those of others are none", () =>
    Effect.map(
      asked({
        "": { rows: of(1, 9), next: "a" },
        a: { rows: of(1, 2), next: "b" },
        b: { rows: [...of(3), { id: 7 }] }
      }),
      (found) => assert.deepStrictEqual(found, [1_000_123, 3])
    ))

  it.effect("are read until there is enough", () =>
    Effect.map(
      asked({ "": { rows: of(1, 9), next: "a" }, a: { rows: of(2), next: "b" }, b: { rows: of(3) } }, { enough: 2 }),
      (found) => assert.deepStrictEqual(found, [12, 2])
    ))

  it.effect("have ended with an empty one, whatever it says of the next", () =>
    Effect.map(
      asked({ "": { rows: of(1), next: "a" }, a: { rows: [], next: "a" } }),
      (found) => assert.deepStrictEqual(found, [1, 2])
    ))

  it.effect("are refused where the next is asked for as this one was, as there are more, but for enough of them", () =>
    Effect.gen(function*() {
      const pages = { "": { rows: of(1), next: "a" }, a: { rows: of(2), next: "a" } }
      const error = yield* Effect.flip(asked(pages))
      assert.strictEqual(error._tag, "Unsupported")
      assert.include(error.message, "there are more rows than can be requested")
      assert.deepStrictEqual(yield* asked(pages, { enough: 2 }), [12, 2])
    }))

  it.effect("are refused where there are more than may be read", () =>
    Effect.map(
      Effect.flip(
        asked({ "": { rows: of(1), next: "a" }, a: { rows: of(2), next: "b" }, b: { rows: of(3) } }, { most: 2 })
      ),
      (error) => {
        assert.strictEqual(error._tag, "Unsupported")
        assert.include(error.message, "there are more than 2 pages")
        assert.include(error.message, "a later `since`, a smaller `limit`")
      }
    ))

  it("go on behind the last, or behind so many, while they are full", () => {
    const page = { answer: undefined, place: undefined, count: 50, lastId: "x" }
    assert.strictEqual(Page.offset(50)(page), 50)
    assert.strictEqual(Page.offset(50)({ ...page, place: 50 }), 100)
    assert.isUndefined(Page.offset(50)({ ...page, count: 49 }))
    assert.strictEqual(Page.afterLast(50)(page), "x")
    assert.isUndefined(Page.afterLast(50)({ ...page, count: 49 }))
    assert.strictEqual(Page.afterLast(50)({ ...page, lastId: undefined }), Page.unreachable)
  })
})

describe("questions of endpoints that say how they are asked", () => {
  const Priced = Row.of({ price: Wire.at("price", Wire.text) })
  const price = open("price", "/price", {
    input: Endpoint.inputFrom(({ id }: Market.Market, limit: number) => ({ pair: id, limit })),
    answer: Wire.list(Priced),
    cost: ({ limit = 1 }) => ({ ip: limit })
  })
  const ofKind = open("ofKind", "/kind", {
    input: Endpoint.inputFrom((kind: Market.Kind) => ({ kind })),
    answer: Wire.list(Priced)
  })
  const pricesOf = (question: Question.Question<"marketData", [], Listing.Rows<{ readonly price: string }>>) =>
    Effect.gen(function*() {
      const wire = Far.make(({ query }) => Far.json([{ price: query.toString() }]))
      const found: Array<string> = []
      const exchange = Exchange.define<"Toy">({
        ...facts,
        marketData: {
          ...facts.marketData,
          status: (client) => () =>
            Effect.map(question(client)(), (rows) => {
              found.push(...Listing.from(rows).rows.map(({ price }) => price))
              return { status: "operational" }
            })
        }
      })
      yield* Effect.flatMap(exchange.MarketData, ({ status }) => status).pipe(
        Effect.provide(Layer.provideMerge(
          exchange.layerMarketData({ environment: { name: "scripted", baseUrl: "http://toy.localhost" } }),
          Layer.succeed(HttpClient.HttpClient, wire.client)
        ))
      )
      return found.toSorted()
    })

  it.effect("send what the endpoint makes of what is asked", () =>
    Effect.map(
      pricesOf((client) => () => Question.to(price)(client)(spot, 5)),
      (found) => assert.deepStrictEqual(found, ["pair=XBTUSD&limit=5"])
    ))

  it.effect("tell what the answer means, and of what", () =>
    Effect.map(
      pricesOf((client) => () =>
        Question.to(price, ({ rows }, { base }, limit) => Listing.of(rows.map(() => ({ price: `${base} ${limit}` }))))(
          client
        )(spot, 5)
      ),
      (found) => assert.deepStrictEqual(found, ["BTC 5"])
    ))

  it.effect("are asked about one thing, or about each of several at once", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* pricesOf(Question.about("spot", Question.to(ofKind))), ["kind=spot"])
      assert.deepStrictEqual(yield* pricesOf(Question.aboutEach(["spot", "future"], Question.to(ofKind))), [
        "kind=future",
        "kind=spot"
      ])
    }))

  it("cost what is asked, whoever asks", () => {
    assert.deepStrictEqual(price.cost({ pair: "A", limit: 3 }), { ip: 3 })
    assert.deepStrictEqual(price.make(spot, 2), { pair: "XBTUSD", limit: 2 })
  })

  it("do not compile where nobody says how, or of what is not asked", () => {
    const said = open("said", "/said", { input: Endpoint.inputOf<{ pair: string }>(), answer: Wire.list(Row.of({})) })
    // @ts-expect-error the endpoint does not say how it is asked
    const silent: Question.Question<"marketData", [Market.Market], Listing.Rows<{}>> = Question.to(said)
    // @ts-expect-error it is asked of a kind and not of a market
    const foreign: Question.Question<"marketData", [Market.Market], Listing.Rows<{}>> = Question.to(ofKind)
    // @ts-expect-error there is no such kind
    assert.isDefined([silent, foreign, Question.about("option", Question.to(ofKind))])
  })
})

describe("histories by spans", () => {
  const day = 86_400_000
  const now = 10 * day
  const list = read("list", "/list", {
    input: Endpoint.inputOf<{ from: number | undefined; to: number | undefined; at: string | undefined }>(),
    answer: Wire.answer({
      list: Wire.at("rows", Wire.list(Row.of({ id: Wire.at("id", Wire.text) }))),
      next: Wire.at("next", Wire.blank(Wire.text))
    })
  })
  const reading = (
    order: "newest first" | "oldest first",
    query: { readonly limit: number; readonly since?: number; readonly kept?: number },
    answer: (asked: string) => { readonly rows: number; readonly next?: string }
  ) => {
    const { kept, limit, since } = query
    const asked: Array<string> = []
    const wire = Far.make(({ query }) => {
      const span = ["from", "to"].map((name) => query.get(name)).map((at) => at === null ? "" : Number(at) / day)
      asked.push([...span, query.get("at") ?? ""].join(" "))
      const { next, rows } = answer(asked.at(-1) ?? "")
      return Far.json({ rows: Array.from({ length: rows }, (_, index) => ({ id: `${asked.length}-${index}` })), next })
    })
    const question = Page.bySpan({
      endpoint: list,
      span: day,
      kept,
      order,
      input: (_, at: string | undefined, span) => ({ from: span?.from, to: span && span.to + 1, at }),
      rows: (_, { list }) => list,
      next: ({ answer: { next }, place }) => next === undefined ? undefined : next === place ? Page.unreachable : next
    })
    const exchange = Exchange.define<"Toy">({
      ...facts,
      account: {
        ...facts.account,
        balances: (client) => () =>
          Effect.map(question(client)(spot, { limit, since }), ({ rows }) => [
            { asset: "rows", free: d(String(rows.length)), total: d(String(rows.length)) }
          ])
      }
    })
    return Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const [found] = yield* Effect.flatMap(exchange.Account, ({ balances }) => balances)
      return { asked, found: found === undefined ? 0 : Number(Decimal.format(found.total)) }
    }).pipe(
      Effect.provide(Layer.provideMerge(
        exchange.layerAccount({
          environment: { name: "scripted", baseUrl: "http://toy.localhost" },
          credentials: Credentials.fixed({ key: Redacted.make("key"), secret: Redacted.make("secret") })
        }),
        Layer.succeed(HttpClient.HttpClient, wire.client)
      ))
    )
  }

  it.effect("are read from the latest until there is enough", () =>
    Effect.gen(function*() {
      const since = 7.5 * day + 60_000
      const { asked, found } = yield* reading("newest first", { limit: 3, since }, () => ({ rows: 2 }))
      assert.strictEqual(found, 4)
      const minute = 60_000 / day
      assert.deepStrictEqual(asked.map((each) => each.split(" ").map(Number)), [
        [9 + minute + 1 / day, 10 + minute + 1 / day, 0],
        [8 + minute + 1 / day, 9 + minute + 1 / day, 0]
      ])
    }))

  it.effect("are read from the beginning to the end, whatever is enough, page by page where a span has more", () =>
    Effect.gen(function*() {
      const { asked, found } = yield* reading(
        "oldest first",
        { limit: 1, since: 8 * day },
        (asked) => asked === "8 9 " ? { rows: 2, next: "half" } : { rows: 1 }
      )
      assert.deepStrictEqual(asked, ["8 9 ", "8 9 half", "9 10 ", "10 11 "])
      assert.strictEqual(found, 5)
    }))

  it.effect("are of the span that the exchange takes by itself where no beginning is said", () =>
    Effect.gen(function*() {
      const { asked } = yield* reading("newest first", { limit: 9 }, () => ({ rows: 1 }))
      assert.deepStrictEqual(asked, ["  "])
    }))

  it.effect("go no further back than they are kept, and fail where there are more rows than can be requested", () =>
    Effect.gen(function*() {
      const kept = yield* reading("newest first", { limit: 9, since: 0, kept: 2 * day }, () => ({ rows: 1 }))
      assert.lengthOf(kept.asked, 3)
      const error = yield* Effect.flip(
        reading("newest first", { limit: 9, since: 9 * day }, () => ({ rows: 1, next: "same" }))
      )
      assert.strictEqual(error._tag, "Unsupported")
    }))

  it("begin a page at the instant of the last row of the one before, unless that is where it began", () => {
    assert.strictEqual(Page.atInstant(7, 5), 7)
    assert.strictEqual(Page.atInstant(7, undefined), 7)
    assert.strictEqual(Page.atInstant(7, 7), Page.unreachable)
    assert.strictEqual(Page.atInstant(undefined, 7), Page.unreachable)
  })
})
