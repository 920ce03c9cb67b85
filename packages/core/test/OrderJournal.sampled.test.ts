import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck } from "effect"
import { runs } from "../../resilience/test/support/sample.js"
import { OrderJournal } from "../src/index.js"
import * as Hostile from "./support/hostile.js"

const intent = (clientOrderId: string, rest: Partial<OrderJournal.Intent> = {}): OrderJournal.Intent => ({
  _tag: "Intent",
  exchange: "acme",
  environment: "here",
  account: "mine",
  clientOrderId,
  symbol: "BTC/USDT",
  side: "buy",
  type: "limit",
  amount: "0.01",
  price: "60000",
  timeInForce: "GTC",
  at: 1,
  ...rest
})

const outcome = (clientOrderId: string, rest: Partial<OrderJournal.Outcome> = {}): OrderJournal.Outcome => ({
  _tag: "Placed",
  exchange: "acme",
  environment: "here",
  account: "mine",
  clientOrderId,
  orderId: "n1",
  at: 2,
  ...rest
})

const ids = (intents: ReadonlyArray<OrderJournal.Intent>) => intents.map(({ clientOrderId }) => clientOrderId)

const file = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  return path.join(yield* fs.makeTempDirectoryScoped(), "orders.jsonl")
})

/** Opens a file, uses the journal, and closes it again. */
const inFile = <A, E>(
  path: string,
  use: (journal: OrderJournal.OrderJournal["Type"]) => Effect.Effect<A, E>
) => Effect.flatMap(OrderJournal.OrderJournal, use).pipe(Effect.provide(OrderJournal.layerFile(path)))

const write = (path: string, entries: ReadonlyArray<OrderJournal.Entry>) =>
  inFile(path, (journal) => Effect.forEach(entries, journal.append, { discard: true }))

const openIn = (path: string) => inFile(path, ({ open }) => Effect.map(open, ids))

const text = (path: string) => Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(path))
const replace = (path: string, text: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.writeFileString(path, text))

describe("OrderJournal", () => {
  it("openOf returns the intents without an outcome, by exchange, environment and client order id, oldest first", () => {
    assert.deepStrictEqual(
      OrderJournal.openOf([
        intent("b"),
        intent("a"),
        intent("c"),
        intent("b", { environment: "live" }),
        intent("b", { exchange: "other" }),
        outcome("c", { _tag: "NotPlaced", orderId: undefined, reason: "never taken" }),
        outcome("b"),
        outcome("unheard-of")
      ]),
      [intent("a"), intent("b", { environment: "live" }), intent("b", { exchange: "other" })]
    )
  })

  it.effect("in memory no longer lists an intent as open after its outcome", () =>
    Effect.gen(function*() {
      const journal = yield* OrderJournal.OrderJournal
      yield* journal.append(intent("a"))
      yield* journal.append(intent("b"))
      assert.deepStrictEqual(ids(yield* journal.open), ["a", "b"])
      yield* journal.append(outcome("a"))
      assert.deepStrictEqual(ids(yield* journal.open), ["b"])
    }).pipe(Effect.provide(OrderJournal.layerMemory)))
})

describe("OrderJournal.layerFile", () => {
  it.scoped("writes a line per entry, and reads the lines when it is opened again", () =>
    Effect.gen(function*() {
      const path = yield* file
      yield* write(path, [intent("a"), intent("b"), outcome("a", { reason: "line\nbreak } in \u2028 text" })])
      const lines = (yield* text(path)).split("\n")
      assert.strictEqual(lines.length, 4)
      assert.strictEqual(lines[3], "")
      assert.deepStrictEqual(JSON.parse(lines[1] ?? ""), intent("b"))
      assert.deepStrictEqual(yield* openIn(path), ["b"])
      yield* write(path, [outcome("b")])
      assert.deepStrictEqual(yield* openIn(path), [])
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scoped("an entry is in the file when append returns", () =>
    Effect.gen(function*() {
      const path = yield* file
      yield* inFile(path, (journal) =>
        Effect.gen(function*() {
          yield* journal.append(intent("a"))
          assert.include(yield* Effect.orDie(Effect.provide(text(path), NodeContext.layer)), "\"clientOrderId\":\"a\"")
        }))
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scoped("entries appended concurrently are whole lines in their order", () =>
    Effect.gen(function*() {
      const path = yield* file
      const names = Array.from({ length: 50 }, (_, index) => `order-${index}`)
      yield* inFile(path, (journal) =>
        Effect.gen(function*() {
          const fibers = yield* Effect.forEach(names, (name) => Effect.fork(journal.append(intent(name))))
          for (const fiber of fibers) yield* fiber
          assert.deepStrictEqual(ids(yield* journal.open), names)
        }))
      assert.deepStrictEqual(yield* openIn(path), names)
    }).pipe(Effect.provide(NodeContext.layer)))

  it.effect.prop(
    "a last line cut off anywhere by a killed process loses no line before or after it",
    [FastCheck.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), Hostile.text()],
    ([share, reason]) =>
      Effect.gen(function*() {
        const path = yield* file
        yield* write(path, [intent("before"), intent("killed"), outcome("before", { reason })])
        const whole = yield* text(path)
        const second = whole.indexOf("\n", whole.indexOf("\n") + 1) + 1
        const last = new TextEncoder().encode(whole.slice(second))
        // In bytes, as a killed process leaves it.
        const fs = yield* FileSystem.FileSystem
        const head = new TextEncoder().encode(whole.slice(0, second))
        const half = last.slice(0, Math.floor(share * last.length))
        yield* fs.writeFile(path, new Uint8Array([...head, ...half]))
        // If only the line break is missing, the entry is complete.
        const expected = half.length === last.length - 1 ? ["killed"] : ["before", "killed"]
        assert.deepStrictEqual(yield* openIn(path), expected)
        yield* write(path, [intent("after"), outcome("killed")])
        assert.deepStrictEqual(yield* openIn(path), [...expected.filter((id) => id !== "killed"), "after"])
        assert.deepStrictEqual(yield* openIn(path), [...expected.filter((id) => id !== "killed"), "after"])
      }).pipe(Effect.scoped, Effect.provide(NodeContext.layer)),
    {
      fastCheck: { numRuns: runs(40), examples: [[0.9999, ""], [0.5, "}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}"]] }
    }
  )

  it.scoped("fails with JournalFailed for an invalid line, which it names, and for a file that cannot be opened", () =>
    Effect.gen(function*() {
      const path = yield* file
      yield* write(path, [intent("a"), intent("b")])
      const [first = "", second = ""] = (yield* text(path)).split("\n")
      for (const broken of [first.slice(0, -9), "{}", "garbage", JSON.stringify({ ...intent("x"), side: "both" })]) {
        yield* replace(path, `${first}\n${broken}\n${second}\n`)
        const error = yield* Effect.flip(openIn(path))
        assert.instanceOf(error, OrderJournal.JournalFailed)
        assert.include(error.message, "line 2 is not a valid entry")
        assert.include(error.message, path)
      }
      const none = yield* Effect.flip(openIn(`${path}/none/orders.jsonl`))
      assert.instanceOf(none, OrderJournal.JournalFailed)
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scoped("the line after a write that failed halfway is whole", () =>
    Effect.gen(function*() {
      const path = yield* file
      const fs = yield* FileSystem.FileSystem
      let full = false
      const failing: FileSystem.FileSystem = {
        ...fs,
        open: (name, options) =>
          Effect.map(fs.open(name, options), (inner) => ({
            ...inner,
            [FileSystem.FileTypeId]: FileSystem.FileTypeId,
            sync: inner.sync,
            writeAll: (bytes: Uint8Array) =>
              full
                ? Effect.zipRight(inner.writeAll(bytes.slice(0, 20)), fs.access(`${path}/no`))
                : inner.writeAll(bytes)
          }))
      }
      yield* inFile(path, (journal) =>
        Effect.gen(function*() {
          yield* journal.append(intent("a"))
          full = true
          const error = yield* Effect.flip(journal.append(intent("b")))
          assert.instanceOf(error, OrderJournal.JournalFailed)
          full = false
          yield* journal.append(intent("c"))
          assert.deepStrictEqual(ids(yield* journal.open), ["a", "c"])
        })).pipe(Effect.provideService(FileSystem.FileSystem, failing))
      assert.deepStrictEqual(yield* openIn(path), ["a", "c"])
    }).pipe(Effect.provide(NodeContext.layer)))
})
