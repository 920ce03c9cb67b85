import { Credentials, Decimal, type Order, OrderJournal } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, Either, Fiber, Layer, Option, TestClock } from "effect"
import { Okx } from "../src/index.js"
import type { Services } from "./scripted.js"
import { envelope, now, requestLog, rows, spot, text, verdict } from "./utils.js"

const environment = Simulator.environment("okx")

const client = (options: Partial<Exchange.TradingOptions> = {}, simulator: Simulator.Options = {}) =>
  Okx.layer({ credentials: Simulator.credentials("okx"), ...options, environment }).pipe(
    Layer.provideMerge(Layer.merge(Simulator.layer("okx", simulator), OrderJournal.layerMemory))
  )

/** Runs a program, and advances the clock whenever it waits. */
const simulated = <A, E, R extends Layer.Layer.Success<ReturnType<typeof client>>>(
  effect: Effect.Effect<A, E, R>,
  options?: Partial<Exchange.TradingOptions>,
  simulator?: Simulator.Options
) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(now)
    const fiber = yield* Effect.fork(Effect.provide(effect, client(options, simulator)))
    const pass: Effect.Effect<void> = Effect.flatMap(
      Effect.yieldNow(),
      () =>
        Effect.flatMap(fiber.status, (status) =>
          status._tag === "Done" ? Effect.void : Effect.zipRight(TestClock.adjust("100 millis"), pass))
    )
    yield* pass
    return yield* Fiber.join(fiber)
  })

const simulator = Effect.flatMap(Simulator.Simulators, ({ get }) => get("okx"))

const bid = (symbol: string) =>
  Effect.flatMap(
    Okx.MarketData,
    (market) =>
      Effect.zipWith(market.market(symbol), market.price(symbol), ({ tickSize = Decimal.make("1") }, { amount }) => {
        const half = BigDecimal.unsafeDivide(amount, Decimal.make("2"))
        return Decimal.of(BigDecimal.subtract(half, BigDecimal.unsafeRemainder(half, tickSize)))
      })
  )

const far = (symbol: string, amount: string): Effect.Effect<Order.LimitRequest, unknown, Services> =>
  Effect.map(bid(symbol), (price) => ({ type: "limit", symbol, side: "buy", amount, price }))

describe("place", () => {
  for (
    const [symbol, amount] of [
      ["BTC/USDT", "0.01"],
      ["BTC/USDT:USDT", "0.0123"],
      ["BTC/USD:BTC", "3"]
    ] as const
  ) {
    it.effect(`leaves a limit order on ${symbol} open, found by both of its ids, until it is canceled`, () =>
      simulated(Effect.gen(function*() {
        const trading = yield* Okx.Trading
        const account = yield* Okx.Account
        const request = yield* far(symbol, amount)
        const order = yield* trading.place(request)
        assert.deepStrictEqual(
          [order.status, text(order.amount), text(order.filled), order.timeInForce, order.postOnly, order.reduceOnly],
          ["open", text(Decimal.make(amount)), "0", "GTC", false, false]
        )
        assert.deepStrictEqual(order.price, request.price)
        assert.match(order.clientOrderId ?? "", /^[0-9a-f]{32}$/)
        assert.deepStrictEqual(yield* account.order({ symbol, id: order.id }), order)
        assert.deepStrictEqual(
          yield* account.order({ symbol, clientOrderId: order.clientOrderId ?? "" }),
          order
        )
        assert.deepStrictEqual(yield* account.openOrders(), [order])
        assert.deepStrictEqual(yield* account.openOrders(symbol), [order])
        const canceled = yield* trading.cancel({ symbol, clientOrderId: order.clientOrderId ?? "" })
        assert.strictEqual(canceled.status, "canceled")
        assert.deepStrictEqual(yield* account.openOrders(), [])
        assert.deepStrictEqual((yield* account.orderHistory(symbol)).map(({ id, status }) => [id, status]), [
          [order.id, "canceled"]
        ])
        // Canceling again returns the same end.
        assert.strictEqual((yield* trading.cancel({ symbol, id: order.id })).status, "canceled")
      })))
  }

  it.effect("fills a market order in the base currency, and its fills and fees explain the change of the balances", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Okx.Trading
      const account = yield* Okx.Account
      const holdings = Effect.map(
        account.balances,
        (balances) => new Map(balances.map((each) => [each.asset, each.total]))
      )
      const before = yield* holdings
      const order = yield* trading.place({ type: "market", symbol: "BTC/USDT", side: "buy", amount: "0.015" })
      assert.deepStrictEqual([order.status, text(order.amount), text(order.filled)], ["filled", "0.015", "0.015"])
      assert.isDefined(order.averagePrice)
      const fills = yield* account.fills("BTC/USDT")
      const after = yield* holdings
      const bought = BigDecimal.sumAll(fills.map(({ amount, fee }) => BigDecimal.subtract(amount, fee ?? amount)))
      const spent = BigDecimal.sumAll(fills.map(({ amount, price }) => BigDecimal.multiply(amount, price)))
      const change = (asset: string) =>
        Decimal.format(
          BigDecimal.normalize(BigDecimal.subtract(after.get(asset) ?? bought, before.get(asset) ?? spent))
        )
      assert.isTrue(
        fills.every(({ fee = BigDecimal.fromBigInt(0n), feeAsset, liquidity, orderId }) =>
          BigDecimal.isPositive(fee) && feeAsset === "BTC" && liquidity === "taker" && orderId === order.id
        )
      )
      assert.strictEqual(change("BTC"), Decimal.format(BigDecimal.normalize(bought)))
      assert.strictEqual(change("USDT"), Decimal.format(BigDecimal.normalize(BigDecimal.negate(spent))))
    })))

  it.effect("opens a position with a market order on contracts, and closes it with a reduce-only one", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Okx.Trading
      const account = yield* Okx.Account
      yield* trading.place({ type: "market", symbol: "BTC/USDT:USDT", side: "sell", amount: "0.0123" })
      yield* trading.place({ type: "market", symbol: "BTC/USD:BTC", side: "buy", amount: "5" })
      const positions = yield* account.positions
      assert.deepStrictEqual(
        positions.map(({ amount, side, symbol }) => [`${symbol}`, side, Decimal.format(BigDecimal.normalize(amount))])
          .toSorted(),
        [["BTC/USD:BTC", "long", "5"], ["BTC/USDT:USDT", "short", "0.0123"]]
      )
      const [fill] = yield* account.fills("BTC/USDT:USDT")
      assert.deepStrictEqual(fill?.feeAsset, "USDT")
      for (const [symbol, side] of [["BTC/USDT:USDT", "buy"], ["BTC/USD:BTC", "sell"]] as const) {
        const amount = symbol === "BTC/USDT:USDT" ? "0.0123" : "5"
        const order = yield* trading.place({ type: "market", symbol, side, amount, reduceOnly: true })
        assert.deepStrictEqual([order.status, order.reduceOnly], ["filled", true])
      }
      assert.deepStrictEqual(yield* account.positions, [])
      const refused = yield* Effect.flip(
        trading.place({ type: "market", symbol: "BTC/USDT:USDT", side: "buy", amount: "0.01", reduceOnly: true })
      )
      assert.deepStrictEqual([refused._tag, refused.code], ["OrderRejected", "51169"])
    })))

  it.effect("cancels a post-only order that would trade", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Okx.Trading
      const market = yield* Okx.MarketData
      const { ask } = yield* market.ticker("BTC/USDT")
      assert(ask !== undefined)
      const order = yield* trading.place({
        type: "limit",
        symbol: "BTC/USDT",
        side: "buy",
        amount: "0.01",
        price: BigDecimal.sum(ask, Decimal.make("10")),
        postOnly: true
      })
      assert.deepStrictEqual([order.status, text(order.filled), order.postOnly], ["canceled", "0", true])
      const resting = yield* trading.place({ ...yield* far("BTC/USDT", "0.01"), postOnly: true })
      assert.deepStrictEqual([resting.status, resting.postOnly], ["open", true])
    })))

  it.effect("cancels what an IOC or FOK order cannot fill immediately", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Okx.Trading
      const market = yield* Okx.MarketData
      const { asks: [best] } = yield* market.orderBook("XRP/USDT", { depth: 1 })
      assert(best !== undefined)
      const request = {
        type: "limit",
        symbol: "XRP/USDT",
        side: "buy",
        amount: BigDecimal.sum(best.amount, Decimal.make("5")),
        price: best.price
      } as const
      const all = yield* trading.place({ ...request, timeInForce: "FOK" })
      assert.deepStrictEqual([all.status, text(all.filled), all.timeInForce], ["canceled", "0", "FOK"])
      const part = yield* trading.place({ ...request, timeInForce: "IOC" })
      assert.strictEqual(part.status, "canceled")
      assert.deepStrictEqual(BigDecimal.normalize(part.filled), BigDecimal.normalize(best.amount))
      assert.strictEqual(part.timeInForce, "IOC")
    })))

  it.effect("leaves the rest of a partly filled order open, which fills later", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Okx.Trading
      const account = yield* Okx.Account
      const market = yield* Okx.MarketData
      const { asks: [best] } = yield* market.orderBook("XRP/USDT", { depth: 1 })
      assert(best !== undefined)
      const order = yield* trading.place({
        type: "limit",
        symbol: "XRP/USDT",
        side: "buy",
        amount: BigDecimal.sum(best.amount, Decimal.make("5")),
        price: best.price
      })
      assert.strictEqual(order.status, "open")
      assert.deepStrictEqual(BigDecimal.normalize(order.filled), BigDecimal.normalize(best.amount))
      yield* Effect.flatMap(simulator, ({ setPrice }) => setPrice("XRP-USDT", "0.5"))
      yield* Effect.sleep("1 second")
      const filled = yield* account.order({ symbol: "XRP/USDT", id: order.id })
      assert.strictEqual(filled.status, "filled")
      assert.isDefined(filled.averagePrice)
      const liquidity = (yield* account.fills("XRP/USDT")).map(({ liquidity }) => liquidity)
      assert.deepStrictEqual(new Set(liquidity), new Set(["taker", "maker"]))
      assert.strictEqual((yield* trading.cancel({ symbol: "XRP/USDT", id: order.id })).status, "filled")
    })))

  it.effect("fails with InsufficientFunds, DuplicateOrder or InvalidRequest", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Okx.Trading
      const poor = yield* Effect.flip(
        trading.place({ type: "market", symbol: "BTC/USDT", side: "buy", amount: "100" })
      )
      assert.deepStrictEqual([poor._tag, poor.code], ["InsufficientFunds", "51008"])
      const price = yield* bid("BTC/USDT")
      const unpaid = yield* Effect.flip(
        trading.place({ type: "limit", symbol: "BTC/USDT", side: "buy", amount: "1000", price })
      )
      assert.deepStrictEqual([unpaid._tag, unpaid.code], ["InsufficientFunds", "51008"])
      const request = { ...yield* far("BTC/USDT", "0.01"), clientOrderId: "Mine1" }
      yield* trading.place(request)
      const duplicate = yield* Effect.flip(trading.place(request))
      assert.deepStrictEqual([duplicate._tag, duplicate.code], ["DuplicateOrder", "51016"])
      const dashed = yield* Effect.flip(trading.place({ ...request, clientOrderId: "not-mine" }))
      assert.strictEqual(dashed._tag, "InvalidRequest")
    })))
})

describe("cancelAll", () => {
  it.effect("cancels the orders of one market only, over several pages and batches", () =>
    simulated(
      Effect.gen(function*() {
        const trading = yield* Okx.Trading
        const account = yield* Okx.Account
        assert.deepStrictEqual(yield* trading.cancelAll("BTC/USDT"), [])
        const request = yield* far("BTC/USDT", "0.0001")
        const placed = yield* trading.placeBatch(Array.from({ length: 121 }, () => request))
        const ids = placed.map((each) => Either.getOrThrow(each).id)
        const other = yield* trading.place(yield* far("ETH/USDT", "0.01"))
        assert.strictEqual((yield* account.openOrders("BTC/USDT")).length, 121)
        assert.sameMembers([...yield* trading.cancelAll("BTC/USDT")], ids)
        assert.deepStrictEqual((yield* account.openOrders()).map(({ id }) => id), [other.id])
      })
    ))
})

describe("amend", () => {
  it.effect("changes price and amount of an open order, and is refused for one that has ended", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Okx.Trading
      for (
        const [symbol, amount, more] of [["BTC/USDT", "0.01", "0.02"], ["BTC/USDT:USDT", "0.01", "0.0201"]] as const
      ) {
        const order = yield* trading.place(yield* far(symbol, amount))
        const price = BigDecimal.subtract(yield* bid(symbol), Decimal.make("100"))
        const cheaper = yield* trading.amend({ symbol, id: order.id }, { price })
        assert.deepStrictEqual([text(cheaper.price), text(cheaper.amount)], [text(price), text(order.amount)])
        const larger = yield* trading.amend({ symbol, clientOrderId: order.clientOrderId ?? "" }, { amount: more })
        assert.deepStrictEqual([larger.id, text(larger.price), text(larger.amount)], [order.id, text(price), more])
        yield* trading.cancel({ symbol, id: order.id })
        const ended = yield* Effect.flip(trading.amend({ symbol, id: order.id }, { amount }))
        assert.strictEqual(ended._tag, "OrderRejected")
      }
    })))
})

describe("placeBatch", () => {
  it.effect("returns an outcome for each order", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Okx.Trading
      const account = yield* Okx.Account
      const request = yield* far("BTC/USDT", "0.01")
      const results = yield* trading.placeBatch([
        request,
        { ...request, amount: "1000" },
        { ...request, amount: "0.000000001" },
        { ...request, clientOrderId: "Second" }
      ])
      assert.deepStrictEqual(
        results.map(Either.match({
          onLeft: ({ _tag, code }) => `${_tag} ${code ?? "-"}`,
          onRight: ({ status }) => status
        })),
        ["open", "InsufficientFunds 51008", "InvalidRequest -", "open"]
      )
      assert.strictEqual((yield* account.openOrders("BTC/USDT")).length, 2)
      // All are refused, each for its own reason, and then a single one.
      const refused = yield* trading.placeBatch([
        { ...request, amount: "1000" },
        { ...request, clientOrderId: "Second" }
      ])
      assert.deepStrictEqual(
        refused.map(Either.match({ onLeft: ({ _tag }) => _tag, onRight: ({ status }) => status })),
        ["InsufficientFunds", "DuplicateOrder"]
      )
      const [alone] = yield* trading.placeBatch([{ ...request, amount: "1000" }])
      assert.strictEqual(alone === undefined || Either.isRight(alone) ? "" : alone.left._tag, "InsufficientFunds")
    })))
})

describe("busy system (50013)", () => {
  it.effect("in response to an order is no rate limit: the order is looked up, and not sent again", () =>
    Effect.gen(function*() {
      const trading = yield* Okx.Trading
      const order = yield* trading.place({
        type: "limit",
        symbol: "BTC/USDT",
        side: "buy",
        amount: "0.01",
        price: "60000.5",
        clientOrderId: "0123456789abcdef0123456789abcdef"
      })
      assert.strictEqual(order.id, "2497956918703120384")
      const requests = yield* Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests)
      assert.deepStrictEqual(requests.map(({ method }) => method), ["POST", "GET"])
    }).pipe(
      Effect.provide(Layer.provideMerge(
        Layer.provide(
          Okx.layer({
            environment: { name: "scripted", baseUrl: "http://scripted.localhost" },
            credentials: Simulator.credentials("okx"),
            markets: [spot]
          }),
          OrderJournal.layerNone
        ),
        ScriptedHttp.layer([
          ScriptedHttp.json({ code: "50013", data: [], msg: "Systems are busy. Please try again later." }, {
            status: 429
          }),
          ScriptedHttp.json(envelope({ ...rows("orders_pending")[0], cTime: String(now), uTime: String(now) }))
        ])
      )),
      (self) => Effect.zipRight(TestClock.setTime(now), self)
    ))
})

describe("lost response", () => {
  const place = { path: "/api/v5/trade/order", method: "POST" }
  const routed = (faults: Faults.Options): Simulator.Options => ({
    faults: Faults.make({ routes: [{ ...place, faults: Faults.make(faults) }] })
  })
  const placed = Effect.map(
    requestLog,
    (requests) => requests.filter((each) => each.startsWith("POST /api/v5/trade/order"))
  )

  for (const kind of ["reset", "drop", "http500", "truncated"] as const) {
    it.effect(`(${kind}) to an order is resolved, and the order is sent once`, () =>
      simulated(
        Effect.gen(function*() {
          const trading = yield* Okx.Trading
          const account = yield* Okx.Account
          const order = yield* trading.place(yield* far("BTC/USDT", "0.01"))
          assert.strictEqual(order.status, "open")
          assert.deepStrictEqual(yield* account.openOrders(), [order])
          assert.strictEqual((yield* placed).length, 1)
          assert.deepStrictEqual(yield* Effect.flatMap(OrderJournal.OrderJournal, ({ open }) => open), [])
        }),
        {},
        routed({ [kind]: 1 })
      ))
  }

  it.effect("to an order that never arrived fails with NotPlaced after about ten seconds", () =>
    simulated(
      Effect.gen(function*() {
        const trading = yield* Okx.Trading
        const request = yield* far("BTC/USDT", "0.01")
        const { currentTimeMillis } = yield* Effect.clock
        const sentAt = yield* currentTimeMillis
        const fiber = yield* Effect.fork(Effect.flip(trading.place(request)))
        yield* Effect.sleep("9900 millis")
        assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
        const error = yield* Fiber.join(fiber)
        assert.strictEqual(error._tag, "NotPlaced")
        assert.isBelow((yield* currentTimeMillis) - sentAt, 15_000)
        assert.strictEqual((yield* placed).length, 1)
      }),
      {},
      routed({ http503: 1 })
    ))

  it.effect("to an order that never arrived fails with NotPlaced, although the local clock is three hours ahead", () => {
    const behind: Faults.Options = { clockSkew: { behind: "3 hours" } }
    return simulated(
      Effect.gen(function*() {
        const trading = yield* Okx.Trading
        const error = yield* Effect.flip(trading.place(yield* far("BTC/USDT", "0.01")))
        assert.strictEqual(error._tag, "NotPlaced")
      }),
      {},
      { faults: Faults.make({ ...behind, routes: [{ ...place, faults: Faults.make({ ...behind, http503: 1 }) }] }) }
    )
  })

  it.effect("fails with outcome NotSent for an order that was never sent, and leaves no open intent", () =>
    simulated(
      Effect.gen(function*() {
        const trading = yield* Okx.Trading
        const error = yield* Effect.flip(trading.place(yield* far("BTC/USDT", "0.01")))
        assert.deepStrictEqual(verdict(error), { tag: "TransportFailed", outcome: "NotSent", code: "ECONNREFUSED" })
        assert.deepStrictEqual(yield* Effect.flatMap(OrderJournal.OrderJournal, ({ open }) => open), [])
      }),
      {},
      routed({ refused: 1 })
    ))

  it.effect("is not assumed for a rate-limited order, which is sent again", () =>
    simulated(
      Effect.gen(function*() {
        const trading = yield* Okx.Trading
        const request = yield* far("BTC/USDT", "0.01")
        const fiber = yield* Effect.fork(trading.place(request))
        yield* Effect.sleep("500 millis")
        yield* Effect.flatMap(simulator, ({ setFaults }) => setFaults(Faults.none))
        assert.strictEqual((yield* Fiber.join(fiber)).status, "open")
        assert.strictEqual((yield* placed).length, 2)
      }),
      {},
      routed({ http429: 1 })
    ))

  it.effect("is not assumed for an order that is listed late", () =>
    simulated(
      Effect.gen(function*() {
        const trading = yield* Okx.Trading
        const order = yield* trading.place(yield* far("BTC/USDT", "0.01"))
        assert.strictEqual(order.status, "open")
      }),
      {},
      { faults: Faults.make({ orderLag: "1 second" }) }
    ))

  it.effect("of an order older than two hours is reconciled as Unknown, not NotPlaced", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Okx.Trading
      const journal = yield* OrderJournal.OrderJournal
      const intent = (clientOrderId: string, ago: number): OrderJournal.Intent => ({
        _tag: "Intent",
        exchange: "okx",
        environment: environment.name,
        account: Credentials.fingerprint(Simulator.credentials("okx")),
        clientOrderId,
        symbol: "BTC/USDT",
        side: "buy",
        type: "limit",
        amount: "0.01",
        price: "1000",
        timeInForce: "GTC",
        at: now - ago
      })
      yield* journal.append(intent("recent", 3_000_000))
      yield* journal.append(intent("old", 7_200_000))
      const found = yield* trading.reconcile
      assert.deepStrictEqual(found.map(({ _tag, intent }) => [intent.clientOrderId, _tag]).toSorted(), [
        ["old", "Unknown"],
        ["recent", "NotPlaced"]
      ])
    })))
})
