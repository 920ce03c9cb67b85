import { expect, it } from "@effect/vitest"
import { Effect, Fiber, Option, TestClock } from "effect"
import * as Connection from "../../src/feed/internal/connection.js"
import type { FeedProtocol } from "../../src/feed/internal/protocol.js"

/** A socket that is open immediately and receives what a test emits. */
class FakeSocket extends EventTarget {
  readyState = 1
  readonly sent: Array<string> = []
  send(text: string): void {
    this.sent.push(text)
  }
  close(code?: number): void {
    this.sent.push(`closed ${code}`)
  }
  emit(text: string): void {
    this.dispatchEvent(new MessageEvent("message", { data: text }))
  }
}

interface Options {
  readonly holds?: boolean
  readonly maxSilence?: number
  readonly ping?: (request: number) => unknown
  readonly token?: Effect.Effect<string | undefined>
  readonly read?: FeedProtocol["read"]
}

const readBook: FeedProtocol["read"] = (frame) =>
  frame === "pong" ? [{ _tag: "Pong" }] : [{ _tag: "Data", key: "book", frame }]

const open = (
  { holds = false, maxSilence, ping, read = readBook, token = Effect.succeed(undefined) }: Options = {}
) =>
  Effect.gen(function*() {
    const socket = new FakeSocket()
    const received: Array<unknown> = []
    const connection = yield* Connection.open(
      {
        protocol: {
          sockets: {},
          most: 10,
          subscribe: (topics) => topics.map(({ key }) => ({ subscribe: key })),
          unsubscribe: (topics) => topics.map(({ id, key }) => ({ unsubscribe: id ?? key })),
          read,
          sequence: (frame) => {
            if (typeof frame !== "object" || frame === null || !("n" in frame)) return undefined
            const number = Number(frame.n)
            return "of" in frame ? { series: String(frame.of), number, begins: number === 1 } : number
          },
          ping: { message: () => "ping", after: "5 seconds", within: "5 seconds" },
          silence: "15 seconds"
        },
        socket: { at: {}, path: "/", ping },
        address: Effect.succeed("ws://acme.test/"),
        rules: {
          login: false,
          confirmsLogin: false,
          patience: 10_000,
          tries: 3,
          silence: 15_000,
          ping: ping && { after: 5000, within: 5000, always: false },
          maxAge: undefined,
          batch: 10,
          again: () => 0,
          stable: 30_000,
          isTemporary: () => false
        },
        topic: (key) => ({ socket: "public", key, channel: key }),
        constructor: () => socket as unknown as WebSocket,
        charge: () => Effect.void,
        redact: (text) => text,
        pacer: Effect.succeed(Effect.void),
        login: Effect.succeed([]),
        token
      },
      {
        // Frames that are "odd" are rejected.
        data: (_, frame) => received.push(frame) > 0 && frame !== "odd",
        live: () => received.push("live"),
        stale: () => received.push("stale"),
        lost: () => undefined,
        refuse: () => undefined,
        refuseLogin: () => undefined,
        fail: () => undefined,
        unread: () => undefined
      },
      () => [{ key: "book", maxSilence }],
      holds
    )
    return { connection, received, socket }
  })

const opened = open()

it.scoped("a connection without messages ends after the silence timeout, and every message restarts it", () =>
  Effect.gen(function*() {
    const { connection, received, socket } = yield* opened
    const fiber = yield* Effect.fork(connection.ended)
    yield* TestClock.adjust("14 seconds")
    socket.emit("1")
    yield* TestClock.adjust("14 seconds")
    expect(received).toEqual(["live", 1])
    expect(Option.isNone(yield* Fiber.poll(fiber))).toBe(true)
    yield* TestClock.adjust("1 seconds")
    expect(yield* Fiber.join(fiber)).toBe("no message was received on the connection in time")
  }))

it.scoped("a connection sends the wanted subscriptions and closes with code 1000", () =>
  Effect.gen(function*() {
    const { connection, socket } = yield* opened
    yield* TestClock.adjust("1 millis")
    expect(socket.sent).toEqual(["{\"subscribe\":\"book\"}"])
    yield* connection.close
    expect(socket.sent.at(-1)).toBe("closed 1000")
  }))

it.scoped("a connection closes completely, even if whoever closes it is interrupted meanwhile", () =>
  Effect.gen(function*() {
    const { connection, socket } = yield* opened
    yield* TestClock.adjust("1 millis")
    const closing = yield* Effect.fork(connection.close)
    while (socket.sent.at(-1) !== "closed 1000") {
      yield* Effect.yieldNow()
      yield* Fiber.interruptFork(closing)
      if (Option.isSome(yield* Fiber.poll(closing))) break
    }
    expect(socket.sent.at(-1)).toBe("closed 1000")
  }))

it.scoped("a gap in message numbers ends the connection, and an earlier number is ignored", () =>
  Effect.gen(function*() {
    const { connection, received, socket } = yield* opened
    const fiber = yield* Effect.fork(connection.ended)
    yield* TestClock.adjust("1 millis")
    for (const n of [7, 8, 8, 7, 9]) socket.emit(JSON.stringify({ n }))
    yield* TestClock.adjust("1 millis")
    expect(received).toEqual(["live", { n: 7 }, { n: 8 }, { n: 9 }])
    expect(Option.isNone(yield* Fiber.poll(fiber))).toBe(true)
    socket.emit(JSON.stringify({ n: 11 }))
    expect(yield* Fiber.join(fiber)).toBe("a message on the connection was lost")
    expect(received.length).toBe(4)
  }))

it.scoped("no message after a gap is passed on, whether in the same burst or later", () =>
  Effect.gen(function*() {
    const { connection, received, socket } = yield* opened
    const fiber = yield* Effect.fork(connection.ended)
    yield* TestClock.adjust("1 millis")
    for (const n of [7, 9, 10]) socket.emit(JSON.stringify({ n }))
    yield* TestClock.adjust("1 millis")
    socket.emit(JSON.stringify({ n: 11 }))
    yield* TestClock.adjust("1 millis")
    expect(yield* Fiber.join(fiber)).toBe("a message on the connection was lost")
    expect(received).toEqual(["live", { n: 7 }])
  }))

it.scoped("message numbers are checked per series, and start over where a series begins again", () =>
  Effect.gen(function*() {
    const { connection, received, socket } = yield* opened
    const fiber = yield* Effect.fork(connection.ended)
    yield* TestClock.adjust("1 millis")
    const emit = (of: string, n: number) => socket.emit(JSON.stringify({ of, n }))
    emit("orders", 1)
    emit("balances", 7)
    emit("orders", 2)
    emit("orders", 2)
    emit("orders", 1)
    emit("orders", 2)
    emit("balances", 8)
    yield* TestClock.adjust("1 millis")
    expect(received.length).toBe(7)
    expect(Option.isNone(yield* Fiber.poll(fiber))).toBe(true)
    emit("balances", 10)
    expect(yield* Fiber.join(fiber)).toBe("a message on the connection was lost")
  }))

it.scoped("a socket may have its own ping message", () =>
  Effect.gen(function*() {
    const { socket } = yield* open({ ping: (request) => ({ method: "ping", id: request }) })
    yield* TestClock.adjust("6 seconds")
    expect(socket.sent.slice(1)).toEqual(["{\"method\":\"ping\",\"id\":2}"])
  }))

it.scoped("a connection is pinged while a subscription waits for its token", () =>
  Effect.gen(function*() {
    const { connection, received, socket } = yield* open({
      ping: () => "ping",
      token: Effect.delay(Effect.succeed("token"), "1 minute")
    })
    const fiber = yield* Effect.fork(connection.ended)
    for (let second = 0; second < 61; second++) {
      const before = socket.sent.length
      yield* TestClock.adjust("1 seconds")
      if (socket.sent.length > before && socket.sent.at(-1) === "ping") socket.emit("pong")
    }
    expect(Option.isNone(yield* Fiber.poll(fiber))).toBe(true)
    expect(socket.sent).toContain("{\"subscribe\":\"book\"}")
    expect(received).toEqual([])
  }))

it.scoped("a replacement connection passes nothing on until it is promoted, then everything in order", () =>
  Effect.gen(function*() {
    const { connection, received, socket } = yield* open({ holds: true })
    yield* TestClock.adjust("1 millis")
    socket.emit("\"snapshot\"")
    socket.emit("\"update\"")
    yield* TestClock.adjust("1 millis")
    yield* connection.settled
    expect(received).toEqual([])
    connection.promote()
    expect(received).toEqual(["live", "snapshot", "update"])
    socket.emit("\"later\"")
    yield* TestClock.adjust("1 millis")
    expect(received.at(-1)).toBe("later")
  }))

it.scoped("a subscription that only delivers rejected messages becomes stale and is renewed", () =>
  Effect.gen(function*() {
    const { received, socket } = yield* open({ maxSilence: 20_000 })
    yield* TestClock.adjust("1 millis")
    const emit = (text: string) =>
      Effect.zipRight(Effect.sync(() => socket.emit(JSON.stringify(text))), TestClock.adjust("5 seconds"))
    yield* Effect.repeatN(emit("good"), 5)
    expect(received).not.toContain("stale")
    yield* Effect.repeatN(emit("odd"), 5)
    expect(received).toContain("stale")
    expect(socket.sent.slice(-2)).toEqual(["{\"unsubscribe\":\"book\"}", "{\"subscribe\":\"book\"}"])
  }))

/** Reads `{ subscribed: "book", as: "7" }`, `["7", data]` and `{ ended: "7" }`. */
const readNumbered: FeedProtocol["read"] = (frame) => {
  if (Array.isArray(frame)) return [{ _tag: "Data", key: String(frame[0]), frame: frame[1] }]
  if (typeof frame !== "object" || frame === null) return undefined
  if ("ended" in frame) return [{ _tag: "Ended", keys: [String(frame.ended)], because: "ended" }]
  return "subscribed" in frame && "as" in frame
    ? [{ _tag: "Acknowledged", keys: [String(frame.subscribed)], id: String(frame.as) }]
    : []
}

it.scoped("frames that name their subscription by the exchange's id for it belong to that subscription", () =>
  Effect.gen(function*() {
    const { received, socket } = yield* open({ read: readNumbered })
    yield* TestClock.adjust("1 millis")
    socket.emit("[\"7\",\"early\"]")
    socket.emit("{\"subscribed\":\"book\",\"as\":\"7\"}")
    socket.emit("[\"7\",\"snapshot\"]")
    socket.emit("[\"8\",\"of another\"]")
    yield* TestClock.adjust("1 millis")
    expect(received).toEqual(["live", "snapshot"])
  }))

it.scoped("a renewed subscription is ended under its old id, whose later frames are ignored", () =>
  Effect.gen(function*() {
    const { connection, received, socket } = yield* open({ read: readNumbered })
    yield* TestClock.adjust("1 millis")
    socket.emit("{\"subscribed\":\"book\",\"as\":\"7\"}")
    yield* TestClock.adjust("1 millis")
    connection.post({ _tag: "Resync", key: "book" })
    yield* TestClock.adjust("1 millis")
    expect(socket.sent.slice(1)).toEqual(["{\"unsubscribe\":\"7\"}", "{\"subscribe\":\"book\"}"])
    socket.emit("[\"7\",\"late\"]")
    socket.emit("{\"subscribed\":\"book\",\"as\":\"9\"}")
    socket.emit("[\"9\",\"snapshot\"]")
    socket.emit("[\"7\",\"later\"]")
    yield* TestClock.adjust("1 millis")
    expect(received).toEqual(["live", "live", "snapshot"])
  }))

it.scoped("an exchange ends a subscription by its id for it, and the subscription is requested again", () =>
  Effect.gen(function*() {
    const { received, socket } = yield* open({ read: readNumbered })
    yield* TestClock.adjust("1 millis")
    socket.emit("{\"subscribed\":\"book\",\"as\":\"7\"}")
    socket.emit("{\"ended\":\"7\"}")
    yield* TestClock.adjust("1 millis")
    socket.emit("{\"subscribed\":\"book\",\"as\":\"8\"}")
    socket.emit("[\"7\",\"late\"]")
    socket.emit("[\"8\",\"snapshot\"]")
    yield* TestClock.adjust("1 millis")
    expect(socket.sent).toEqual(["{\"subscribe\":\"book\"}", "{\"subscribe\":\"book\"}"])
    expect(received).toEqual(["live", "live", "snapshot"])
  }))

it.scoped("a subscription that is confirmed after it was given up is ended by its id", () =>
  Effect.gen(function*() {
    const { connection, received, socket } = yield* open({ read: readNumbered })
    yield* TestClock.adjust("1 millis")
    connection.post({ _tag: "Unwant", key: "book" })
    yield* TestClock.adjust("1 millis")
    socket.emit("{\"subscribed\":\"book\",\"as\":\"7\"}")
    socket.emit("[\"7\",\"snapshot\"]")
    yield* TestClock.adjust("1 millis")
    expect(socket.sent.slice(1)).toEqual(["{\"unsubscribe\":\"book\"}", "{\"unsubscribe\":\"7\"}"])
    expect(received).toEqual([])
  }))
