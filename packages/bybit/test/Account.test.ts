import type { ExchangeError, Order } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, TestClock } from "effect"
import { Bybit } from "../src/index.js"
import { page, parsed, type Request, scripted as layer } from "./support.js"
import { documented, fixture, json, now } from "./utils.js"

/** Runs a program with an account over scripted responses, and with the requests that were sent. */
const scripted = <A, E>(
  answers: (request: Request) => unknown,
  effect: (account: Exchange.AccountService, requests: Effect.Effect<ReadonlyArray<Request>>) => Effect.Effect<A, E>
) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(now)
    const { requests } = yield* ScriptedHttp.ScriptedHttp
    const sent = Effect.map(requests, (requests) => requests.map(({ url }) => parsed(url)))
    return yield* effect(yield* Bybit.Account, sent)
  }).pipe(Effect.provide(layer(answers)))

const order = (id: string, change: { readonly [name: string]: unknown } = {}) => ({
  orderId: id,
  orderLinkId: `link-${id}`,
  symbol: "BTCUSDT",
  side: "Buy",
  orderType: "Limit",
  orderStatus: "Filled",
  price: "60000",
  qty: "1",
  cumExecQty: "1",
  createdTime: String(now - 1000),
  ...change
})

const execution = (id: string, at: number, execType = "Trade") => ({
  execId: id,
  orderId: `order-${id}`,
  symbol: "BTCUSDT",
  side: "Buy",
  execType,
  execPrice: "60000",
  execQty: "1",
  execFee: "0.1",
  isMaker: false,
  execTime: String(at)
})

const ids = (orders: ReadonlyArray<Order.Order>) => orders.map(({ id, symbol }) => `${symbol} ${id}`)

const day = 86_400_000

describe("account", () => {
  it.effect("reads the open orders of all categories, and linear ones for each settlement coin", () =>
    scripted(
      ({ path, query }) => {
        assert.strictEqual(path, "/v5/order/realtime")
        const scope = `${query.get("category")} ${query.get("settleCoin") ?? ""}`
        return page(
          scope === "spot "
            ? [order("s1", { orderStatus: "New" })]
            : scope === "linear USDT"
            ? [order("l1", { orderStatus: "New" })]
            : scope === "linear USDC"
            ? [order("u1", { symbol: "BTCPERP", orderStatus: "New" })]
            : scope === "inverse "
            ? [order("i1", { symbol: "BTCUSD", orderStatus: "New" })]
            : []
        )
      },
      (account) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(ids(yield* account.openOrders()).toSorted(), [
            "BTC/USD:BTC i1",
            "BTC/USDC:USDC u1",
            "BTC/USDT s1",
            "BTC/USDT:USDT l1"
          ])
        })
    ))

  it.effect("returns the other open orders when one is of an unlisted market", () =>
    scripted(
      ({ query }) =>
        page(
          query.get("category") === "spot"
            ? [order("s1", { symbol: "FRESHUSDT", orderStatus: "New" }), order("s2", { orderStatus: "New" })]
            : []
        ),
      (account) => Effect.map(account.openOrders(), (orders) => assert.deepStrictEqual(ids(orders), ["BTC/USDT s2"]))
    ))

  it.effect("requests orders and positions for every settlement coin, also if no linear contract is listed", () =>
    Effect.gen(function*() {
      const account = yield* Bybit.Account
      yield* account.openOrders()
      yield* account.positions
      const { requests } = yield* ScriptedHttp.ScriptedHttp
      const scopes = (path: string) =>
        Effect.map(
          requests,
          (all) =>
            all.map(({ url }) => parsed(url)).filter((request) => request.path === path).map(({ query }) =>
              `${query.get("category")} ${query.get("settleCoin") ?? ""}`.trim()
            ).toSorted()
        )
      const linear = ["inverse", "linear USDC", "linear USDT"]
      assert.deepStrictEqual(yield* scopes("/v5/position/list"), linear)
      assert.deepStrictEqual(yield* scopes("/v5/order/realtime"), [...linear, "spot"])
    }).pipe(Effect.provide(Layer.provideMerge(
      Bybit.layerAccount({
        environment: { name: "scripted", baseUrl: "http://scripted.localhost" },
        credentials: documented,
        markets: []
      }),
      ScriptedHttp.layer(() => ScriptedHttp.json(page([])))
    ))))

  it.effect("reads page by page", () =>
    scripted(
      ({ query }) => {
        const cursor = query.get("cursor")
        return cursor === null
          ? page([order("1", { orderStatus: "New" })], "page_token%3D1%26")
          : cursor === "page_token=1&"
          ? page([order("2", { orderStatus: "New" })], "page_token%3D2%26")
          // The last page is empty and has no cursor.
          : page([], null)
      },
      (account, requests) =>
        Effect.gen(function*() {
          assert.strictEqual((yield* account.openOrders("BTC/USDT")).length, 2)
          const orderRequests = (yield* requests).filter(({ path }) => path === "/v5/order/realtime")
          assert.strictEqual(orderRequests.length, 3)
        })
    ))

  it.effect("looks an order up among the recent ones, then in the history", () =>
    scripted(
      ({ path, query }) => page(path === "/v5/order/history" && query.get("orderId") === "old" ? [order("old")] : []),
      (account, requests) =>
        Effect.gen(function*() {
          assert.strictEqual((yield* account.order({ symbol: "BTC/USDT", id: "old" })).status, "filled")
          const orderRequests = (yield* requests).filter(({ path }) => path.startsWith("/v5/order"))
          assert.deepStrictEqual(orderRequests.map(({ path, query }) => `${path}?${query}`), [
            "/v5/order/realtime?category=spot&symbol=BTCUSDT&orderId=old",
            "/v5/order/history?category=spot&symbol=BTCUSDT&orderId=old"
          ])
          const missing = yield* Effect.flip(account.order({ symbol: "BTC/USDT", clientOrderId: "none" }))
          assert.strictEqual(missing._tag, "OrderNotFound")
        })
    ))

  it.effect("does not return an order of another market or with another id", () =>
    scripted(
      ({ query }) =>
        page(
          query.get("orderId") === null
            ? [order("other", { orderLinkId: "theirs" })]
            : [order("mine", { symbol: "ETHBTC" })]
        ),
      (account) =>
        Effect.gen(function*() {
          const byId = yield* Effect.flip(account.order({ symbol: "BTC/USDT", id: "mine" }))
          assert.strictEqual(byId._tag, "OrderNotFound")
          // Orders with other client order ids prove nothing about the requested one.
          const byName = yield* Effect.flip(account.order({ symbol: "BTC/USDT", clientOrderId: "mine" }))
          assert.strictEqual(byName._tag, "MalformedResponse")
        })
    ))

  it.effect("reads a history week by week, back to `since` or until it has enough rows", () =>
    scripted(
      ({ path, query }) => {
        if (path === "/v5/order/realtime") return page([order("open", { orderStatus: "New" })])
        const start = Number(query.get("startTime"))
        const end = Number(query.get("endTime"))
        assert.isBelow(end - start, 7 * day)
        const days = [1, 9, 17, 30].filter((days) => start <= now - days * day && now - days * day <= end)
        return page(days.map((days) => order(`${days}`, { createdTime: String(now - days * day) })))
      },
      (account, requests) =>
        Effect.gen(function*() {
          const since = now - 20 * day
          const all = yield* account.orderHistory("BTC/USDT", { since, limit: 10 })
          assert.deepStrictEqual(ids(all), ["BTC/USDT 17", "BTC/USDT 9", "BTC/USDT 1", "BTC/USDT open"])
          const spans = (yield* requests).filter(({ path }) => path === "/v5/order/history")
          assert.strictEqual(spans.length, 3)
          assert.strictEqual(Number(spans[2]?.query.get("startTime")), since)
          const one = yield* account.orderHistory("BTC/USDT", { since, limit: 1 })
          assert.deepStrictEqual(ids(one), ["BTC/USDT open"])
          const later = (yield* requests).filter(({ path }) => path === "/v5/order/history").length - spans.length
          assert.strictEqual(later, 1)
        })
    ))

  it.effect("reads a history from its first millisecond, also if it spans whole weeks", () =>
    scripted(
      () => page([]),
      (account, requests) =>
        Effect.gen(function*() {
          const since = now + 60_000 - 14 * day
          assert.deepStrictEqual(yield* account.fills("BTC/USDT", { since }), [])
          const spans = (yield* requests)
            .filter(({ path }) => path === "/v5/execution/list")
            .map(({ query }) => [Number(query.get("startTime")), Number(query.get("endTime"))])
          assert.deepStrictEqual(spans, [
            [now + 60_000 - 7 * day + 1, now + 60_000],
            [now + 60_000 - 14 * day + 1, now + 60_000 - 7 * day],
            [since, since]
          ])
        })
    ))

  it.effect("returns an order as ended that was listed as open and then as ended", () =>
    scripted(
      ({ path }) => page([order("1", { orderStatus: path === "/v5/order/realtime" ? "New" : "Filled" })]),
      (account) =>
        Effect.gen(function*() {
          const orders = yield* account.orderHistory("BTC/USDT")
          assert.deepStrictEqual(orders.map(({ status }) => status), ["filled"])
        })
    ))

  it.effect("returns each fill once, and no funding payments", () =>
    scripted(
      () => json(fixture("get_execution_list")),
      (account, requests) =>
        Effect.gen(function*() {
          const fills = yield* account.fills("BTC/USDT:USDT")
          // All of them are of one millisecond. The newest, which Bybit lists first, comes last.
          assert.deepStrictEqual(
            fills.map(({ id }) => id),
            ["e5", "e2", "e0cbe81d-0f18-5866-9415-cf319b5dab3b"]
          )
          const [request] = (yield* requests).filter(({ path }) => path === "/v5/execution/list")
          assert.strictEqual(
            String(request?.query),
            "category=linear&symbol=BTCUSDT&limit=100"
          )
        })
    ))

  it.effect("returns both fills of a trade with oneself", () =>
    scripted(
      () =>
        page([
          { ...execution("e1", now), orderId: "bought" },
          { ...execution("e1", now), orderId: "sold", side: "Sell" }
        ]),
      (account) =>
        Effect.gen(function*() {
          const fills = yield* account.fills("BTC/USDT:USDT")
          assert.deepStrictEqual(fills.map(({ id, orderId }) => `${id} of ${orderId}`), ["e1 of sold", "e1 of bought"])
        })
    ))

  it.effect("reads on after a page of funding payments only", () =>
    scripted(
      ({ path, query }) => {
        if (path !== "/v5/execution/list") return page([])
        const paid = Array.from({ length: 100 }, (_, hour) => execution(`f${hour}`, now - hour * 3_600_000, "Funding"))
        const cursor = query.get("cursor")
        return cursor === "older" ? page([execution("bought", now - 5 * day)]) : page(paid, "older")
      },
      (account) =>
        Effect.gen(function*() {
          const fills = yield* account.fills("BTC/USDT:USDT", { limit: 2 })
          assert.deepStrictEqual(fills.map(({ id }) => id), ["bought"])
        })
    ))

  it.effect("reads positions and leaves out empty ones", () =>
    scripted(
      ({ query }) =>
        query.get("settleCoin") === "USDT"
          ? json(fixture("get_position_list"))
          : page([]),
      (account) =>
        Effect.gen(function*() {
          const positions = yield* account.positions
          assert.deepStrictEqual(
            positions.map(({ side, symbol }) => `${symbol} ${side}`),
            ["BTC/USDT:USDT long", "BTC/USDT:USDT-251226 short"]
          )
        })
    ))

  it.effect("leaves out a position without a side", () =>
    scripted(
      ({ query }) =>
        page(
          query.get("settleCoin") === "USDT"
            ? ["Buy", "", "None"].map((side, index) => ({ symbol: "BTCUSDT", side, size: String(index + 1) }))
            : []
        ),
      (account) =>
        Effect.gen(function*() {
          const positions = yield* account.positions
          assert.deepStrictEqual(positions.map(({ amount, side }) => `${side} ${amount}`), ["long 1"])
        })
    ))

  const refusals: ReadonlyArray<readonly [ExchangeError.ExchangeError["_tag"], number]> = [
    ["AuthenticationFailed", 10003],
    ["AuthenticationFailed", 10004],
    ["PermissionDenied", 10010]
  ]

  for (const [tag, code] of refusals) {
    it.effect(`code ${code} with status 200 fails with ${tag}`, () =>
      scripted(
        () => ({ retCode: code, retMsg: "No.", result: null, retExtInfo: null, time: now }),
        (account) =>
          Effect.gen(function*() {
            const error = yield* Effect.flip(account.balances)
            assert.strictEqual(error._tag, tag)
            assert.strictEqual(error.code, String(code))
          })
      ))
  }
})
