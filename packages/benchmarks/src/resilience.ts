/**
 * What the gates cost, beside cockatiel, opossum, effect's own, and nothing at all: `pnpm bench resilience`, or some of
 * its parts, `pnpm bench resilience closed refused queues`.
 *
 * Compare ratios and differences between measurements of one run: only those mean something on another machine.
 */
import { CircuitBreaker, Trip } from "@effect-exchange/resilience"
import * as Cockatiel from "cockatiel"
import { Effect } from "effect"
import CircuitBreakerOfOpossum from "opossum"
import { Bench } from "tinybench"
import { queues } from "./internal/queues.js"
import { print, ratio, report } from "./internal/report.js"

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

const parts: Readonly<Record<string, () => Promise<void>>> = { closed: passThrough, refused, queues }
const asked = process.argv.slice(2)
if (asked.some((name) => parts[name] === undefined)) {
  console.error(`The parts are: ${Object.keys(parts).join(", ")}.`)
  process.exit(2)
}
for (const [name, part] of Object.entries(parts)) {
  if (asked.length === 0 || asked.includes(name)) await part()
}
process.exitCode = print() ? 0 : 1
