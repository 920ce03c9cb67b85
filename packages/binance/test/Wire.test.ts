import { Account, type Order, Trading } from "@effect-exchange/core"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Binance } from "../src/index.js"
import { scripted, sent } from "./support.js"
import { fixture, record } from "./utils.js"

const symbol = "BTC/USDT"
const bid: Order.LimitRequest = { type: "limit", symbol, side: "buy", amount: "0.01", price: "59000" }

/** The answer to an order that fills at once. */
const accepted = (asked: URLSearchParams): string =>
  JSON.stringify({
    ...record(fixture("order", "post")),
    clientOrderId: asked.get("newClientOrderId"),
    side: asked.get("side"),
    type: asked.get("type"),
    price: asked.get("price") ?? "0.00000000",
    origQty: asked.get("quantity"),
    executedQty: asked.get("quantity")
  })

describe("over the wire", () => {
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

  it.effect("a history is the latest, of which those since an instant are kept", () =>
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

  it.effect("open orders are of the markets they name, and one of no listed market hides in no list", () =>
    scripted(({ query }) =>
      ScriptedHttp.text(fixture("openOrders").replace("ETHUSDT", query.has("symbol") ? "ETHUSDT" : "NEWUSDT"))
    )(Effect.gen(function*() {
      const account = yield* Account.Account
      const orders = yield* account.openOrders(symbol)
      assert.strictEqual(orders.length, 3)
      const failed = yield* Effect.flip(account.openOrders())
      assert.strictEqual(failed._tag, "MalformedResponse")
      assert.deepStrictEqual(yield* sent, ["GET /api/v3/openOrders?symbol=BTCUSDT", "GET /api/v3/openOrders"])
    })))

  it.effect("an order word that is not known fails, as nothing may be guessed of an order", () =>
    scripted(() => ScriptedHttp.text(fixture("openOrders").replace("PARTIALLY_FILLED", "HALF_DONE")))(
      Effect.gen(function*() {
        const failed = yield* Effect.flip(Effect.flatMap(Binance.Account, (account) => account.openOrders(symbol)))
        assert.strictEqual(failed._tag, "MalformedResponse")
      })
    ))
})
