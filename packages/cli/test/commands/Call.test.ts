import * as Command from "@effect-exchange/cli/commands/Call"
import * as Endpoints from "@effect-exchange/cli/Endpoints"
import { Exchanges } from "@effect-exchange/exchanges"
import { Simulator } from "@effect-exchange/simulator"
import * as Faults from "@effect-exchange/simulator/engine/Faults"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { runWithClock } from "../commandRuns.js"
import { network, runCommand } from "../utils.js"

const decode = Schema.decodeSync(Command.Document)

const local = "--exchange binance --base-url binance=http://binance.localhost"

/** For each exchange a public request, a signed request that reads, and one that changes something, as documented. */
const calls: { readonly [Id in Exchanges.ExchangeId]: readonly [open: string, signed: string, change: string] } = {
  binance: [
    "GET /api/v3/time",
    "GET /api/v3/account",
    "POST /api/v3/order --query symbol=ETHUSDT --query side=BUY --query type=LIMIT --query timeInForce=GTC --query quantity=0.01 --query price=1000"
  ],
  bitmex: [
    "GET /api/v1/instrument --query symbol=XBTUSD",
    "GET /api/v1/user/margin --query currency=all",
    "POST /api/v1/order --body {\"symbol\":\"XBTUSD\",\"side\":\"Buy\",\"orderQty\":100,\"price\":10000,\"ordType\":\"Limit\"}"
  ],
  bybit: [
    "GET /v5/market/time",
    "GET /v5/account/wallet-balance --query accountType=UNIFIED",
    "POST /v5/order/create --body {\"category\":\"spot\",\"symbol\":\"ETHUSDT\",\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"0.01\",\"price\":\"1000\"}"
  ],
  coinbase: [
    "GET /api/v3/brokerage/time",
    "GET /api/v3/brokerage/accounts",
    "POST /api/v3/brokerage/orders --body {\"client_order_id\":\"mine-1\",\"product_id\":\"ETH-USD\",\"side\":\"BUY\",\"order_configuration\":{\"limit_limit_gtc\":{\"base_size\":\"0.01\",\"limit_price\":\"1000\"}}}"
  ],
  deribit: [
    "GET /api/v2/public/get_time",
    "GET /api/v2/private/get_account_summaries",
    "GET /api/v2/private/buy --query instrument_name=BTC-PERPETUAL --query amount=10 --query type=limit --query price=10000"
  ],
  kraken: [
    "GET /0/public/Time",
    "POST /0/private/BalanceEx",
    "POST /0/private/AddOrder --form pair=ETHUSDT --form type=buy --form ordertype=limit --form volume=0.01 --form price=1000"
  ],
  okx: [
    "GET /api/v5/public/time",
    "GET /api/v5/account/balance",
    "POST /api/v5/trade/order --body {\"instId\":\"ETH-USDT\",\"tdMode\":\"cash\",\"side\":\"buy\",\"ordType\":\"limit\",\"sz\":\"0.01\",\"px\":\"1000\"}"
  ]
}

const changesSent = Effect.gen(function*() {
  const { get } = yield* Simulator.Simulators
  const requests = yield* (yield* get("binance")).requests
  return requests.filter(({ method }) => method !== "GET").map(({ method }) => method)
})

const live = (() => {
  const { key, secret } = Simulator.credentials("binance", "trade")
  return { BINANCE_API_KEY: Redacted.value(key), BINANCE_API_SECRET: Redacted.value(secret) }
})()

const order = `call POST /api/v3/order ${local} ${calls.binance[2].split(" ").slice(2).join(" ")}`

describe("exchange call", () => {
  for (const exchange of Exchanges.ids) {
    it.effect(`sends public, signed and changing requests to ${exchange}`, () =>
      Effect.gen(function*() {
        const [open, signed, change] = calls[exchange]
        for (const line of [open, `${signed} --signed`, change]) {
          const { code, err, out } = yield* runCommand(`call ${line} --exchange ${exchange}`)
          assert.strictEqual(code, 0, `${line}: ${err}`)
          assert.strictEqual(typeof JSON.parse(out), "object", line)
          assert.include(err, "All of this is simulated")
        }
      }))

    it.effect(`only prints a changing request to the live ${exchange}`, () =>
      Effect.gen(function*() {
        const { code, err, out } = yield* runCommand(
          `call ${calls[exchange][2]} --exchange ${exchange} --environment live`
        )
        assert.strictEqual(code, 0, err)
        assert.match(out, /^This would be sent to \w+ \(live\): (?:GET|POST) \/.*\nNothing was sent\.\n$/)
        assert.include(err, "EXCHANGE_LIVE_TRADING=enabled")
      }))
  }

  it("treats every endpoint that is not known to only read as a change", () => {
    const changes = (exchange: string, method: "GET" | "POST" | "DELETE", path: string, signed = false) =>
      Endpoints.changes(exchange, { method, path, signed })
    assert.isFalse(changes("acme", "GET", "/v1/time"))
    assert.isTrue(changes("acme", "GET", "/v1/orders", true))
    assert.isTrue(changes("acme", "POST", "/v1/time"))
    assert.isFalse(changes("deribit", "GET", "/api/v2/private/get_positions"))
    for (const path of ["/api/v2/private/sell", "/api/v2/private/cancel_all", "/api/v2/PRIVATE/buy", "/api/v2"]) {
      assert.isTrue(changes("deribit", "GET", path), path)
    }
    assert.isFalse(changes("kraken", "POST", "/0/private/Ledgers"))
    for (const path of ["/0/private/Withdraw", "/0/private/BalanceOf", "/0/private/AddExport"]) {
      assert.isTrue(changes("kraken", "POST", path), path)
    }
    assert.isTrue(changes("binance", "DELETE", "/api/v3/order"))
    assert.isFalse(changes("binance", "GET", "/api/v3/order"))
  })

  it.effect("--json prints a document on success, on failure and without sending", () =>
    Effect.gen(function*() {
      const good = decode((yield* runCommand("call GET /0/public/Time --exchange kraken --json")).out)
      assert.deepStrictEqual([good.exchange, good.environment, good.sent], ["kraken", "simulated", true])
      const { code, err, out } = yield* runCommand("call GET /0/public/Nothing --exchange kraken --json")
      assert.strictEqual(code, 1)
      assert.strictEqual(err, "")
      assert.strictEqual(decode(out).error?.tag, "InvalidRequest")
      const would = decode(
        (yield* runCommand("call DELETE /api/v3/order --exchange binance --environment live --json")).out
      )
      assert.deepStrictEqual([would.sent, would.would], [false, "DELETE /api/v3/order"])
    }))

  it.scoped("sends a change to a live exchange only with --send, --environment live and EXCHANGE_LIVE_TRADING", () =>
    Effect.gen(function*() {
      const enabled = { ...live, EXCHANGE_LIVE_TRADING: "enabled" }
      const refused = [
        [`${order} --environment live --send`, live, "EXCHANGE_LIVE_TRADING=enabled"],
        [
          order.replace("http://binance.localhost", "https://proxy.test") + " --send",
          enabled,
          "--send requires an explicit --environment live"
        ]
      ] as const
      for (const [line, env, sentence] of refused) {
        const { code, err } = yield* runWithClock(line, env)
        assert.strictEqual(code, 2, line)
        assert.include(err, sentence)
      }
      assert.strictEqual((yield* runWithClock(`${order} --environment live`, enabled)).code, 0)
      assert.deepStrictEqual(yield* changesSent, [])
      const sent = yield* runWithClock(`${order} --environment live --send`, enabled)
      assert.strictEqual(sent.code, 0, sent.err)
      assert.deepStrictEqual(yield* changesSent, ["POST"])
    }).pipe(Effect.provide(network)))

  it.scoped("retries requests that read, but sends a change only once", () =>
    Effect.gen(function*() {
      const { get } = yield* Simulator.Simulators
      const simulator = yield* get("binance")
      yield* simulator.setFaults(Faults.make({ reset: 1 }))
      const read = yield* runWithClock(`call GET /api/v3/account --signed ${local}`)
      assert.strictEqual(read.code, 1)
      assert.isAbove((yield* simulator.requests).length, 1)
      const change = yield* runWithClock(order)
      assert.strictEqual(change.code, 1)
      assert.include(change.err, "The outcome is unknown: the request may have been carried out.")
      assert.deepStrictEqual(yield* changesSent, ["POST"])
    }).pipe(Effect.provide(network)))

  const usages: ReadonlyArray<readonly [line: string, sentence: string]> = [
    ["call PATCH /a", "\"PATCH\" is not a supported method; expected one of GET, POST, PUT, DELETE."],
    ["call GET a", "\"a\" is not a valid path"],
    ["call GET /a/../b", "is not a valid path"],
    ["call GET /a//b", "is not a valid path"],
    ["call GET /a?b=c", "is not a valid path; expected a path such as /0/public/Time. Pass parameters with --query."],
    ["call GET /a --query b", "--query must be name=value"],
    ["call GET /a --body {}", "A GET request has no body; use --query instead of --body."],
    ["call POST /a --body {\"a\":null}", "--body is not valid JSON, or contains null"],
    ["call POST /a --body {\"a\":12345678901234567}", "quote the number"],
    ["call POST /a --query b=c --body {}", "--query and --body cannot be combined; give only one of them."],
    ["call GET /a --signed --exchange kraken --environment live", "Set KRAKEN_API_KEY and KRAKEN_API_SECRET"]
  ]
  for (const [line, sentence] of usages) {
    it.effect(line, () =>
      Effect.gen(function*() {
        const { code, err, out } = yield* runCommand(line)
        assert.strictEqual(code, 2)
        assert.include(err, sentence)
        assert.strictEqual(out, "")
      }))
  }
})
