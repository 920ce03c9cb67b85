import { CircuitBreaker, Rejection, Trip } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Clock, Deferred, Duration, Effect, Exit, FastCheck, Fiber, Schedule, Stream } from "effect"

/** A clock set by hand whose wall side can be stepped without its monotonic side noticing. */
const handClock = () => {
  let monotonic = 5_000
  let wall = 1_700_000_000_000
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => wall,
    unsafeCurrentTimeNanos: () => BigInt(monotonic) * 1_000_000n,
    currentTimeMillis: Effect.sync(() => wall),
    currentTimeNanos: Effect.sync(() => BigInt(monotonic) * 1_000_000n),
    sleep: () => Effect.die("a breaker does not sleep")
  }
  return {
    clock,
    wall: () => wall,
    advance: (millis: number) => {
      monotonic += millis
      wall += millis
    },
    stepWall: (millis: number) => {
      wall += millis
    }
  }
}

const results = ["success", "failure", "defect", "interrupt", "refusal", "ban", "pause", "past"] as const
type Result = typeof results[number]

type Command =
  | { readonly _tag: "Start" | "Check" | "Isolate" | "Reset" }
  | { readonly _tag: "End"; readonly pick: number; readonly result: Result }
  | { readonly _tag: "Release"; readonly pick: number }
  | { readonly _tag: "Advance" | "StepWall"; readonly millis: number }

const command: FastCheck.Arbitrary<Command> = FastCheck.oneof(
  { weight: 8, arbitrary: FastCheck.constant<Command>({ _tag: "Start" }) },
  {
    weight: 10,
    arbitrary: FastCheck.record({
      _tag: FastCheck.constant("End" as const),
      pick: FastCheck.nat(20),
      result: FastCheck.oneof(
        { weight: 4, arbitrary: FastCheck.constantFrom("success" as const, "failure" as const) },
        { weight: 1, arbitrary: FastCheck.constantFrom(...results) }
      )
    })
  },
  {
    weight: 5,
    arbitrary: FastCheck.record({
      _tag: FastCheck.constant("Advance" as const),
      millis: FastCheck.oneof(FastCheck.constantFrom(50, 99, 100, 200, 400), FastCheck.nat(500))
    })
  },
  {
    weight: 1,
    arbitrary: FastCheck.record({
      _tag: FastCheck.constant("StepWall" as const),
      millis: FastCheck.integer({ min: -10_000, max: 10_000 })
    })
  },
  { weight: 1, arbitrary: FastCheck.constant<Command>({ _tag: "Check" }) },
  { weight: 1, arbitrary: FastCheck.constant<Command>({ _tag: "Isolate" }) },
  {
    weight: 2,
    arbitrary: FastCheck.record({ _tag: FastCheck.constant("Release" as const), pick: FastCheck.nat(5) })
  },
  { weight: 1, arbitrary: FastCheck.constant<Command>({ _tag: "Reset" }) }
)

const banFor = 300
const pauseFor = 150
const openDurations = [100, 200, 400]
const halfOpenTimeout = 250
const permits = 3
const successes = 2

/**
 * What a breaker is, in plain numbers of milliseconds and with every call remembered: opens at 3 failures in a row or at
 * half of 4 to 6 calls.
 */
class Reference {
  now = 0
  life = 0
  phase: "Closed" | "Open" | "HalfOpen" | "Isolated" = "Closed"
  until = 0
  attempt = 0
  history: Array<boolean> = []
  running = 0
  holders = 0
  rejected = 0
  late = 0
  trips = 0
  readonly log: Array<string> = []

  to(phase: Reference["phase"]): void {
    this.log.push(`${this.phase}->${phase}`)
    if (phase === "Open" && this.phase !== "Open") this.trips++
    if (phase === "Closed") this.attempt = 0
    this.phase = phase
    this.life++
    this.history = []
    this.running = 0
  }

  open(from: number): void {
    this.until = from + (openDurations[this.attempt] ?? Number.POSITIVE_INFINITY)
    this.attempt++
    this.to("Open")
  }

  pass(millis: number): void {
    this.now += millis
  }

  settle(): void {
    if (this.phase === "HalfOpen" && this.now >= this.until) this.open(this.until)
  }

  refusal(): string | undefined {
    this.settle()
    switch (this.phase) {
      case "Closed":
        return undefined
      case "Open":
        return this.now >= this.until ? undefined : `Open ${this.until - this.now}`
      case "HalfOpen":
        return this.history.length + this.running < permits ? undefined : `HalfOpen ${this.until - this.now}`
      case "Isolated":
        return "Isolated Infinity"
    }
  }

  start(): number | string {
    const refusal = this.refusal()
    if (refusal !== undefined) {
      this.rejected++
      return refusal
    }
    if (this.phase === "Open") {
      this.to("HalfOpen")
      this.until = this.now + halfOpenTimeout
    }
    this.running++
    return this.life
  }

  end(life: number, result: Result): void {
    if (result === "interrupt" || result === "refusal") {
      if (life === this.life) this.running--
      return
    }
    this.settle()
    const isLate = life !== this.life
    if (isLate) this.late++
    else this.running--
    if (result === "ban") return this.stayAway(this.now + banFor)
    if (result === "pause") return this.stayAway(this.now + pauseFor)
    if (result === "past" || isLate) return
    this.history.push(result !== "success")
    const failed = this.history.filter((failed) => failed).length
    if (this.phase === "HalfOpen") {
      if (this.history.length - failed >= successes) this.to("Closed")
      else if (failed > permits - successes) this.open(this.now)
    } else if (result !== "success") {
      const latest = this.history.slice(-6)
      const share = latest.filter((failed) => failed).length / latest.length
      const lastThree = this.history.slice(-3)
      if ((lastThree.length === 3 && lastThree.every((failed) => failed)) || (latest.length >= 4 && share >= 0.5)) {
        this.open(this.now)
      }
    }
  }

  stayAway(until: number): void {
    if (this.phase === "Isolated" || (this.phase === "Open" && until <= this.until)) return
    this.to("Open")
    this.until = until
  }

  isolate(): number {
    if (this.phase !== "Isolated") {
      this.to("Isolated")
      this.holders = 0
    }
    this.holders++
    return this.life
  }

  release(life: number): void {
    if (life === this.life && --this.holders === 0) this.to("Closed")
  }

  view(): string {
    this.settle()
    return this.phase === "Open" ? `Open ${Math.max(0, this.until - this.now)}` : this.phase
  }

  counts(): CircuitBreaker.Metrics {
    const { late, rejected, trips } = this
    const run = this.history.length - 1 - this.history.lastIndexOf(false)
    const window = this.phase === "Closed" ? this.history.slice(-6) : this.history
    // The longer of the two windows is reported.
    const calls = Math.max(window.length, this.phase === "Closed" ? run : 0)
    const failures = window.filter((failed) => failed).length
    return { calls, failures, failureRate: calls === 0 ? 0 : failures / calls, rejected, late, trips }
  }
}

class Refused {
  readonly [Rejection.RejectionTypeId] = Rejection.RejectionTypeId
}

/** Long enough for a subscriber to get where it waits. */
const settled = Effect.repeatN(Effect.yieldNow(), 50)

const describeRefusal = (error: CircuitBreaker.CircuitOpen) => `${error.state} ${Duration.toMillis(error.retryAfter)}`

describe("model", () => {
  it.effect.prop(
    "does what a plain reference does, whatever happens",
    [FastCheck.array(command, { maxLength: 80, size: "max" })],
    ([commands]) =>
      Effect.gen(function*() {
        const time = handClock()
        const reference = new Reference()
        yield* Effect.gen(function*() {
          const breaker = yield* CircuitBreaker.make<unknown>({
            name: "model",
            trip: Trip.any(Trip.consecutive(3), Trip.failureRate({ threshold: 0.5, window: 6, minimumCalls: 4 })),
            openFor: Schedule.intersect(Schedule.exponential("100 millis"), Schedule.recurs(openDurations.length)),
            halfOpen: { permits, successes, timeout: halfOpenTimeout },
            classify: (exit) => {
              if (Exit.isFailure(exit)) return CircuitBreaker.defaultClassify(exit)
              switch (exit.value) {
                case "ban":
                  return CircuitBreaker.openUntil(time.wall() + banFor)
                case "pause":
                  return CircuitBreaker.openFor(pauseFor)
                case "past":
                  return CircuitBreaker.openUntil(time.wall())
                default:
                  return "success"
              }
            }
          })
          const log: Array<string> = []
          yield* Effect.fork(
            Stream.runForEachChunk(breaker.changes, (chunk) =>
              Effect.sync(() => log.push(...Chunk.map(chunk, ({ from, to }) => `${from}->${to}`))))
          )
          yield* settled

          const calls: Array<{
            readonly life: number
            readonly fiber: Fiber.Fiber<unknown, unknown>
            readonly gate: Deferred.Deferred<unknown, unknown>
          }> = []
          const holders: Array<{ readonly life: number; readonly fiber: Fiber.Fiber<never> }> = []

          const run = (command: Command) =>
            Effect.gen(function*() {
              switch (command._tag) {
                case "Start": {
                  const started = yield* Deferred.make<"started" | CircuitBreaker.CircuitOpen>()
                  const gate = yield* Deferred.make<unknown, unknown>()
                  const fiber = yield* Effect.fork(
                    breaker.protect(Effect.zipRight(Deferred.succeed(started, "started"), Deferred.await(gate))).pipe(
                      Effect.tapError((error) =>
                        error instanceof CircuitBreaker.CircuitOpen ? Deferred.succeed(started, error) : Effect.void
                      )
                    )
                  )
                  const outcome = yield* Deferred.await(started)
                  const expected = reference.start()
                  if (typeof expected === "number") {
                    assert.strictEqual(outcome, "started")
                    calls.push({ life: expected, fiber, gate })
                  } else {
                    assert.strictEqual(outcome === "started" ? outcome : describeRefusal(outcome), expected)
                  }
                  return
                }
                case "End": {
                  const [call] = calls.splice(command.pick % Math.max(1, calls.length), 1)
                  if (call === undefined) {
                    return
                  }
                  const ends: Record<Result, Effect.Effect<unknown>> = {
                    success: Deferred.succeed(call.gate, "success"),
                    failure: Deferred.fail(call.gate, "failure"),
                    defect: Deferred.die(call.gate, "defect"),
                    interrupt: Fiber.interrupt(call.fiber),
                    refusal: Deferred.fail(call.gate, new Refused()),
                    ban: Deferred.succeed(call.gate, "ban"),
                    pause: Deferred.succeed(call.gate, "pause"),
                    past: Deferred.succeed(call.gate, "past")
                  }
                  yield* ends[command.result]
                  yield* Fiber.await(call.fiber)
                  return reference.end(call.life, command.result)
                }
                case "Advance":
                  time.advance(command.millis)
                  return reference.pass(command.millis)
                case "StepWall":
                  return time.stepWall(command.millis)
                case "Check": {
                  const refusal = yield* Effect.match(breaker.check, {
                    onFailure: describeRefusal,
                    onSuccess: () =>
                      undefined
                  })
                  const expected = reference.refusal()
                  if (expected !== undefined) reference.rejected++
                  assert.strictEqual(refusal, expected)
                  return
                }
                case "Isolate": {
                  const held = yield* Deferred.make<void>()
                  const fiber = yield* Effect.fork(Effect.scoped(
                    Effect.zipRight(breaker.isolate, Effect.zipRight(Deferred.succeed(held, undefined), Effect.never))
                  ))
                  yield* Deferred.await(held)
                  holders.push({ life: reference.isolate(), fiber })
                  return
                }
                case "Release": {
                  const [holder] = holders.splice(command.pick % Math.max(1, holders.length), 1)
                  if (holder === undefined) return
                  yield* Fiber.interrupt(holder.fiber)
                  return reference.release(holder.life)
                }
                case "Reset":
                  yield* breaker.reset
                  return reference.to("Closed")
              }
            })

          for (const command of commands) {
            yield* run(command)
            const state = yield* breaker.state
            const view = state._tag === "Open" ? `Open ${Duration.toMillis(state.retryAfter)}` : state._tag
            assert.strictEqual(view, reference.view(), command._tag)
            assert.deepStrictEqual(yield* breaker.metrics, reference.counts(), command._tag)
          }
          yield* settled
          assert.deepStrictEqual(log.slice(-64), reference.log.slice(-64))
        }).pipe(Effect.withClock(time.clock))
      }),
    { fastCheck: { numRuns: 100 }, timeout: 30_000 }
  )
})

describe("a wall clock that is stepped", () => {
  for (const hours of [-1, 1]) {
    it.effect(`by ${hours} h moves no deadline`, () =>
      Effect.gen(function*() {
        const time = handClock()
        yield* Effect.gen(function*() {
          const breaker = yield* CircuitBreaker.make({
            name: "stepped",
            trip: Trip.consecutive(1),
            openFor: Schedule.spaced("1 second")
          })
          yield* Effect.exit(breaker.protect(Effect.fail("boom")))
          time.stepWall(hours * 3_600_000)
          time.advance(999)
          yield* Effect.flip(breaker.protect(Effect.void))
          time.advance(1)
          yield* breaker.protect(Effect.void)
        }).pipe(Effect.withClock(time.clock))
      }))
  }
})
