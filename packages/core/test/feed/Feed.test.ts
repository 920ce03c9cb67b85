import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect, TestClock } from "effect"
import { ExchangeError } from "../../src/index.js"
import { book, open } from "../support/feedExchange.js"

const pass = (millis: number) => TestClock.adjust(millis)

/** With a random that always returns 0.5. */
const steady = Effect.withRandomFixed([0.5])

const keys = (count: number) => Array.from({ length: count }, (_, index) => `book ${index}`)

describe("after a lost connection", () => {
  it.scoped("it counts as lost since its last message, however much later that is noticed", () =>
    Effect.gen(function*() {
      const { connection, listen } = yield* open()
      const one = yield* listen("book")
      yield* pass(1)
      connection().say({ key: "book", update: book("update", 2) })
      const heard = yield* Clock.currentTimeMillis
      yield* pass(3_600_000)
      connection().cut()
      yield* pass(1)
      const lost = one.items().find(({ _tag }) => _tag === "Reconnecting")
      expect(lost).toMatchObject({ since: heard })
    }).pipe(steady))

  it.scoped("every current subscription is sent again, and nothing else", () =>
    Effect.gen(function*() {
      const { connection, connections, listen } = yield* open()
      const all = yield* Effect.forEach(keys(25), listen)
      const left = yield* listen("left")
      yield* pass(1)
      yield* left.leave
      yield* pass(1)
      connection().cut()
      yield* pass(600)
      expect(connections.length).toBe(2)
      expect([...connection().subscribed()].toSorted()).toEqual(keys(25).toSorted())
      for (const one of all) expect(one.statuses()).toEqual(["Connected", "Reconnecting", "Resynced"])
    }).pipe(steady))

  it.scoped("an expired login is replaced by a new one before everything is subscribed again, every time", () =>
    Effect.gen(function*() {
      const { exchange, connection, listen } = yield* open({ login: true })
      const all = yield* Effect.forEach(keys(25), listen)
      yield* pass(1)
      for (let time = 2; time <= 4; time++) {
        connection().say({ expired: true })
        yield* pass(40_000)
        expect(exchange.logins).toBe(time)
        expect(connection().sent[0]?.[1]).toEqual({ login: time })
        expect([...connection().subscribed()].toSorted()).toEqual(keys(25).toSorted())
        for (const one of all) expect(one.statuses().at(-1)).toBe("Resynced")
      }
    }).pipe(steady))

  it.scoped("nothing is subscribed before the login is confirmed", () =>
    Effect.gen(function*() {
      const { exchange, connection, listen } = yield* open({ login: true })
      exchange.answers = false
      yield* listen("book")
      yield* pass(5000)
      expect(connection().sent.map(([, message]) => message)).toEqual([{ login: 1 }])
      exchange.answers = true
      connection().say({ loggedIn: true })
      yield* pass(1)
      expect(connection().subscribed()).toEqual(["book"])
    }).pipe(steady))

  it.scoped("a burst of subscriptions stays within the exchange's limit, and each waits for its confirmation", () =>
    Effect.gen(function*() {
      const { exchange, connection, listen } = yield* open({ batch: 1, pace: 5 })
      const all = yield* Effect.forEach(keys(60), listen)
      yield* pass(15_000)
      connection().cut()
      exchange.answers = false
      yield* pass(30_000)
      const sent = connection().sent.map(([at]) => at)
      const most = Math.max(...sent.map((from) => sent.filter((at) => at >= from && at < from + 1000).length))
      expect(sent.length).toBeGreaterThan(60)
      expect(most).toBeLessThanOrEqual(5)
      // No unconfirmed subscription is reported as live.
      for (const one of all) expect(one.statuses().at(-1)).toBe("Reconnecting")
      exchange.answers = true
      yield* pass(60_000)
      for (const one of all) expect(one.statuses().at(-1)).toBe("Resynced")
    }).pipe(steady))

  it.scoped("the backoff grows while connections do not last, and is short again after a stable one", () =>
    Effect.gen(function*() {
      const { attemptedAt, connection, listen } = yield* open()
      yield* listen("book")
      yield* pass(1)
      const cut = (after: number) => Effect.zipRight(pass(after), Effect.sync(() => connection().cut()))
      // Each connection is lost immediately.
      for (let time = 0; time < 6; time++) {
        yield* cut(1)
        yield* pass(16_000)
      }
      const waits = attemptedAt.slice(1).map((at, index) => at - (attemptedAt[index] ?? 0))
      expect(attemptedAt.length).toBe(7)
      const gap = (index: number) => waits[index] ?? 0
      expect(gap(0)).toBeLessThan(1000)
      expect(gap(5)).toBeGreaterThan(10_000)
      for (let index = 1; index < 6; index++) expect(gap(index)).toBeGreaterThanOrEqual(gap(index - 1))
      // A connection counts as stable after thirty seconds, not after twenty.
      const lost = Effect.gen(function*() {
        const count = attemptedAt.length
        connection().cut()
        yield* pass(600)
        const isSoon = attemptedAt.length > count
        yield* pass(16_000)
        return isSoon
      })
      yield* pass(4000)
      expect(yield* lost).toBe(false)
      yield* pass(31_000)
      expect(yield* lost).toBe(true)
    }).pipe(steady))

  it.scoped("the feed reconnects after the exchange's daily disconnect, day after day", () =>
    Effect.gen(function*() {
      const { connection, connections, listen } = yield* open()
      const one = yield* listen("book")
      yield* pass(1)
      for (let day = 1; day <= 7; day++) {
        yield* pass(24 * 3_600_000)
        connection().cut(1001)
        yield* pass(1000)
        expect(connections.length).toBe(day + 1)
        expect(one.statuses().at(-1)).toBe("Resynced")
      }
    }).pipe(steady))

  it.scoped("a replacement connection is tried with growing backoff while the current one keeps serving", () =>
    Effect.gen(function*() {
      const { attemptedAt, exchange, connection, listen } = yield* open({ login: true, maxAge: 3_600_000 })
      const one = yield* listen("book")
      yield* pass(1)
      exchange.expiring = 6
      yield* pass(3_600_000)
      yield* pass(120_000)
      const waits = attemptedAt.slice(2).map((at, index) => at - (attemptedAt[index + 1] ?? 0))
      expect(waits.length).toBe(6)
      for (const [index, wait] of waits.entries()) expect(wait).toBeGreaterThanOrEqual(500 * 2 ** Math.min(index, 4))
      expect(one.statuses()).toEqual(["Connected"])
      connection().say({ key: "book", update: book("update", 2) })
      yield* pass(1)
      expect(one.tags().at(-1)).toBe("Data")
    }).pipe(steady))

  for (const login of [true, false]) {
    it.scoped(`a replacement without a ${login ? "login" : "token"} fails nobody while the current one serves`, () =>
      Effect.gen(function*() {
        const { attemptedAt, exchange, connection, connections, listen } = yield* open({ login, maxAge: 3_600_000 })
        const one = yield* listen("book")
        yield* pass(1)
        const error = new ExchangeError.AuthenticationFailed({
          exchange: "acme",
          operation: "stream",
          detail: "no key"
        })
        exchange.unsigned = { because: "there is no key", error }
        yield* pass(3_600_000)
        yield* pass(10_000)
        expect(attemptedAt.length).toBeGreaterThan(2)
        expect(one.statuses()).toEqual(["Connected"])
        connections[0]?.say({ key: "book", update: book("update", 2) })
        yield* pass(1)
        expect(one.tags().at(-1)).toBe("Data")
        exchange.unsigned = undefined
        yield* pass(60_000)
        connection().say({ key: "book", update: book("update", 2) })
        yield* pass(1)
        expect(one.statuses()).toEqual(["Connected"])
        expect(one.tags().at(-1)).toBe("Data")
      }).pipe(steady))
  }

  it.scoped("a connection with a maximum age is replaced before, without any change of state", () =>
    Effect.gen(function*() {
      const { connection, connections, listen } = yield* open({ maxAge: 23 * 3_600_000 })
      const one = yield* listen("book")
      yield* pass(1)
      for (let day = 1; day <= 3; day++) yield* pass(24 * 3_600_000)
      expect(connections.length).toBe(4)
      expect(connections.map(({ readyState }) => readyState)).toEqual([3, 3, 3, 1])
      expect(one.statuses()).toEqual(["Connected"])
      connection().say({ key: "book", update: book("update", 2) })
      yield* pass(1)
      expect(one.tags().at(-1)).toBe("Data")
    }).pipe(steady))

  it.scoped("a connection that has fallen silent is lost, and not replaced as if it had missed nothing", () =>
    Effect.gen(function*() {
      const { connection, connections, listen } = yield* open({ maxAge: 1_800_000 })
      const one = yield* listen("book")
      yield* pass(1)
      connection().isMute = true
      yield* pass(1_800_000)
      expect(one.statuses()).toEqual(["Connected"])
      yield* pass(10_000)
      expect(one.statuses()).toEqual(["Connected", "Reconnecting", "Resynced"])
      expect(one.items().flatMap((item) => item._tag === "Reconnecting" ? [item.since] : [])).toEqual([0])
      expect(connections.map(({ readyState }) => readyState)).toEqual([3, 3, 1])
    }).pipe(steady))
})

it.scoped("subscriptions that change while the first messages of a connection wait for the rate limit are respected", () =>
  Effect.gen(function*() {
    const { connection, listen } = yield* open({ pace: 1, welcome: 2 })
    const [one, left] = [yield* listen("book"), yield* listen("left")]
    yield* pass(500)
    const other = yield* listen("other")
    yield* left.leave
    yield* pass(5000)
    expect([...connection().subscribed()].toSorted()).toEqual(["book", "other"])
    expect(one.statuses()).toEqual(["Connected"])
    expect(other.statuses()).toEqual(["Connected"])
  }).pipe(steady))

it.scoped("a subscription that the exchange ended is sent again, and its listeners get Reconnecting and Resynced", () =>
  Effect.gen(function*() {
    const { connection, connections, listen } = yield* open()
    const [one, other] = [yield* listen("book"), yield* listen("other")]
    yield* pass(1)
    connection().say({ ended: "book" })
    connection().say({ key: "book", update: book("update", 2) })
    yield* pass(1)
    expect(connections.length).toBe(1)
    expect(connection().subscribed()).toEqual(["book", "other", "book"])
    expect(one.statuses()).toEqual(["Connected", "Reconnecting", "Resynced"])
    expect(other.statuses()).toEqual(["Connected"])
  }).pipe(steady))

it.scoped("a snapshot fetched while the subscription is not confirmed is discarded", () =>
  Effect.gen(function*() {
    const fetch = Effect.delay(Effect.succeed(book("snapshot", 1)), "1 second")
    const { exchange, connection, listen } = yield* open({ fetch })
    exchange.snapshots = false
    const one = yield* listen("book")
    yield* pass(1)
    connection().say({ key: "book", update: book("update", 2) })
    yield* pass(900)
    for (let time = 0; time < 2; time++) {
      connection().say({ key: "book" })
      yield* pass(20)
    }
    expect(connection().subscribed().length).toBe(2)
    yield* pass(200)
    expect(one.tags()).toEqual(["Stale"])
    yield* pass(1000)
    connection().say({ key: "book", update: book("update", 2) })
    yield* pass(1000)
    expect(one.tags()).toEqual(["Stale", "Resynced", "Data"])
  }).pipe(steady))

it.scoped("a fetched snapshot is emitted although no update follows, on every connection", () =>
  Effect.gen(function*() {
    const { exchange, connection, listen } = yield* open({
      fetch: Effect.delay(Effect.succeed(book("snapshot", 1)), "1 second")
    })
    exchange.snapshots = false
    const one = yield* listen("book")
    yield* pass(1001)
    expect(one.tags()).toEqual(["Connected", "Data"])
    connection().cut()
    yield* pass(2000)
    expect(one.tags()).toEqual(["Connected", "Data", "Reconnecting", "Resynced", "Data"])
  }).pipe(steady))

it.scoped("nothing waits until the local clock, which was set back, has caught up", () =>
  Effect.gen(function*() {
    const base = yield* Effect.clock
    let behind = 0
    const clock: typeof base = Object.create(base, {
      unsafeCurrentTimeMillis: { value: () => base.unsafeCurrentTimeMillis() - behind }
    })
    yield* Effect.gen(function*() {
      yield* pass(7_200_000)
      const { exchange, connection, listen } = yield* open()
      const one = yield* listen("book")
      yield* pass(1)
      exchange.snapshots = false
      // The first fault is mended at once, the second one after a delay.
      for (let time = 0; time < 2; time++) {
        connection().say({ key: "book", update: book("update", 9) })
        yield* pass(1)
        connection().say({ key: "book" })
        yield* pass(1)
      }
      const before = connection().subscribed().length
      exchange.snapshots = true
      behind = 3_600_000
      yield* pass(2000)
      expect(connection().subscribed().length).toBe(before + 1)
      expect(one.statuses().at(-1)).toBe("Resynced")
      connection().cut()
      yield* pass(1)
      // In instants of the local clock.
      expect(one.items().at(-1)).toMatchObject({ _tag: "Reconnecting", since: expect.closeTo(3_602_000, -4) })
    }).pipe(Effect.withClock(clock))
  }).pipe(steady))

it.scoped("a snapshot is no longer requested once its subscription has no consumer", () => {
  let requests = 0
  const fetch = Effect.suspend(() => {
    requests++
    return new ExchangeError.ExchangeUnavailable({
      exchange: "acme",
      operation: "orderBook",
      detail: "maintenance",
      outcome: "Unknown"
    })
  })
  return Effect.gen(function*() {
    const { exchange, connection, listen } = yield* open({ fetch })
    exchange.snapshots = false
    const [one, other] = [yield* listen("book"), yield* listen("book")]
    yield* pass(1)
    connection().say({ key: "book", update: book("update", 2) })
    yield* pass(60_000)
    yield* one.leave
    const before = requests
    yield* pass(60_000)
    expect(requests).toBeGreaterThan(before)
    yield* other.leave
    const after = requests
    yield* pass(600_000)
    expect(requests).toBe(after)
  }).pipe(steady)
})

it.scoped("a WebSocket constructor that throws counts as a failed connection", () =>
  Effect.gen(function*() {
    const { exchange, listen } = yield* open()
    exchange.throws = true
    const one = yield* listen("book")
    yield* pass(5000)
    expect(one.statuses()).toEqual(["Reconnecting"])
    exchange.throws = false
    yield* pass(60_000)
    expect(one.statuses()).toEqual(["Reconnecting", "Resynced"])
  }).pipe(steady))

describe("after a gap in the order book", () => {
  it.scoped("the outdated book is not emitted, and one new snapshot is requested however many updates follow", () =>
    Effect.gen(function*() {
      const { exchange, connection, listen } = yield* open()
      const one = yield* listen("book")
      yield* pass(1)
      exchange.snapshots = false
      const before = one.tags().length
      for (let last = 5; last < 500; last++) connection().say({ key: "book", update: book("update", last) })
      yield* pass(1)
      for (let last = 500; last < 1000; last++) connection().say({ key: "book", update: book("update", last) })
      yield* pass(1)
      expect(one.tags().slice(before)).toEqual(["Stale"])
      expect(connection().subscribed()).toEqual(["book", "book"])
      connection().say({ key: "book", update: book("snapshot", 1000) })
      yield* pass(1)
      expect(one.tags().slice(before)).toEqual(["Stale", "Resynced", "Data"])
    }).pipe(steady))

  it.scoped("only one snapshot is fetched at a time", () => {
    let asked = 0
    let inFlight = 0
    let most = 0
    const fetch = Effect.suspend(() => {
      asked++
      inFlight++
      most = Math.max(most, inFlight)
      return Effect.sleep(5000)
    }).pipe(
      Effect.ensuring(Effect.sync(() => inFlight--)),
      Effect.zipRight(Effect.suspend(() => Effect.succeed(book("snapshot", 100))))
    )
    return Effect.gen(function*() {
      const { exchange, connection, listen } = yield* open({ fetch })
      exchange.snapshots = false
      const one = yield* listen("book")
      yield* pass(1)
      for (let last = 99; last <= 140; last++) {
        connection().say({ key: "book", update: book("update", last) })
        yield* pass(100)
      }
      expect([asked, most]).toEqual([1, 1])
      yield* pass(1000)
      expect(one.statuses()).toEqual(["Connected"])
    }).pipe(steady)
  })
})
