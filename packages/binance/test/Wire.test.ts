import { Account, type Order, Telemetry, Trading } from "@effect-exchange/core"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Metric, Redacted } from "effect"
import { createHmac } from "node:crypto"
import { Binance } from "../src/index.js"
import { scripted, sent } from "./support.js"
import { documented, fixture, now, record } from "./utils.js"

const symbol = "BTC/USDT"

/** The number of rows that were counted as unknown. */
const unknownRowCount = Effect.map(
  Metric.value(
    Telemetry.unknownRows.pipe(Metric.tagged("exchange", "binance"), Metric.tagged("operation", "openOrders"))
  ),
  ({ count }) => count
)
const bid: Order.LimitRequest = { type: "limit", symbol, side: "buy", amount: "0.01", price: "59000" }

/** The response to an order that fills immediately. */
const accepted = (query: URLSearchParams): string =>
  JSON.stringify({
    ...record(fixture("order", "post")),
    clientOrderId: query.get("newClientOrderId"),
    side: query.get("side"),
    type: query.get("type"),
    price: query.get("price") ?? "0.00000000",
    origQty: query.get("quantity"),
    executedQty: query.get("quantity")
  })

describe("requests", () => {
  const requests = [
    [
      "a limit order",
      bid,
      "side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=59000&newClientOrderId=mine-1&newOrderRespType=RESULT"
    ],
    [
      "a post-only order",
      { ...bid, postOnly: true },
      "side=BUY&type=LIMIT_MAKER&quantity=0.01&price=59000&newClientOrderId=mine-1&newOrderRespType=RESULT"
    ],
    [
      "a market order",
      { type: "market", symbol, side: "sell", amount: "0.00300" },
      "side=SELL&type=MARKET&quantity=0.00300&newClientOrderId=mine-1&newOrderRespType=RESULT"
    ]
  ] as const

  for (const [title, request, parameters] of requests) {
    it.effect(`${title} has the parameters of its type and no others`, () =>
      scripted(({ query }) => ScriptedHttp.text(accepted(query)))(Effect.gen(function*() {
        yield* Effect.flatMap(Trading.Trading, (trading) => trading.place({ ...request, clientOrderId: "mine-1" }))
        assert.deepStrictEqual(yield* sent, [`POST /api/v3/order?symbol=BTCUSDT&${parameters}`])
      })))
  }

  it.effect("a history requests the latest rows and keeps those since an instant", () =>
    scripted(({ path }) => ScriptedHttp.text(fixture(path === "/api/v3/myTrades" ? "myTrades" : "allOrders")))(
      Effect.gen(function*() {
        const account = yield* Account.Account
        const orders = yield* account.orderHistory(symbol, { since: 1_763_942_300_000 })
        assert.deepStrictEqual(orders.map(({ id }) => id), ["18", "19"])
        const fills = yield* account.fills(symbol, { since: 1_763_942_350_124, limit: 1000 })
        assert.deepStrictEqual(fills.map(({ id }) => id), ["28460"])
        assert.deepStrictEqual(yield* sent, [
          "GET /api/v3/allOrders?symbol=BTCUSDT&limit=100",
          "GET /api/v3/myTrades?symbol=BTCUSDT&limit=1000"
        ])
        const tooMany = { limit: 1001 }
        assert.strictEqual((yield* Effect.flip(account.orderHistory(symbol, tooMany)))._tag, "Unsupported")
        assert.strictEqual((yield* Effect.flip(account.fills(symbol, tooMany)))._tag, "Unsupported")
        assert.strictEqual((yield* sent).length, 2)
      })
    ))

  it.effect("a history of more than a page is read forward page by page and day by day", () => {
    const hour = 3_600_000
    const fill = (id: number, time: number) => ({
      symbol: "BTCUSDT",
      id,
      orderId: 1,
      price: "60000.00000000",
      qty: "0.01000000",
      commission: "0.00000000",
      commissionAsset: "BTC",
      time,
      isBuyer: true,
      isMaker: true
    })
    const since = now - 30 * hour
    // Enough to fill a page, and one after the first day.
    const all = [
      ...Array.from({ length: 1200 }, (_, index) => fill(index, since + index)),
      fill(1200, now - hour)
    ]
    return scripted(({ query }) => {
      const [from, to] = [Number(query.get("startTime")), Number(query.get("endTime"))]
      return ScriptedHttp.json(all.filter(({ time }) => from <= time && time <= to).slice(0, 1000))
    })(Effect.gen(function*() {
      const account = yield* Account.Account
      const fills = yield* account.fills(symbol, { since, limit: 5000 })
      assert.deepStrictEqual(fills.map(({ id }) => Number(id)), Array.from({ length: 1201 }, (_, index) => index))
      assert.strictEqual((yield* sent).length, 3)
    }))
  })

  it.effect("a history of more than a page has both fills of a trade with oneself", () => {
    const fill = (orderId: number, isBuyer: boolean) => ({
      symbol: "BTCUSDT",
      id: 5,
      orderId,
      price: "60000.00000000",
      qty: "0.01000000",
      commission: "0.00000000",
      commissionAsset: "BTC",
      time: now - 1000,
      isBuyer,
      isMaker: isBuyer
    })
    return scripted(() => ScriptedHttp.json([fill(1, true), fill(2, false)]))(Effect.gen(function*() {
      const account = yield* Account.Account
      const fills = yield* account.fills(symbol, { since: now - 2000, limit: 5000 })
      assert.deepStrictEqual(fills.map(({ id, orderId, side }) => `${id} of ${orderId}: ${side}`), [
        "5 of 1: buy",
        "5 of 2: sell"
      ])
    }))
  })

  it.effect("open orders of all markets have their symbols; one of an unlisted market is counted and hides no other", () =>
    scripted(() => ScriptedHttp.text(fixture("openOrders").replace("ETHUSDT", "币安人生XUSDT")))(
      Effect.gen(function*() {
        const account = yield* Account.Account
        const before = yield* unknownRowCount
        assert.deepStrictEqual((yield* account.openOrders()).map(({ id }) => id), ["4293153", "4293154"])
        assert.strictEqual((yield* unknownRowCount) - before, 1)
        assert.include(yield* sent, "GET /api/v3/openOrders")
      })
    ))

  it.effect("an order with an unknown status is left out and counted", () =>
    scripted(({ path }) =>
      ScriptedHttp.text(
        path === "/api/v3/order"
          ? JSON.stringify({ ...record(fixture("order", "post")), time: 1, updateTime: 2, status: "HALF_DONE" })
          : fixture("openOrders").replace("PARTIALLY_FILLED", "HALF_DONE").replace("ETHUSDT", "BTCUSDT")
      )
    )(Effect.gen(function*() {
      const account = yield* Binance.Account
      const before = yield* unknownRowCount
      assert.deepStrictEqual((yield* account.openOrders(symbol)).map(({ id }) => id), ["881", "4293154"])
      assert.strictEqual((yield* unknownRowCount) - before, 1)
      // Requested by itself, it is not reported as absent.
      const failed = yield* Effect.flip(account.order({ symbol, id: "4293200" }))
      assert.strictEqual(failed._tag, "MalformedResponse")
    })))

  it.effect("an order lookup fails if the response is about another order", () =>
    scripted(() => ScriptedHttp.json({ ...record(fixture("order", "post")), time: 1, updateTime: 2 }))(
      Effect.gen(function*() {
        const { order } = yield* Binance.Account
        assert.strictEqual((yield* order({ symbol, id: "4293200" })).status, "filled")
        assert.isTrue(Either.isLeft(yield* Effect.either(order({ symbol, id: "4293201" }))))
        assert.isTrue(Either.isLeft(yield* Effect.either(order({ symbol, clientOrderId: "mine" }))))
        assert.deepStrictEqual(yield* sent, [
          "GET /api/v3/order?symbol=BTCUSDT&orderId=4293200",
          "GET /api/v3/order?symbol=BTCUSDT&orderId=4293201",
          "GET /api/v3/order?symbol=BTCUSDT&origClientOrderId=mine"
        ])
      })
    ))

  const chinese = fixture("exchangeInfo")
    .replaceAll("\"symbol\": \"SOLUSDT\"", "\"symbol\": \"币安solUSDT\"")

  it.effect("symbols beyond ASCII and in mixed case are percent-encoded as they are signed", () =>
    scripted(
      ({ query }) => ScriptedHttp.json({ ...record(accepted(query)), symbol: "币安solUSDT" }),
      { listing: chinese }
    )(
      Effect.gen(function*() {
        const { place } = yield* Trading.Trading
        yield* place({ ...bid, symbol: "SOL/USDT", amount: "1", price: "100", clientOrderId: "mine-1" })
        const requests = yield* Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests)
        const url = requests.at(-1)?.url ?? ""
        const [payload = "", signature = ""] = url.slice(url.indexOf("?") + 1).split("&signature=")
        assert.isTrue(payload.startsWith("symbol=%E5%B8%81%E5%AE%89solUSDT&side=BUY"), payload)
        assert.strictEqual(
          signature,
          createHmac("sha256", Redacted.value(documented.secret)).update(payload).digest("hex")
        )
      })
    ))
})
