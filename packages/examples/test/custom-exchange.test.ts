import { Account, Decimal, ExchangeError, MarketData, OrderJournal, Trading } from "@effect-exchange/core"
import { Signature } from "@effect-exchange/core/adapter"
import { HttpClient, HttpClientError, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, TestClock } from "effect"
import * as Tulip from "../src/custom-exchange.js"

const credentials = { key: Redacted.make("the-key"), secret: Redacted.make("the-secret") }

interface Row {
  readonly id: string
  readonly ref: string
  readonly side: string
  readonly price: string
  readonly size: string
  readonly done: string
  state: string
  readonly at: number
}

/** Tulip itself, in memory. The responses to orders are lost while `losing` is set. */
const tulip = () => {
  const rows: Array<Row> = []
  const server = { rows, losing: false, sent: 0 }
  const answer = (method: string, url: URL, body: string): readonly [status: number, json: unknown] => {
    const { pathname, searchParams } = url
    const [ref, id] = [searchParams.get("ref"), searchParams.get("id")]
    const found = rows.filter((row) => (ref === null || row.ref === ref) && (id === null || row.id === id))
    switch (`${method} ${pathname}`) {
      case "GET /time":
        return [200, { now: 0 }]
      case "GET /bulbs":
        return [200, [{ id: "VICEROY", tick: "0.5", step: "1" }, { id: "GOUDA", tick: "0.5", step: "1" }]]
      case "GET /quote/VICEROY":
        return [200, { last: "3000", bid: "2999.5", ask: "3000.5" }]
      case "GET /book/VICEROY":
        return [200, { bids: [["2999.5", "2"]], asks: [["3000.5", "1"]] }]
      case "GET /purse":
        return [200, [["NLG", "10000"]]]
      case "GET /orders":
        return [200, found]
      case "POST /orders": {
        const order = JSON.parse(body)
        if (rows.some((row) => row.ref === order.ref)) return [409, { refused: "duplicate" }]
        const row = { ...order, id: `t${rows.length + 1}`, done: "0", state: "open", at: 0 }
        rows.push(row)
        return [200, row]
      }
      case "DELETE /orders": {
        const [row] = found.filter(({ state }) => state === "open")
        if (row === undefined) return [404, { refused: "unknown" }]
        row.state = "canceled"
        return [200, row]
      }
      default:
        return [404, {}]
    }
  }
  const client = HttpClient.make((request, url) => {
    server.sent++
    const at = request.headers["tulip-time"]
    const signed = at === undefined ||
      request.headers["tulip-signature"] ===
        Signature.hmacSha256Hex(credentials.secret, `${at}${request.method}${url.pathname}?${url.search.slice(1)}`)
    const body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
    const [status, json] = signed ? answer(request.method, url, body) : [401, { refused: "signature" }]
    if (server.losing && request.method === "POST") {
      return new HttpClientError.RequestError({
        request,
        reason: "Transport",
        cause: Object.assign(new Error("reset"), { code: "ECONNRESET" })
      })
    }
    return Effect.succeed(HttpClientResponse.fromWeb(request, Response.json(json, { status })))
  })
  return { server, layer: Layer.succeed(HttpClient.HttpClient, client) }
}

const environment = { name: "here", baseUrl: "http://localhost:1" }
const request = { type: "limit", symbol: "VICEROY/NLG", side: "buy", amount: "2", price: "2500" } as const

describe("a custom exchange", () => {
  it.effect("provides prices, books and the errors of the library", () =>
    Effect.gen(function*() {
      const market = yield* MarketData.MarketData
      assert.strictEqual(market, yield* Tulip.MarketData)
      assert.strictEqual(Decimal.format((yield* market.price("VICEROY/NLG")).amount), "3000")
      assert.strictEqual((yield* market.orderBook("VICEROY/NLG")).asks.length, 1)
      const unlisted = yield* Effect.flip(market.price("AUGUSTUS/NLG"))
      assert.instanceOf(unlisted, ExchangeError.SymbolNotFound)
      const unsupported = yield* Effect.flip(market.trades("VICEROY/NLG"))
      assert.instanceOf(unsupported, ExchangeError.Unsupported)
    }).pipe(Effect.provide(Tulip.layerMarketData({ environment })), Effect.provide(tulip().layer)))

  it.effect("validates and places orders, and finds the one whose response was lost", () => {
    const { layer, server } = tulip()
    return Effect.gen(function*() {
      const trading = yield* Trading.Trading
      const account = yield* Account.Account
      const offTick = yield* Effect.flip(trading.place({ ...request, price: "2500.25" }))
      assert.instanceOf(offTick, ExchangeError.InvalidRequest)
      assert.strictEqual(server.rows.length, 0)

      const order = yield* trading.place(request)
      assert.strictEqual(order.status, "open")
      server.losing = true
      const found = yield* trading.place(request)
      assert.strictEqual(found.id, "t2")
      assert.strictEqual(server.rows.length, 2)
      server.losing = false

      assert.strictEqual((yield* account.openOrders("VICEROY/NLG")).length, 2)
      assert.strictEqual((yield* trading.cancel({ symbol: "VICEROY/NLG", id: order.id })).status, "canceled")
      assert.deepStrictEqual(yield* trading.cancelAll("VICEROY/NLG"), ["t2"])
      assert.strictEqual(Decimal.format((yield* account.balances)[0]?.total ?? Decimal.make("0")), "10000")
    }).pipe(
      Effect.provide(Layer.provide(Tulip.layer({ environment, credentials }), OrderJournal.layerNone)),
      Effect.provide(layer)
    )
  })

  it.effect("is paced by its declared rate limit", () => {
    const { layer, server } = tulip()
    return Effect.gen(function*() {
      const market = yield* MarketData.MarketData
      yield* Effect.fork(Effect.all(Array.from({ length: 30 }, () => market.serverTime), { concurrency: "unbounded" }))
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(server.sent, 10)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(server.sent, 20)
    }).pipe(Effect.provide(Tulip.layerMarketData({ environment })), Effect.provide(layer))
  })

  it.effect("fails with AuthenticationFailed for a wrong signature", () => {
    const { layer } = tulip()
    const wrong = { ...credentials, secret: Redacted.make("another") }
    return Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.flatMap(Tulip.Account, ({ balances }) => balances))
      assert.instanceOf(error, ExchangeError.AuthenticationFailed)
    }).pipe(Effect.provide(Tulip.layerAccount({ environment, credentials: wrong })), Effect.provide(layer))
  })
})
