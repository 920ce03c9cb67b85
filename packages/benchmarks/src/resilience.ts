/**
 * Measures the cost of circuit breakers, timeouts and queues, compared with cockatiel, opossum, Effect's own limiters
 * and no protection at all: `pnpm bench resilience`, or some of its parts,
 * `pnpm bench resilience closed refused queues`.
 *
 * Compare the ratios and differences of one run only: absolute numbers differ between machines.
 */
import { CircuitBreaker, Policy, Trip } from "@effect-exchange/resilience"
import * as Cockatiel from "cockatiel"
import { Effect } from "effect"
import CircuitBreakerOfOpossum from "opossum"
import { Bench } from "tinybench"
import { alternate, cpuOf, minus, over, roundsOf } from "./internal/measure.js"
import { queues } from "./internal/queues.js"
import { compare, judge, print } from "./internal/report.js"

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

const rounds = roundsOf(15)

/**
 * Measures nanoseconds per call: one median of batches for each round. The tasks take turns, round after round, so that
 * other load on the machine affects them alike. They are compared within a round.
 */
const measure = async <Name extends string>(
  tasks: Readonly<Record<Name, () => Promise<void>>>
): Promise<(name: Name) => ReadonlyArray<number>> => {
  const costs = new Map<string, Array<number>>()
  for (let round = -1; round < rounds; round++) {
    const bench = new Bench({ time: 150, warmupTime: round < 0 ? 300 : 30 })
    for (const [name, task] of Object.entries<() => Promise<void>>(tasks)) bench.add(name, task)
    await bench.run()
    for (const { name, result } of bench.tasks) {
      const cost = "latency" in result ? result.latency.p50 * 1e6 / batch : Number.NaN
      if (round >= 0) costs.set(name, [...costs.get(name) ?? [], cost])
    }
  }
  return (name) => costs.get(name) ?? []
}

const effectBody = Effect.sync(() => 1)

/** The two Effect operations that a gate needs at least: one to decide when a call begins, one to see how it ends. */
const bareGate = Effect.suspend(() =>
  Effect.matchCauseEffect(effectBody, { onFailure: Effect.failCause, onSuccess: Effect.succeed })
)
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
    "bare gate": inFiber(bareGate),
    "consecutive": inFiber(consecutive.protect(effectBody)),
    "count": inFiber(counting.protect(effectBody)),
    "promise": inPromise(promiseBody),
    "cockatiel": inPromise(() => cockatiel.execute(promiseBody)),
    "cockatiel count": inPromise(() => counted.execute(promiseBody)),
    "opossum": inPromise(() => opossum.fire())
  })
  opossum.shutdown()
  const added = (name: "bare gate" | "consecutive" | "count") => minus(ns(name), ns("effect"))
  const theirs = (name: "cockatiel" | "cockatiel count" | "opossum") => minus(ns(name), ns("promise"))
  judge("closed, consecutive: overhead per call in a fiber", added("consecutive"), "ns", 500)
  judge("closed, count window: overhead per call in a fiber", added("count"), "ns", 500)
  judge(
    "closed, consecutive: overhead compared with the two Effect operations of any gate",
    over(added("consecutive"), added("bare gate")),
    "x"
  )
  judge(
    "the two Effect operations of any gate: overhead compared with cockatiel",
    over(added("bare gate"), theirs("cockatiel")),
    "x"
  )
  judge(
    "closed, consecutive: overhead compared with cockatiel",
    over(added("consecutive"), theirs("cockatiel")),
    "x",
    1.5
  )
  judge(
    "closed, count window: overhead compared with cockatiel",
    over(added("count"), theirs("cockatiel count")),
    "x",
    1.5
  )
  judge(
    "closed, consecutive: overhead compared with opossum",
    over(added("consecutive"), theirs("opossum")),
    "x"
  )
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
  judge("refusal: compared with cockatiel", over(ns("ours"), ns("cockatiel")), "x", 0.8)
  judge("refusal: compared with opossum", over(ns("ours"), ns("opossum")), "x", 0.8)
}

const timeouts = async (): Promise<void> => {
  const call = Effect.promise(promiseBody)
  const attemptTimeout = { duration: "10 seconds", onTimeout: () => failing } as const
  const safe = { idempotency: "safe" } as const
  const cockatiel = Cockatiel.timeout(10_000, Cockatiel.TimeoutStrategy.Aggressive)
  const each = (run: () => Promise<void>) => async (): Promise<number> => await cpuOf(run) * 1000 / batch
  const ns = await alternate({
    without: each(inFiber(Policy.make({ name: "without" }).apply(call, safe))),
    with: each(inFiber(Policy.make({ name: "with", attemptTimeout }).apply(call, safe))),
    promise: each(inPromise(promiseBody)),
    cockatiel: each(inPromise(() => cockatiel.execute(promiseBody)))
  }, { rounds: 15, warmUp: 5 })
  const added = minus(ns("with"), ns("without"))
  compare(
    "attempt timeout: overhead per call",
    added,
    "overhead of cockatiel",
    minus(ns("cockatiel"), ns("promise")),
    "ns",
    0.5
  )
}

const parts: Readonly<Record<string, () => Promise<void>>> = { closed: passThrough, refused, timeouts, queues }
const asked = process.argv.slice(2)
if (asked.some((name) => parts[name] === undefined)) {
  console.error(`Unknown part; use one of: ${Object.keys(parts).join(", ")}.`)
  process.exit(2)
}
for (const [name, part] of Object.entries(parts)) {
  if (asked.length === 0 || asked.includes(name)) await part()
}
process.exitCode = print() ? 0 : 1
