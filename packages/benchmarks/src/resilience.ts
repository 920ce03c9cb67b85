/**
 * What the gates cost, beside cockatiel, opossum, effect's own, and nothing at all.
 *
 * Every number is a ratio or a difference between measurements of one run: only those mean something on another machine.
 */
import { Bulkhead, CircuitBreaker, RateLimiter, Trip } from "@effect-exchange/resilience"
import * as Cockatiel from "cockatiel"
import { Deferred, Effect, RateLimiter as CoreRateLimiter } from "effect"
import CircuitBreakerOfOpossum from "opossum"
import { Bench } from "tinybench"

const batch = 2000
const failing = new Error("down")

const inFiber = (call: Effect.Effect<unknown, unknown>): () => Promise<void> => {
  const loop = Effect.gen(function*() {
    for (let index = 0; index < batch; index++) yield* call
  })
  return () => Effect.runPromise(Effect.orDie(loop))
}

const inPromise = (call: () => Promise<unknown>) => async (): Promise<void> => {
  for (let index = 0; index < batch; index++) await call()
}

/** Nanoseconds for one call, the median of all batches. */
const measure = async (tasks: Readonly<Record<string, () => Promise<void>>>): Promise<(name: string) => number> => {
  const bench = new Bench({ time: 1500, warmupTime: 300 })
  for (const [name, task] of Object.entries(tasks)) bench.add(name, task)
  await bench.run()
  const found = new Map(bench.tasks.map((task) => [
    task.name,
    "latency" in task.result ? task.result.latency.p50 * 1e6 / batch : Number.NaN
  ]))
  return (name) => found.get(name) ?? Number.NaN
}

interface Line {
  readonly what: string
  readonly value: string
  readonly bar: string
  readonly held: boolean | undefined
}

const lines: Array<Line> = []
const report = (what: string, value: string, bar = "", held?: boolean): void => {
  lines.push({ what, value, bar, held })
}

const effectBody = Effect.sync(() => 1)
const promiseBody = async () => 1

const passThrough = async (): Promise<void> => {
  const consecutive = await Effect.runPromise(CircuitBreaker.make({ name: "consecutive", trip: Trip.consecutive(5) }))
  const counting = await Effect.runPromise(
    CircuitBreaker.make({ name: "count", trip: Trip.failureRate({ window: 100 }) })
  )
  const cockatiel = Cockatiel.circuitBreaker(Cockatiel.handleAll, {
    halfOpenAfter: 10_000,
    breaker: new Cockatiel.ConsecutiveBreaker(5)
  })
  const counted = Cockatiel.circuitBreaker(Cockatiel.handleAll, {
    halfOpenAfter: 10_000,
    breaker: new Cockatiel.CountBreaker({ threshold: 0.5, size: 100 })
  })
  const opossum = new CircuitBreakerOfOpossum(promiseBody, { timeout: false })
  const ns = await measure({
    "effect": inFiber(effectBody),
    "consecutive": inFiber(consecutive.protect(effectBody)),
    "count": inFiber(counting.protect(effectBody)),
    "promise": inPromise(promiseBody),
    "cockatiel": inPromise(() => cockatiel.execute(promiseBody)),
    "cockatiel count": inPromise(() => counted.execute(promiseBody)),
    "opossum": inPromise(() => opossum.fire())
  })
  opossum.shutdown()
  const added = (name: string) => ns(name) - ns("effect")
  const theirs = (name: string) => ns(name) - ns("promise")
  for (const name of ["consecutive", "count"]) {
    report(`closed, ${name}: adds to a call in a fiber`, `${added(name).toFixed(0)} ns`, "< 500 ns", added(name) < 500)
  }
  report(
    "closed, consecutive: beside what cockatiel adds to its own",
    ratio(added("consecutive"), theirs("cockatiel")),
    "<= 2",
    added("consecutive") <= 2 * theirs("cockatiel")
  )
  report(
    "closed, count window: beside what cockatiel adds to its own",
    ratio(added("count"), theirs("cockatiel count")),
    "<= 2",
    added("count") <= 2 * theirs("cockatiel count")
  )
  report("closed, consecutive: beside what opossum adds to its own", ratio(added("consecutive"), theirs("opossum")))
}

const refused = async (): Promise<void> => {
  const breaker = await Effect.runPromise(CircuitBreaker.make({ name: "open", trip: Trip.consecutive(1) }))
  await Effect.runPromise(Effect.exit(breaker.protect(Effect.fail(failing))))
  const cockatiel = Cockatiel.circuitBreaker(Cockatiel.handleAll, {
    halfOpenAfter: 3_600_000,
    breaker: new Cockatiel.ConsecutiveBreaker(1)
  })
  await cockatiel.execute(() => Promise.reject(failing)).catch(() => undefined)
  const opossum = new CircuitBreakerOfOpossum(promiseBody, { timeout: false, resetTimeout: 3_600_000 })
  opossum.open()
  const caught = (call: () => Promise<unknown>) => inPromise(() => call().catch(() => undefined))
  await Effect.runPromise(breaker.openUntil(4_000_000_000_000))
  const ns = await measure({
    "ours": inFiber(Effect.ignore(breaker.protect(effectBody))),
    "cockatiel": caught(() => cockatiel.execute(promiseBody)),
    "opossum": caught(() => opossum.fire())
  })
  opossum.shutdown()
  const best = Math.min(ns("cockatiel"), ns("opossum"))
  report("a refusal: beside cockatiel's", ratio(ns("ours"), ns("cockatiel")), "<= 1", ns("ours") <= ns("cockatiel"))
  report("a refusal: beside opossum's", ratio(ns("ours"), ns("opossum")), "<= 1", ns("ours") <= ns("opossum"))
  report("a refusal: beside the cheaper of the two", ratio(ns("ours"), best))
}

type Gate = Effect.Effect<(self: Effect.Effect<void>) => Effect.Effect<void, unknown>>

/**
 * What a gate adds, in milliseconds for each of so many fibers that queue at it, to what as many fibers cost that wait for
 * one `Deferred` together.
 */
const queueing = async (fibers: number, gate: Gate): Promise<number> =>
  await waiting(fibers, gate) - await waiting(fibers, undefined)

const waiting = async (fibers: number, gate: Gate | undefined): Promise<number> => {
  const once = Effect.gen(function*() {
    const opened = yield* Deferred.make<void>()
    const pass = gate === undefined
      ? (self: Effect.Effect<void>) => Effect.zipRight(Deferred.await(opened), self)
      : yield* gate
    const holder = yield* Effect.fork(pass(Deferred.await(opened)))
    yield* Effect.yieldNow()
    const began = process.cpuUsage()
    const all = yield* Effect.forEach(Array.from({ length: fibers }), () => Effect.fork(pass(Effect.yieldNow())))
    yield* Effect.yieldNow()
    yield* Deferred.succeed(opened, undefined)
    yield* Effect.forEach([holder, ...all], (fiber) => fiber.await, { discard: true })
    const { system, user } = process.cpuUsage(began)
    return (system + user) / 1000 / fibers
  })
  const rounds = Math.max(5, Math.ceil(5000 / fibers))
  const times: Array<number> = []
  for (let round = 0; round < rounds; round++) times.push(await Effect.runPromise(Effect.scoped(once)))
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN
}

const queues = async (): Promise<void> => {
  const bulkhead = Effect.map(
    Bulkhead.make({ name: "bench", permits: 1, maxQueue: 100_000 }),
    ({ withPermit }) => withPermit
  )
  const semaphore = Effect.map(Effect.makeSemaphore(1), (semaphore) => semaphore.withPermits(1))
  await queueing(1000, bulkhead)
  const hundred = await queueing(100, bulkhead)
  const thousand = await queueing(1000, bulkhead)
  const tenThousand = await queueing(10_000, bulkhead)
  report("bulkhead, 1,000 queued: per call beside 100", ratio(thousand, hundred))
  report(
    "bulkhead, 10,000 queued: per call beside 100",
    ratio(tenThousand, hundred),
    "<= 2",
    tenThousand <= 2 * hundred
  )
  report("bulkhead, 100 queued: beside effect's Semaphore", ratio(hundred, await queueing(100, semaphore)))
  report("bulkhead, 1,000 queued: beside effect's Semaphore", ratio(thousand, await queueing(1000, semaphore)))
  report("bulkhead, 10,000 queued: beside effect's Semaphore", "not run: it needs more than 4 GB")

  const limiter = (fibers: number) =>
    Effect.map(
      RateLimiter.make({ name: "bench", limit: Math.ceil(fibers / 10), window: "20 millis", maxQueue: 100_000 }),
      (limiter) => limiter.withCost(1)
    )
  const core = (fibers: number) =>
    Effect.runPromise(Effect.scoped(
      Effect.gen(function*() {
        const limit = yield* CoreRateLimiter.make({ limit: Math.ceil(fibers / 10), interval: "20 millis" })
        const began = process.cpuUsage()
        yield* Effect.forEach(Array.from({ length: fibers }), () => limit(Effect.void), {
          concurrency: "unbounded",
          discard: true
        })
        const { system, user } = process.cpuUsage(began)
        return (system + user) / 1000 / fibers
      })
    ))
  const few = await queueing(100, limiter(100))
  const many = await queueing(1000, limiter(1000))
  const most = await queueing(10_000, limiter(10_000))
  report("limiter, 1,000 queued: per call beside 100", ratio(many, few))
  report("limiter, 10,000 queued: per call beside 100", ratio(most, few), "<= 2", most <= 2 * few)
  report("limiter, 100 queued: beside effect's RateLimiter", ratio(few, await core(100)))
  report("limiter, 1,000 queued: beside effect's RateLimiter", ratio(many, await core(1000)))
}

const ratio = (ours: number, theirs: number): string => `${(ours / theirs).toFixed(2)} x`

if (process.argv[2] !== "queues") await passThrough()
if (process.argv[2] !== "queues") await refused()
await queues()

const width = Math.max(...lines.map(({ what }) => what.length))
for (const { bar, held, value, what } of lines) {
  const verdict = held === undefined ? "" : held ? "holds" : "MISSED"
  console.log(`${what.padEnd(width)}  ${value.padStart(12)}  ${bar.padStart(9)}  ${verdict}`.trimEnd())
}
process.exitCode = lines.some(({ held }) => held === false) ? 1 : 0
