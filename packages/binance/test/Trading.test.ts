import { Account, Credentials, Decimal, type Order, OrderJournal, Trading } from "@effect-exchange/core"
import { type Account as SimulatedAccount, Faults, Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, Fiber, Layer, Redacted, TestClock } from "effect"
import { generateKeyPairSync } from "node:crypto"
import { Binance, BinanceEndpoints } from "../src/index.js"
import { elapsing, faulty, openIntents, scripted, sent, setPrice, simulated, simulator, writes } from "./support.js"
import { documented, error, fixture, now, requestLog } from "./utils.js"

const symbol = "BTC/USDT"
const bid: Order.LimitRequest = { type: "limit", symbol, side: "buy", amount: "0.01", price: "59000" }

const text = (decimal: BigDecimal.BigDecimal | undefined) =>
  decimal === undefined ? undefined : Decimal.format(BigDecimal.normalize(decimal))

const shown = ({ amount, averagePrice, filled, price, ...order }: Order.Order) => ({
  ...order,
  amount: text(amount),
  averagePrice: text(averagePrice),
  filled: text(filled),
  price: text(price)
})

const services = Effect.all({ account: Binance.Account, trading: Binance.Trading })

describe("place", () => {
  it.effect("leaves a limit order open, which is found by both of its ids", () =>
    simulated(Effect.gen(function*() {
      const { account, trading } = yield* services
      const order = yield* trading.place(bid)
      assert.match(order.clientOrderId ?? "", /^[0-9a-f]{32}$/)
      assert.deepInclude(shown(order), {
        exchange: "binance",
        symbol: order.symbol,
        side: "buy",
        type: "limit",
        status: "open",
        price: "59000",
        amount: "0.01",
        filled: "0",
        averagePrice: undefined,
        timeInForce: "GTC",
        postOnly: false
      })
      assert.strictEqual<string>(order.symbol, symbol)
      assert.isDefined(order.createdAt)
      assert.deepStrictEqual(shown(yield* account.order({ symbol, id: order.id })), shown(order))
      const clientOrderId = order.clientOrderId ?? ""
      assert.deepStrictEqual(shown(yield* account.order({ symbol, clientOrderId })), shown(order))
      assert.deepStrictEqual((yield* account.openOrders(symbol)).map(shown), [shown(order)])
      assert.deepStrictEqual((yield* account.openOrders()).map(shown), [shown(order)])
      assert.deepStrictEqual(yield* account.openOrders("ETH/USDT"), [])
      assert.deepStrictEqual(yield* openIntents, [])
    })))

  it.effect("a limit order fills as maker when the price reaches it", () =>
    simulated(Effect.gen(function*() {
      const { account, trading } = yield* services
      const order = yield* trading.place(bid)
      yield* TestClock.adjust("1 second")
      yield* setPrice("58000")
      const filled = yield* account.order({ symbol, id: order.id })
      assert.deepInclude(shown(filled), { status: "filled", filled: "0.01", averagePrice: "59000" })
      const fills = yield* account.fills(symbol)
      assert.deepStrictEqual(
        fills.map(({ amount, fee, price, ...fill }) => ({
          ...fill,
          price: text(price),
          amount: text(amount),
          fee: text(fee)
        })),
        [{
          exchange: "binance",
          symbol: order.symbol,
          id: fills[0]?.id ?? "",
          orderId: order.id,
          side: "buy",
          price: "59000",
          amount: "0.01",
          fee: "0.00001",
          feeAsset: "BTC",
          liquidity: "maker",
          clientOrderId: undefined,
          at: fills[0]?.at ?? 0
        }]
      )
      assert.deepStrictEqual((yield* account.orderHistory(symbol)).map(shown), [shown(filled)])
    })))

  it.effect("a market order fills, with its amount in the base currency", () =>
    simulated(Effect.gen(function*() {
      const { account, trading } = yield* services
      for (const side of ["buy", "sell"] as const) {
        const order = yield* trading.place({ type: "market", symbol, side, amount: "0.01" })
        assert.deepInclude(shown(order), {
          side,
          type: "market",
          status: "filled",
          price: undefined,
          amount: "0.01",
          filled: "0.01",
          timeInForce: undefined,
          postOnly: false
        })
        assert.isDefined(order.averagePrice)
      }
      assert.deepStrictEqual(
        (yield* account.fills(symbol)).map(({ feeAsset, liquidity, side }) => [side, feeAsset, liquidity]),
        [["buy", "BTC", "taker"], ["sell", "USDT", "taker"]]
      )
    })))

  it.effect("expires what an IOC or FOK order cannot fill immediately", () =>
    simulated(Effect.gen(function*() {
      const { account, trading } = yield* services
      const market = yield* Binance.MarketData
      const { asks } = yield* market.orderBook(symbol, { depth: 1 })
      const [best] = asks
      assert(best !== undefined)
      const amount = BigDecimal.sum(best.amount, Decimal.make("0.1"))
      const part = yield* trading.place({ ...bid, price: best.price, amount, timeInForce: "IOC" })
      assert.deepInclude(shown(part), { status: "expired", filled: text(best.amount), timeInForce: "IOC" })
      const none = yield* trading.place({ ...bid, price: best.price, amount, timeInForce: "FOK" })
      assert.deepInclude(shown(none), { status: "expired", filled: "0", timeInForce: "FOK" })
      assert.deepStrictEqual(yield* account.openOrders(symbol), [])
    })))

  it.effect("leaves a post-only order open, and is refused if the order would take liquidity", () =>
    simulated(Effect.gen(function*() {
      const { account, trading } = yield* services
      const order = yield* trading.place({ ...bid, postOnly: true })
      assert.deepInclude(shown(order), { status: "open", type: "limit", postOnly: true, price: "59000" })
      const refused = yield* Effect.flip(trading.place({ ...bid, price: "70000", postOnly: true }))
      assert.strictEqual(refused._tag, "OrderRejected")
      assert.strictEqual(refused.code, "-2010")
      assert.deepStrictEqual((yield* account.openOrders(symbol)).map(shown), [shown(order)])
      assert.deepStrictEqual(yield* openIntents, [])
    })))

  it.effect("fails with InvalidRequest before sending an order the market's rules forbid", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Binance.Trading
      const wrong = [
        { ...bid, price: "59000.001" },
        { ...bid, amount: "0.000001" },
        { ...bid, amount: "9001" },
        { ...bid, price: "1000001" },
        { ...bid, amount: "0.00001" },
        { ...bid, clientOrderId: "a:b" },
        { ...bid, clientOrderId: "x".repeat(37) }
      ]
      for (const request of wrong) {
        assert.strictEqual((yield* Effect.flip(trading.place(request)))._tag, "InvalidRequest", JSON.stringify(request))
      }
      assert.strictEqual((yield* Effect.flip(trading.place({ ...bid, reduceOnly: true })))._tag, "Unsupported")
      assert.deepStrictEqual(yield* writes, [])
    })))

  it.effect("fails with InsufficientFunds if the account cannot pay for the order", () =>
    simulated(Effect.gen(function*() {
      const refused = yield* Effect.flip(
        Effect.flatMap(Binance.Trading, (trading) => trading.place({ ...bid, amount: "1" }))
      )
      assert.strictEqual(refused._tag, "InsufficientFunds")
      assert.deepStrictEqual(yield* writes, ["POST /api/v3/order 400"])
    })))

  it.effect("fails with DuplicateOrder while an order with the same client order id is open", () =>
    simulated(Effect.gen(function*() {
      const { trading } = yield* services
      const named = { ...bid, clientOrderId: "mine-1" }
      const first = yield* trading.place(named)
      assert.strictEqual((yield* Effect.flip(trading.place(named)))._tag, "DuplicateOrder")
      yield* trading.cancel({ symbol, id: first.id })
      assert.notStrictEqual((yield* trading.place(named)).id, first.id)
    })))

  it.effect("fails with PermissionDenied for a read-only key", () =>
    simulated(
      Effect.gen(function*() {
        const refused = yield* Effect.flip(Effect.flatMap(Binance.Trading, (trading) => trading.place(bid)))
        assert.strictEqual(refused._tag, "PermissionDenied")
        assert.strictEqual(refused.code, "-2015")
      }),
      { credentials: Simulator.credentials("binance", "read") }
    ))

  it.effect("waits when the exchange has counted too many unfilled orders in ten seconds", () =>
    simulated(Effect.gen(function*() {
      const { trading } = yield* services
      const small = { ...bid, amount: "0.001" }
      yield* Effect.replicateEffect(trading.place(small), 100, { discard: true })
      const fiber = yield* Effect.fork(trading.place(small))
      yield* TestClock.adjust("9999 millis")
      assert.strictEqual((yield* writes).length, 100)
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(fiber)
      assert.strictEqual((yield* writes).filter((request) => request.endsWith("200")).length, 101)
    })))
})

describe("Ed25519 key", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  const id = Redacted.make("E".repeat(64))
  const key: SimulatedAccount.ApiKey = {
    id,
    verifier: {
      _tag: "PublicKey",
      publicKey: publicKey.export({ format: "der", type: "spki" }).toString("base64")
    },
    permissions: ["read", "trade"]
  }
  const secret = Redacted.make(privateKey.export({ format: "pem", type: "pkcs8" }).toString())

  it.effect("signs reads and writes", () =>
    simulated(
      Effect.gen(function*() {
        const { account, trading } = yield* services
        // Each signature has different characters to encode.
        for (let count = 0; count < 20; count++) yield* trading.place({ ...bid, amount: "0.001" })
        assert.strictEqual((yield* account.openOrders(symbol)).length, 20)
      }),
      { credentials: { key: id, secret } },
      { keys: [key] }
    ))

  it.effect("that is malformed fails with AuthenticationFailed, and nothing is sent", () =>
    simulated(
      Effect.gen(function*() {
        const refused = yield* Effect.flip(Effect.flatMap(Binance.Account, (account) => account.balances))
        assert.strictEqual(refused._tag, "AuthenticationFailed")
        assert.deepStrictEqual(yield* requestLog, [])
      }),
      {
        credentials: { key: id, secret: Redacted.make("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----") }
      }
    ))
})

describe("cancel", () => {
  for (const by of ["id", "clientOrderId"] as const) {
    it.effect(`by ${by} returns the canceled order under its client order id, also when repeated`, () =>
      simulated(Effect.gen(function*() {
        const { account, trading } = yield* services
        const order = yield* trading.place({ ...bid, clientOrderId: "mine-1" })
        const reference: Order.Reference = by === "id" ? { symbol, id: order.id } : { symbol, clientOrderId: "mine-1" }
        const canceled = yield* trading.cancel(reference)
        assert.deepInclude(shown(canceled), { id: order.id, clientOrderId: "mine-1", status: "canceled", filled: "0" })
        assert.deepStrictEqual(yield* account.openOrders(symbol), [])
        assert.strictEqual((yield* trading.cancel(reference)).status, "canceled")
      })))
  }

  it.effect("returns a filled order as filled", () =>
    simulated(Effect.gen(function*() {
      const { trading } = yield* services
      const order = yield* trading.place({ type: "market", symbol, side: "buy", amount: "0.01" })
      assert.strictEqual((yield* trading.cancel({ symbol, id: order.id })).status, "filled")
    })))

  it.effect("fails with OrderNotFound for an order that was never placed", () =>
    simulated(Effect.gen(function*() {
      const { account, trading } = yield* services
      assert.strictEqual((yield* Effect.flip(trading.cancel({ symbol, id: "987654321" })))._tag, "OrderNotFound")
      assert.strictEqual((yield* Effect.flip(account.order({ symbol, clientOrderId: "none" })))._tag, "OrderNotFound")
    })))

  it.effect("cancelAll cancels the orders of one market only, and returns none the second time", () =>
    simulated(Effect.gen(function*() {
      const { account, trading } = yield* services
      const orders = [yield* trading.place(bid), yield* trading.place({ ...bid, price: "58000" })]
      const other = yield* trading.place({ ...bid, symbol: "ETH/USDT", price: "1000", amount: "0.1" })
      assert.sameMembers([...yield* trading.cancelAll(symbol)], orders.map(({ id }) => id))
      assert.deepStrictEqual((yield* account.openOrders()).map(({ id }) => id), [other.id])
      assert.deepStrictEqual(yield* trading.cancelAll(symbol), [])
    })))
})

describe("lost response", () => {
  for (const kind of ["reset", "drop", "http500", "malformed", "truncated", "redirect"] as const) {
    it.effect(`(${kind}) neither loses the order nor places it twice`, () =>
      simulated(
        Effect.gen(function*() {
          const { account, trading } = yield* services
          const order = yield* elapsing(trading.place({ type: "market", symbol, side: "buy", amount: "0.01" }))
          assert.deepInclude(shown(order), { status: "filled", filled: "0.01" })
          assert.strictEqual((yield* account.fills(symbol)).length, 1)
          assert.strictEqual((yield* writes).length, 1)
          assert.deepStrictEqual(yield* openIntents, [])
        }),
        {},
        { faults: faulty("POST", { [kind]: 1 }) }
      ))
  }

  it.effect("is resolved although the exchange's database lags behind", () =>
    simulated(
      Effect.gen(function*() {
        const { trading } = yield* services
        const order = yield* elapsing(trading.place(bid))
        assert.strictEqual(order.status, "open")
        assert.strictEqual((yield* writes).length, 1)
      }),
      {},
      { faults: Faults.make({ orderLag: "15 seconds", routes: [...faulty("POST", { reset: 1 }).routes] }) }
    ))

  it.effect("to a cancellation is resolved by looking the order up", () =>
    simulated(Effect.gen(function*() {
      const { trading } = yield* services
      const order = yield* trading.place(bid)
      yield* Effect.flatMap(simulator, ({ setFaults }) => setFaults(faulty("DELETE", { reset: 1 })))
      assert.strictEqual((yield* elapsing(trading.cancel({ symbol, id: order.id }))).status, "canceled")
    })))

  it.effect("to an order that never arrived fails with NotPlaced after more than twenty seconds", () =>
    scripted(({ method, path }) =>
      method === "POST"
        ? ScriptedHttp.failure("ECONNRESET")
        : /\/(?:openOrders|allOrders)$/.test(path)
        ? ScriptedHttp.json([])
        : ScriptedHttp.text(error(-2013, "Order does not exist."), { status: 400 })
    )(Effect.gen(function*() {
      const fiber = yield* Effect.fork(
        Effect.flip(Effect.flatMap(Binance.Trading, (trading) => trading.place({ ...bid, clientOrderId: "mine-1" })))
      )
      for (let second = 0; second < 20; second++) yield* TestClock.adjust("1 second")
      assert.isNull(fiber.unsafePoll())
      const lookup = "GET /api/v3/order?symbol=BTCUSDT&origClientOrderId=mine-1"
      assert.deepStrictEqual(new Set((yield* sent).slice(1)), new Set([lookup]))
      for (let second = 0; second < 5; second++) yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "NotPlaced")
    })))

  it.effect("of an order old enough to be archived is reconciled as Unknown, not NotPlaced", () => {
    const intent = (clientOrderId: string, days: number): OrderJournal.Intent => ({
      _tag: "Intent",
      exchange: "binance",
      environment: "scripted",
      account: Credentials.fingerprint(documented),
      clientOrderId,
      symbol,
      side: "buy",
      type: "limit",
      amount: "0.01",
      price: "59000",
      timeInForce: "GTC",
      at: now - days * 86_400_000
    })
    const journal = Layer.effect(
      OrderJournal.OrderJournal,
      Effect.tap(
        OrderJournal.OrderJournal,
        ({ append }) => Effect.orDie(Effect.forEach([intent("old", 91), intent("new", 89)], append))
      )
    ).pipe(Layer.provide(OrderJournal.layerMemory))
    return scripted(({ path }) =>
      path === "/api/v3/order"
        ? ScriptedHttp.text(error(-2013, "Order does not exist."), { status: 400 })
        : ScriptedHttp.json([]), { journal })(Effect.gen(function*() {
          const found = yield* elapsing(Effect.flatMap(Binance.Trading, ({ reconcile }) => reconcile))
          assert.deepStrictEqual(found.map(({ _tag, intent }) => [intent.clientOrderId, _tag]), [
            ["old", "Unknown"],
            ["new", "NotPlaced"]
          ])
        }))
  })
})

describe("reads that use up the weight of the minute", () => {
  it.effect("leave weight for cancel and cancelAll, which are sent immediately", () =>
    scripted(({ method, path }) =>
      path === "/api/v3/depth"
        ? ScriptedHttp.text(fixture("depth"))
        : ScriptedHttp.text(fixture(method === "DELETE" && path === "/api/v3/order" ? "order" : "openOrders", "delete"))
    )(Effect.gen(function*() {
      const { orderBook } = yield* Binance.MarketData
      const { openOrders } = yield* Binance.Account
      const { cancel, cancelAll } = yield* Binance.Trading
      // 20 for the listing, 22 times 250, 3 times 50 and 5 times 5: 5 are left of the 5700 that reads may use.
      const depths = [...Array.from({ length: 22 }, () => 5000), 1000, 1000, 1000, 20, 20, 20, 20, 20]
      yield* Effect.forEach(depths, (depth) => orderBook(symbol, { depth }))
      assert.strictEqual((yield* Effect.flip(orderBook(symbol, { depth: 101 })))._tag, "DeadlineExceeded")
      assert.strictEqual((yield* Effect.flip(openOrders(symbol)))._tag, "DeadlineExceeded")
      const before = (yield* sent).length
      const changes = yield* Effect.fork(Effect.all([cancel({ symbol, id: "4293153" }), cancelAll(symbol)]))
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual((yield* sent).slice(before), [
        "DELETE /api/v3/order?symbol=BTCUSDT&orderId=4293153",
        "DELETE /api/v3/openOrders?symbol=BTCUSDT"
      ])
      const [canceled, all] = yield* Fiber.join(changes)
      assert.strictEqual(canceled.status, "canceled")
      assert.deepStrictEqual(all, ["4293153", "20", "21"])
    })))
})

describe("layers", () => {
  it.effect("provide the same service under both tags, without the operations Binance does not have", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Binance.Trading
      const account = yield* Binance.Account
      assert.strictEqual<unknown>(trading, yield* Trading.Trading)
      assert.strictEqual<unknown>(account, yield* Account.Account)
      // @ts-expect-error an order cannot be amended
      assert.isDefined(trading.amend)
      // @ts-expect-error nor several be placed at once
      assert.isDefined(trading.placeBatch)
      // @ts-expect-error and spot has no positions
      assert.isDefined(account.positions)
      const shared = yield* Trading.Trading
      const order = yield* trading.place(bid)
      const change = shared.amend({ symbol, id: order.id }, { price: "58000" })
      assert.strictEqual((yield* Effect.flip(change))._tag, "Unsupported")
      assert.strictEqual((yield* Effect.flip(shared.placeBatch([bid])))._tag, "Unsupported")
      assert.strictEqual((yield* Effect.flip((yield* Account.Account).positions))._tag, "Unsupported")
      const { rows } = yield* trading.request(BinanceEndpoints.openOrders, { symbol: "BTCUSDT" })
      assert.deepStrictEqual(rows.map(({ id }) => id), [order.id])
    })))
})
