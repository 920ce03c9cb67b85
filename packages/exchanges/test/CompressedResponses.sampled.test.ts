import { Account, ExchangeError, MarketData, Trading } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { NodeExchange } from "@effect-exchange/core/node"
import { Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { brotliCompressSync, gzipSync } from "node:zlib"
import { everyNth } from "../../resilience/test/support/sample.js"
import { Exchanges } from "../src/index.js"
import { send, serve } from "./attack/wire.js"
import * as Support from "./support/exchanges.js"

const codings = { gzip: gzipSync, br: brotliCompressSync } as const

/** Starts a simulated exchange on a socket that compresses all responses. */
const packing = (id: Exchanges.ExchangeId, coding: keyof typeof codings) =>
  Effect.gen(function*() {
    const simulator = yield* Simulator.make(id)
    return yield* serve((request) =>
      Effect.map(
        Effect.orDie(simulator.handle({ ...request, remoteAddress: "127.0.0.1" })),
        ({ body, headers, status }) => {
          const packed = codings[coding](body)
          const all = { ...headers, "content-encoding": coding, "content-length": String(packed.length) }
          const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
          return [send(`HTTP/1.1 ${status} Said\r\n${lines.join("")}\r\n`), send(packed)]
        }
      )
    )
  })

const trading = (id: Exchanges.ExchangeId, baseUrl: string, options: Exchange.Options = {}) =>
  Support.trading(id, { ...options, retry: { attempts: 1 }, environment: { name: "packing", baseUrl } })

describe("compressed responses", () => {
  for (const id of everyNth(2, Exchanges.ids)) {
    for (const coding of ["gzip", "br"] as const) {
      it.scopedLive(`are decoded: ${id}, ${coding}`, () =>
        Effect.gen(function*() {
          const origin = yield* packing(id, coding)
          yield* Effect.gen(function*() {
            const [market, account] = [yield* MarketData.MarketData, yield* Account.Account]
            assert.strictEqual((yield* market.ticker(Support.symbol)).symbol, Support.symbol)
            assert.isNotEmpty(yield* account.balances)
            const { place } = yield* Trading.Trading
            assert.strictEqual((yield* place(Support.far("packed1"))).status, "open")
          }).pipe(Effect.provide(trading(id, origin)), Effect.provide(NodeExchange.layerHttp()))
        }))
    }

    for (
      const [option, maxBytes, maxResponseBytes] of [
        ["maxBytes of NodeExchange", 10, undefined],
        ["maxResponseBytes", undefined, 10]
      ] as const
    ) {
      it.scopedLive(`are limited by ${option}, which the error names: ${id}`, () =>
        Effect.gen(function*() {
          const origin = yield* packing(id, "gzip")
          const error = yield* Effect.flatMap(MarketData.MarketData, ({ markets }) => Effect.flip(markets)).pipe(
            Effect.provide(trading(id, origin, { maxResponseBytes })),
            Effect.provide(NodeExchange.layerHttp({ maxBytes }))
          )
          assert.instanceOf(error, ExchangeError.MalformedResponse)
          assert.include(error.message, `larger than 10 bytes before decompression (see ${option})`)
        }))
    }
  }
})
