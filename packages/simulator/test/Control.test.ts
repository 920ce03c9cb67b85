import { HttpBody, HttpClient, HttpClientRequest } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Clock, Effect, Either, Schema, TestClock } from "effect"
import { type Dialect, Faults, Simulator, SimulatorServer } from "../src/index.js"
import * as Control from "../src/internal/control.js"
import { type Answer, ask, binance, field, noon, request, rows } from "./utils.js"

const placed = Effect.fnUntraced(function*(simulator: Simulator.Simulator) {
  const now = yield* Clock.currentTimeMillis
  const query = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=40000&timestamp=" +
    String(Math.floor(now))
  const [target, { headers }] = binance("/api/v3/order", query, Simulator.credentials("binance"))
  const { json } = yield* ask(simulator, target, { method: "POST", headers })
  return String(field(json, "orderId"))
})

const start = Effect.gen(function*() {
  yield* TestClock.setTime(noon)
  const simulator = yield* Simulator.make("binance")
  const local = { host: "127.0.0.1:4000" }
  const control = (
    method: string,
    path: string,
    body?: unknown,
    options: Partial<Dialect.SimulatedRequest> = {}
  ): Effect.Effect<Pick<Answer, "status" | "json">> =>
    Effect.map(
      Control.handle(simulator, {
        ...request(`/_simulator${path}`, {
          method,
          headers: local,
          remoteAddress: "127.0.0.1",
          body: new TextEncoder().encode(body === undefined ? "" : JSON.stringify(body))
        }),
        ...options
      }),
      (response) => ({ status: response.status, json: JSON.parse(new TextDecoder().decode(response.body)) })
    )
  return { simulator, control }
})

const messageOf = ({ json, status }: Pick<Answer, "status" | "json">) => `${status} ${field(json, "message")}`

describe("Control", () => {
  it.effect("sets faults that affect later requests, but not the control endpoints", () =>
    Effect.gen(function*() {
      const { control, simulator } = yield* start
      const set = yield* control("PUT", "/faults", { http503: 1, latency: "2 seconds", routes: [] })
      assert.strictEqual(set.status, 200)
      const shown = field((yield* control("GET", "")).json, "faults")
      assert.deepStrictEqual(shown, field(set.json, "faults"))
      assert.deepStrictEqual([field(shown, "http503"), field(field(shown, "latency"), "max")], [1, 2000])
      const answer = yield* Effect.fork(ask(simulator, "/api/v3/ping"))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* answer).status, 503)
      assert.strictEqual((yield* simulator.requests).length, 1)
      yield* control("PUT", "/faults", "none")
      assert.strictEqual((yield* ask(simulator, "/api/v3/ping")).status, 200)
    }))

  const invalid: ReadonlyArray<readonly [body: unknown, part: string]> = [
    [{ http503: 2 }, "must be between 0 and 1"],
    [{ http503: 0.6, http500: 0.6 }, "must add up to at most 1"],
    [{ http501: 1 }, "http501"],
    [{ latency: "soon" }, "must be milliseconds or a duration such as"],
    [{ phases: [{ from: 0, faults: { reset: -1 } }] }, "must be between 0 and 1"],
    [undefined, "The body does not match the documented JSON"],
    ["bad", "\"flaky\""]
  ]
  it.effect.each(invalid)("rejects the faults %j", ([body, part]) =>
    Effect.gen(function*() {
      const { control, simulator } = yield* start
      const answer = yield* control("PUT", "/faults", body)
      assert.strictEqual(answer.status, 400)
      assert.include(messageOf(answer), part)
      assert.deepStrictEqual((yield* simulator.state).faults, Faults.none)
    }))

  it.effect("sets a price by the exchange's id or the symbol, and rejects unknown markets and invalid prices", () =>
    Effect.gen(function*() {
      const { control, simulator } = yield* start
      for (const [path, last] of [["BTCUSDT", "60000"], ["BTC/USDT", "61000"], ["BTC%2FUSDT", "62000.5"]] as const) {
        assert.strictEqual((yield* control("PUT", `/prices/${path}`, { last })).status, 200)
        const { json } = yield* ask(simulator, "/api/v3/ticker/price?symbol=BTCUSDT")
        assert.strictEqual(Number(field(json, "price")), Number(last))
      }
      const markets = rows(field((yield* control("GET", "")).json, "markets"))
      const changed = markets.filter((market) => market["isSet"])
      assert.deepStrictEqual(changed.map(({ id, last, symbol }) => [id, symbol, last]), [
        ["BTCUSDT", "BTC/USDT", "62000.5"]
      ])
      assert.match(messageOf(yield* control("PUT", "/prices/NOPE", { last: "1" })), /^404 .*use a market/)
      assert.match(messageOf(yield* control("PUT", "/prices/BTCUSDT", { last: "-1" })), /^400 .*above zero/)
      assert.match(messageOf(yield* control("PUT", "/prices/BTCUSDT", { price: "1" })), /^400 .*"last"/s)
    }))

  it.effect("fills an order by the exchange's id, partly and completely", () =>
    Effect.gen(function*() {
      const { control, simulator } = yield* start
      const id = yield* placed(simulator)
      const orders = rows(field((yield* control("GET", "")).json, "orders"))
      assert.deepStrictEqual(orders.map((order) => [order["id"], order["price"], order["filled"]]), [
        [id, "40000", "0"]
      ])
      const part = yield* control("POST", `/orders/${id}/fill`, { amount: "0.004" })
      assert.deepStrictEqual([field(part.json, "filled"), field(part.json, "status")], ["0.004", "open"])
      assert.match(messageOf(yield* control("POST", `/orders/${id}/fill`, { amount: "0.007" })), /^400 .*at most/)
      assert.match(messageOf(yield* control("POST", `/orders/${id}/fill`, { amount: "much" })), /^400 .*plain decimal/)
      assert.match(messageOf(yield* control("POST", "/orders/77/fill")), /^404 .*an order id/)
      const whole = yield* control("POST", `/orders/${id}/fill`)
      assert.deepStrictEqual([field(whole.json, "filled"), field(whole.json, "status")], ["0.01", "filled"])
      assert.match(messageOf(yield* control("POST", `/orders/${id}/fill`)), /^409 .*no longer open/)
      const { balances, orders: open } = yield* simulator.state
      assert.deepStrictEqual(open, [])
      const usdt = balances.find(({ asset }) => asset === "USDT")
      assert.deepStrictEqual([usdt?.free, usdt?.locked].map((value) => value && BigDecimal.format(value)), [
        "24600.5",
        "1000"
      ])
      assert.strictEqual((yield* simulator.requests).length, 1)
    }))

  it.effect("accepts requests from this machine only, and not from pages in its browser", () =>
    Effect.gen(function*() {
      const { control } = yield* start
      const others: ReadonlyArray<Partial<Dialect.SimulatedRequest>> = [
        { remoteAddress: "192.0.2.1" },
        { headers: { host: "simulator.example:4000" } },
        { headers: {} },
        { headers: { host: "127.0.0.1:4000", origin: "https://page.example" } }
      ]
      for (const other of others) {
        const answer = yield* control("PUT", "/faults", "outage", other)
        assert.match(messageOf(answer), /^403 Send the request from this machine/)
      }
      for (const host of ["localhost:4000", "[::1]:4000", "127.0.0.1"]) {
        assert.strictEqual((yield* control("GET", "", undefined, { headers: { host } })).status, 200)
      }
    }))

  it.effect("lists its endpoints for an unknown path, and the method for a wrong one", () =>
    Effect.gen(function*() {
      const { control } = yield* start
      assert.match(messageOf(yield* control("GET", "/nothing")), /^404 .*PUT \/_simulator\/faults/)
      assert.match(messageOf(yield* control("POST", "/faults")), /^405 Use PUT/)
      assert.match(messageOf(yield* control("PUT", "/prices/", { last: "1" })), /^404 /)
    }))

  it.effect("is not served by the simulator in memory", () =>
    Effect.gen(function*() {
      const { simulator } = yield* start
      assert.strictEqual((yield* ask(simulator, "/_simulator")).status, 404)
    }))

  it.scoped("closes open sockets, and refuses new ones until Calm", () =>
    Effect.gen(function*() {
      const { control, simulator } = yield* start
      const closes: Array<number> = []
      const dial = simulator.connect("/ws", { send: () => undefined, close: (code) => closes.push(code) })
      assert.isDefined(yield* dial)
      assert.deepStrictEqual(yield* control("POST", "/sockets", { close: 1012, reason: "a restart" }), {
        status: 200,
        json: { open: 1 }
      })
      assert.deepStrictEqual(closes, [1012])
      assert.strictEqual((yield* control("POST", "/sockets", "Refuse")).status, 200)
      assert.isUndefined(yield* dial)
      assert.strictEqual((yield* control("POST", "/sockets", "Calm")).status, 200)
      assert.isDefined(yield* dial)
      assert.match(
        messageOf(yield* control("POST", "/sockets", "Earthquake")),
        /^400 The body does not match the documented JSON/
      )
      assert.match(
        messageOf(yield* control("POST", "/sockets", { close: 7 })),
        /^400 The body does not match the documented JSON/
      )
    }))

  it.scoped("delays messages in order until Calm", () =>
    Effect.gen(function*() {
      const { control, simulator } = yield* start
      const received: Array<string> = []
      const peer = yield* simulator.connect("/ws", { send: (text) => received.push(text), close: () => undefined })
      const list = (id: number) => peer?.receive(JSON.stringify({ method: "LIST_SUBSCRIPTIONS", id })) ?? Effect.void
      assert.strictEqual((yield* control("POST", "/sockets", { slow: 2000 })).status, 200)
      yield* list(1)
      yield* TestClock.adjust("1 second")
      yield* list(2)
      assert.deepStrictEqual(received, [])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(received.map((text) => JSON.parse(text).id), [1])
      yield* list(3)
      yield* control("POST", "/sockets", "Calm")
      yield* list(4)
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(received.map((text) => JSON.parse(text).id), [1, 2, 3, 4])
      assert.match(
        messageOf(yield* control("POST", "/sockets", { slow: 0 })),
        /^400 The body does not match the documented JSON/
      )
    }))

  it.scoped("mutes only the given channel until Calm", () =>
    Effect.gen(function*() {
      const { control, simulator } = yield* start
      const received: Array<string> = []
      const peer = yield* simulator.connect("/ws", { send: (text) => received.push(text), close: () => undefined })
      const params = ["btcusdt@miniTicker", "btcusdt@depth"]
      yield* peer?.receive(JSON.stringify({ method: "SUBSCRIBE", params, id: 1 })) ?? Effect.void
      const kinds = Effect.gen(function*() {
        received.length = 0
        yield* TestClock.adjust("5 seconds")
        return [...new Set(received.map((text) => String(JSON.parse(text).e)))].toSorted()
      })
      assert.deepStrictEqual(yield* kinds, ["24hrMiniTicker", "depthUpdate"])
      yield* control("POST", "/sockets", { mute: "depthUpdate" })
      assert.deepStrictEqual(yield* kinds, ["24hrMiniTicker"])
      yield* control("POST", "/sockets", "Calm")
      assert.deepStrictEqual(yield* kinds, ["24hrMiniTicker", "depthUpdate"])
    }))

  it.scoped("delists a market, but not one whose name starts with the same letters", () =>
    Effect.gen(function*() {
      const { control, simulator } = yield* start
      const received: Array<string> = []
      const peer = yield* simulator.connect("/ws", { send: (text) => received.push(text), close: () => undefined })
      yield* control("POST", "/sockets", { delist: "BTCUSD" })
      yield* control("POST", "/sockets", { delist: "ETHUSDT" })
      const params = ["btcusdt@miniTicker", "ethusdt@miniTicker"]
      yield* peer?.receive(JSON.stringify({ method: "SUBSCRIBE", params, id: 1 })) ?? Effect.void
      yield* TestClock.adjust("5 seconds")
      const names = received.map((text) => JSON.parse(text).s)
      assert.deepStrictEqual([...new Set(names)], [undefined, "BTCUSDT"])
    }))

  it.live("controls a running server", () =>
    Effect.gen(function*() {
      const server = yield* SimulatorServer.SimulatorServer
      const { baseUrl } = yield* server.environment("binance")
      const simulator = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get("binance"))
      const client = yield* HttpClient.HttpClient
      const send = (method: "PUT" | "POST", path: string, body: unknown) =>
        client.execute(
          HttpClientRequest.make(method)(`${baseUrl}/_simulator${path}`, { body: HttpBody.unsafeJson(body) })
        )
      const price = Effect.flatMap(
        client.get(`${baseUrl}/api/v3/ticker/price?symbol=BTCUSDT`),
        (response) => response.status === 200 ? response.json : Effect.succeed(response.status)
      )
      yield* send("PUT", "/prices/BTC/USDT", { last: "50000" })
      assert.deepStrictEqual(yield* price, { symbol: "BTCUSDT", price: "50000.00000000" })
      yield* send("PUT", "/faults", { http503: 1 })
      assert.strictEqual(yield* price, 503)
      const id = yield* Effect.zipRight(send("PUT", "/faults", "none"), placed(simulator))
      yield* send("POST", `/orders/${id}/fill`, { amount: "0.001" })
      const state = yield* Effect.flatMap(client.get(`${baseUrl}/_simulator`), ({ json }) => json)
      assert.deepStrictEqual(rows(field(state, "orders")).map(({ filled, id }) => [id, filled]), [[id, "0.001"]])
    }).pipe(Effect.provide([SimulatorServer.layer("binance"), NodeHttpClient.layerUndici])))
})

describe("Faults.FromJson", () => {
  const decode = Schema.decodeUnknownEither(Faults.FromJson)

  it("decodes to the same faults as make, and encodes back", () => {
    const json = {
      seed: "a Monday",
      reset: 0.1,
      latency: { min: 20, max: "2 seconds" },
      clockSkew: { behind: "5 minutes" },
      phases: [{ from: "1 minute", faults: { http500: 1 } }, { from: 0, to: "1 second", faults: {} }],
      routes: [{ path: "/api/v3/order", method: "POST", faults: { drop: 1 } }]
    }
    const faults = Faults.make({
      seed: "a Monday",
      reset: 0.1,
      latency: { min: 20, max: "2 seconds" },
      clockSkew: { behind: "5 minutes" },
      phases: [
        { from: "1 minute", faults: Faults.make({ http500: 1 }) },
        { from: 0, to: "1 second", faults: Faults.none }
      ],
      routes: [{ path: "/api/v3/order", method: "POST", faults: Faults.make({ drop: 1 }) }]
    })
    assert.deepStrictEqual(decode(json), Either.right(faults))
    const text = JSON.stringify(Schema.encodeSync(Faults.FromJson)(faults))
    assert.deepStrictEqual(decode(JSON.parse(text)), Either.right(faults))
  })
})
