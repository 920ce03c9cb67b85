import * as CircuitBreaker from "@effect-exchange/resilience/CircuitBreaker"
import type { SocketError } from "@effect/platform/Socket"
import { expect, it } from "@effect/vitest"
import { Clock, Effect, TestClock } from "effect"
import type * as Connection from "../../src/feed/internal/connection.js"
import * as ManagedConnection from "../../src/feed/internal/managedConnection.js"

/** A socket that never connects. */
class FailingSocket extends EventTarget {
  readonly readyState = 3
  close(): void {}
  send(): void {}
}

const setup = (charge: Effect.Effect<void> = Effect.void) =>
  Effect.gen(function*() {
    const attemptedAt: Array<number> = []
    const clock = yield* Effect.clock
    const breaker = yield* CircuitBreaker.make<SocketError | Connection.Stopped>({ name: "acme.feed" })
    const connection = yield* ManagedConnection.make(
      {
        protocol: {
          sockets: {},
          most: 1,
          subscribe: () => [],
          unsubscribe: () => [],
          read: () => [],
          silence: "15 seconds"
        },
        socket: { at: {}, path: "/" },
        address: Effect.succeed("ws://acme.test/"),
        rules: {
          login: false,
          confirmsLogin: false,
          patience: 10_000,
          tries: 3,
          silence: 15_000,
          ping: undefined,
          maxAge: undefined,
          batch: 1,
          again: () => 0,
          stable: 30_000,
          isTemporary: () => false
        },
        constructor: () => {
          attemptedAt.push(clock.unsafeCurrentTimeMillis())
          const socket = new FailingSocket()
          queueMicrotask(() => socket.dispatchEvent(new Event("error")))
          return socket as unknown as WebSocket
        },
        charge: () => charge,
        redact: (text) => text,
        pacer: Effect.succeed(Effect.void),
        login: Effect.succeed([]),
        token: Effect.succeed(undefined)
      },
      {
        data: () => true,
        live: () => undefined,
        stale: () => undefined,
        refuse: () => undefined,
        refuseLogin: () => undefined,
        fail: () => undefined,
        unread: () => undefined,
        lost: () => undefined,
        reconnecting: () => undefined
      },
      breaker,
      { base: 1000, max: 30_000, stable: 30_000, linger: 10_000 }
    )
    return { attemptedAt, breaker, connection, start: yield* Clock.currentTimeMillis }
  })

it.scoped("reconnecting backs off and never gives up", () =>
  Effect.gen(function*() {
    const { attemptedAt, connection } = yield* setup()
    yield* TestClock.adjust("1 minutes")
    expect(attemptedAt).toEqual([])
    connection.want({ socket: "public", key: "book", channel: "book" }, undefined)
    yield* Effect.repeatN(TestClock.adjust("5 seconds"), 240)
    const [first = 0, ...rest] = attemptedAt
    // Half of 1, 2, 4 and 8 seconds, as the random always returns 0.5; then the circuit breaker opens.
    expect(rest.slice(0, 4).map((at) => at - first)).toEqual([500, 1500, 3500, 7500])
    const countBetween = (from: number, to: number) => rest.filter((at) => at - first > from && at - first <= to).length
    // In 20 minutes: at most half a minute between two, and as long again while the circuit breaker is open.
    expect(rest.length).toBeGreaterThan(12)
    expect(rest.length).toBeLessThan(90)
    expect(countBetween(600_000, 1_200_000)).toBeGreaterThan(5)
    expect(countBetween(600_000, 1_200_000)).toBeLessThan(60)
  }).pipe(Effect.withRandomFixed([0.5])))

it.scoped("reconnecting stops when the last listener has left, and resumes with the next one", () =>
  Effect.gen(function*() {
    const { attemptedAt, connection } = yield* setup()
    const book = { socket: "public", key: "book", channel: "book" }
    connection.want(book, undefined)
    yield* TestClock.adjust("2 seconds")
    expect(attemptedAt.length).toBe(3)
    connection.unwant("book")
    yield* TestClock.adjust("5 minutes")
    expect(attemptedAt.length).toBe(3)
    connection.want(book, undefined)
    yield* TestClock.adjust("10 seconds")
    expect(attemptedAt.length).toBeGreaterThan(3)
  }).pipe(Effect.withRandomFixed([0.5])))

it.scoped("a connection that waited for the exchange's limit is not opened once the circuit is open", () =>
  Effect.gen(function*() {
    const { attemptedAt, breaker, connection } = yield* setup(Effect.sleep("1 second"))
    connection.want({ socket: "public", key: "book", channel: "book" }, undefined)
    yield* TestClock.adjust("500 millis")
    yield* breaker.openUntil((yield* Clock.currentTimeMillis) + 20_000)
    yield* TestClock.adjust("20 seconds")
    expect(attemptedAt).toEqual([])
    yield* TestClock.adjust("10 seconds")
    expect(attemptedAt.length).toBeGreaterThan(0)
  }).pipe(Effect.withRandomFixed([0.5])))
