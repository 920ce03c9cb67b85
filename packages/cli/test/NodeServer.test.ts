import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { AddressInfo } from "node:net"
import * as NodeServer from "../src/internal/nodeServer.js"

const listening = Effect.acquireRelease(
  Effect.async<ReturnType<typeof NodeServer.make>>((resume) => {
    const server = NodeServer.make()
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.async<void>((resume) => void server.close(() => resume(Effect.void)).closeAllConnections())
)

const isAddress = (address: unknown): address is AddressInfo => typeof address === "object" && address !== null

describe("the server of the price service", () => {
  it.scopedLive("responds with 503 and retry-after until a request handler is attached", () =>
    Effect.gen(function*() {
      const server = yield* listening
      const address = server.address()
      assert(isAddress(address))
      const ask = Effect.promise(() => fetch(`http://127.0.0.1:${address.port}/livez`))
      const early = yield* ask
      assert.deepStrictEqual([early.status, early.headers.get("retry-after")], [503, "1"])
      server.on("request", (_, response) => response.writeHead(200).end("served"))
      const served = yield* ask
      assert.deepStrictEqual([served.status, yield* Effect.promise(() => served.text())], [200, "served"])
    }))

  it("is shown by a URL that can be opened, also at an IPv6 address", () => {
    const urls = ["::1", "127.0.0.1"].map((hostname) => NodeServer.urlOf({ _tag: "TcpAddress", hostname, port: 80 }))
    assert.deepStrictEqual(urls, ["http://[::1]:80", "http://127.0.0.1:80"])
    assert.isTrue(urls.every((url) => URL.canParse(url)))
  })
})
