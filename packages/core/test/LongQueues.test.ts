import { Deadline } from "@effect-exchange/resilience"
import { FileSystem } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { ExchangeError, OrderJournal } from "../src/index.js"
import { cost } from "./support/cost.js"
import { directory, Disk } from "./support/disk.js"
import * as Acme from "./support/exchange.js"

const intents = (count: number): ReadonlyArray<OrderJournal.Intent> =>
  Array.from({ length: count }, (_, index) => Acme.intent(`order-${index}`))

/** Checks that many callers cost as much each as few do, with a tenth to spare. */
const assertFlat = Effect.fnUntraced(function*(operations: (count: number) => Effect.Effect<number>) {
  const few = (yield* operations(20)) / 20
  const many = (yield* operations(100)) / 100
  assert.isAtMost(many, few * 1.1)
})

/** Provides the journal of a file on a disk that is so slow that entries wait for one another. */
const onSlowDisk =
  (delay: Effect.Effect<void>) => <A, E>(self: Effect.Effect<A, E, OrderJournal.OrderJournal>): Effect.Effect<A> => {
    const { files } = new Disk()
    return self.pipe(
      Effect.provide(OrderJournal.layerFile(`${directory}/orders.jsonl`)),
      Effect.provideService(FileSystem.FileSystem, {
        ...files,
        open: (path, options) =>
          Effect.map(
            files.open(path, options),
            (file) => ({ ...file, sync: Effect.zipRight(delay, file.sync) })
          )
      }),
      Effect.orDie
    )
  }

describe("a queue that thousands may wait in", () => {
  it.effect("costs as much per order to reconcile many orders as to reconcile few", () =>
    assertFlat((count) =>
      Effect.gen(function*() {
        const journal = yield* OrderJournal.OrderJournal
        const store = new Acme.Store()
        store.readDuration = 10
        yield* Effect.forEach(intents(count), journal.append)
        return yield* Acme.trade(store, (trading) =>
          Effect.gen(function*() {
            const reconciling = yield* Effect.fork(cost(trading.reconcile))
            yield* TestClock.adjust("30 seconds")
            const { operations } = yield* Fiber.join(reconciling)
            assert.deepStrictEqual(yield* journal.open, [])
            return operations
          }), { journal })
      }).pipe(Effect.provide(OrderJournal.layerMemory), Effect.orDie)
    ))

  it.effect("costs as much per entry to write many entries at once as to write few", () =>
    assertFlat((count) =>
      Effect.gen(function*() {
        const journal = yield* OrderJournal.OrderJournal
        const { operations } = yield* cost(
          Effect.forEach(intents(count), journal.append, { concurrency: "unbounded", discard: true })
        )
        assert.strictEqual((yield* journal.open).length, count)
        return operations
      }).pipe(onSlowDisk(Effect.yieldNow()))
    ))

  it.effect("writes an entry whose deadline passes while it waits for others", () =>
    Effect.gen(function*() {
      const writing = yield* Effect.gen(function*() {
        const journal = yield* OrderJournal.OrderJournal
        const late = Deadline.within(journal.append(Acme.intent("late")), "5 millis")
        yield* Effect.all([journal.append(Acme.intent("first")), late], { concurrency: "unbounded" })
        return (yield* journal.open).map(({ clientOrderId }) => clientOrderId)
      }).pipe(onSlowDisk(Effect.sleep("10 millis")), Effect.fork)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(writing), ["first", "late"])
    }))

  it.effect("leaves an order open whose look-up would begin after the deadline", () =>
    Effect.gen(function*() {
      const journal = yield* OrderJournal.OrderJournal
      const store = new Acme.Store()
      store.readDuration = 10
      yield* Effect.forEach(intents(20), journal.append)
      yield* Acme.trade(store, (trading) =>
        Effect.gen(function*() {
          const reconciling = yield* Effect.fork(Deadline.within(trading.reconcile, "15 millis"))
          yield* TestClock.adjust("5 minutes")
          const found = yield* Fiber.join(reconciling)
          const errors = found.flatMap((one) => one._tag === "Unknown" ? [one.error] : [])
          assert.strictEqual(errors.length, 20)
          // Two rounds of four begin in time.
          assert.strictEqual(errors.filter((error) => error instanceof ExchangeError.DeadlineExceeded).length, 12)
          assert.strictEqual((yield* journal.open).length, 20)
        }), { journal })
    }).pipe(Effect.provide(OrderJournal.layerMemory)))
})
