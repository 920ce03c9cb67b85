import { assert, describe, it } from "@effect/vitest"
import { Effect, FiberId } from "effect"
import type * as Net from "node:net"
import { WebSocket, WebSocketServer } from "ws"
import { interruptAt } from "../../resilience/test/support/interruption.js"
import { serveClient } from "../src/internal/serverSocket.js"

const server = Effect.acquireRelease(
  Effect.async<WebSocketServer>((resume) => {
    const sockets: WebSocketServer = new WebSocketServer(
      { port: 0, host: "127.0.0.1" },
      () => resume(Effect.succeed(sockets))
    )
  }),
  (sockets) => Effect.async<void>((resume) => sockets.close(() => resume(Effect.void)))
)

/** Opens a connection, and returns the server's end of it. */
const accepted = (sockets: WebSocketServer): Effect.Effect<WebSocket> =>
  Effect.async((resume) => {
    sockets.once("connection", (socket) => resume(Effect.succeed(socket)))
    const address = sockets.address()
    assert.isObject(address)
    const { port }: Partial<Net.AddressInfo> = typeof address === "object" && address !== null ? address : {}
    new WebSocket(`ws://127.0.0.1:${port}`).on("error", () => undefined)
  })

describe("serveClient", () => {
  it.scopedLive("ends wherever it is interrupted", () =>
    Effect.gen(function*() {
      const sockets = yield* server
      const connect = () => Effect.succeed({ receive: () => Effect.void })
      const stopped: Array<boolean> = []
      for (let step = 1; step <= 60; step++) {
        const socket = yield* accepted(sockets)
        const fiber = yield* Effect.forkDaemon(
          Effect.withScheduler(serveClient({ connect }, socket, "/"), interruptAt(step).scheduler)
        )
        yield* Effect.repeatN(Effect.yieldNow(), 20)
        fiber.unsafeInterruptAsFork(FiberId.none)
        yield* Effect.repeatN(Effect.yieldNow(), 20)
        stopped.push(fiber.unsafePoll() !== null)
        socket.terminate()
      }
      assert.notInclude(stopped, false)
    }))

  it.scopedLive("closes the connection if the exchange dies of a message", () =>
    Effect.gen(function*() {
      const sockets = yield* server
      const socket = yield* accepted(sockets)
      const connect = () => Effect.succeed({ receive: () => Effect.die("a bug") })
      const fiber = yield* Effect.fork(Effect.exit(serveClient({ connect }, socket, "/")))
      yield* Effect.repeatN(Effect.yieldNow(), 20)
      socket.emit("message", "hello", false)
      assert.strictEqual((yield* fiber)._tag, "Failure")
      assert.isAtLeast(socket.readyState, WebSocket.CLOSING)
    }))
})
