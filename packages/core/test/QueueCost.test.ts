import { FileSystem } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { OrderJournal } from "../src/index.js"
import { cost } from "./support/cost.js"
import { directory, Disk } from "./support/disk.js"
import * as Acme from "./support/exchange.js"

const intent = (clientOrderId: string): OrderJournal.Intent => ({
  _tag: "Intent",
  exchange: "acme",
  environment: "here",
  account: Acme.account,
  clientOrderId,
  symbol: "BTC/USDT",
  side: "buy",
  type: "limit",
  amount: "0.01",
  price: "60000.25",
  timeInForce: "GTC",
  at: 0
})

const intents = (count: number): ReadonlyArray<OrderJournal.Intent> =>
  Array.from({ length: count }, (_, index) => intent(`order-${index}`))

/** Checks that many callers cost as much each as few do, with a tenth to spare. */
const assertFlat = Effect.fnUntraced(function*(operations: (count: number) => Effect.Effect<number>) {
  const few = (yield* operations(20)) / 20
  const many = (yield* operations(100)) / 100
  assert.isAtMost(many, few * 1.1)
})

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
        const disk = new Disk()
        const files: FileSystem.FileSystem = {
          ...disk.files,
          // Slow enough for the entries to wait for one another.
          open: (path, options) =>
            Effect.map(
              disk.files.open(path, options),
              (file) => ({ ...file, sync: Effect.zipRight(Effect.yieldNow(), file.sync) })
            )
        }
        const path = `${directory}/orders.jsonl`
        return yield* Effect.gen(function*() {
          const journal = yield* OrderJournal.OrderJournal
          const { operations } = yield* cost(
            Effect.forEach(intents(count), journal.append, { concurrency: "unbounded", discard: true })
          )
          assert.strictEqual((yield* journal.open).length, count)
          return operations
        }).pipe(
          Effect.provide(OrderJournal.layerFile(path)),
          Effect.provideService(FileSystem.FileSystem, files)
        )
      }).pipe(Effect.orDie)
    ))
})
