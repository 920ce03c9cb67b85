import { MarketData } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import { Kraken } from "@effect-exchange/kraken"
import { Simulator, SimulatorServer } from "@effect-exchange/simulator"
import { InterceptedSockets } from "@effect-exchange/testing"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger, LogLevel, type Scope, Stream } from "effect"
import { createServer, type Server } from "node:http"
import type { Socket as TcpSocket } from "node:net"
import { heapInUse } from "./support/heap.js"

/** Provides Kraken over real sockets, which connect to the address in `at`. */
const client = (at: { url: string | undefined }, dials: InterceptedSockets.Instants = []) => {
  const environment = Effect.flatMap(SimulatorServer.SimulatorServer, ({ environment }) => environment("kraken"))
  return Layer.unwrapEffect(Effect.map(environment, (environment) => Kraken.layerMarketData({ environment }))).pipe(
    Layer.provide(
      Layer.provideMerge(InterceptedSockets.layer({ dials, redirect: (url) => at.url ?? url }), NodeExchange.layer)
    ),
    Layer.provideMerge(SimulatorServer.layer("kraken")),
    Layer.provide(Logger.minimumLogLevel(LogLevel.None))
  )
}

const listen = Effect.gen(function*() {
  const market = yield* MarketData.MarketData
  const tags: Array<string> = []
  const reasons: Array<string> = []
  const fiber = yield* Effect.forkScoped(
    Stream.runForEach(market.streamOrderBook("BTC/USD"), (item) =>
      Effect.sync(() => {
        if (item._tag === "Data" && tags.at(-1) === "Data") return
        tags.push(item._tag)
        if (item._tag === "Reconnecting") reasons.push(item.because)
      }))
  )
  return { tags, reasons, fiber }
})

const until = (condition: () => boolean) =>
  Effect.repeat(Effect.sleep("20 millis"), { until: condition }).pipe(
    Effect.timeoutFail({ duration: "60 seconds", onTimeout: () => new Error("the condition was not met in time") })
  )

/** Collects unhandled rejections and uncaught errors. */
const unhandledErrors = Effect.acquireRelease(
  Effect.sync(() => {
    const found: Array<string> = []
    const note = (error: unknown) => void found.push(String(error))
    process.on("unhandledRejection", note)
    process.on("uncaughtException", note)
    return { found, note }
  }),
  ({ note }) =>
    Effect.sync(() => {
      process.off("unhandledRejection", note)
      process.off("uncaughtException", note)
    })
)

/** Starts a server on the loopback that passes each upgrade to `upgrade`. */
const server = (upgrade: (socket: TcpSocket, key: string) => void): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.async<readonly [Server, ReadonlySet<TcpSocket>]>((resume) => {
        const open = new Set<TcpSocket>()
        const server = createServer((_, response) => response.end())
        server.on("connection", (socket) => {
          open.add(socket)
          socket.on("error", () => undefined)
        })
        server.on("upgrade", (incoming, socket) => {
          if ("resetAndDestroy" in socket) upgrade(socket as TcpSocket, incoming.headers["sec-websocket-key"] ?? "")
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed([server, open])))
      }),
      ([server, open]) =>
        Effect.sync(() => {
          for (const socket of open) socket.destroy()
          server.close()
        })
    ),
    ([server]) => {
      const address = server.address()
      return `ws://127.0.0.1:${typeof address === "object" ? address?.port : ""}/v2`
    }
  )

const accepted = async (key: string): Promise<string> => {
  const digest = await crypto.subtle.digest("SHA-1", Buffer.from(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`))
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    + `Sec-WebSocket-Accept: ${Buffer.from(digest).toString("base64")}\r\n\r\n`
}

const answering = (bytes: ReadonlyArray<number>) => (socket: TcpSocket, key: string) =>
  void accepted(key).then((head) => {
    socket.write(head)
    socket.write(Buffer.from(bytes))
  })

const ends: Readonly<Record<string, (socket: TcpSocket, key: string) => void>> = {
  "an upgrade that is never answered": () => undefined,
  "an upgrade that is cut off": (socket) => socket.destroy(),
  "an upgrade that is reset": (socket) => socket.resetAndDestroy(),
  "a response that is not HTTP": (socket) => socket.end("wat\r\n\r\n"),
  "a wrong Sec-WebSocket-Accept header": (socket) => void accepted("wrong").then((head) => socket.write(head)),
  "too many requests": (socket) => socket.end("HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\n\r\n"),
  "a redirect": (socket) => socket.end("HTTP/1.1 302 Found\r\nlocation: ws://127.0.0.1:1/\r\n\r\n"),
  "a reset after the upgrade": (socket, key) =>
    void accepted(key).then((head) => {
      socket.write(head)
      setTimeout(() => socket.resetAndDestroy(), 20)
    }),
  "a frame that breaks the protocol": answering([0xff, 0xff, 0xff, 0xff]),
  "a frame that is not UTF-8": answering([0x81, 0x02, 0xc3, 0x28]),
  "a frame that is cut in the middle": (socket, key) =>
    void accepted(key).then((head) => {
      socket.write(head)
      socket.end(Buffer.from([0x81, 0x7d, 0x61]))
    }),
  "a close with an invalid code": answering([0x88, 0x02, 0x00, 0x01]),
  "a close with code 1000": answering([0x88, 0x02, 0x03, 0xe8])
}

describe.sequential("any end of a socket", () => {
  for (const [name, upgrade] of Object.entries(ends)) {
    it.scopedLive(
      `${name} causes no unhandled rejection and no error without a listener, and the stream continues`,
      () =>
        Effect.gen(function*() {
          const { found } = yield* unhandledErrors
          const at: { url: string | undefined } = { url: yield* server(upgrade) }
          const dials: InterceptedSockets.Instants = []
          yield* Effect.gen(function*() {
            const { fiber, tags } = yield* listen
            // An upgrade that is never answered is given up after ten seconds.
            yield* until(() => tags.includes("Reconnecting"))
            yield* until(() => dials.length > 1)
            at.url = undefined
            yield* until(() => tags.at(-1) === "Data")
            // Interrupting the subscriber at this point leaves nothing behind.
            yield* Fiber.interrupt(fiber)
          }).pipe(Effect.provide(client(at, dials)), Effect.scoped)
          yield* Effect.sleep("100 millis")
          expect(found).toEqual([])
        }),
      90_000
    )
  }

  it.scopedLive(
    "a client that is closed while it connects leaves no unhandled error behind",
    () =>
      Effect.gen(function*() {
        const { found } = yield* unhandledErrors
        const at = { url: yield* server(() => undefined) }
        for (let time = 0; time < 10; time++) {
          const dials: InterceptedSockets.Instants = []
          yield* Effect.gen(function*() {
            yield* listen
            yield* until(() => dials.length > 0)
            yield* Effect.sleep(time)
          }).pipe(Effect.scoped, Effect.provide(client(at, dials)))
        }
        yield* Effect.sleep("100 millis")
        expect(found).toEqual([])
      }),
    90_000
  )

  it.scopedLive(
    "a host that cannot be resolved makes the stream report Reconnecting once, and not fail",
    () =>
      Effect.gen(function*() {
        const { found } = yield* unhandledErrors
        const at: { url: string | undefined } = { url: "ws://nowhere.invalid/v2" }
        const dials: InterceptedSockets.Instants = []
        yield* Effect.gen(function*() {
          const { reasons, tags } = yield* listen
          yield* until(() => dials.length > 3)
          expect(tags).toEqual(["Reconnecting"])
          expect(reasons).toEqual(["could not connect"])
          at.url = undefined
          yield* until(() => tags.at(-1) === "Data")
          expect(tags).toEqual(["Reconnecting", "Resynced", "Data"])
        }).pipe(Effect.provide(client(at, dials)))
        expect(found).toEqual([])
      }),
    90_000
  )

  it.scopedLive(
    "an exchange that answers 429 to a connection is dialled less and less often",
    () =>
      Effect.gen(function*() {
        const at = { url: yield* server(ends["too many requests"] ?? (() => undefined)) }
        const dials: InterceptedSockets.Instants = []
        yield* Effect.gen(function*() {
          yield* listen
          yield* Effect.sleep("20 seconds")
          // Immediately, and after 0.5, 1, 2, 4 and 8 more seconds.
          expect(dials.length).toBeGreaterThan(3)
          expect(dials.length).toBeLessThan(8)
          const waits = dials.slice(1).map((to, index) => to - (dials[index] ?? 0))
          for (const [index, wait] of waits.entries()) expect(wait).toBeGreaterThan(0.9 * (waits[index - 1] ?? 0))
        }).pipe(Effect.provide(client(at, dials)), Effect.withRandomFixed([0.5]))
      }),
    90_000
  )
})

describe.sequential("a thousand lost connections", () => {
  it.scopedLive("leak neither memory nor handles over real sockets", () =>
    Effect.gen(function*() {
      const { found } = yield* unhandledErrors
      const simulator = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get("kraken"))
      const { tags } = yield* listen
      const cycle = Effect.gen(function*() {
        yield* until(() => tags.at(-1) === "Data")
        tags.length = 0
        yield* simulator.disturb({ _tag: "Close", code: 1006 })
        yield* until(() => tags.includes("Reconnecting"))
      })
      yield* Effect.repeatN(cycle, 199)
      const before = { heap: yield* Effect.promise(heapInUse), handles: process.getActiveResourcesInfo().length }
      yield* Effect.repeatN(cycle, 799)
      const after = { heap: yield* Effect.promise(heapInUse), handles: process.getActiveResourcesInfo().length }
      expect(found).toEqual([])
      expect(after.handles).toBeLessThanOrEqual(before.handles + 2)
      expect(after.heap - before.heap).toBeLessThan(2 * 1024 * 1024)
    }).pipe(Effect.provide(client({ url: undefined })), Effect.withRandomFixed([0])), 300_000)
})
