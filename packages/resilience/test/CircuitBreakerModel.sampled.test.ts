import { CircuitBreaker, Rejection, Trip, Window } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Deferred, Duration, Effect, Exit, FastCheck, Fiber, Option, Schedule, Stream } from "effect"
import * as reference from "./support/circuitBreakerReference.js"
import { settle } from "./support/interruption.js"
import { manualClock } from "./support/manualClock.js"
import { runs } from "./support/sample.js"

type Command =
  | { readonly _tag: "Start" | "Check" | "Isolate" | "ForceOpen" | "Disable" | "Enable" | "Reset" }
  | { readonly _tag: "End"; readonly pick: number; readonly result: reference.Result }
  | { readonly _tag: "Release"; readonly pick: number }
  | { readonly _tag: "Advance" | "StepWall"; readonly millis: number }

const command: FastCheck.Arbitrary<Command> = FastCheck.oneof(
  { weight: 24, arbitrary: FastCheck.constant<Command>({ _tag: "Start" }) },
  {
    weight: 20,
    arbitrary: FastCheck.record({
      _tag: FastCheck.constant("End" as const),
      pick: FastCheck.nat(20),
      result: FastCheck.oneof(
        { weight: 4, arbitrary: FastCheck.constantFrom("success" as const, "failure" as const) },
        { weight: 1, arbitrary: FastCheck.constantFrom(...reference.results) }
      )
    })
  },
  {
    weight: 10,
    arbitrary: FastCheck.record({
      _tag: FastCheck.constant("Advance" as const),
      millis: FastCheck.oneof(FastCheck.constantFrom(50, 99, 100, 120, 200, 400), FastCheck.nat(500))
    })
  },
  {
    weight: 2,
    arbitrary: FastCheck.record({
      _tag: FastCheck.constant("StepWall" as const),
      millis: FastCheck.integer({ min: -10_000, max: 10_000 })
    })
  },
  { weight: 2, arbitrary: FastCheck.constant<Command>({ _tag: "Check" }) },
  { weight: 2, arbitrary: FastCheck.constant<Command>({ _tag: "Isolate" }) },
  {
    weight: 4,
    arbitrary: FastCheck.record({ _tag: FastCheck.constant("Release" as const), pick: FastCheck.nat(5) })
  },
  {
    weight: 3,
    arbitrary: FastCheck.constantFrom<Command>(
      { _tag: "ForceOpen" },
      { _tag: "Disable" },
      { _tag: "Enable" },
      { _tag: "Enable" }
    )
  },
  { weight: 2, arbitrary: FastCheck.constant<Command>({ _tag: "Reset" }) }
)

const setup: FastCheck.Arbitrary<reference.Setup> = FastCheck.record({
  trip: FastCheck.constantFrom("count", "time", "slow"),
  excess: FastCheck.constantFrom("fail", "wait"),
  automatic: FastCheck.boolean()
})

const trips: Record<reference.Setup["trip"], Trip.Trip> = {
  count: Trip.any(Trip.consecutive(3), Trip.failureRate({ threshold: 0.5, window: 6, minimumCalls: 4 })),
  time: Trip.failureRate({
    threshold: 0.5,
    window: Window.time(reference.bucket * reference.buckets, { buckets: reference.buckets }),
    minimumCalls: 3
  }),
  slow: Trip.any(
    Trip.consecutive(3),
    Trip.slowCallRate({ duration: reference.slowAfter, threshold: 0.5, window: 6, minimumCalls: 3 })
  )
}

class Refused {
  readonly [Rejection.RejectionTypeId] = Rejection.RejectionTypeId
}

const describeRefusal = (error: CircuitBreaker.CircuitOpen) => `${error.state} ${Duration.toMillis(error.retryAfter)}`

const describeState = (state: CircuitBreaker.State) =>
  state._tag === "Open" ? `Open ${Duration.toMillis(state.retryAfter)}` : state._tag

const describeSnapshot = (snapshot: CircuitBreaker.Snapshot) =>
  snapshot._tag === "Open" ? `Open ${Duration.toMillis(snapshot.remaining)} ${snapshot.steps}` : snapshot._tag

interface Call {
  readonly id: number
  readonly fiber: Fiber.Fiber<unknown, unknown>
  readonly gate: Deferred.Deferred<unknown, unknown>
  status: string
}

describe("CircuitBreaker", () => {
  it.effect.prop(
    "agrees with a reference model for any commands",
    [setup, FastCheck.array(command, { maxLength: 80, size: "max" })],
    ([setup, commands]) =>
      Effect.gen(function*() {
        const time = manualClock()
        const model = new reference.Reference(setup)
        yield* Effect.gen(function*() {
          const breaker = yield* CircuitBreaker.make<unknown>({
            name: "model",
            trip: trips[setup.trip],
            openFor: Schedule.intersect(
              Schedule.exponential("100 millis"),
              Schedule.recurs(reference.openDurations.length)
            ),
            halfOpen: {
              permits: reference.permits,
              successes: reference.successes,
              timeout: reference.halfOpenTimeout,
              excess: setup.excess,
              maxQueue: reference.maxQueue
            },
            classify: (exit) => {
              if (Exit.isFailure(exit)) return CircuitBreaker.defaultClassify(exit)
              switch (exit.value) {
                case "ban":
                  return CircuitBreaker.openUntil(time.wall() + reference.banFor)
                case "pause":
                  return CircuitBreaker.openFor(reference.pauseFor)
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
          if (setup.automatic) {
            yield* breaker.automatic
          }
          yield* settle

          let ids = 0
          const calls: Array<Call> = []
          const holders: Array<{ readonly generation: number; readonly fiber: Fiber.Fiber<never> }> = []

          const run = (command: Command): Effect.Effect<void> =>
            Effect.gen(function*() {
              switch (command._tag) {
                case "Start": {
                  const gate = yield* Deferred.make<unknown, unknown>()
                  const mark = (status: string) =>
                    Effect.sync(() => call.status = status)
                  const fiber = yield* Effect.fork(
                    breaker.protect(Effect.zipRight(mark("running"), Deferred.await(gate))).pipe(
                      Effect.tapError((error) =>
                        error instanceof CircuitBreaker.CircuitOpen ? mark(describeRefusal(error)) : Effect.void
                      )
                    )
                  )
                  const call: Call = { id: ids++, fiber, gate, status: "waiting" }
                  calls.push(call)
                  return model.arrive(call.id, true)
                }
                case "End": {
                  const live = calls.filter(({ status }) => status === "running" || status === "waiting")
                  const call = live[command.pick % Math.max(1, live.length)]
                  if (call === undefined) return
                  calls.splice(calls.indexOf(call), 1)
                  const ends: Record<reference.Result, Effect.Effect<unknown>> = {
                    success: Deferred.succeed(call.gate, "success"),
                    failure: Deferred.fail(call.gate, "failure"),
                    defect: Deferred.die(call.gate, "defect"),
                    interrupt: Fiber.interrupt(call.fiber),
                    refusal: Deferred.fail(call.gate, Rejection.raise(new Refused())),
                    ban: Deferred.succeed(call.gate, "ban"),
                    pause: Deferred.succeed(call.gate, "pause"),
                    past: Deferred.succeed(call.gate, "past")
                  }
                  yield* call.status === "waiting" ? Fiber.interrupt(call.fiber) : ends[command.result]
                  yield* Fiber.await(call.fiber)
                  return model.end(call.id, command.result)
                }
                case "Advance":
                  time.advance(command.millis)
                  model.now += command.millis
                  return
                case "StepWall":
                  return time.stepWall(command.millis)
                case "Check": {
                  const refusal = yield* Effect.match(breaker.check, {
                    onFailure: describeRefusal,
                    onSuccess: () => undefined
                  })
                  const expected = model.refusal(true)
                  if (expected !== undefined) model.rejected++
                  assert.strictEqual(refusal, expected)
                  return
                }
                case "Isolate": {
                  const fiber = yield* Effect.fork(Effect.scoped(Effect.zipRight(breaker.isolate, Effect.never)))
                  holders.push({ generation: model.isolate(), fiber })
                  return
                }
                case "Release": {
                  const [holder] = holders.splice(command.pick % Math.max(1, holders.length), 1)
                  if (holder === undefined) return
                  yield* Fiber.interrupt(holder.fiber)
                  return model.release(holder.generation)
                }
                case "ForceOpen":
                  yield* breaker.forceOpen
                  return model.forceOpen()
                case "Disable":
                  yield* breaker.disable
                  return model.disable()
                case "Enable":
                  yield* breaker.enable
                  return model.enable()
                case "Reset":
                  yield* breaker.reset
                  return model.reset()
              }
            })

          for (const command of commands) {
            yield* run(command)
            yield* settle
            const state = describeState(yield* breaker.state)
            // Reading the state may wake waiting calls, which must have run before the comparison.
            yield* settle
            model.settle()
            model.wake()
            assert.strictEqual(describeState(yield* breaker.state), model.view(), `${command._tag}, seen as ${state}`)
            assert.deepStrictEqual(
              calls.map(({ id, status }) => [id, status]),
              calls.map(({ id }) => [id, model.calls.get(id)?.status]),
              command._tag
            )
            const { inFlight, ...metrics } = yield* breaker.metrics
            assert.deepStrictEqual<unknown>(
              { ...metrics, inFlight: Option.getOrUndefined(inFlight) },
              model.counts(),
              command._tag
            )
            assert.strictEqual(describeSnapshot(yield* breaker.snapshot), model.snapshot(), command._tag)
          }
          yield* settle
          assert.deepStrictEqual(log.slice(-64), model.log.slice(-64))
        }).pipe(Effect.scoped, Effect.withClock(time.clock))
      }),
    { fastCheck: { numRuns: runs(200) }, timeout: 60_000 }
  )
})

describe("A wall clock that is stepped", () => {
  for (const hours of [-1, 1]) {
    it.effect(`by ${hours} h changes no deadline`, () =>
      Effect.gen(function*() {
        const time = manualClock()
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
