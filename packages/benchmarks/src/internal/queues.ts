/**
 * Measures the cost of a queued call, by the length of the queue.
 *
 * The cost is the CPU time of the whole process, including the threads of the garbage collector, for the same number of
 * calls at each length: a hundred times 100, ten times 1,000, once 10,000. It includes the fiber of the call, its wait,
 * its turn and its end. Nothing is subtracted. Garbage is collected before each measurement. The lengths and the gates
 * take turns, round after round, so that other load on the machine affects them alike. They are compared within a
 * round. The report shows the median and the quartiles of the rounds.
 */
import { Bulkhead, RateLimiter } from "@effect-exchange/resilience"
import { Clock, Deferred, Duration, Effect, RateLimiter as CoreRateLimiter, type Scope } from "effect"
import { roundsOf } from "./measure.js"
import { judge, report, told } from "./report.js"

type Pass = (self: Effect.Effect<void>) => Effect.Effect<void, unknown>

type Gate = (opened: Deferred.Deferred<void>) => Effect.Effect<Pass, unknown, Scope.Scope>

/** Runs fibers that wait until the gate opens and then pass through it one after another. */
const once = (gate: Gate, fibers: number): Effect.Effect<void, unknown> => {
  const time = jumpingClock()
  return Effect.gen(function*() {
    const opened = yield* Deferred.make<void>()
    const pass = yield* gate(opened)
    yield* Effect.forkScoped(pass(Deferred.await(opened)))
    yield* Effect.yieldNow()
    const all = yield* Effect.forEach(Array.from({ length: fibers }), () => Effect.fork(pass(Effect.yieldNow())))
    yield* Effect.yieldNow()
    time.go()
    yield* Deferred.succeed(opened, undefined)
    yield* Effect.forEach(all, (fiber) => fiber.await, { discard: true })
  }).pipe(Effect.scoped, Effect.withClock(time.clock))
}

/** Creates a clock that stands still until `go`, and then always jumps to the next instant that a fiber waits for. */
const jumpingClock = () => {
  const sleepers: Array<{ readonly at: number; readonly wake: () => void }> = []
  let now = 0
  let isGoing = false
  const jump = (): void => {
    now = Math.min(...sleepers.map(({ at }) => at))
    for (const sleeper of sleepers.splice(0)) {
      if (sleeper.at <= now) sleeper.wake()
      else sleepers.push(sleeper)
    }
    if (sleepers.length > 0) setImmediate(jump)
  }
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => now,
    unsafeCurrentTimeNanos: () => BigInt(now) * 1_000_000n,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanos: Effect.sync(() => BigInt(now) * 1_000_000n),
    sleep: (duration) =>
      Effect.async((resume) => {
        if (isGoing && sleepers.length === 0) setImmediate(jump)
        sleepers.push({ at: now + Math.ceil(Duration.toMillis(duration)), wake: () => resume(Effect.void) })
      })
  }
  const go = (): void => {
    isGoing = true
    if (sleepers.length > 0) setImmediate(jump)
  }
  return { clock, go }
}

/** Returns the microseconds per call. */
const measure = async (gate: Gate, fibers: number, calls: number): Promise<number> => {
  if (globalThis.gc === undefined) {
    throw new Error("Run this benchmark through run.mjs, which exposes the garbage collector")
  }
  globalThis.gc()
  const began = process.cpuUsage()
  await Effect.runPromise(Effect.repeatN(once(gate, fibers), calls / fibers - 1))
  const { system, user } = process.cpuUsage(began)
  return (system + user) / calls
}

interface Subject {
  readonly gate: Gate
  readonly fibers: number
  readonly calls: number
}

/** Returns the costs of each subject, round by round. The first two rounds are a warm-up. */
const rounds = async <Name extends string>(
  count: number,
  subjects: Readonly<Record<Name, Subject>>
): Promise<(name: Name) => ReadonlyArray<number>> => {
  const costs = new Map<string, Array<number>>()
  for (let round = -2; round < roundsOf(count); round++) {
    for (const [name, { calls, fibers, gate }] of Object.entries<Subject>(subjects)) {
      const cost = await measure(gate, fibers, calls)
      if (round >= 0) costs.set(name, [...costs.get(name) ?? [], cost])
    }
  }
  return (name) => costs.get(name) ?? []
}

const compare = (what: string, ours: ReadonlyArray<number>, theirs: ReadonlyArray<number>, most?: number): void =>
  judge(what, ours.map((cost, round) => cost / (theirs[round] ?? Number.NaN)), "x", most)

const bare: Gate = (opened) => Effect.succeed((self) => Effect.zipRight(Deferred.await(opened), self))

const bulkhead: Gate = () =>
  Effect.map(Bulkhead.make({ name: "bench", permits: 1, maxQueue: 100_000 }), ({ withPermit }) => withPermit)

const semaphore: Gate = () => Effect.map(Effect.makeSemaphore(1), (semaphore) => semaphore.withPermits(1))

const full = (pass: Pass): Effect.Effect<Pass, unknown> => Effect.as(Effect.repeatN(pass(Effect.void), 9), pass)

const limiter: Gate = () =>
  Effect.flatMap(
    RateLimiter.make({ name: "bench", limit: 10, window: "1 second", maxQueue: 100_000 }),
    (limiter) => full(limiter.withCost())
  )

const core: Gate = () =>
  Effect.flatMap(
    CoreRateLimiter.make({ limit: 10, interval: "1 second" }),
    (limit) => full(limit)
  )

const gates = { "a Deferred": bare, bulkhead, limiter }
const lengths = [100, 1000, 10_000] as const

/** Measures how the cost of a call grows with the queue. */
const growth = async (): Promise<void> => {
  const subjects: Record<string, Subject> = {}
  for (const [name, gate] of Object.entries(gates)) {
    for (const fibers of lengths) subjects[`${name}, ${fibers}`] = { gate, fibers, calls: 10_000 }
  }
  const costs = await rounds(15, subjects)
  for (const name of Object.keys(gates)) {
    const few = costs(`${name}, 100`)
    report(`${name}, 100 waiting: per call`, told(few, "us"))
    compare(`${name}, 1,000 waiting: per call, compared with 100 waiting`, costs(`${name}, 1000`), few)
    const bar = name === "a Deferred" ? undefined : 1.5
    compare(`${name}, 10,000 waiting: per call, compared with 100 waiting`, costs(`${name}, 10000`), few, bar)
  }
  for (const fibers of lengths) {
    const what = `bulkhead, ${fibers.toLocaleString("en")} waiting: compared with a Deferred`
    compare(what, costs(`bulkhead, ${fibers}`), costs(`a Deferred, ${fibers}`))
  }
}

/** Compares with Effect's own, in few rounds and with at most 1,000 fibers, because each of these takes seconds. */
const peers = async (): Promise<void> => {
  const pairs = [
    ["bulkhead", bulkhead, "Semaphore", semaphore],
    ["limiter", limiter, "RateLimiter", core]
  ] as const
  for (const [ours, gate, theirs, peer] of pairs) {
    for (const fibers of [100, 1000]) {
      const costs = await rounds(3, {
        ours: { gate, fibers, calls: 1000 },
        theirs: { gate: peer, fibers, calls: 1000 }
      })
      compare(
        `${ours}, ${fibers.toLocaleString("en")} waiting: compared with effect's ${theirs}`,
        costs("ours"),
        costs("theirs")
      )
    }
  }
  report("bulkhead, 10,000 waiting: compared with effect's Semaphore", "not run, because it needs over 4 GB")
  report("limiter, 10,000 waiting: compared with effect's RateLimiter", "not run, because it uses a Semaphore too")
}

export const queues = async (): Promise<void> => {
  report("queues: CPU time with nothing subtracted", "median [quartiles]")
  await growth()
  await peers()
}
