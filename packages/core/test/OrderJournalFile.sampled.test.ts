import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, FastCheck, Fiber, Logger, LogLevel, TestClock } from "effect"
import { isDeepStrictEqual } from "node:util"
import { everyNth, runs } from "../../resilience/test/support/sample.js"
import { Process } from "../src/engine/internal/process.js"
import { OrderJournal } from "../src/index.js"
import * as JournalBook from "../src/trading/internal/journalBook.js"
import { parse, print } from "../src/trading/internal/journalEntry.js"
import * as JournalFile from "../src/trading/internal/journalFile.js"
import { directory, Disk } from "./support/disk.js"

const now = 1_800_000_000_000
const path = `${directory}/orders.jsonl`
const temporary = `${path}.compacting`
const lock = `${path}.lock`

const intent = (clientOrderId: string, rest: Partial<OrderJournal.Intent> = {}): OrderJournal.Intent => ({
  _tag: "Intent",
  exchange: "e",
  environment: "v",
  account: "mine",
  clientOrderId,
  symbol: "A/B",
  side: "buy",
  type: "market",
  amount: "1",
  timeInForce: "IOC",
  at: now,
  ...rest
})

const outcome = (clientOrderId: string, rest: Partial<OrderJournal.Outcome> = {}): OrderJournal.Outcome => ({
  _tag: "Placed",
  exchange: "e",
  environment: "v",
  account: "mine",
  clientOrderId,
  at: now,
  ...rest
})

const ids = (intents: ReadonlyArray<OrderJournal.Intent>) => intents.map(({ clientOrderId }) => clientOrderId)
const lines = (text: string) => text.split("\n").slice(0, -1)
const entriesIn = (disk: Disk) => lines(disk.text(path)).map(parse)
const textOf = (entries: ReadonlyArray<OrderJournal.Entry>) => entries.map((entry) => `${print(entry)}\n`).join("")

/** A process that runs as long as it uses the journal, on a host where only the processes of `others` run as well. */
const process = (pid: number, others: ReadonlyArray<number> = [], host = "here") =>
  Effect.provideService(Process, { pid, host, isRunning: (id) => id === pid || others.includes(id) })

/** Opens the journal of a disk, uses it, and closes it again. */
const on = <A, E>(
  disk: Disk,
  use: (journal: OrderJournal.OrderJournal["Type"]) => Effect.Effect<A, E>,
  options?: JournalFile.Options
) =>
  Effect.scoped(Effect.flatMap(JournalFile.make(path, options), use)).pipe(
    Effect.provideService(FileSystem.FileSystem, disk.files),
    Effect.withClock(clock)
  )

/** A clock that always returns `now`, as nothing here waits. */
const clock: Clock.Clock = {
  ...Clock.make(),
  unsafeCurrentTimeMillis: () => now,
  currentTimeMillis: Effect.succeed(now)
}

/** Lets the other fibers run for a few steps. */
const yieldToOthers = Effect.yieldNow().pipe(Effect.repeatN(3))

const begun = (journal: OrderJournal.OrderJournal["Type"], since = 0) => journal.since("mine", "e", "v", since)

const known = (journal: OrderJournal.OrderJournal["Type"]) =>
  Effect.all([journal.open, begun(journal, now - JournalBook.kept)])

/** What a journal of these entries has to return. */
const expected = (entries: ReadonlyArray<OrderJournal.Entry>) => [
  OrderJournal.openOf(entries),
  OrderJournal.sinceOf(entries, "mine", "e", "v", now - JournalBook.kept)
]

/** Yields to other fibers before each step, as often as `pace` says. */
const yielding = (files: FileSystem.FileSystem, pace: ReadonlyArray<number>): FileSystem.FileSystem => {
  let step = 0
  const after = <A, E, R>(self: () => Effect.Effect<A, E, R>) =>
    Effect.suspend(() => Effect.yieldNow().pipe(Effect.repeatN(pace[step++ % pace.length] ?? 0), Effect.flatMap(self)))
  return {
    ...files,
    open: (...of) =>
      Effect.map(after(() => files.open(...of)), (file) => ({
        ...file,
        sync: after(() => file.sync),
        writeAll: (bytes: Uint8Array) => after(() => file.writeAll(bytes))
      })),
    link: (...of) => after(() => files.link(...of)),
    rename: (...of) => after(() => files.rename(...of)),
    remove: (...of) => after(() => files.remove(...of)),
    readFileString: (...of) => after(() => files.readFileString(...of))
  }
}

const tooOld = now - JournalBook.kept - 1

describe("compaction", () => {
  const settled = Array.from({ length: 8 }, (_, index) => [
    intent(`old${index}`, { at: tooOld }),
    outcome(`old${index}`)
  ]).flat()
  const small: JournalFile.Options = { lines: 4, times: 3 }

  it.effect("keeps open intents of any age, and everything begun in the last 48 hours", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      const kept = [intent("open", { at: 1 }), intent("today"), outcome("today", { _tag: "NotPlaced" })]
      disk.put(path, textOf([...settled, ...kept]))
      yield* process(1)(on(disk, () => Effect.void, small))
      assert.deepStrictEqual(entriesIn(disk), kept)
      const [open, since] = yield* process(2)(on(disk, known, small))
      assert.deepStrictEqual(ids(open), ["open"])
      assert.deepStrictEqual(since.map(({ clientOrderId, outcome }) => [clientOrderId, outcome]), [
        ["today", "NotPlaced"]
      ])
    }))

  it.effect("keeps the latest orders although the clock is more than 48 hours ahead when the journal is opened", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      const latest = ["a", "b"].flatMap((id) => [intent(id, { at: tooOld }), outcome(id, { at: tooOld + 1 })])
      const before = settled.map((entry) => ({ ...entry, at: tooOld - 3 * JournalBook.kept }))
      disk.put(path, textOf([...before, ...latest]))
      yield* process(1)(on(disk, () => Effect.void, small))
      assert.deepStrictEqual(entriesIn(disk), latest)
    }))

  it.effect("does not rewrite a file that is little larger than necessary", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      const text = textOf([...settled.slice(0, 2), intent("open")])
      disk.put(path, text)
      yield* process(1)(on(disk, () => Effect.void, small))
      assert.strictEqual(disk.text(path), text)
    }))

  it.effect.prop(
    "also runs while the journal is open, and loses no entry appended meanwhile",
    [FastCheck.array(FastCheck.nat(9), { minLength: 1, maxLength: 12 })],
    ([pace]) =>
      Effect.gen(function*() {
        const disk = new Disk()
        const entries = Array.from({ length: 30 }, (_, index) => [
          intent(`o${index}`, { at: tooOld }),
          ...index % 10 === 0 ? [] : [outcome(`o${index}`)]
        ]).flat()
        yield* Effect.scoped(Effect.gen(function*() {
          const journal = yield* JournalFile.make(path, small)
          for (const [index, entry] of entries.entries()) {
            yield* Effect.zipRight(journal.append(entry), yieldToOthers)
            const found = disk.copy()
            found.losePower()
            const read = yield* process(2)(on(found, known))
            assert.deepStrictEqual(read, expected(entries.slice(0, index + 1)))
          }
          assert.deepStrictEqual(yield* known(journal), expected(entries))
        })).pipe(
          Effect.provideService(FileSystem.FileSystem, yielding(disk.files, pace)),
          Effect.withClock(clock),
          process(1)
        )
        assert.isAtLeast(disk.log.filter((step) => step.startsWith("rename")).length, 2)
        assert.isBelow(lines(disk.text(path)).length, 30)
        assert.isFalse(disk.entries.has(temporary))
        assert.deepStrictEqual(yield* process(2)(on(disk, known)), expected(entries))
      }),
    { fastCheck: { numRuns: 10, examples: [[[9]], [[0]]] } }
  )

  it.effect("syncs the new file before it replaces the old one, and the directory before the next entry", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      disk.put(path, textOf([...settled, intent("open")]))
      yield* process(1)(on(disk, (journal) => journal.append(intent("next")), small))
      const steps = disk.log.filter((step, index, all) => step !== all[index - 1] && !step.includes(lock))
      assert.deepStrictEqual(steps, [
        `create ${temporary}`,
        `write ${temporary}`,
        `sync ${temporary}`,
        `rename ${temporary} ${path}`,
        "sync directory",
        // The same file, under its new name.
        `write ${temporary}`,
        `sync ${temporary}`
      ])
    }))

  it.effect("loses no entry if the process is killed or power is lost at any byte or step", () =>
    Effect.gen(function*() {
      const before = [...settled.slice(0, 4), intent("open", { at: 1 })]
      const after = [intent("a", { at: tooOld }), outcome("a"), intent("b"), outcome("b"), intent("c")]
      const fresh = () => {
        const disk = new Disk()
        disk.put(path, textOf(before))
        return disk
      }
      /** Runs a process, and returns the entries whose append returned to it. */
      const live = (disk: Disk) =>
        Effect.gen(function*() {
          const safe = [...before]
          yield* on(disk, (journal) =>
            Effect.forEach(after, (entry) =>
              Effect.map(journal.append(entry), () =>
                safe.push(entry)).pipe(Effect.zipLeft(yieldToOthers))), {
            lines: 3,
            times: 1
          }).pipe(process(1), Effect.exit)
          return safe
        })
      const whole = fresh()
      assert.strictEqual((yield* live(whole)).length, before.length + after.length)
      assert.isAtLeast(whole.log.filter((step) => step.startsWith("rename")).length, 2)
      // Every byte of one compaction (a sample of them in `npm test`), and the beginning, middle and end of every other
      // step.
      const first = whole.log.indexOf(`write ${temporary}`)
      const points = whole.begins.flatMap((begin, index) => {
        const end = whole.begins[index + 1] ?? whole.steps
        return index === first
          ? everyNth(14, Array.from({ length: end - begin }, (_, byte) => begin + byte))
          : [begin, Math.floor((begin + end) / 2)]
      })
      for (const steps of [...points, whole.steps]) {
        const disk = fresh()
        disk.killAfter(steps)
        const safe = yield* live(disk)
        // The entry it was appending may be there as well.
        const either = [expected(safe), expected([...safe, ...after.slice(safe.length - before.length).slice(0, 1)])]
        for (const isPowerLost of whole.begins.includes(steps) ? [false, true] : [steps % 2 === 0]) {
          const found = disk.copy()
          if (isPowerLost) found.losePower()
          const read = yield* process(2)(on(found, known))
          if (!isDeepStrictEqual(read, either[0])) assert.deepStrictEqual(read, either[1])
        }
      }
    }))

  it.effect("that fails is logged, and leaves the journal usable and complete", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      disk.put(path, textOf([...settled, intent("open")]))
      const files = { ...disk.files, rename: disk.files.readLink }
      const logged: Array<unknown> = []
      yield* Effect.scoped(Effect.gen(function*() {
        const journal = yield* JournalFile.make(path, small)
        yield* journal.append(intent("next"))
        assert.deepStrictEqual(ids(yield* journal.open), ["open", "next"])
      })).pipe(
        Effect.provideService(FileSystem.FileSystem, files),
        Effect.withClock(clock),
        process(1),
        Effect.provide(Logger.replace(Logger.defaultLogger, Logger.make(({ message }) => logged.push(message))))
      )
      assert.include(String(logged), "could not be compacted")
      assert.isFalse(disk.entries.has(temporary))
      assert.strictEqual(lines(disk.text(path)).length, settled.length + 2)
    }))
})

describe("a large journal", () => {
  it.effect("is read in chunks, and reduced to the entries that are needed", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      const settled = Array.from({ length: 50_000 }, (_, index) =>
        `${print(intent(`${index}`, { at: tooOld }))}\n${print(outcome(`${index}`))}\n`)
      disk.put(path, [print(intent("open", { at: 1 })), "\n", ...settled, print(intent("last")), "\n"].join(""))
      const { length } = disk.text(path)
      const open = yield* process(1)(on(disk, ({ open }) =>
        open))
      assert.deepStrictEqual(ids(open), ["open", "last"])
      // Other fibers run between two chunks: a chunk is a millisecond of work.
      assert.isAtMost(Math.max(...disk.pieces), 1 << 16)
      assert.isAtLeast(disk.pieces.length, length / (1 << 16))
      assert.deepStrictEqual(entriesIn(disk), [intent("open", { at: 1 }), intent("last")])
    }))

  it.effect("of which much is needed is also written in chunks", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      const old = Array.from({ length: 3000 }, (_, index) =>
        textOf([intent(`old${index}`, { at: tooOld }), outcome(`old${index}`)]))
      const open = Array.from({ length: 2000 }, (_, index) =>
        intent(`${index}`))
      disk.put(path, old.join("") + textOf(open))
      assert.deepStrictEqual(yield* process(1)(on(disk, ({ open }) => open)), open)
      assert.deepStrictEqual(entriesIn(disk), open)
      assert.isAtMost(Math.max(...disk.pieces), (1 << 16) + 200)
    }))
})

describe("the lock", () => {
  const held = (holder: object) => {
    const disk = new Disk()
    disk.put(lock, JSON.stringify(holder))
    return disk
  }
  const refusal = (disk: Disk) => Effect.map(Effect.flip(on(disk, () => Effect.void)), ({ message }) => message)

  it.effect("names its holder while the journal is open, and is removed afterwards", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      yield* process(7)(on(disk, () =>
        Effect.sync(() => {
          assert.deepStrictEqual(JSON.parse(disk.text(lock)), {
            pid: 7,
            host: "here",
            since: "2027-01-15T08:00:00.000Z"
          })
          assert.strictEqual(disk.entries.get(lock)?.mode, 0o600)
        })))
      assert.deepStrictEqual([...disk.entries.keys()], [path])
    }))

  it.effect("refuses a second process with an error that names the first and says what to do", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      const message = yield* process(7)(on(disk, () => process(8, [7])(refusal(disk))))
      assert.include(message, "process 7 on here has held it since 2027-01-15T08:00:00.000Z")
      assert.include(message, lock)
      assert.include(message, "stop that process or give this one its own journal")
      assert.include(message, "delete the lock file")
    }))

  it.effect("refuses a second Layer of the same process", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      const message = yield* process(7)(on(disk, () => refusal(disk)))
      assert.include(message, "this process (7 on here) has had it open since")
      assert.include(message, "provide the same value")
    }))

  it.effect("is taken over from a process of this host that no longer runs", () =>
    Effect.gen(function*() {
      const disk = held({ pid: 7, host: "here", since: "once" })
      yield* process(8)(on(disk, () => Effect.sync(() => assert.strictEqual(JSON.parse(disk.text(lock)).pid, 8))))
      assert.deepStrictEqual([...disk.entries.keys()], [path])
    }))

  it.effect("is taken over from a process whose id was reused", () =>
    Effect.gen(function*() {
      const disk = held({ pid: 7, host: "here", started: "boot/100", since: "once" })
      disk.put("/proc/sys/kernel/random/boot_id", "boot\n")
      disk.put("/proc/7/stat", `7 (a b) c) S ${Array.from({ length: 18 }, () => "0").join(" ")} 100 0`)
      assert.include(yield* process(8, [7])(refusal(disk)), "process 7 on here has held it")
      disk.put("/proc/sys/kernel/random/boot_id", "another\n")
      assert.deepStrictEqual(yield* process(8, [7])(on(disk, ({ open }) => open)), [])
      // The usual case in a container: the same id again.
      const same = held({ pid: 1, host: "here", started: "boot/100", since: "once" })
      same.put("/proc/sys/kernel/random/boot_id", "boot\n")
      same.put("/proc/1/stat", `1 (node) S ${Array.from({ length: 18 }, () => "0").join(" ")} 200 0`)
      assert.deepStrictEqual(yield* process(1)(on(same, ({ open }) => open)), [])
    }))

  it.effect("is not taken over from a process of another host or an unknown holder", () =>
    Effect.gen(function*() {
      const elsewhere = yield* process(8)(refusal(held({ pid: 7, host: "there", since: "once" })))
      assert.include(elsewhere, "process 7 on there has held it since once")
      const nobody = yield* process(8)(refusal(held({ since: "once" })))
      assert.include(nobody, "delete the lock file")
      const disk = new Disk()
      disk.put(lock, "")
      assert.include(yield* process(8)(refusal(disk)), "does not name its holder")
    }))

  it.effect.prop(
    "is taken over by exactly one of several concurrent processes, however their steps interleave",
    [FastCheck.array(FastCheck.array(FastCheck.nat(9), { minLength: 1, maxLength: 12 }), {
      minLength: 3,
      maxLength: 3
    })],
    ([paces]) =>
      Effect.gen(function*() {
        const disk = held({ pid: 7, host: "here", since: "once" })
        let inside = 0
        const fibers = yield* Effect.forEach(paces, (pace, index) =>
          Effect.fork(
            Effect.scoped(
              Effect.zipRight(JournalFile.make(path), Effect.zipRight(Effect.sync(() => inside++), Effect.never))
            ).pipe(
              Effect.provideService(FileSystem.FileSystem, yielding(disk.files, pace)),
              process(index + 1, [1, 2, 3]),
              Effect.flip
            )
          ))
        yield* Effect.yieldNow().pipe(Effect.repeatN(1000))
        assert.strictEqual(inside, 1)
        assert.strictEqual(fibers.filter((fiber) => fiber.unsafePoll() === null).length, 1)
        yield* Fiber.interruptAll(fibers)
        assert.deepStrictEqual([...disk.entries.keys()], [path])
      }),
    { fastCheck: { numRuns: runs(40) } }
  )

  it.effect("is taken over from a process that was killed at any step of taking it over", () =>
    Effect.gen(function*() {
      const whole = held({ pid: 7, host: "here", since: "once" })
      yield* process(8)(on(whole, () => Effect.void))
      for (let steps = 0; steps <= whole.steps; steps++) {
        const disk = held({ pid: 7, host: "here", since: "once" })
        disk.killAfter(steps)
        yield* process(8)(on(disk, () => Effect.void)).pipe(Effect.exit)
        disk.revive()
        assert.deepStrictEqual(yield* process(9)(on(disk, ({ open }) => open)), [])
        assert.isFalse(disk.entries.has(lock) || disk.entries.has(`${lock}.takeover`))
      }
    }))
})

describe("the file", () => {
  it.effect("has its directory synced when it is created, and logs it where that is impossible", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      yield* process(1)(on(disk, (journal) => journal.append(intent("a"))))
      assert.isBelow(disk.log.indexOf("sync directory"), disk.log.indexOf(`write ${path}`))
      const windows = new Disk()
      windows.canSyncDirectories = false
      const logged: Array<Logger.Logger.Options<unknown>> = []
      yield* process(1)(on(windows, (journal) => journal.append(intent("a")))).pipe(
        Effect.provide(Logger.replace(Logger.defaultLogger, Logger.make((line) => logged.push(line))))
      )
      const [line] = logged
      assert.deepStrictEqual([logged.length, line?.logLevel], [1, LogLevel.Warning])
      assert.include(String(line?.message), "cannot be flushed to the disk")
      assert.strictEqual(lines(windows.text(path)).length, 1)
    }))

  it.effect("refuses an entry that it could not read again", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      for (const bad of [{ clientOrderId: "" }, { at: Number.NaN }, { symbol: "A".repeat(1 << 20) }]) {
        const error = yield* process(1)(on(disk, (journal) => Effect.flip(journal.append(intent("a", bad)))))
        assert.include(error.message, "not a valid journal entry")
      }
      assert.strictEqual(disk.text(path), "")
    }))

  it.effect("refuses an entry once it is closed", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      const journal = yield* process(1)(on(disk, Effect.succeed))
      assert.include((yield* Effect.flip(journal.append(intent("late")))).message, "it is closed")
      assert.strictEqual(disk.text(path), "")
    }))

  it.effect("is read and compacted with the account OrderJournal.unnamed if its entries have none", () =>
    Effect.gen(function*() {
      const disk = new Disk()
      const { account: _, ...old } = intent("old", { at: 1 })
      disk.put(path, `${JSON.stringify(old)}\n`.repeat(40))
      yield* process(1)(on(disk, () => Effect.void, { lines: 4, times: 4 }))
      const [open] = yield* process(2)(on(disk, known))
      assert.deepStrictEqual(open, [{ ...old, account: OrderJournal.unnamed }])
    }))

  it.scoped("is accessible to its owner only, is resolved through a symbolic link, and must not be a directory", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const mode = (name: string) => Effect.map(fs.stat(`${directory}/${name}`), ({ mode }) => mode & 0o777)
      const open = (name: string) => Effect.scoped(JournalFile.make(`${directory}/${name}`))
      yield* open("new.jsonl")
      assert.strictEqual(yield* mode("new.jsonl"), 0o600)
      yield* fs.writeFileString(`${directory}/open.jsonl`, textOf([intent("a")]), { mode: 0o666 })
      yield* fs.symlink(`${directory}/open.jsonl`, `${directory}/link.jsonl`)
      const message = yield* Effect.scoped(Effect.gen(function*() {
        yield* JournalFile.make(`${directory}/link.jsonl`, { lines: 0, times: 0 })
        return (yield* Effect.flip(JournalFile.make(`${directory}/open.jsonl`))).message
      }))
      assert.include(message, "has had it open since")
      assert.strictEqual(yield* mode("open.jsonl"), 0o600)
      assert.strictEqual(yield* fs.readLink(`${directory}/link.jsonl`), `${directory}/open.jsonl`)
      assert.include((yield* Effect.flip(open(""))).message, "it is a Directory, not a file")
      assert.deepStrictEqual((yield* fs.readDirectory(directory)).toSorted(), ["link.jsonl", "new.jsonl", "open.jsonl"])
    }).pipe(Effect.provide(NodeContext.layer)))
})

describe("since", () => {
  it.effect("returns the intents and their outcomes of one account, exchange and environment", () =>
    Effect.gen(function*() {
      const journal = yield* OrderJournal.OrderJournal
      const worth = { currency: "USDT", amount: "10" }
      for (
        const entry of [
          intent("before", { at: 4 }),
          intent("placed", { at: 5, worth }),
          outcome("placed"),
          intent("refused", { at: 6, worth }),
          outcome("refused", { _tag: "NotPlaced" }),
          intent("open", { at: 7, worth }),
          intent("other", { account: "theirs" }),
          intent("other", { exchange: "other" }),
          intent("other", { environment: "other" }),
          // An outcome of another account closes nothing.
          outcome("open", { account: "theirs" })
        ]
      ) yield* journal.append(entry)
      const found = yield* journal.since("mine", "e", "v", 5)
      assert.deepStrictEqual(found.map(({ clientOrderId, outcome, worth }) => [clientOrderId, outcome, worth]), [
        ["placed", "Placed", worth],
        ["refused", "NotPlaced", worth],
        ["open", "Open", worth]
      ])
      assert.deepStrictEqual(ids(yield* OrderJournal.openFor(journal, "theirs")), ["other"])
      assert.deepStrictEqual(ids(yield* OrderJournal.openFor(journal, "mine")), ["before", "open", "other", "other"])
    }).pipe(Effect.provide(OrderJournal.layerMemory)))

  it("assigns an outcome to the order that it names, of several orders with one client order id", () => {
    const entries = [
      intent("same", { at: 5 }),
      intent("same", { at: 6 }),
      intent("same", { at: 7 }),
      outcome("same", { _tag: "NotPlaced", begunAt: 6 })
    ]
    assert.deepStrictEqual(OrderJournal.openOf(entries).map(({ at }) => at), [5, 7])
    assert.deepStrictEqual(
      OrderJournal.sinceOf(entries, "mine", "e", "v", 0).map(({ outcome }) => outcome),
      ["Open", "NotPlaced", "Open"]
    )
  })

  it("assigns an outcome that names no order to the first of two orders with one client order id", () => {
    const entries = [
      intent("twice", { at: 5 }),
      intent("twice", { at: 6, amount: "2" }),
      outcome("twice", { _tag: "NotPlaced" })
    ]
    assert.deepStrictEqual(OrderJournal.openOf(entries).map(({ amount }) => amount), ["2"])
    assert.deepStrictEqual(
      OrderJournal.sinceOf(entries, "mine", "e", "v", 0).map(({ amount, outcome }) => [amount, outcome]),
      [["1", "NotPlaced"], ["2", "Open"]]
    )
  })

  it.effect("in memory also forgets settled orders older than 48 hours", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const journal = yield* OrderJournal.OrderJournal
      for (let index = 0; index < 3000; index++) {
        yield* journal.append(intent(`${index}`, { at: tooOld }))
        yield* journal.append(outcome(`${index}`))
      }
      assert.isBelow((yield* begun(journal)).length, 1100)
    }).pipe(Effect.provide(OrderJournal.layerMemory)))
})

describe("OrderJournal.layerNone", () => {
  it.effect("keeps nothing, and logs that", () =>
    Effect.gen(function*() {
      const logged: Array<unknown> = []
      yield* Effect.gen(function*() {
        const journal = yield* OrderJournal.OrderJournal
        yield* journal.append(intent("a"))
        assert.deepStrictEqual(yield* journal.open, [])
        assert.deepStrictEqual(yield* begun(journal), [])
      }).pipe(
        Effect.provide(OrderJournal.layerNone),
        Effect.provide(Logger.replace(Logger.defaultLogger, Logger.make(({ message }) => logged.push(message))))
      )
      assert.include(String(logged), "Orders are not written to a journal")
    }))
})
