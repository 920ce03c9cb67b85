import { Account, MarketData } from "@effect-exchange/core"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Random, TestClock } from "effect"
import { everyNth } from "../../resilience/test/support/sample.js"
import { Exchanges } from "../src/index.js"
import { symbol } from "./support/exchanges.js"

const seeded = (faults: Faults.Options) => Faults.make({ seed: "faults", ...faults })

const setFaults = (id: Exchanges.ExchangeId, faults: Faults.Options) =>
  Effect.flatMap(simulator(id), ({ setFaults }) => setFaults(seeded(faults)))

const simulator = (id: Exchanges.ExchangeId) => Effect.flatMap(Simulator.Simulators, ({ get }) => get(id))

/** Returns the targets of all requests that the simulated exchange received. */
const targets = (id: Exchanges.ExchangeId) =>
  Effect.flatMap(simulator(id), ({ requests }) => Effect.map(requests, (all) => all.map(({ target }) => target)))

const serverTime = Effect.flatMap(MarketData.MarketData, ({ serverTime }) => serverTime)
const book = Effect.flatMap(MarketData.MarketData, ({ orderBook }) => orderBook(symbol))
const balances = Effect.flatMap(Account.Account, ({ balances }) => balances)

// Every jitter is the middle of its range, so the waits between attempts are known.
const simulated =
  (id: Exchanges.ExchangeId, faults: Faults.Options) =>
  <A, E>(effect: Effect.Effect<A, E, Account.Account | MarketData.MarketData | Simulator.Simulators>) =>
    Effect.zipRight(TestClock.setTime(Date.UTC(2026, 2, 1, 12, 34, 56)), effect).pipe(
      Effect.provide(Layer.provideMerge(
        Exchanges.layerAccount(id, {
          environment: Simulator.environment(id),
          credentials: Simulator.credentials(id)
        }),
        Simulator.layer(id, { faults: seeded(faults) })
      )),
      Effect.withRandom(Random.fixed([0.5]))
    )

/** Runs an effect to its end, and advances the clock while it waits. */
const elapsing = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.raceFirst(effect, Effect.forever(TestClock.adjust("2 seconds")))

// Every kind of fault: the error that a read fails with, the number of attempts and the outcome.
const kinds: ReadonlyArray<
  readonly [kind: Faults.Kind, tag: string, attempts: number, outcome: "NotSent" | "Rejected" | "Unknown"]
> = [
  ["refused", "TransportFailed", 3, "NotSent"],
  ["reset", "TransportFailed", 3, "Unknown"],
  ["drop", "RequestTimedOut", 3, "Unknown"],
  ["http500", "ExchangeUnavailable", 3, "Unknown"],
  ["http503", "ExchangeUnavailable", 3, "Unknown"],
  ["http429", "RateLimited", 3, "Rejected"],
  ["malformed", "MalformedResponse", 1, "Unknown"],
  ["truncated", "TransportFailed", 3, "Unknown"],
  ["oversized", "MalformedResponse", 1, "Unknown"],
  ["redirect", "ExchangeUnavailable", 3, "Unknown"]
]

// The body of their 503 says that the request was not carried out.
const rejecting: ReadonlyArray<Exchanges.ExchangeId> = ["binance", "bitmex", "deribit"]

const cases = Exchanges.ids.flatMap((id) => kinds.map((kind) => [id, ...kind] as const))

describe("every kind of fault", () => {
  for (const [id, kind, tag, attempts, outcome] of everyNth(4, cases)) {
    it.effect(`${kind} fails on ${id} with ${tag} at attempt ${attempts}`, () =>
      Effect.gen(function*() {
        const error = yield* elapsing(Effect.flip(serverTime))
        assert.strictEqual(error._tag, tag)
        assert.strictEqual(error.exchange, id)
        assert.strictEqual(error.outcome, kind === "http503" && rejecting.includes(id) ? "Rejected" : outcome)
        assert.lengthOf(yield* targets(id), attempts)
      }).pipe(simulated(id, { [kind]: 1 })))
  }

  for (const [id, kind] of everyNth(4, cases.filter(([, , , attempts]) => attempts > 1), 1)) {
    it.effect(`a single ${kind} is retried successfully on ${id}`, () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.fork(balances)
        yield* TestClock.adjust(0)
        assert.lengthOf(yield* targets(id), 1)
        yield* setFaults(id, {})
        assert.isAbove((yield* elapsing(Fiber.join(fiber))).length, 0)
      }).pipe(simulated(id, { [kind]: 1 })))
  }

  for (const id of everyNth(2, Exchanges.ids)) {
    it.effect(`a slow body of ${id} is waited for within the attempt timeout`, () =>
      Effect.gen(function*() {
        yield* elapsing(serverTime)
        assert.lengthOf(yield* targets(id), 1)
      }).pipe(simulated(id, { slowBody: 1, pause: "100 millis" })))

    it.effect(`a slow body of ${id} fails with RequestTimedOut if it takes longer than the attempt timeout`, () =>
      Effect.gen(function*() {
        const error = yield* elapsing(Effect.flip(serverTime))
        assert.strictEqual(error._tag, "RequestTimedOut")
      }).pipe(simulated(id, { slowBody: 1, pause: "2 seconds" })))
  }
})

describe("a circuit breaker", () => {
  for (const id of Exchanges.ids) {
    it.effect(`of the public data of ${id} opens after repeated failures until its wait ends, and leaves the account's closed`, () =>
      Effect.gen(function*() {
        yield* elapsing(balances)
        yield* elapsing(book)
        const target = (yield* targets(id)).at(-1) ?? ""
        const sent = Effect.map(targets(id), (all) => all.filter((one) => one === target).length - 1)
        yield* setFaults(id, { routes: [{ path: target.split("?", 1).join(""), faults: seeded({ http500: 1 }) }] })
        assert.strictEqual((yield* elapsing(Effect.flip(book)))._tag, "ExchangeUnavailable")
        assert.strictEqual(yield* sent, 3)
        assert.strictEqual((yield* elapsing(Effect.flip(book)))._tag, "CircuitOpen")
        assert.strictEqual(yield* sent, 5)
        assert.isAbove((yield* elapsing(balances)).length, 0)
        yield* setFaults(id, {})
        const opened = yield* Effect.flip(book)
        assert(opened._tag === "CircuitOpen")
        yield* TestClock.adjust(Duration.toMillis(opened.retryAfter) - 1)
        assert.strictEqual((yield* Effect.flip(book))._tag, "CircuitOpen")
        assert.strictEqual(yield* sent, 5)
        yield* TestClock.adjust(1)
        yield* elapsing(book)
        assert.strictEqual(yield* sent, 6)
      }).pipe(simulated(id, {})))
  }
})
