import { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import {
  type BigDecimal,
  type Context,
  Effect,
  Either,
  Fiber,
  Layer,
  Metric,
  Option,
  Redacted,
  Schema,
  TestClock
} from "effect"
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
import { advanceUntilDone, http } from "./support/exchange.js"
import { limits, open, protocol, read, spot, time } from "./support/toy.js"
import { json, make as makeWire } from "./support/wire.js"

/** A contract of 0.01 BTC. */
const swap: Market.Market = {
  ...spot,
  symbol: ExchangeSymbol.make("BTC/USD:USD"),
  id: "XBTSWAP",
  kind: "perpetual",
  settle: "USD",
  multiplier: Decimal.make("0.01")
}
/** A contract whose value in its base varies. */
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

const answers = <A>(answer: A) => () => () => Effect.succeed(answer)
const notAsked = () => () => Effect.die("not asked")

const facts = {
  name: "Toy",
  protocol,
  kinds: ["spot", "perpetual"],
  lacks: [],
  marketNames: ({ id }: Market.Market) => [id, `${id}.A`],
  unit: (market: Market.Market) => market.id === "ETHQUANTO" ? undefined : market.multiplier ?? d("1"),
  marketData: {
    listings: [answers([spot, swap, quanto, undefined])],
    ticker: notAsked,
    book: { depths: [5, 20, 100], read: notAsked },
    trades: { most: 10, order: "newest first", read: notAsked },
    candles: { words: { "1h": "60" }, page: 10, read: notAsked },
    status: answers({ status: "operational" })
  },
  account: {
    balances: answers([]),
    keyPermissions: notAsked,
    openOfAll: answers([row()]),
    byId: answers([row()]),
    byName: [answers([row()])],
    ended: { order: "newest first", read: answers([]) },
    fills: { order: "newest first", feeIn: "quote", read: notAsked },
    positions: answers([])
  },
  trading: {
    names: { pattern: /^.+$/, described: "any", make: ClientOrderId.asUuid },
    timeInForce: ["GTC"],
    reduceOnly: true,
    deduplicates: "always",
    takenWithin: "5 seconds",
    seenWithin: "5 seconds",
    place: notAsked,
    placeBatch: { most: 10, ask: notAsked },
    amend: notAsked,
    cancel: { by: "id", ask: notAsked }
  }
} satisfies Declaration.Facts<"Toy", never>

type Facts = Declaration.Facts<"Toy", never>

const toy = (change: {
  readonly marketData?: Partial<Facts["marketData"]>
  readonly account?: Partial<Facts["account"]>
  readonly trading?: Partial<Facts["trading"]>
}) => {
  const exchange = Exchange.define({
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

describe("a declaration", () => {
  it("with client order ids that the exchange would refuse throws a RangeError", () => {
    const names = { ...facts.trading.names, pattern: /^\d+$/ }
    assert.throws(() => toy({ trading: { names } }), RangeError, "names.make created")
  })
})

describe("declared market data", () => {
  it.effect("merges the markets of all listings, ignores a failed one, and fails if all do", () =>
    Effect.gen(function*() {
      const failed = () => () =>
        new ExchangeError.RequestTimedOut({ exchange: "toy", operation: "markets", detail: "" })
      const some = toy({ marketData: { listings: [failed, answers([spot]), answers([swap])] } })
      const markets = yield* Effect.flatMap(some.data, ({ markets }) => markets).pipe(Effect.provide(some.layer))
      assert.deepStrictEqual(markets.map(({ id }) => id), ["XBTUSD", "XBTSWAP"])
      const none = toy({ marketData: { listings: [failed, failed] } })
      const error = yield* Effect.flip(
        Effect.flatMap(none.data, ({ markets }) => markets).pipe(Effect.provide(none.layer))
      )
      assert.strictEqual(error._tag, "RequestTimedOut")
    }))

  it.effect("lists a market once if it appears in two listings, and maps its orders", () =>
    Effect.gen(function*() {
      const moving = toy({
        marketData: { listings: [answers([spot]), answers([{ ...spot, status: "halted" }, swap])] }
      })
      const { markets, orders } = yield* Effect.all({
        markets: Effect.flatMap(moving.data, ({ markets }) => markets),
        orders: Effect.flatMap(moving.account, ({ openOrders }) => openOrders())
      }).pipe(Effect.provide(moving.layer))
      assert.deepStrictEqual(markets.map(({ id }) => id), ["XBTUSD", "XBTSWAP"])
      assert.deepStrictEqual(orders.map(({ id }) => id), ["1"])
    }))

  it.effect("orders the tick sizes of a market by price, and ignores those of zero", () =>
    Effect.gen(function*() {
      const step = (fromPrice: string, tickSize: string) => ({ fromPrice: d(fromPrice), tickSize: d(tickSize) })
      const listed = [
        { ...spot, tickSizeSteps: [step("100", "1"), step("1000", "0"), step("0", "5"), step("10", "0.1")] },
        { ...swap, tickSizeSteps: [] }
      ]
      const { data, layer } = toy({ marketData: { listings: [answers(listed)] } })
      const markets = yield* Effect.flatMap(data, ({ markets }) => markets).pipe(Effect.provide(layer))
      assert.deepStrictEqual(
        markets.map(({ tickSizeSteps }) => tickSizeSteps?.map(({ fromPrice, tickSize }) => `${fromPrice} ${tickSize}`)),
        [["10 0.1", "100 1"], undefined]
      )
    }))

  it.effect("finds an open market although a closed one has the same symbol", () =>
    Effect.gen(function*() {
      const closed = { ...spot, id: "OLDUSD", status: "closed" } as const
      for (const listing of [[spot, closed], [closed, spot]]) {
        const { data, layer } = toy({ marketData: { listings: [answers(listing)] } })
        const found = yield* Effect.flatMap(data, ({ market }) => market(spot.symbol)).pipe(Effect.provide(layer))
        assert.strictEqual(found.id, "XBTUSD")
      }
    }))

  it.effect("fails with SymbolNotFound if several open markets have the symbol, and finds the other markets", () =>
    Effect.gen(function*() {
      const twin = { ...spot, id: "TWINUSD" }
      const { data, layer } = toy({ marketData: { listings: [answers([spot, twin, swap])] } })
      yield* Effect.gen(function*() {
        const { market, markets } = yield* data
        const error = yield* Effect.flip(market(spot.symbol))
        assert.strictEqual(error._tag, "SymbolNotFound")
        assert.include(error.message, "XBTUSD and TWINUSD")
        assert.strictEqual((yield* market(swap.symbol)).id, "XBTSWAP")
        assert.strictEqual((yield* markets).length, 3)
      }).pipe(Effect.provide(layer))
      const halted = toy({ marketData: { listings: [answers([spot, { ...twin, status: "halted" }])] } })
      const found = yield* Effect.flatMap(halted.data, ({ market }) => market(spot.symbol)).pipe(
        Effect.provide(halted.layer)
      )
      assert.strictEqual(found.id, "XBTUSD")
    }))

  it.effect("truncates the status detail of the exchange to 200 characters", () =>
    Effect.gen(function*() {
      const long = toy({ marketData: { status: answers({ status: "limited", detail: "x".repeat(500) }) } })
      const status = yield* Effect.flatMap(long.data, ({ status }) => status).pipe(Effect.provide(long.layer))
      assert.strictEqual(status.detail, "x".repeat(200))
      const withoutDetail = toy({})
      const bare = yield* Effect.flatMap(withoutDetail.data, ({ status }) => status).pipe(
        Effect.provide(withoutDetail.layer)
      )
      assert.notProperty(bare, "detail")
    }))

  it.effect("a union of questions returns a row once, and its last version, if both answers contain it", () =>
    Effect.gen(function*() {
      const later = row({ id: "1", clientOrderId: "later" })
      const history = Question.union<"account", [], Row.Order>([
        answers([row({ id: "1" }), row({ id: "2" })]),
        answers([later])
      ])
      const exchange = toy({ account: { openOfAll: history } })
      const orders = yield* Effect.flatMap(exchange.account, ({ openOrders }) => openOrders()).pipe(
        Effect.provide(exchange.layer)
      )
      assert.deepStrictEqual(orders.map(({ id }) => id).toSorted(), ["1", "2"])
      assert.strictEqual(orders.find(({ id }) => id === "1")?.clientOrderId, "later")
    }))

  it.effect("treats a listing without a single decodable row as failed", () =>
    Effect.gen(function*() {
      const strange = answers({ rows: [], unknown: [unknown()] })
      const some = toy({ marketData: { listings: [strange, answers([spot])] } })
      const markets = yield* Effect.flatMap(some.data, ({ markets }) => markets).pipe(Effect.provide(some.layer))
      assert.deepStrictEqual(markets.map(({ id }) => id), ["XBTUSD"])
      const none = toy({ marketData: { listings: [strange] } })
      const error = yield* Effect.flip(
        Effect.flatMap(none.data, ({ markets }) => markets).pipe(Effect.provide(none.layer))
      )
      assert.strictEqual(error._tag, "MalformedResponse")
    }))

  it.effect("requests the smallest sufficient depth, and converts amounts from contracts", () =>
    Effect.gen(function*() {
      const requested: Array<number> = []
      const level = { price: d("100"), amount: d("7") }
      const { data, layer } = toy({
        marketData: {
          book: {
            depths: [5, 20, 100],
            read: () => (_, depth) =>
              Effect.sync(() => {
                requested.push(depth)
                return { bids: [level], asks: [{ ...level, price: d("101") }] }
              })
          },
          trades: {
            most: 2,
            order: "newest first",
            read: () => (_, limit) =>
              Effect.sync(() => {
                requested.push(limit)
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
        // Trades of the same instant are ordered as well: the exchange lists the newest first.
        assert.deepStrictEqual(trades.map(({ id }) => id), ["1", "2"])
        assert.deepStrictEqual(shown(trades.slice(0, 1)), [["BTC/USD:USD", "0.07"]])
        assert.deepStrictEqual(requested, [20, 100, 2])
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
  it.effect("omit rows of unlisted markets and of markets without a unit, and count undecodable ones", () =>
    Effect.gen(function*() {
      const left = Metric.value(
        Telemetry.unknownRows.pipe(Metric.tagged("exchange", "toy"), Metric.tagged("operation", "positions"))
      )
      const before = yield* left
      const position = { side: "long", amount: d("2") } as const
      const { account, layer } = toy({
        account: {
          openOfAll: answers({
            rows: [
              row(),
              row({ id: "2", market: "NOSUCH" }),
              row({ id: "3", market: "XBTSWAP" }),
              row({ id: "4", market: "ETHQUANTO" })
            ],
            unknown: [unknown()]
          }),
          positions: answers([
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

  it.effect("of one market omit orders of others, and fail if the answer for that market contains one", () =>
    Effect.gen(function*() {
      const { account, layer } = toy({ account: { openOfAll: answers([row(), row({ id: "2", market: "XBTSWAP" })]) } })
      const orders = yield* Effect.flatMap(account, (service) => service.openOrders("BTC/USD")).pipe(
        Effect.provide(layer)
      )
      assert.deepStrictEqual(orders.map(({ id }) => id), ["1"])
      const wrong = toy({ account: { open: answers([row({ market: "XBTSWAP" })]) } })
      const error = yield* Effect.flip(
        Effect.flatMap(wrong.account, (service) => service.openOrders("BTC/USD")).pipe(Effect.provide(wrong.layer))
      )
      assert.strictEqual(error._tag, "MalformedResponse")
    }))

  it.effect("sum the rows of an asset, raise negative amounts to zero and omit empty balances", () =>
    Effect.gen(function*() {
      const coin = (asset: string, free: string, total: string) => ({ asset, free: d(free), total: d(total) })
      const { account, layer } = toy({
        account: {
          balances: answers([coin("A", "-1", "0"), coin("B", "-1", "2"), coin("C", "0", "0"), coin("A", "3", "3")])
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

  it.effect("look a client order id up in each place until one has it, and return its latest order", () =>
    Effect.gen(function*() {
      const { account, layer } = toy({
        account: {
          byName: [
            () => () => missing,
            answers([row({ id: "1", createdAt: 1 }), row({ id: "3", createdAt: 3 }), row({ id: "2", createdAt: 2 })]),
            notAsked
          ]
        }
      })
      const order = yield* Effect.flatMap(account, (service) => service.order(named)).pipe(Effect.provide(layer))
      assert.strictEqual(order.id, "3")
    }))

  it.effect("fail with OrderNotFound and the exchange's code after every place was asked", () =>
    Effect.gen(function*() {
      const { account, layer } = toy({ account: { byName: [() => () => missing, answers([])] } })
      const error = yield* Effect.flip(Effect.flatMap(account, (service) => service.order(named))).pipe(
        Effect.provide(layer)
      )
      assert.strictEqual(error._tag, "OrderNotFound")
      assert.strictEqual(error.code, "404")
    }))

  for (
    const [why, byName] of [
      ["other orders are listed instead", answers([row({ clientOrderId: "other" })])],
      [
        "a row without a client order id cannot be decoded",
        answers({ rows: [], unknown: [unknown({ clientOrderId: undefined })] })
      ],
      ["the row of the order cannot be decoded", answers({ rows: [], unknown: [unknown({ clientOrderId: "mine" })] })]
    ] as const
  ) {
    it.effect(`fail with MalformedResponse instead of OrderNotFound if ${why}`, () =>
      Effect.gen(function*() {
        const { account, layer } = toy({ account: { byName: [byName] } })
        const error = yield* Effect.flip(Effect.flatMap(account, (service) => service.order(named))).pipe(
          Effect.provide(layer)
        )
        assert.strictEqual(error._tag, "MalformedResponse")
      }))
  }

  it.effect("accept rows of other client order ids as proof of absence with `searches`", () =>
    Effect.gen(function*() {
      const { account, layer } = toy({
        account: {
          searches: true,
          byName: [answers({ rows: [row({ clientOrderId: "other" })], unknown: [unknown()] })]
        }
      })
      const error = yield* Effect.flip(Effect.flatMap(account, (service) => service.order(named))).pipe(
        Effect.provide(layer)
      )
      assert.strictEqual(error._tag, "OrderNotFound")
    }))

  it.effect("omit an open order that the history lists, even if its row there cannot be decoded", () =>
    Effect.gen(function*() {
      const { account, layer } = toy({
        account: {
          open: answers([row({ id: "1" }), row({ id: "2" })]),
          ended: { order: "newest first", read: answers({ rows: [], unknown: [unknown({ id: "1" })] }) }
        }
      })
      const orders = yield* Effect.flatMap(account, ({ orderHistory }) => orderHistory("BTC/USD")).pipe(
        Effect.provide(layer)
      )
      assert.deepStrictEqual(orders.map(({ id }) => id), ["2"])
    }))

  it.effect("return an order as closed if it closed between the two requests", () =>
    Effect.gen(function*() {
      const { account, layer } = toy({
        account: {
          openOfAll: answers([row({ id: "1" }), row({ id: "2", createdAt: 2 })]),
          ended: { order: "newest first", read: answers([row({ id: "1", status: "filled" })]) }
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
  const outcome = (undecodable: Partial<Listing.Unknown>) => {
    const nameless = unknown({ clientOrderId: undefined, createdAt: undefined, ...undecodable })
    const { layer, trading } = toy({
      account: { openOfAll: answers({ rows: [], unknown: [nameless] }), byName: [answers([])] },
      trading: { place: () => () => lost }
    })
    const limit = { type: "limit", symbol: "BTC/USD", side: "buy", amount: "3", price: "100" } as const
    return Effect.flatMap(trading, (service) => service.place({ ...limit, clientOrderId: "mine" })).pipe(
      Effect.flip,
      Effect.map(({ _tag }) => _tag),
      advanceUntilDone,
      Effect.provide(layer)
    )
  }

  it.effect("may be an undecodable row of the same market, under any of the market's names", () =>
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

  it.effect("cancelAll cancels decodable and undecodable orders in batches until none is left", () =>
    Effect.gen(function*() {
      const openIds = new Set(["1", "2", "3", "9"])
      const requested: Array<ReadonlyArray<string>> = []
      const { layer, trading } = toy({
        account: {
          openOfAll: () => () =>
            Effect.sync(() => ({
              rows: [...openIds].filter((id) => id !== "9").map((id) => row({ id })),
              unknown: openIds.has("9") ? [unknown(), unknown({ id: "8", market: "XBTSWAP" })] : []
            }))
        },
        trading: {
          cancelAll: {
            most: 2,
            several: () => (_, ids) =>
              Effect.sync(() => {
                requested.push(ids)
                return ids.map((id): Declaration.Canceled => {
                  openIds.delete(id)
                  // The cancellation is refused, but the order is gone from the next list: it had closed already.
                  return id === "3"
                    ? { id, outcome: { refused: { code: "frozen", text: "" } } }
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
      assert.deepStrictEqual(requested, [["1", "2"], ["3", "9"]])
    }))

  it.effect("cancel may be answered with the outcome of one of several", () =>
    Effect.gen(function*() {
      const cancel = (outcome: Declaration.Canceled["outcome"]) => {
        const { layer, trading } = toy({
          account: {
            byId: answers([row({ id: "7", status: typeof outcome === "string" ? "canceled" : "open" })])
          },
          trading: { cancel: { by: "id", ask: () => ({ id }) => Effect.succeed({ id, outcome }) } }
        })
        return Effect.flatMap(trading, (service) => service.cancel({ ...ids, id: "7" })).pipe(
          advanceUntilDone,
          Effect.provide(layer)
        )
      }
      for (const outcome of ["canceled", "ended"] as const) {
        assert.strictEqual((yield* cancel(outcome)).status, "canceled")
      }
      const error = yield* Effect.flip(cancel({ refused: { code: "frozen", text: "the order is frozen" } }))
      assert.strictEqual(error._tag, "OrderRejected")
      assert.include(error.message, "the order is frozen")
    }))

  describe("cancelAll of an order that was just placed and is not listed yet", () => {
    const order = { ...ids, type: "limit", side: "buy", amount: "3", price: "100", clientOrderId: "mine" } as const
    const frozen = { refused: { code: "frozen", text: "the order is frozen" } }

    const canceling = <E>(
      how: { readonly batch: boolean; readonly outcome?: Declaration.Canceled["outcome"]; readonly shows?: Row.Order },
      afterwards: (trading: Context.Tag.Service<ReturnType<typeof toy>["trading"]>) => Effect.Effect<unknown, E>
    ) => {
      const canceled: Array<string> = []
      const cancel = (id: string) =>
        Effect.sync(() => {
          canceled.push(id)
          return { id, outcome: how.outcome ?? "canceled" as const }
        })
      const { layer, trading } = toy({
        account: { openOfAll: answers([]), byId: answers([how.shows ?? row({ id: "7" })]) },
        trading: {
          place: answers({ accepted: "7" }),
          cancel: { by: "id", ask: () => ({ id }) => Effect.as(cancel(id), row({ id, status: "canceled" })) },
          cancelAll: how.batch
            ? { most: 2, several: () => (_, ids) => Effect.forEach(ids, cancel) }
            : undefined
        }
      })
      return Effect.flatMap(trading, (service) => Effect.zipRight(service.place(order), afterwards(service))).pipe(
        Effect.either,
        Effect.map((answer) => ({ answer, canceled })),
        Effect.provide(layer)
      )
    }

    for (const batch of [true, false]) {
      it.effect(`cancels it ${batch ? "in a batch" : "alone"}`, () =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* canceling({ batch }, (trading) => trading.cancelAll(ids.symbol)), {
            answer: Either.right(["7"]),
            canceled: ["7"]
          })
        }))
    }

    it.effect("does not cancel it again once it was canceled, or once the exchange would list it", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(
          yield* canceling(
            { batch: true },
            (trading) => Effect.zipRight(trading.cancel({ ...ids, id: "7" }), trading.cancelAll(ids.symbol))
          ),
          { answer: Either.right([]), canceled: ["7"] }
        )
        assert.deepStrictEqual(
          yield* canceling(
            { batch: true },
            (trading) => Effect.zipRight(TestClock.adjust("6 seconds"), trading.cancelAll(ids.symbol))
          ),
          { answer: Either.right([]), canceled: [] }
        )
      }))

    it.effect("fails with its refusal unless it has ended", () =>
      Effect.gen(function*() {
        const all = { batch: true, outcome: frozen }
        const open = yield* canceling(all, (trading) => trading.cancelAll(ids.symbol))
        assert.strictEqual((yield* Effect.flip(open.answer))._tag, "OrderRejected")
        const filled = yield* canceling(
          { ...all, shows: row({ id: "7", status: "filled", filled: d("3") }) },
          (trading) => trading.cancelAll(ids.symbol)
        )
        assert.deepStrictEqual(filled.answer, Either.right([]))
      }))
  })

  for (
    const [what, cancelAll] of [
      ["in batches", (canceled: (ids: ReadonlyArray<string>) => void) => ({
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
    const cancelAllWith = (undecodable: Partial<Listing.Unknown>, isAskedByMarket = false) => {
      const openIds = new Set(["1", "2"])
      const canceled: Array<string> = []
      const cancel = (ids: ReadonlyArray<string>) => {
        for (const id of ids) {
          canceled.push(id)
          openIds.delete(id)
        }
      }
      const listed = () => () =>
        Effect.sync(() => ({
          rows: openIds.has("1") ? [row({ id: "1" })] : [],
          unknown: openIds.has("2") ? [unknown({ id: "2", ...undecodable })] : []
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

    it.effect(`cancelAll leaves an order that may be of another market, and fails with MalformedResponse: ${what}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* cancelAllWith({ market: undefined }), {
          answer: "MalformedResponse",
          canceled: "1"
        })
      }))

    it.effect(`cancelAll fails with MalformedResponse for an order without a readable id: ${what}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* cancelAllWith({ id: undefined }), { answer: "MalformedResponse", canceled: "1" })
      }))

    it.effect(`cancelAll cancels an order with only a readable id if the list was requested by market: ${what}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* cancelAllWith({ market: undefined }, true), { answer: "1 2", canceled: "1 2" })
      }))
  }

  it.effect("cancelAll looks up each listed order if the answer does not say which were canceled", () =>
    Effect.gen(function*() {
      const ended = { "1": "canceled", "2": "filled" } as const
      const { layer, trading } = toy({
        account: {
          open: answers([row({ id: "1" }), row({ id: "2" }), row({ id: "3" })]),
          byId: () => ({ id }) => Effect.succeed(id === "1" || id === "2" ? [row({ id, status: ended[id] })] : [])
        },
        trading: { cancelAll: { all: answers(undefined) } }
      })
      const canceled = yield* Effect.flatMap(trading, (service) => service.cancelAll(ids.symbol)).pipe(
        Effect.provide(layer)
      )
      assert.deepStrictEqual(canceled, ["1"])
    }))

  it.effect("cancelAll lists nothing first if the answer contains the ids, and returns none if none was open", () =>
    Effect.gen(function*() {
      const open = [["1", "2"]]
      const { layer, trading } = toy({
        account: { openOfAll: notAsked },
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

  it.effect("cancelAll fails with the refusal of an order that is still open", () =>
    Effect.gen(function*() {
      const { layer, trading } = toy({
        trading: {
          cancelAll: {
            most: 2,
            several: () => (_, ids) =>
              Effect.succeed(ids.map((id) => ({
                id,
                outcome: { refused: { code: "frozen", text: "the order is frozen" } }
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

  for (
    const error of [
      new ExchangeError.OrderRejected({ exchange: "toy", operation: "", detail: "frozen" }),
      new ExchangeError.RequestTimedOut({ exchange: "toy", operation: "", detail: "no answer" })
    ]
  ) {
    const canceledDespite = (
      declare: (cancel: (id: string) => Effect.Effect<undefined, typeof error>) => Partial<Declaration.Trading>
    ) => {
      const canceled: Array<string> = []
      const { layer, trading } = toy({
        account: { openOfAll: answers([row({ id: "1" }), row({ id: "2" }), row({ id: "3" })]) },
        trading: declare((id) =>
          Effect.suspend(() => {
            if (id === "1") return Effect.fail(error)
            canceled.push(id)
            return Effect.succeed(undefined)
          })
        )
      })
      return Effect.flip(Effect.flatMap(trading, (service) => service.cancelAll(ids.symbol))).pipe(
        Effect.map(({ _tag }) => [_tag, canceled]),
        Effect.provide(layer)
      )
    }

    it.effect(`cancelAll cancels all other orders before it fails with ${error._tag}: one by one`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(
          yield* canceledDespite((cancel) => ({
            cancel: { by: "id", ask: () => ({ id }) => cancel(id) },
            cancelAll: undefined
          })),
          [error._tag, ["2", "3"]]
        )
      }))

    it.effect(`cancelAll cancels all other orders before it fails with ${error._tag}: in batches`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(
          yield* canceledDespite((cancel) => ({
            cancelAll: {
              most: 1,
              several: () => (_, ids) =>
                Effect.forEach(ids, (id) => Effect.as(cancel(id), { id, outcome: "canceled" as const }))
            }
          })),
          [error._tag, ["2", "3"]]
        )
      }))
  }

  it.effect("cancelAll stops at an error that is not about the orders", () =>
    Effect.gen(function*() {
      let requestCount = 0
      const { layer, trading } = toy({
        account: { openOfAll: answers([row({ id: "1" }), row({ id: "2" })]) },
        trading: {
          cancelAll: {
            most: 1,
            several: () => () =>
              Effect.suspend(() => {
                requestCount++
                return new ExchangeError.AuthenticationFailed({ exchange: "toy", operation: "", detail: "" })
              })
          }
        }
      })
      const error = yield* Effect.flip(Effect.flatMap(trading, (service) => service.cancelAll(ids.symbol))).pipe(
        Effect.provide(layer)
      )
      assert.deepStrictEqual([error._tag, requestCount], ["AuthenticationFailed", 1])
    }))

  it.effect("cancel looks up the id if the exchange cancels by id only", () =>
    Effect.gen(function*() {
      const requested: Array<unknown> = []
      const { layer, trading } = toy({
        trading: {
          cancel: {
            by: "id",
            ask: () => (reference) =>
              Effect.sync(() => {
                requested.push(reference)
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
      assert.deepStrictEqual(requested, [{ market: spot, id: "1" }])
    }))

  it.effect("place converts the amount to contracts and passes the instant it is valid until", () =>
    Effect.gen(function*() {
      const requested: Array<unknown> = []
      const { layer, trading } = toy({
        trading: {
          place: () => ({ clientOrderId, price, size, until }) =>
            Effect.sync(() => {
              requested.push([Decimal.format(size), until])
              return row({
                id: String(requested.length),
                market: "XBTSWAP",
                clientOrderId,
                price,
                amount: size,
                createdAt: 1000
              })
            })
        }
      })
      yield* Effect.gen(function*() {
        yield* TestClock.setTime(1000)
        const service = yield* trading
        const order = { type: "limit", symbol: "BTC/USD:USD", side: "buy", price: "100" } as const
        const placed = yield* service.place({ ...order, amount: "0.03" })
        assert.deepStrictEqual(shown([placed]), [["BTC/USD:USD", "0.03"]])
        assert.deepStrictEqual(requested, [["3", 6000]])
        yield* service.place({ ...order, amount: "0.035" })
        assert.deepStrictEqual(requested[1], ["3.5", 6000])
        assert.strictEqual(
          (yield* Effect.flip(service.place({ ...order, symbol: "ETH/USD:BTC", amount: "1" })))._tag,
          "Unsupported"
        )
        assert.strictEqual(requested.length, 2)
      }).pipe(Effect.provide(layer))
    }))

  it("sizing refuses an amount that is no exact multiple of the unit", () => {
    const third = sizing.of({ unit: () => d("0.03") }, swap)
    assert.strictEqual(Option.getOrThrow(Option.map(Option.fromNullable(third?.size(d("0.06"))), Decimal.format)), "2")
    assert.isUndefined(third?.size(d("0.01")))
  })

  it.effect("placeBatch reports each order by itself, and fails an order without an answer", () =>
    Effect.gen(function*() {
      const { layer, trading } = toy({
        account: { byId: answers([row({ id: "7", clientOrderId: "a" })]), byName: [answers([])] },
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
      assert.deepStrictEqual(results.map(Either.match({ onLeft: ({ _tag }) => _tag, onRight: ({ id }) => id })), [
        "7",
        "InsufficientFunds",
        "NotPlaced"
      ])
    }))
})

describe("a declaration", () => {
  it("lists the features of the exchange", () => {
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

  it.effect("may answer a look-up of one order with a single row", () =>
    Effect.gen(function*() {
      const { account, layer } = toy({
        account: { byId: answers(row({ id: "7" })), byName: [answers([]), answers(row({ clientOrderId: "mine" }))] }
      })
      const [byId, byName] = yield* Effect.flatMap(account, (service) =>
        Effect.all([
          service.order({ symbol: "BTC/USD", id: "7" }),
          service.order({ symbol: "BTC/USD", clientOrderId: "mine" })
        ])).pipe(Effect.provide(layer))
      assert.deepStrictEqual([byId?.id, byName?.clientOrderId], ["7", "mine"])
    }))

  it("does not compile with a private endpoint for market data, or with an undeclared missing method", () => {
    const own = read("own", "/own", { answer: Schema.Struct({ status: Schema.Literal("operational") }) })
    // @ts-expect-error an endpoint of the account cannot answer a question about market data
    const status: Declaration.MarketData["status"] = Question.ask(own, () => ({}))
    const { amend: _, ...trading } = facts.trading
    // @ts-expect-error `amend` is neither implemented nor declared in `lacks`
    const undeclared: Declaration.Facts<"Toy", never> = { ...facts, trading }
    const declared: Declaration.Facts<"Toy", "amend"> = { ...facts, lacks: ["amend"], trading }
    // @ts-expect-error `amend` is declared in `lacks` and implemented
    const contradictory: Declaration.Facts<"Toy", "amend"> = { ...facts, lacks: ["amend"] }
    assert.isDefined([status, undeclared, declared, contradictory])
    const exchange = Exchange.define({ ...facts, name: "Lacking", lacks: ["amend"], trading })
    const amend = (service: Effect.Effect.Success<typeof exchange.Trading>) =>
      // @ts-expect-error an exchange that cannot amend has no such method
      service.amend
    assert.isDefined(amend)
  })
})

describe("an exchange of market data only", () => {
  const { account: _, lacks: __, trading: ___, ...open } = facts
  const exchange = Exchange.definePublic({ ...open, name: "Open" })

  it.effect("provides market data under both tags, and its features list nothing else", () =>
    Effect.gen(function*() {
      const [own, shared] = [yield* exchange.MarketData, yield* MarketData.MarketData]
      assert.strictEqual(own, shared)
      assert.strictEqual((yield* own.status).status, "operational")
      assert.deepInclude(exchange.features, { name: "Open", positions: false, timeInForce: [], batch: 0, amend: false })
    }).pipe(Effect.provide(Layer.provide(
      exchange.layerMarketData({ environment: { name: "scripted", baseUrl: "http://toy.localhost" } }),
      http
    ))))

  it("has no account or trading Layer, and cannot declare trading", () => {
    // @ts-expect-error there is no account to read
    assert.isUndefined(exchange.layerAccount)
    // @ts-expect-error trading cannot be declared
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

  it.effect("are requested at their own URL with their own headers", () =>
    Effect.gen(function*() {
      const wire = makeWire(() => json({ now: 5 }))
      yield* Effect.flatMap(regional.MarketData, ({ serverTime }) => serverTime).pipe(
        Effect.provide(regional.layerMarketData({ environment: "eea" })),
        Effect.provideService(HttpClient.HttpClient, wire.client)
      )
      assert.deepStrictEqual(wire.sent.map(({ headers, url }) => [url, headers["x-region"]]), [
        ["https://eea.regional.example/time", "eea"]
      ])
    }))

  it.effect("have the time of their Date headers without an endpoint for it", () =>
    Effect.gen(function*() {
      const undated = Exchange.define({
        ...facts,
        protocol: { ...protocol, serverTime: open("ping", "/ping", { answer: Wire.one(Wire.none) }) }
      })
      const now = Date.UTC(2026, 10, 2, 12)
      yield* TestClock.setTime(now)
      const wire = makeWire(() => json([1], 200, { date: new Date(now + 3_600_000).toUTCString() }))
      const found = yield* Effect.flatMap(undated.MarketData, ({ serverTime }) => serverTime).pipe(
        Effect.provide(undated.layerMarketData()),
        Effect.provideService(HttpClient.HttpClient, wire.client)
      )
      assert.strictEqual(found, now + 3_600_500)
    }))

  it.effect("require trading to be enabled, unless they are test environments", () =>
    Effect.gen(function*() {
      const built = (options: Parameters<typeof regional.layer>[0]) =>
        Effect.scoped(Layer.build(Layer.provide(regional.layer(options), [http, OrderJournal.layerNone])))
      yield* built({ environment: "demo", credentials })
      yield* built({ environment: "eea", credentials, trading: "enabled" })
      const error = yield* Effect.flip(built({ environment: "eea", credentials }))
      assert.include(String(error), "with real money")
    }))

  it.effect("that do not exist are refused with a list of those that do, and by the compiler", () =>
    Effect.gen(function*() {
      // @ts-expect-error there is no such region
      const layer = regional.layerMarketData({ environment: "mars" })
      const error = yield* Effect.flip(Effect.scoped(Layer.build(Layer.provide(layer, http))))
      assert.include(String(error), "live, eea, demo, strict")
      // @ts-expect-error this exchange declares no regions
      toy({}).exchange.layerMarketData({ environment: "eea" })
    }))

  it.effect("do not make a testnet compile that the exchange declares not to have", () =>
    Effect.gen(function*() {
      // @ts-expect-error there is no testnet
      const layer = regional.layerMarketData({ environment: "testnet" })
      const error = yield* Effect.flatMap(regional.MarketData, ({ serverTime }) => serverTime).pipe(
        Effect.provide(Layer.provide(layer, http)),
        Effect.flip
      )
      assert.include(error.message, "regional has no testnet")
      assert.include(error.message, "use the demo")
    }))

  for (
    const [environment, firstBatch] of [
      ["live", 3],
      ["eea", 3],
      ["strict", 2],
      [{ name: "mine", baseUrl: "https://strict.regional.example" }, 2]
    ] as const
  ) {
    it.effect(`use their own limits if they declare any: ${Environment.name(environment)}`, () =>
      Effect.gen(function*() {
        const wire = makeWire(() => json({ now: 5 }))
        yield* Effect.gen(function*() {
          const { serverTime } = yield* regional.MarketData
          const three = yield* Effect.fork(Effect.all([serverTime, serverTime, serverTime], { concurrency: 3 }))
          yield* TestClock.adjust(0)
          assert.strictEqual(wire.sent.length, firstBatch)
          yield* TestClock.adjust("1 second")
          yield* Fiber.join(three)
          assert.strictEqual(wire.sent.length, 3)
        }).pipe(
          Effect.provide(regional.layerMarketData({ environment })),
          Effect.provideService(HttpClient.HttpClient, wire.client)
        )
      }))
  }

  it("override declared limits only", () => {
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

  it.effect("read their keys from their own variables", () =>
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
  const readPages = (
    pages: { readonly [after: string]: { readonly rows: ReadonlyArray<unknown>; readonly next?: string } },
    facts: {
      readonly enough?: number
      readonly most?: number
      readonly past?: ReadonlyArray<string>
      readonly last?: string
    } = {}
  ) => {
    const question = Page.all({
      endpoint: list,
      input: (after: string | undefined, _: number, __: string | undefined) => ({ after }),
      rows: ({ rows }) => rows,
      next: (page, [_, last]) =>
        last !== undefined && page.lastId === last ? undefined : Page.cursor(() => page.answer.next)(page),
      wanted: ({ mine }: { readonly id: string; readonly mine: boolean }) => mine,
      isPast: ({ id }) => facts.past?.includes(id) === true,
      enough: (limit) => limit,
      most: facts.most
    })
    const exchange = Exchange.define({
      ...toyFacts,
      account: {
        ...toyFacts.account,
        keyPermissions: (client) => () =>
          Effect.map(question(client)(facts.enough ?? 100, facts.last), ({ rows, unknown }) => ({
            read: true,
            trade: "unknown",
            withdraw: "unknown",
            ipRestricted: "unknown",
            expiresAt: Number(rows.map(({ id }) => id).join("")) + 1_000_000 * unknown.length
          }))
      }
    })
    const wire = makeWire(({ query }) => json(pages[query.get("after") ?? ""] ?? { rows: [] }))
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
  const toyFacts = facts
  const of = (...ids: ReadonlyArray<number>) => ids.map((id) => ({ id: String(id), mine: id < 5 }))

  it.effect("are read until the last; duplicate rows count once and unwanted rows are omitted", () =>
    Effect.map(
      readPages({
        "": { rows: of(1, 9), next: "a" },
        a: { rows: of(1, 2), next: "b" },
        b: { rows: [...of(3), { id: 7 }] }
      }),
      (found) => assert.deepStrictEqual(found, [1_000_123, 3])
    ))

  it.effect("are read until there are enough rows", () =>
    Effect.map(
      readPages({ "": { rows: of(1, 9), next: "a" }, a: { rows: of(2), next: "b" }, b: { rows: of(3) } }, {
        enough: 2
      }),
      (found) => assert.deepStrictEqual(found, [12, 2])
    ))

  it.effect("end where `next` decides from what was asked", () =>
    Effect.map(
      readPages({ "": { rows: of(1), next: "a" }, a: { rows: of(2), next: "b" }, b: { rows: of(3) } }, { last: "2" }),
      (found) => assert.deepStrictEqual(found, [12, 2])
    ))

  it.effect("end with a page whose last row is past what is wanted", () =>
    Effect.map(
      readPages({ "": { rows: of(3, 1), next: "a" }, a: { rows: of(2, 4), next: "b" }, b: { rows: of(1) } }, {
        past: ["3", "4"]
      }),
      (found) => assert.deepStrictEqual(found, [3124, 2])
    ))

  it.effect("end with an empty page, even if it has a cursor", () =>
    Effect.map(
      readPages({ "": { rows: of(1), next: "a" }, a: { rows: [], next: "a" } }),
      (found) => assert.deepStrictEqual(found, [1, 2])
    ))

  it.effect("fail with Unsupported if a cursor repeats itself, unless there are enough rows", () =>
    Effect.gen(function*() {
      const pages = { "": { rows: of(1), next: "a" }, a: { rows: of(2), next: "a" } }
      const error = yield* Effect.flip(readPages(pages))
      assert.strictEqual(error._tag, "Unsupported")
      assert.include(error.message, "there are more rows than can be requested")
      assert.deepStrictEqual(yield* readPages(pages, { enough: 2 }), [12, 2])
    }))

  it.effect("fail with Unsupported beyond the maximum number of pages", () =>
    Effect.map(
      Effect.flip(
        readPages({ "": { rows: of(1), next: "a" }, a: { rows: of(2), next: "b" }, b: { rows: of(3) } }, { most: 2 })
      ),
      (error) => {
        assert.strictEqual(error._tag, "Unsupported")
        assert.include(error.message, "there are more than 2 pages")
        assert.include(error.message, "a later `since`, a smaller `limit`")
      }
    ))

  it("continue after the last id, or at the next offset, while they are full", () => {
    const page = { answer: undefined, place: undefined, count: 50, lastId: "x" }
    assert.strictEqual(Page.offset(50)(page), 50)
    assert.strictEqual(Page.offset(50)({ ...page, place: 50 }), 100)
    assert.isUndefined(Page.offset(50)({ ...page, count: 49 }))
    assert.strictEqual(Page.offset(50, 25)({ ...page, place: 25 }), 50)
    assert.strictEqual(Page.afterLast(50)(page), "x")
    assert.isUndefined(Page.afterLast(50)({ ...page, count: 49 }))
    assert.strictEqual(Page.afterLast(50)({ ...page, lastId: undefined }), Page.unreachable)
  })
})

describe("questions of endpoints with their own input", () => {
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
      const wire = makeWire(({ query }) => json([{ price: query.toString() }]))
      const found: Array<string> = []
      const exchange = Exchange.define({
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

  it.effect("send the input that the endpoint makes of the question", () =>
    Effect.map(
      pricesOf((client) => () => Question.to(price)(client)(spot, 5)),
      (found) => assert.deepStrictEqual(found, ["pair=XBTUSD&limit=5"])
    ))

  it.effect("map the answer together with the question", () =>
    Effect.map(
      pricesOf((client) => () =>
        Question.to(price, ({ rows }, { base }, limit) => Listing.of(rows.map(() => ({ price: `${base} ${limit}` }))))(
          client
        )(spot, 5)
      ),
      (found) => assert.deepStrictEqual(found, ["BTC 5"])
    ))

  it.effect("are asked about one value, or about each of several", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* pricesOf(Question.about("spot", Question.to(ofKind))), ["kind=spot"])
      assert.deepStrictEqual(yield* pricesOf(Question.aboutEach(["spot", "future"], Question.to(ofKind))), [
        "kind=future",
        "kind=spot"
      ])
    }))

  it.effect("are asked about one subject, with the other arguments as they are asked", () =>
    Effect.gen(function*() {
      const asked = Question.about(spot, Question.to(price))
      assert.deepStrictEqual(yield* pricesOf((client) => () => asked(client)(7)), ["pair=XBTUSD&limit=7"])
      const all = Question.aboutEach([spot, { ...spot, id: "ETHUSD" }], Question.to(price))
      assert.deepStrictEqual(yield* pricesOf((client) => () => all(client)(7)), [
        "pair=ETHUSD&limit=7",
        "pair=XBTUSD&limit=7"
      ])
    }))

  it.effect("are asked about each subject that follows from the arguments", () =>
    Effect.gen(function*() {
      const ofMarkets = Question.aboutEachOf(
        (markets: ReadonlyArray<Market.Market>) => markets.flatMap(({ kind }) => kind === "spot" ? [kind] : []),
        Question.to(ofKind)
      )
      assert.deepStrictEqual(yield* pricesOf((client) => () => ofMarkets(client)([spot])), ["kind=spot"])
      assert.deepStrictEqual(yield* pricesOf((client) => () => ofMarkets(client)([])), [])
    }))

  it("have the cost that the endpoint computes from its input", () => {
    assert.deepStrictEqual(price.cost({ pair: "A", limit: 3 }), { ip: 3 })
    assert.deepStrictEqual(price.make(spot, 2), { pair: "XBTUSD", limit: 2 })
  })

  it("do not compile if the endpoint does not define its input, or for a question of another type", () => {
    const pairEndpoint = open("said", "/said", {
      input: Endpoint.inputOf<{ pair: string }>(),
      answer: Wire.list(Row.of({}))
    })
    // @ts-expect-error the endpoint does not make its input from a market
    const withoutInput: Question.Question<"marketData", [Market.Market], Listing.Rows<{}>> = Question.to(pairEndpoint)
    // @ts-expect-error the endpoint makes its input from a kind, not from a market
    const ofKindOnly: Question.Question<"marketData", [Market.Market], Listing.Rows<{}>> = Question.to(ofKind)
    // @ts-expect-error there is no such kind
    assert.isDefined([withoutInput, ofKindOnly, Question.about("option", Question.to(ofKind))])
  })
})

describe("histories by time spans", () => {
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
    query: { readonly limit: number; readonly since?: number; readonly kept?: number; readonly at?: number },
    answer: (requested: string) => { readonly rows: number; readonly next?: string }
  ) => {
    const { at = now, kept, limit, since } = query
    const requested: Array<string> = []
    const wire = makeWire(({ query }) => {
      const span = ["from", "to"].map((name) => query.get(name)).map((at) => at === null ? "" : Number(at) / day)
      requested.push([...span, query.get("at") ?? ""].join(" "))
      const { next, rows } = answer(requested.at(-1) ?? "")
      return json({
        rows: Array.from({ length: rows }, (_, index) => ({ id: `${requested.length}-${index}` })),
        next
      })
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
    const exchange = Exchange.define({
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
      yield* TestClock.setTime(at)
      const [found] = yield* Effect.flatMap(exchange.Account, ({ balances }) => balances)
      return { requested, found: found === undefined ? 0 : Number(Decimal.format(found.total)) }
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

  it.effect("are read from the latest span until there are enough rows", () =>
    Effect.gen(function*() {
      const since = 7.5 * day + 60_000
      const { requested, found } = yield* reading("newest first", { limit: 3, since }, () => ({ rows: 2 }))
      assert.strictEqual(found, 4)
      const minute = 60_000 / day
      assert.deepStrictEqual(requested.map((each) => each.split(" ").map(Number)), [
        [9 + minute + 1 / day, 10 + minute + 1 / day, 0],
        [8 + minute + 1 / day, 9 + minute + 1 / day, 0]
      ])
    }))

  it.effect("are requested in whole milliseconds, also while a test clock is between two of them", () =>
    Effect.gen(function*() {
      const query = { limit: 9, since: now - day, at: now + 0.25, kept: day }
      const { requested } = yield* reading("newest first", query, () => ({ rows: 1 }))
      const instants = requested.flatMap((each) => each.split(" ").slice(0, 2)).map((each) => Number(each) * day)
      assert.isAbove(instants.length, 2)
      for (const instant of instants) assert.approximately(instant, Math.round(instant), 1e-6)
    }))

  it.effect("are read from beginning to end if the exchange lists the oldest first, with all pages of each span", () =>
    Effect.gen(function*() {
      const { requested, found } = yield* reading(
        "oldest first",
        { limit: 1, since: 8 * day },
        (requested) => requested === "8 9 " ? { rows: 2, next: "half" } : { rows: 1 }
      )
      assert.deepStrictEqual(requested, ["8 9 ", "8 9 half", "9 10 ", "10 11 "])
      assert.strictEqual(found, 5)
    }))

  it.effect("are one request without a span if no beginning is given", () =>
    Effect.gen(function*() {
      const { requested } = yield* reading("newest first", { limit: 9 }, () => ({ rows: 1 }))
      assert.deepStrictEqual(requested, ["  "])
    }))

  it.effect("go back no further than the exchange keeps them, and fail with Unsupported if a span has unreachable rows", () =>
    Effect.gen(function*() {
      const kept = yield* reading("newest first", { limit: 9, since: 0, kept: 2 * day }, () => ({ rows: 1 }))
      assert.lengthOf(kept.requested, 3)
      const error = yield* Effect.flip(
        reading("newest first", { limit: 9, since: 9 * day }, () => ({ rows: 1, next: "same" }))
      )
      assert.strictEqual(error._tag, "Unsupported")
    }))

  it("start a page at the instant of the last row, unless the previous page started there", () => {
    assert.strictEqual(Page.atInstant(7, 5), 7)
    assert.strictEqual(Page.atInstant(7, undefined), 7)
    assert.strictEqual(Page.atInstant(7, 7), Page.unreachable)
    assert.strictEqual(Page.atInstant(undefined, 7), Page.unreachable)
  })
})
