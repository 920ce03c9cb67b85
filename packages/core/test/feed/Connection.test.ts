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

const opened = Effect.gen(function*() {
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
        silence: "15 seconds"
      },
      socket: { at: {}, path: "/" },
      url: "ws://acme.test/",
      rules: {
        login: false,
        confirmsLogin: false,
        patience: 10_000,
        tries: 3,
        silence: 15_000,
        ping: undefined,
        maxAge: undefined,
        batch: 10,
        again: () => 0,
        stable: 30_000
      },
      topic: (key) => ({ socket: "public", key, channel: key }),
      constructor: () => socket as unknown as WebSocket,
      charge: () => Effect.void,
      pacer: Effect.succeed(Effect.void),
      login: Effect.succeed([]),
      token: Effect.succeed(undefined)
    },
    {
      data: (_, frame) => heard.push(frame) > 0,
      live: () => undefined,
      stale: () => undefined,
      refuse: () => undefined,
      refuseLogin: () => undefined,
      fail: () => undefined,
      unread: () => undefined
    },
    () => [{ key: "book", quiet: undefined }],
    false
  )
  return { connection, heard, socket }
})

it.scoped("a line on which nothing is said is given up, and one on which something is said is not", () =>
  Effect.gen(function*() {
    const { connection, heard, socket } = yield* opened
    const fiber = yield* Effect.fork(connection.ended)
    yield* TestClock.adjust("14 seconds")
    socket.say("1")
    yield* TestClock.adjust("14 seconds")
    expect(heard).toEqual([1])
    expect(Option.isNone(yield* Fiber.poll(fiber))).toBe(true)
    yield* TestClock.adjust("1 seconds")
    expect(yield* Fiber.join(fiber)).toBe("nothing was heard on an open connection")
  }))

it.scoped("a connection asks for what is wanted, and closes normally", () =>
  Effect.gen(function*() {
    const { connection, socket } = yield* opened
    yield* TestClock.adjust("1 millis")
    expect(socket.sent).toEqual(["{\"subscribe\":\"book\"}"])
    yield* connection.close
    expect(socket.sent.at(-1)).toBe("closed 1000")
  }))
