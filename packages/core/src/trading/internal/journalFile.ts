import * as Bulkhead from "@effect-exchange/resilience/Bulkhead"
import * as Deadline from "@effect-exchange/resilience/Deadline"
import type * as PlatformError from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as JournalBook from "./journalBook.js"
import * as JournalDisk from "./journalDisk.js"
import { type Entry, JournalFailed, parse, print, type Service } from "./journalEntry.js"
import * as JournalLock from "./journalLock.js"
import * as JournalReader from "./journalReader.js"

/** @internal */
export interface Options {
  /** A file with fewer lines is not compacted. */
  readonly lines: number
  /** Nor is a file with fewer than this many times the lines that it needs. */
  readonly times: number
}

interface State {
  handle: JournalDisk.Handle | undefined
  lines: number
  /** Whether the last line of the file is incomplete. */
  unfinished: boolean
  /** The number of lines at which to check again whether to compact the file. */
  lookAt: number
  /** Whether the file is being compacted. A second run at the same time would delete the new file of the first. */
  isCompacting: boolean
  /** The entries that were added since the compaction began. */
  meanwhile: Array<Entry> | undefined
}

/**
 * Opens the journal at `path`. No other program can open it until the scope is closed.
 *
 * @internal
 */
export const make = (
  path: string,
  options: Options = { lines: 1000, times: 4 }
): Effect.Effect<Service, JournalFailed, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const scope = yield* Effect.scope
    // Unlike a `Semaphore`, whose cost per caller grows with the number of callers that wait.
    const access = yield* Bulkhead.make({ name: "order journal", permits: 1, maxQueue: Number.POSITIVE_INFINITY })
    /** Waits for what began before. No entry is refused, whatever the deadline of its caller. */
    const exclusively = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Effect.flatten(Effect.orDie(Deadline.none(access.withPermit(Effect.exit(self)))))
    const failure = (detail: string) => new JournalFailed({ path, detail })
    const failed = Effect.mapError((error: PlatformError.PlatformError | JournalFailed) =>
      failure(error._tag === "JournalFailed" ? error.detail : error.message)
    )

    const { directory, real } = yield* JournalDisk.placeOf(files, path)
    yield* Effect.mapError(JournalLock.hold(files, `${real}.lock`), failure)
    const isNew = yield* failed(JournalDisk.prepare(files, real))
    const book = JournalBook.make()
    const begun = yield* Clock.currentTimeMillis
    const read = isNew
      ? { end: "line break", lines: 0 }
      : yield* failed(JournalDisk.load(files, real, (entry) => book.add(entry, begun)))
    const state: State = {
      handle: undefined,
      lines: read.lines,
      unfinished: read.end === "cut",
      lookAt: options.lines,
      isCompacting: false,
      meanwhile: undefined
    }
    yield* Effect.acquireRelease(
      failed(Effect.map(JournalDisk.open(files, real, "a"), (handle) => state.handle = handle)),
      () =>
        exclusively(Effect.suspend(() => {
          const { handle } = state
          state.handle = undefined
          return handle === undefined ? Effect.void : handle.close
        }))
    )
    if (isNew) yield* JournalDisk.syncDirectory(files, directory)
    const write = (text: string) =>
      Effect.suspend(() =>
        state.handle === undefined ? failure("it is closed") : failed(JournalDisk.append(state.handle, text))
      )
    if (read.end === "whole") yield* write("\n")

    // The new file is written next to the journal and renamed: whenever the process ends, one of the two is there and
    // complete.
    const beside = JournalDisk.compactingPath(real)
    const compact = Effect.acquireUseRelease(
      Effect.zipRight(Effect.ignore(files.remove(beside)), JournalDisk.open(files, beside, "ax")),
      (next) =>
        Effect.gen(function*() {
          // In one step: an entry that is added from here on is in one of the two, and no intent is in both.
          const entries = yield* exclusively(Effect.sync(() => {
            state.meanwhile = []
            return book.entries()
          }))
          const lines = yield* JournalDisk.write(next.file, entries)
          yield* next.file.sync
          yield* exclusively(Effect.uninterruptible(Effect.gen(function*() {
            const { handle: last, meanwhile = [] } = state
            const more = yield* JournalDisk.write(next.file, meanwhile)
            yield* next.file.sync
            yield* files.rename(beside, real)
            state.handle = next
            state.lines = lines + more
            state.unfinished = false
            // Before the next entry is written: if a loss of power undid the rename, that entry would be lost with it.
            yield* JournalDisk.syncDirectory(files, directory)
            if (last !== undefined) yield* last.close
          })))
        }),
      (next) =>
        Effect.suspend(() => {
          state.meanwhile = undefined
          return state.handle === next ? Effect.void : Effect.zipRight(next.close, Effect.ignore(files.remove(beside)))
        })
    )

    const compactIfWorth = Effect.flatMap(Clock.currentTimeMillis, (now) => {
      if (state.isCompacting || state.lines < state.lookAt) return Effect.void
      const needed = book.forget(now)
      state.lookAt = state.lines + Math.max(options.lines, needed)
      if (state.lines < options.times * needed) return Effect.void
      state.isCompacting = true
      return compact.pipe(
        Effect.tap(() => Effect.sync(() => state.lookAt = state.lines + Math.max(options.lines, needed))),
        // The existing file is unaffected.
        Effect.catchAll((error) => Effect.logWarning("The order journal could not be compacted", error.message)),
        Effect.ensuring(Effect.sync(() => state.isCompacting = false))
      )
    })
    yield* compactIfWorth

    return {
      append: (entry) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const line = print(entry)
          if (parse(line) === undefined || line.length > JournalReader.longest) {
            return failure(`not a valid journal entry: ${line.slice(0, 200)}`)
          }
          return Effect.suspend(() => {
            const text = `${state.unfinished ? `${JournalReader.unfinishedMark}\n` : ""}${line}\n`
            state.unfinished = true
            return write(text)
          }).pipe(
            Effect.zipRight(Effect.sync(() => {
              state.unfinished = false
              state.lines++
              state.meanwhile?.push(entry)
              book.add(entry, now)
            })),
            // An interruption halfway would leave a partial line, which would be read as a corrupt one.
            Effect.uninterruptible,
            exclusively,
            Effect.zipRight(
              Effect.suspend(() => state.lines < state.lookAt ? Effect.void : Effect.forkIn(compactIfWorth, scope))
            )
          )
        }),
      open: Effect.sync(book.open),
      since: (account, exchange, environment, epochMillis) =>
        Effect.sync(() => book.since(account, exchange, environment, epochMillis))
    }
  })
