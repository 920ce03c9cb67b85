import { Trip } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Random, TestClock } from "effect"
import { Endpoint } from "../src/adapter.js"
import { ExchangeError } from "../src/index.js"
import * as Acme from "./support/acme.js"
import { assertRunning, start } from "./support/time.js"
import * as Wire from "./support/wire.js"

const neverTrips = {
  trip: Trip.make(() => ({ record: () => undefined, calls: () => 0, failures: () => 0 }))
}

/** One call of each idempotency class, as private writes, so that every error keeps its class. */
const call = (client: Wire.Setup["client"], idempotency: "safe" | "idempotent" | "once") =>
  client.request({ ...Acme.cancel, idempotency }, { id: "1" })

interface Row {
  readonly answer: string
  /** How many requests a `safe`, an `idempotent` and a `once` endpoint send, of three attempts allowed. */
  readonly sends: readonly [safe: number, idempotent: number, once: number]
}

// Written by hand, independently of the table of policies.
const rows: ReadonlyArray<Row> = [
  { answer: "InvalidRequest", sends: [1, 1, 1] },
  { answer: "SymbolNotFound", sends: [1, 1, 1] },
  { answer: "OrderNotFound", sends: [1, 1, 1] },
  { answer: "DuplicateOrder", sends: [1, 1, 1] },
  { answer: "InsufficientFunds", sends: [1, 1, 1] },
  { answer: "OrderRejected", sends: [1, 1, 1] },
  { answer: "PermissionDenied", sends: [1, 1, 1] },
  { answer: "AuthenticationFailed", sends: [1, 1, 1] },
  { answer: "RateLimited", sends: [3, 3, 3] },
  { answer: "Banned", sends: [1, 1, 1] },
  { answer: "ExchangeUnavailable", sends: [3, 3, 1] },
  { answer: "ExchangeUnavailable.Rejected", sends: [3, 3, 3] },
  { answer: "TransportFailed", sends: [3, 3, 1] },
  { answer: "RequestTimedOut", sends: [3, 3, 1] },
  { answer: "MalformedResponse", sends: [1, 1, 1] },
  { answer: "CircuitOpen", sends: [1, 1, 1] },
  { answer: "BulkheadFull", sends: [1, 1, 1] },
  { answer: "RateLimiterFull", sends: [1, 1, 1] },
  { answer: "DeadlineExceeded", sends: [1, 1, 1] },
  { answer: "ExchangeClosed", sends: [1, 1, 1] },
  { answer: "Unsupported", sends: [1, 1, 1] },
  { answer: "OrderDenied", sends: [1, 1, 1] },
  { answer: "NotPlaced", sends: [1, 1, 1] },
  { answer: "OutcomeUnknown", sends: [1, 1, 1] }
]

const classes = ["safe", "idempotent", "once"] as const

describe("ExchangeClient: retries", () => {
  it("the rows below list every error except ClockSkew, which compares clocks first, and KeyRefused, which no answer gives", () => {
    const listed = new Set(rows.map(({ answer }) => answer.split(".")[0] ?? ""))
    assert.deepStrictEqual(
      [...listed, "ClockSkew", "KeyRefused"].toSorted(),
      Object.keys(ExchangeError.policies).toSorted()
    )
  })

  for (const { answer, sends } of rows) {
    for (const [index, idempotency] of classes.entries()) {
      it.scoped(`${answer}, ${idempotency}: sent ${sends[index]} time(s)`, () =>
        Effect.gen(function*() {
          const { client, sent } = yield* Wire.setup(() => Wire.refuse(answer), { breaker: neverTrips })
          const fiber = yield* start(Effect.flip(call(client, idempotency)))
          yield* TestClock.adjust("29 seconds")
          const error = yield* Fiber.join(fiber)
          assert.strictEqual(error._tag, answer.split(".")[0])
          assert.strictEqual(sent.length, sends[index])
        }))
    }
  }

  it.scoped("a write that was not sent is retried, whatever its idempotency", () =>
    Effect.gen(function*() {
      for (const idempotency of classes) {
        const { client, sent } = yield* Wire.setup((sent, index) =>
          index === 0 ? Wire.broken(sent, "ECONNREFUSED") : Wire.ok()
        )
        const fiber = yield* start(call(client, idempotency))
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(fiber)
        assert.strictEqual(sent.length, 2)
      }
    }))

  it.scoped("a write whose connection broke is retried unless its idempotency is once", () =>
    Effect.gen(function*() {
      for (const [idempotency, times] of [["safe", 2], ["idempotent", 2], ["once", 1]] as const) {
        const { client, sent } = yield* Wire.setup((sent, index) =>
          index === 0 ? Wire.broken(sent, "ECONNRESET") : Wire.ok()
        )
        const fiber = yield* start(Effect.exit(call(client, idempotency)))
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(fiber)
        assert.strictEqual(sent.length, times)
      }
    }))

  it.scoped("a rejected retry does not hide that an earlier attempt may have been carried out", () =>
    Effect.gen(function*() {
      for (
        const last of [Wire.refuse("OrderNotFound"), Wire.refuse("InvalidRequest"), Wire.refuse("PermissionDenied")]
      ) {
        const { client, sent } = yield* Wire.setup((sent, index) =>
          index === 0 ? Wire.broken(sent, "ECONNRESET") : last
        )
        const fiber = yield* start(Effect.flip(call(client, "idempotent")))
        yield* TestClock.adjust("1 second")
        const error = yield* Fiber.join(fiber)
        assert.strictEqual(sent.length, 2)
        assert.instanceOf(error, ExchangeError.TransportFailed)
        assert.strictEqual(error.outcome, "Unknown")
      }
      // A read has no effect, so its last error counts.
      const { client } = yield* Wire.setup((sent, index) =>
        index === 0 ? Wire.broken(sent, "ECONNRESET") : Wire.refuse("OrderNotFound")
      )
      const fiber = yield* start(Effect.flip(call(client, "safe")))
      yield* TestClock.adjust("1 second")
      assert.instanceOf(yield* Fiber.join(fiber), ExchangeError.OrderNotFound)
    }))

  it("idempotency defaults to safe for GET and once otherwise, but trading endpoints have to state it", () => {
    const facts = { name: "x", path: "/x", input: Endpoint.NoInput, response: Endpoint.NoInput, cost: {} } as const
    assert.deepStrictEqual(
      (["GET", "POST", "PUT", "DELETE"] as const).map((method) =>
        Endpoint.make({ ...facts, capability: "account", method }).idempotency
      ),
      ["safe", "once", "once", "once"]
    )
    assert.deepStrictEqual(
      (["idempotent", "once"] as const).map((idempotency) =>
        Endpoint.make({ ...facts, capability: "trading", idempotency }).idempotency
      ),
      ["idempotent", "once"]
    )
    assert.deepStrictEqual(
      [
        Endpoint.make({ ...facts, capability: "marketData" }).auth,
        Endpoint.make({ ...facts, capability: "account" }).auth,
        Endpoint.make({ ...facts, capability: "trading", idempotency: "once" }).auth
      ],
      ["none", "signed", "signed"]
    )
  })

  it("a trading endpoint without an idempotency does not compile, and is sent once", () => {
    const facts = { name: "x", path: "/x", input: Endpoint.NoInput, response: Endpoint.NoInput, cost: {} } as const
    const endpoints = [
      // @ts-expect-error: a GET of trading may have effects, and would be retried
      Endpoint.make({ ...facts, capability: "trading" }),
      // @ts-expect-error: the idempotency is undefined
      Endpoint.make({ ...facts, capability: "trading", method: "POST", idempotency: undefined }),
      // @ts-expect-error: trading is never safe
      Endpoint.make({ ...facts, capability: "trading", idempotency: "safe" })
    ]
    assert.deepStrictEqual(endpoints.map(({ idempotency }) => idempotency), ["once", "once", "once"])
    // @ts-expect-error: the capability has to be known
    Endpoint.make({ ...facts, capability: facts.name === "x" ? "trading" as const : "account" as const })
  })

  it.scoped("the backoff doubles with full jitter up to its maximum, and is reproducible from a seed", () =>
    Effect.gen(function*() {
      const times = (seed: string) =>
        Effect.gen(function*() {
          const { client, sent } = yield* Wire.setup(() => Wire.refuse("ExchangeUnavailable"), {
            retry: { attempts: 4, base: "1 second", max: "3 seconds" }
          })
          const fiber = yield* start(Effect.flip(client.request(Acme.value, {})))
          yield* TestClock.adjust("20 seconds")
          yield* Fiber.join(fiber)
          const began = sent[0]?.at ?? 0
          return sent.map(({ at }) => Math.round(at - began))
        }).pipe(Effect.withRandom(Random.make(seed)))
      const first = yield* times("one")
      assert.strictEqual(first.length, 4)
      const [, second = 0, third = 0, fourth = 0] = first
      assert.isAtMost(second, 1_000)
      assert.isAtMost(third - second, 2_000)
      assert.isAtMost(fourth - third, 3_000)
      assert.deepStrictEqual(yield* times("one"), first)
      assert.notDeepEqual(yield* times("two"), first)
    }))

  it.scoped("a retry never starts before Retry-After has passed", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup((_, index) =>
        index === 0 ? new Response("{}", { status: 429, headers: { "retry-after": "7" } }) : Wire.ok()
      )
      const fiber = yield* start(client.request(Acme.value, {}))
      assert.strictEqual(sent.length, 1)
      yield* TestClock.adjust(6_999)
      assert.strictEqual(sent.length, 1)
      yield* assertRunning(fiber)
      // Callers that were rate-limited together are spread over 100 milliseconds.
      yield* TestClock.adjust(101)
      yield* Fiber.join(fiber)
      assert.strictEqual(sent.length, 2)
    }))

  it.scoped("a 429 pauses its rate limit scopes for other callers too, and no other scopes", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(
        (_, index) => index === 0 ? new Response("{}", { status: 429, headers: { "retry-after": "7" } }) : Wire.ok(),
        { retry: { attempts: 1 } }
      )
      const error = yield* Effect.flip(client.request(Acme.value, {}))
      assert.instanceOf(error, ExchangeError.RateLimited)
      assert.strictEqual(Duration.toMillis(error.retryAfter), 7_000)
      const other = yield* start(client.request(Acme.named, { name: "a" }))
      yield* client.request({ ...Acme.named, cost: () => ({ key: 1 }) }, { name: "b" })
      assert.deepStrictEqual(sent.map(({ path }) => path), ["/value", "/named/b/value"])
      yield* TestClock.adjust(6_999)
      yield* assertRunning(other)
      yield* TestClock.adjust(1)
      yield* Fiber.join(other)
      assert.strictEqual(sent.length, 3)
    }))

  it.scoped("a 429 without Retry-After waits for a second", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => new Response("{}", { status: 429 }), { retry: { attempts: 1 } })
      const error = yield* Effect.flip(client.request(Acme.value, {}))
      assert.instanceOf(error, ExchangeError.RateLimited)
      assert.strictEqual(Duration.toMillis(error.retryAfter), 1_000)
    }))

  it.scoped("a Retry-After beyond the deadline fails immediately with RateLimited", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(
        () => new Response("{}", { status: 429, headers: { "retry-after": "60" } })
      )
      assert.instanceOf(yield* Effect.flip(client.request(Acme.value, {})), ExchangeError.RateLimited)
      assert.strictEqual(sent.length, 1)
      // The limiter is paused for a minute, beyond the deadline of a call.
      assert.instanceOf(yield* Effect.flip(client.request(Acme.value, {})), ExchangeError.DeadlineExceeded)
      assert.strictEqual(sent.length, 1)
    }))

  it.scoped("retries are bounded by a shared budget", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.refuse("ExchangeUnavailable.Rejected"), {
        retry: { attempts: 1_000, base: "1 millis", max: "1 millis" },
        protocol: { limits: [] },
        breaker: neverTrips
      })
      const fiber = yield* start(Effect.flip(client.request({ ...Acme.value, cost: () => ({}) }, {})))
      yield* TestClock.adjust("2 seconds")
      assert.instanceOf(yield* Fiber.join(fiber), ExchangeError.ExchangeUnavailable)
      // The budget's reserve of ten seconds, and the first attempt.
      assert.strictEqual(sent.length, 101)
    }))
})
