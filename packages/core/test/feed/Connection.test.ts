import { expect, it } from "@effect/vitest"
import { Effect, Fiber, Option, TestClock } from "effect"
import * as Connection from "../../src/feed/internal/connection.js"

/** A socket that opens at once, and says what a test says. */
class Line extends EventTarget {
  readyState = 1
  readonly sent: Array<string> = []
  send(text: string): void {
    this.sent.push(text)
  }
  close(code?: number): void {
    this.sent.push(`closed ${code}`)
  }
  say(text: string): void {
    this.dispatchEvent(new MessageEvent("message", { data: text }))
  }
}

interface Options {
  readonly holds?: boolean
  readonly quiet?: number
  readonly ping?: (request: number) => unknown
}

const open = ({ holds = false, ping, quiet }: Options = {}) =>
  Effect.gen(function*() {
    const socket = new Line()
    const heard: Array<unknown> = []
    const connection = yield* Connection.open(
      {
        protocol: {
          sockets: {},
          most: 10,
          subscribe: (topics) => topics.map(({ key }) => ({ subscribe: key })),
          unsubscribe: (topics) => topics.map(({ key }) => ({ unsubscribe: key })),
          read: (frame) => [{ _tag: "Data", key: "book", frame }],
          sequence: (frame) => {
            if (typeof frame !== "object" || frame === null || !("n" in frame)) return undefined
            const number = Number(frame.n)
            return "of" in frame ? { series: String(frame.of), number, begins: number === 1 } : number
          },
          ping: { message: () => "ping", after: "5 seconds", within: "5 seconds" },
          silence: "15 seconds"
        },
        socket: { at: {}, path: "/", ping },
        url: "ws://acme.test/",
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
          stable: 30_000
        },
        topic: (key) => ({ socket: "public", key, channel: key }),
        constructor: () => socket as unknown as WebSocket,
        charge: () => Effect.void,
        redact: (text) => text,
        pacer: Effect.succeed(Effect.void),
        login: Effect.succeed([]),
        token: Effect.succeed(undefined)
      },
      {
        // What is "odd" cannot be used.
        data: (_, frame) => heard.push(frame) > 0 && frame !== "odd",
        live: () => heard.push("live"),
        stale: () => heard.push("stale"),
        lost: () => undefined,
        refuse: () => undefined,
        refuseLogin: () => undefined,
        fail: () => undefined,
        unread: () => undefined
      },
      () => [{ key: "book", quiet }],
      holds
    )
    return { connection, heard, socket }
  })

const opened = open()

it.scoped("a line on which nothing is said is given up, and one on which something is said is not", () =>
  Effect.gen(function*() {
    const { connection, heard, socket } = yield* opened
    const fiber = yield* Effect.fork(connection.ended)
    yield* TestClock.adjust("14 seconds")
    socket.say("1")
    yield* TestClock.adjust("14 seconds")
    expect(heard).toEqual(["live", 1])
    expect(Option.isNone(yield* Fiber.poll(fiber))).toBe(true)
    yield* TestClock.adjust("1 seconds")
    expect(yield* Fiber.join(fiber)).toBe("no message was received on the connection in time")
  }))

it.scoped("a connection asks for what is wanted, and closes normally", () =>
  Effect.gen(function*() {
    const { connection, socket } = yield* opened
    yield* TestClock.adjust("1 millis")
    expect(socket.sent).toEqual(["{\"subscribe\":\"book\"}"])
    yield* connection.close
    expect(socket.sent.at(-1)).toBe("closed 1000")
  }))

it.scoped("a message number left out ends the connection, and one that came before says nothing", () =>
  Effect.gen(function*() {
    const { connection, heard, socket } = yield* opened
    const fiber = yield* Effect.fork(connection.ended)
    yield* TestClock.adjust("1 millis")
    for (const n of [7, 8, 8, 7, 9]) socket.say(JSON.stringify({ n }))
    yield* TestClock.adjust("1 millis")
    expect(heard).toEqual(["live", { n: 7 }, { n: 8 }, { n: 9 }])
    expect(Option.isNone(yield* Fiber.poll(fiber))).toBe(true)
    socket.say(JSON.stringify({ n: 11 }))
    expect(yield* Fiber.join(fiber)).toBe("a message on the connection was lost")
    expect(heard.length).toBe(4)
  }))

it.scoped("nothing that follows a lost message is passed on, whether or not it comes with the next one", () =>
  Effect.gen(function*() {
    const { connection, heard, socket } = yield* opened
    const fiber = yield* Effect.fork(connection.ended)
    yield* TestClock.adjust("1 millis")
    for (const n of [7, 9, 10]) socket.say(JSON.stringify({ n }))
    yield* TestClock.adjust("1 millis")
    socket.say(JSON.stringify({ n: 11 }))
    yield* TestClock.adjust("1 millis")
    expect(yield* Fiber.join(fiber)).toBe("a message on the connection was lost")
    expect(heard).toEqual(["live", { n: 7 }])
  }))

it.scoped("messages are numbered for each series, and anew where one begins", () =>
  Effect.gen(function*() {
    const { connection, heard, socket } = yield* opened
    const fiber = yield* Effect.fork(connection.ended)
    yield* TestClock.adjust("1 millis")
    const say = (of: string, n: number) => socket.say(JSON.stringify({ of, n }))
    say("orders", 1)
    say("balances", 7)
    say("orders", 2)
    say("orders", 2)
    say("orders", 1)
    say("orders", 2)
    say("balances", 8)
    yield* TestClock.adjust("1 millis")
    expect(heard.length).toBe(7)
    expect(Option.isNone(yield* Fiber.poll(fiber))).toBe(true)
    say("balances", 10)
    expect(yield* Fiber.join(fiber)).toBe("a message on the connection was lost")
  }))

it.scoped("a socket may have a ping of its own", () =>
  Effect.gen(function*() {
    const { socket } = yield* open({ ping: (request) => ({ method: "ping", id: request }) })
    yield* TestClock.adjust("6 seconds")
    expect(socket.sent.slice(1)).toEqual(["{\"method\":\"ping\",\"id\":2}"])
  }))

it.scoped("one that is to take the place of another tells nothing before, and then all, in order", () =>
  Effect.gen(function*() {
    const { connection, heard, socket } = yield* open({ holds: true })
    yield* TestClock.adjust("1 millis")
    socket.say("\"snapshot\"")
    socket.say("\"update\"")
    yield* TestClock.adjust("1 millis")
    yield* connection.settled
    expect(heard).toEqual([])
    connection.promote()
    expect(heard).toEqual(["live", "snapshot", "update"])
    socket.say("\"later\"")
    yield* TestClock.adjust("1 millis")
    expect(heard.at(-1)).toBe("later")
  }))

it.scoped("a subscription that says only what cannot be used is as good as silent", () =>
  Effect.gen(function*() {
    const { heard, socket } = yield* open({ quiet: 20_000 })
    yield* TestClock.adjust("1 millis")
    const say = (text: string) =>
      Effect.zipRight(Effect.sync(() => socket.say(JSON.stringify(text))), TestClock.adjust("5 seconds"))
    yield* Effect.repeatN(say("good"), 5)
    expect(heard).not.toContain("stale")
    yield* Effect.repeatN(say("odd"), 5)
    expect(heard).toContain("stale")
    expect(socket.sent.slice(-2)).toEqual(["{\"unsubscribe\":\"book\"}", "{\"subscribe\":\"book\"}"])
  }))
