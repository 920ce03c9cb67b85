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
  readonly says: string
  /** How many requests a `safe`, an `idempotent` and a `once` endpoint send, of three attempts allowed. */
  readonly sends: readonly [safe: number, idempotent: number, once: number]
}

// What each answer leads to, written down by hand: not read from the table it is compared with.
const rows: ReadonlyArray<Row> = [
  { says: "InvalidRequest", sends: [1, 1, 1] },
  { says: "SymbolNotFound", sends: [1, 1, 1] },
  { says: "OrderNotFound", sends: [1, 1, 1] },
  { says: "DuplicateOrder", sends: [1, 1, 1] },
  { says: "InsufficientFunds", sends: [1, 1, 1] },
  { says: "OrderRejected", sends: [1, 1, 1] },
  { says: "PermissionDenied", sends: [1, 1, 1] },
  { says: "AuthenticationFailed", sends: [1, 1, 1] },
  { says: "RateLimited", sends: [3, 3, 3] },
  { says: "Banned", sends: [1, 1, 1] },
  { says: "ExchangeUnavailable", sends: [3, 3, 1] },
  { says: "ExchangeUnavailable.Rejected", sends: [3, 3, 3] },
  { says: "TransportFailed", sends: [3, 3, 1] },
  { says: "RequestTimedOut", sends: [3, 3, 1] },
  { says: "MalformedResponse", sends: [1, 1, 1] },
  { says: "CircuitOpen", sends: [1, 1, 1] },
  { says: "BulkheadFull", sends: [1, 1, 1] },
  { says: "RateLimiterFull", sends: [1, 1, 1] },
  { says: "DeadlineExceeded", sends: [1, 1, 1] },
  { says: "ExchangeClosed", sends: [1, 1, 1] },
  { says: "Unsupported", sends: [1, 1, 1] },
  { says: "OrderDenied", sends: [1, 1, 1] },
  { says: "NotPlaced", sends: [1, 1, 1] },
  { says: "OutcomeUnknown", sends: [1, 1, 1] }
]

const classes = ["safe", "idempotent", "once"] as const

describe("ExchangeClient: retries", () => {
  it("the rows below name every error but ClockSkew, which compares clocks first, and KeyRefused, which no answer is", () => {
    const named = new Set(rows.map(({ says }) => says.split(".")[0] ?? ""))
    assert.deepStrictEqual(
      [...named, "ClockSkew", "KeyRefused"].toSorted(),
      Object.keys(ExchangeError.policies).toSorted()
    )
  })

  for (const { says, sends } of rows) {
    for (const [index, idempotency] of classes.entries()) {
      it.scoped(`${says}, ${idempotency}: sent ${sends[index]} time(s)`, () =>
        Effect.gen(function*() {
          const { client, sent } = yield* Wire.setup(() => Wire.refuse(says), { breaker: neverTrips })
          const fiber = yield* start(Effect.flip(call(client, idempotency)))
          yield* TestClock.adjust("29 seconds")
          const error = yield* Fiber.join(fiber)
          assert.strictEqual(error._tag, says.split(".")[0])
          assert.strictEqual(sent.length, sends[index])
        }))
    }
  }

  it.scoped("a write that never left is sent again, whatever its class", () =>
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

  it.scoped("a write whose connection broke is sent again only where the exchange deduplicates it", () =>
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

  it.scoped("that the last attempt was refused does not undo that an earlier one may have been carried out", () =>
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
      // Of a read nothing is left behind.
      const { client } = yield* Wire.setup((sent, index) =>
        index === 0 ? Wire.broken(sent, "ECONNRESET") : Wire.refuse("OrderNotFound")
      )
      const fiber = yield* start(Effect.flip(call(client, "safe")))
      yield* TestClock.adjust("1 second")
      assert.instanceOf(yield* Fiber.join(fiber), ExchangeError.OrderNotFound)
    }))

  it("an endpoint's class defaults to safe for GET and once for everything else, but for trading it is stated", () => {
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

  it("an endpoint of trading that does not state whether it may be repeated does not compile, and is sent once", () => {
    const facts = { name: "x", path: "/x", input: Endpoint.NoInput, response: Endpoint.NoInput, cost: {} } as const
    const endpoints = [
      // @ts-expect-error: a GET may trade as well, and would be repeated
      Endpoint.make({ ...facts, capability: "trading" }),
      // @ts-expect-error: nothing is said of it
      Endpoint.make({ ...facts, capability: "trading", method: "POST", idempotency: undefined }),
      // @ts-expect-error: what changes something is no read
      Endpoint.make({ ...facts, capability: "trading", idempotency: "safe" })
    ]
    assert.deepStrictEqual(endpoints.map(({ idempotency }) => idempotency), ["once", "once", "once"])
    // @ts-expect-error: which of both it is has to be known
    Endpoint.make({ ...facts, capability: facts.name === "x" ? "trading" as const : "account" as const })
  })

  it.scoped("the delay is full jitter between nothing and the doubled base, repeatable from a seed", () =>
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

  it.scoped("Retry-After is a floor: not a millisecond before", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup((_, index) =>
        index === 0 ? new Response("{}", { status: 429, headers: { "retry-after": "7" } }) : Wire.ok()
      )
      const fiber = yield* start(client.request(Acme.value, {}))
      assert.strictEqual(sent.length, 1)
      yield* TestClock.adjust(6_999)
      assert.strictEqual(sent.length, 1)
      yield* assertRunning(fiber)
      // Callers that were turned away together are spread over 100 milliseconds.
      yield* TestClock.adjust(101)
      yield* Fiber.join(fiber)
      assert.strictEqual(sent.length, 2)
    }))

  it.scoped("a 429 stops the limiter for the other callers too, in its scopes only", () =>
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

  it.scoped("a 429 without Retry-After pauses for a second", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => new Response("{}", { status: 429 }), { retry: { attempts: 1 } })
      const error = yield* Effect.flip(client.request(Acme.value, {}))
      assert.instanceOf(error, ExchangeError.RateLimited)
      assert.strictEqual(Duration.toMillis(error.retryAfter), 1_000)
    }))

  it.scoped("a Retry-After beyond the deadline fails at once with what the exchange said", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(
        () => new Response("{}", { status: 429, headers: { "retry-after": "60" } })
      )
      assert.instanceOf(yield* Effect.flip(client.request(Acme.value, {})), ExchangeError.RateLimited)
      assert.strictEqual(sent.length, 1)
      // The limiter is paused for a minute, longer than a call may take.
      assert.instanceOf(yield* Effect.flip(client.request(Acme.value, {})), ExchangeError.DeadlineExceeded)
      assert.strictEqual(sent.length, 1)
    }))

  it.scoped("retries are bounded by a budget that all calls share", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.refuse("ExchangeUnavailable.Rejected"), {
        retry: { attempts: 1_000, base: "1 millis", max: "1 millis" },
        protocol: { limits: [] },
        breaker: neverTrips
      })
      const fiber = yield* start(Effect.flip(client.request({ ...Acme.value, cost: () => ({}) }, {})))
      yield* TestClock.adjust("2 seconds")
      assert.instanceOf(yield* Fiber.join(fiber), ExchangeError.ExchangeUnavailable)
      // The reserve of ten seconds, and the first attempt.
      assert.strictEqual(sent.length, 101)
    }))
})
