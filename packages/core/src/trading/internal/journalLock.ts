import type * as PlatformError from "@effect/platform/Error"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { Process, startOf } from "../../engine/internal/process.js"

/** The holder of a lock, as recorded in its file. */
const Holder = Schema.parseJson(Schema.Struct({
  pid: Schema.optional(Schema.Int),
  host: Schema.optional(Schema.String),
  /** When that process started (see `startOf`). */
  started: Schema.optional(Schema.String),
  /** When it took the lock. */
  since: Schema.String
}))
type Holder = typeof Holder.Type

/**
 * Holds the lock file at `path`, which names its holder, until the scope is closed. Nobody else can hold it in the
 * meantime. A lock left behind by a process of this host that no longer runs is taken over. Fails with a sentence that
 * names the holder.
 *
 * @internal
 */
export const hold = (
  files: FileSystem.FileSystem,
  path: string
): Effect.Effect<void, string, Scope.Scope> =>
  Effect.asVoid(Effect.acquireRelease(
    Effect.flatMap(self(files), (holder) => Effect.as(take(files, path, holder, 0), holder)),
    (holder) =>
      // Removes only our own lock: someone may have deleted it manually, and another program may have taken it since.
      files.readFileString(path).pipe(
        Effect.flatMap((text) => text === holder ? files.remove(path) : Effect.void),
        Effect.ignore
      )
  ))

const self = (files: FileSystem.FileSystem): Effect.Effect<string> =>
  Effect.gen(function*() {
    const { host, pid } = yield* Process
    const started = pid === undefined ? Option.none() : yield* startOf(files, pid)
    const since = DateTime.formatIso(DateTime.unsafeMake(yield* Clock.currentTimeMillis))
    return JSON.stringify({ pid, host, started: Option.getOrUndefined(started), since } satisfies Holder)
  })

const take = (
  files: FileSystem.FileSystem,
  path: string,
  own: string,
  attempt: number
): Effect.Effect<void, string> =>
  Effect.gen(function*() {
    if (yield* create(files, path, own)) return
    const found = yield* readIfThere(files, path)
    const again = take(files, path, own, attempt + 1)
    if (Option.isNone(found)) {
      // It was released in the meantime.
      return yield* attempt < 10 ? again : Effect.fail(`the lock ${path} kept being taken and released; try again`)
    }
    const holder = Schema.decodeOption(Holder)(found.value)
    const runs = Option.isNone(holder) || (yield* isRunning(files, holder.value))
    if (runs) return yield* Effect.flatMap(sentence(path, holder, found.value === own), Effect.fail)
    yield* takeOver(files, path, own, found.value)
  })

/**
 * Replaces a lock whose holder is gone. Two processes that try that at the same time must not replace each other's
 * lock. So only the holder of a second lock, the guard, may do it, and only if the lock still has the content that was
 * found.
 */
const takeOver = (
  files: FileSystem.FileSystem,
  path: string,
  own: string,
  stale: string
): Effect.Effect<void, string> => {
  const guard = `${path}.takeover`
  return Effect.acquireUseRelease(
    take(files, guard, own, 0),
    () =>
      Effect.flatMap(readIfThere(files, path), (found) =>
        Option.contains(found, stale)
          ? beside(files, path, own, (temporary) => files.rename(temporary, path))
          : take(files, path, own, 0)),
    () => Effect.ignore(files.remove(guard))
  )
}

/**
 * Creates the lock and returns `true`, or returns `false` if it exists. The lock is a link to a complete temporary
 * file, so that it never exists without naming its holder.
 */
const create = (files: FileSystem.FileSystem, path: string, own: string): Effect.Effect<boolean, string> =>
  beside(files, path, own, (temporary) =>
    files.link(temporary, path).pipe(
      Effect.catchAll((error) =>
        // Some file systems do not support links.
        isThere(error) ? Effect.fail(error) : put(files, path, own)
      ),
      Effect.as(true),
      Effect.catchIf(isThere, () => Effect.succeed(false))
    ))

const beside = <A>(
  files: FileSystem.FileSystem,
  path: string,
  own: string,
  use: (temporary: string) => Effect.Effect<A, PlatformError.PlatformError>
): Effect.Effect<A, string> =>
  Effect.flatMap(Random.nextIntBetween(0, Number.MAX_SAFE_INTEGER), (random) => {
    const temporary = `${path}.${random.toString(36)}`
    return described(
      path,
      Effect.acquireUseRelease(
        put(files, temporary, own),
        () => use(temporary),
        () => Effect.ignore(files.remove(temporary))
      )
    )
  })

// Synced: a loss of power could otherwise leave a lock that names no holder, and such a lock cannot be checked.
const put = (
  files: FileSystem.FileSystem,
  path: string,
  own: string
): Effect.Effect<void, PlatformError.PlatformError> =>
  Effect.scoped(Effect.flatMap(
    files.open(path, { flag: "wx", mode: 0o600 }),
    (file) => Effect.zipRight(file.writeAll(new TextEncoder().encode(own)), file.sync)
  ))

const readIfThere = (files: FileSystem.FileSystem, path: string): Effect.Effect<Option.Option<string>, string> =>
  described(
    path,
    Effect.asSome(files.readFileString(path)).pipe(
      Effect.catchIf(
        (error) => error._tag === "SystemError" && error.reason === "NotFound",
        () => Effect.succeedNone
      )
    )
  )

const isThere = (error: PlatformError.PlatformError): boolean =>
  error._tag === "SystemError" && error.reason === "AlreadyExists"

const described = <A>(path: string, self: Effect.Effect<A, PlatformError.PlatformError>): Effect.Effect<A, string> =>
  Effect.mapError(self, (error) => `the lock ${path} could not be taken: ${error.message}`)

// A process of another host cannot be checked, nor can a holder that gives no details. It counts as running until
// someone removes its lock.
const isRunning = (files: FileSystem.FileSystem, holder: Holder): Effect.Effect<boolean> =>
  Effect.gen(function*() {
    const { host, isRunning } = yield* Process
    if (host === undefined || holder.host !== host || holder.pid === undefined) return true
    if (!isRunning(holder.pid)) return false
    const started = yield* startOf(files, holder.pid)
    // The id of a process that is gone may be in use again, after a restart of the machine or of a container.
    return holder.started === undefined || Option.isNone(started) || started.value === holder.started
  })

const sentence = (path: string, holder: Option.Option<Holder>, isOwn: boolean): Effect.Effect<string> =>
  Effect.map(Process, ({ host, pid }) => {
    if (Option.isNone(holder)) return `the lock ${path} does not name its holder; ${remove}`
    const { host: where = "an unknown host", pid: who = "unknown", since } = holder.value
    if (isOwn || (who === pid && where === host)) {
      return `this process (${pid} on ${host}) has had it open since ${since} (${path}); create one Layer of it and `
        + "provide the same value wherever it is needed"
    }
    return `process ${who} on ${where} has held it since ${since} (${path}); stop that process or give this one `
      + `its own journal; ${remove}`
  })

const remove = "if you are certain that no program uses it, delete the lock file"
