import type { Exchange } from "@effect-exchange/core/adapter"
import { NodeExchange } from "@effect-exchange/core/node"
import { Faults, Simulator, SimulatorServer } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, LogLevel, Redacted } from "effect"
import { Binance } from "../src/index.js"
import { requestLog, verdict } from "./utils.js"

const credentials = Simulator.credentials("binance")

/** Provides a client without retries, and its own server. */
const served = (faults: Faults.Options, options?: Exchange.AccountOptions) => {
  const environment = Effect.flatMap(SimulatorServer.SimulatorServer, ({ environment }) => environment("binance"))
  return Layer.unwrapEffect(Effect.map(environment, (environment) =>
    Binance.layerAccount({
      environment,
      credentials,
      retry: { attempts: 1 },
      ...options
    }))).pipe(
      Layer.provide(NodeExchange.layer),
      Layer.provideMerge(SimulatorServer.layer("binance", { faults: Faults.make(faults) }))
    )
}

const serverTime = Effect.flatMap(Binance.MarketData, (market) => market.serverTime)
const balances = Effect.flatMap(Binance.Account, (account) => account.balances)

// Short only for the faults that time out.
const timeLimit = (kind: Faults.Kind): Exchange.AccountOptions =>
  kind === "drop" || kind === "slowBody" ? { attemptTimeout: "500 millis" } : {}

describe("over sockets", () => {
  const kinds = [
    ["refused", { tag: "TransportFailed", outcome: "Unknown" }],
    ["reset", { tag: "TransportFailed", outcome: "Unknown" }],
    ["drop", { tag: "RequestTimedOut", outcome: "Unknown" }],
    ["truncated", { tag: "TransportFailed", outcome: "Unknown" }],
    ["slowBody", { tag: "RequestTimedOut", outcome: "Unknown" }],
    ["malformed", { tag: "MalformedResponse", outcome: "Unknown" }],
    ["oversized", { tag: "MalformedResponse", outcome: "Unknown" }],
    ["redirect", { tag: "ExchangeUnavailable", outcome: "Unknown" }],
    ["http500", { tag: "ExchangeUnavailable", outcome: "Unknown", code: "-1000" }],
    ["http503", { tag: "ExchangeUnavailable", outcome: "Rejected", code: "-1008" }],
    ["http429", { tag: "RateLimited", outcome: "Rejected", code: "-1003", retryAfter: 1000 }]
  ] as const

  for (const [kind, expected] of kinds) {
    it.live(`${kind} fails with ${expected.tag}`, () =>
      Effect.gen(function*() {
        const { code, ...rest } = verdict(yield* Effect.flip(serverTime))
        const expectedCode = "code" in expected ? expected.code : undefined
        // The code of a broken connection is Node's, which depends on its version.
        if (rest.tag !== "TransportFailed") assert.strictEqual(code, expectedCode)
        const { code: _, ...verdictExpected } = { code: undefined, ...expected }
        assert.deepStrictEqual(rest, verdictExpected)
      }).pipe(Effect.provide(served({ [kind]: 1 }, timeLimit(kind)))))
  }

  it.live("a connection refused by the host fails with TransportFailed and outcome NotSent", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(serverTime)
      assert.deepStrictEqual(verdict(error), { tag: "TransportFailed", outcome: "NotSent", code: "ECONNREFUSED" })
    }).pipe(
      // Port 1 is reserved, and nothing listens there.
      Effect.provide(Layer.provide(
        Binance.layerMarketData({
          environment: { name: "nobody", baseUrl: "http://127.0.0.1:1" },
          retry: { attempts: 1 }
        }),
        NodeExchange.layer
      ))
    ))

  for (const clockSkew of [{ ahead: "5 minutes" }, { behind: "5 minutes" }] as const) {
    it.live(`clock skew is corrected: ${JSON.stringify(clockSkew)}`, () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* balances).length, 3)
        assert.deepStrictEqual(yield* requestLog, ["/api/v3/account 400", "/api/v3/time 200", "/api/v3/account 200"])
      }).pipe(Effect.provide(served({ clockSkew })), Logger.withMinimumLogLevel(LogLevel.None)))
  }

  it.live("a wrong secret fails with AuthenticationFailed, which reveals neither the secret nor the signature", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(balances)
      assert.strictEqual(error._tag, "AuthenticationFailed")
      assert.notMatch(`${error.message} ${JSON.stringify(error)}`, /x{64}|[0-9a-f]{64}/)
    }).pipe(
      Effect.provide(served({}, {
        credentials: { key: credentials.key, secret: Redacted.make("x".repeat(64)) }
      }))
    ))

  it.live("every request succeeds in the end while a third of all attempts fail", () =>
    Effect.gen(function*() {
      const market = yield* Binance.MarketData
      for (const symbol of ["BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT", "ETH/BTC", "BTC/USDC"]) {
        const price = yield* market.price(symbol)
        assert.strictEqual(price.symbol, symbol)
      }
      const faults = (yield* requestLog).filter((request) => !request.endsWith("200"))
      assert.isAbove(faults.length, 1)
    }).pipe(
      Effect.provide(served({ seed: "sockets", reset: 0.1, http500: 0.1, truncated: 0.15 }, {
        retry: { attempts: 10, base: "1 millis", max: "10 millis" }
      }))
    ))
})
