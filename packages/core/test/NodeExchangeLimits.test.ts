import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ExchangeClient } from "../src/adapter.js"
import { ExchangeError, ExchangeState } from "../src/index.js"
import { NodeExchange } from "../src/node.js"
import * as Acme from "./support/acme.js"
import * as Server from "./support/server.js"

const defaultMaxBytes = 40 * 1024 * 1024

const clientOf = (origin: string, options: ExchangeClient.Options = {}) =>
  ExchangeClient.make(Acme.protocol, {
    environment: { name: "loopback", baseUrl: origin },
    retry: { attempts: 1 },
    attemptTimeout: "25 seconds",
    ...options
  }).pipe(Effect.provide(ExchangeState.layer))

describe("NodeExchange: default limits", () => {
  for (
    const [option, maxBytes, maxResponseBytes] of [
      ["maxBytes of NodeExchange", undefined, 4 * defaultMaxBytes],
      ["maxResponseBytes", 4 * defaultMaxBytes, undefined]
    ] as const
  ) {
    it.scopedLive(`a response beyond the default ${option} is refused, and the error names that option and its limit`, () =>
      Effect.gen(function*() {
        const body = Buffer.alloc(defaultMaxBytes + 1, 32)
        const server = yield* Server.make((_, response) => response.writeHead(200).end(body))
        const client = yield* clientOf(server.origin, { maxResponseBytes })
        const error = yield* Effect.flip(client.request(Acme.value, {}))
        assert.instanceOf(error, ExchangeError.MalformedResponse)
        assert.strictEqual(error.reason, "TooLarge")
        assert.include(error.message, `larger than 41943040 bytes (see ${option})`)
      }).pipe(Effect.provide(NodeExchange.layerHttp({ maxBytes }))))
  }

  it.scopedLive("reads a response twice as large as the largest known market listing", () =>
    Effect.gen(function*() {
      const listing = Buffer.from("{\"value\":1}".padEnd(2 * 16_900_000))
      const server = yield* Server.make((_, response) => response.writeHead(200).end(listing))
      const client = yield* clientOf(server.origin)
      assert.deepStrictEqual(yield* client.request(Acme.value, {}), { value: 1 })
    }).pipe(Effect.provide(NodeExchange.layerHttp())))
})
