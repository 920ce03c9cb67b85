import type * as PlatformError from "@effect/platform/Error"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { type Entry, JournalFailed, print } from "./journalEntry.js"
import * as JournalReader from "./journalReader.js"

type Result<A> = Effect.Effect<A, PlatformError.PlatformError>

/**
 * Resolves the real path of a journal, so that two paths to one file share its lock and a link to it is not replaced by
 * a file.
 *
 * @internal
 */
export const placeOf = (
  files: FileSystem.FileSystem,
  path: string
): Effect.Effect<{ readonly directory: string; readonly real: string }> =>
  files.realPath(path).pipe(
    Effect.orElse(() => Effect.map(files.realPath(directoryOf(path)), (directory) => `${directory}/${nameOf(path)}`)),
    // An invalid path is reported when the file is opened.
    Effect.orElseSucceed(() => path),
    Effect.map((real) => ({ directory: directoryOf(real), real }))
  )

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

const directoryOf = (path: string): string => {
  const end = path.lastIndexOf("/")
  return end < 0 ? "." : path.slice(0, Math.max(1, end))
}

/**
 * Makes sure that no other user can read the journal, which reveals what is traded. Returns `true` if the file does not
 * exist yet.
 *
 * @internal
 */
export const prepare = (
  files: FileSystem.FileSystem,
  path: string
): Effect.Effect<boolean, PlatformError.PlatformError | JournalFailed> =>
  Effect.gen(function*() {
    yield* Effect.ignore(files.remove(compactingPath(path)))
    if (!(yield* files.exists(path))) return true
    const { mode, type } = yield* files.stat(path)
    if (type !== "File") return yield* new JournalFailed({ path, detail: `it is a ${type}, not a file` })
    if ((mode & 0o077) !== 0) {
      yield* Effect.catchAll(files.chmod(path, 0o600), (error) =>
        Effect.logWarning("Users other than the owner may read or write the order journal", error.message))
    }
    return false
  })

/** @internal */
export interface Handle {
  readonly file: FileSystem.File
  readonly close: Effect.Effect<void>
}

/**
 * Opens a file for appending. It stays open until `close`.
 *
 * @internal
 */
export const open = (files: FileSystem.FileSystem, path: string, flag: "a" | "ax"): Result<Handle> =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const file = yield* Scope.extend(files.open(path, { flag, mode: 0o600 }), scope)
    return { file, close: Scope.close(scope, Exit.void) }
  })

/**
 * Returns the path to which a journal is written when it is compacted.
 *
 * @internal
 */
export const compactingPath = (path: string): string => `${path}.compacting`

/**
 * Flushes a directory to the disk, so that a file that was created or renamed in it survives a loss of power. Logs a
 * warning where that is not possible (Windows).
 *
 * @internal
 */
export const syncDirectory = (files: FileSystem.FileSystem, directory: string): Effect.Effect<void> =>
  Effect.scoped(Effect.flatMap(files.open(directory, { flag: "r" }), (file) => file.sync)).pipe(
    Effect.catchAll((error) =>
      Effect.logWarning(
        "The directory of the order journal cannot be flushed to the disk: after a power loss, the journal may be missing "
          + "or in its state before the last compaction",
        error.message
      )
    )
  )

/**
 * Reads a journal in pieces. Returns how it ends, and its number of lines.
 *
 * @internal
 */
export const load = (
  files: FileSystem.FileSystem,
  path: string,
  onEntry: (entry: Entry) => void
): Effect.Effect<
  { readonly end: ReturnType<JournalReader.Reader["end"]>; readonly lines: number },
  PlatformError.PlatformError | JournalFailed
> =>
  Effect.scoped(Effect.gen(function*() {
    const reader = JournalReader.make(onEntry)
    const file = yield* files.open(path, { flag: "r" })
    while (true) {
      const bytes = yield* file.readAlloc(piece)
      if (Option.isNone(bytes)) break
      const detail = reader.push(bytes.value)
      if (detail !== undefined) return yield* new JournalFailed({ path, detail })
    }
    const end = reader.end()
    return { end, lines: reader.lines() }
  }))

/**
 * Writes entries in pieces. Returns the number of lines.
 *
 * @internal
 */
export const write = (file: FileSystem.File, entries: Iterable<Entry>): Result<number> =>
  Effect.gen(function*() {
    let lines = 0
    let text = ""
    for (const entry of entries) {
      lines++
      text += `${print(entry)}\n`
      if (text.length < piece) continue
      yield* file.writeAll(utf8.encode(text))
      text = ""
    }
    if (text !== "") yield* file.writeAll(utf8.encode(text))
    return lines
  })

/**
 * Appends text, and returns once it is on the disk.
 *
 * @internal
 */
export const append = ({ file }: Handle, text: string): Result<void> =>
  Effect.zipRight(file.writeAll(utf8.encode(text)), file.sync)

/**
 * The number of bytes to read or write at a time. The event loop runs between two pieces, and a piece of about 250
 * lines takes about a millisecond.
 */
const piece = 1 << 16

const utf8 = new TextEncoder()
