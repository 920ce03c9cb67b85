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

/** Who holds a lock: what its file says. */
const Holder = Schema.parseJson(Schema.Struct({
  pid: Schema.optional(Schema.Int),
  host: Schema.optional(Schema.String),
  /** When that process started, see `startOf`. */
  started: Schema.optional(Schema.String),
  /** When it took the lock. */
  since: Schema.String
}))
type Holder = typeof Holder.Type

/**
 * Holds the file at `path`, which says who does, until the scope is closed: nobody else gets it meanwhile. What a process
 * of this host left behind that runs no more is taken over. Fails with a sentence that names the holder.
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
      // Only our own: somebody may have removed it by hand, and another program may hold it since.
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
      // It was let go in this moment.
      return yield* attempt < 10 ? again : Effect.fail(`the lock ${path} comes and goes`)
    }
    const holder = Schema.decodeOption(Holder)(found.value)
    const runs = Option.isNone(holder) || (yield* isRunning(files, holder.value))
    if (runs) return yield* Effect.flatMap(sentence(path, holder, found.value === own), Effect.fail)
    yield* takeOver(files, path, own, found.value)
  })

/**
 * Replaces a lock whose holder is gone. Two that come at once must not replace each other's: only who holds the lock of
 * the lock may, and only if it is still the one that was found.
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

/** Whether the lock is ours now: linked to what was written beside it, so that it is never there without its holder. */
const create = (files: FileSystem.FileSystem, path: string, own: string): Effect.Effect<boolean, string> =>
  beside(files, path, own, (temporary) =>
    files.link(temporary, path).pipe(
      Effect.catchAll((error) =>
        // Some file systems have no links.
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
    return said(
      path,
      Effect.acquireUseRelease(
        put(files, temporary, own),
        () => use(temporary),
        () => Effect.ignore(files.remove(temporary))
      )
    )
  })

// Synced: or a loss of power may leave a lock that does not say whose it is, and nobody can judge that.
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
  said(
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

const said = <A>(path: string, self: Effect.Effect<A, PlatformError.PlatformError>): Effect.Effect<A, string> =>
  Effect.mapError(self, (error) => `the lock ${path} cannot be taken: ${error.message}`)

// A process of another host cannot be asked for, nor can one that says nothing of itself: it runs until somebody who
// knows better removes its lock.
const isRunning = (files: FileSystem.FileSystem, holder: Holder): Effect.Effect<boolean> =>
  Effect.gen(function*() {
    const { host, isRunning } = yield* Process
    if (host === undefined || holder.host !== host || holder.pid === undefined) return true
    if (!isRunning(holder.pid)) return false
    const started = yield* startOf(files, holder.pid)
    // The id of one that is gone may have been given to another: after a restart of the machine, or of a container.
    return holder.started === undefined || Option.isNone(started) || started.value === holder.started
  })

const sentence = (path: string, holder: Option.Option<Holder>, isOwn: boolean): Effect.Effect<string> =>
  Effect.map(Process, ({ host, pid }) => {
    if (Option.isNone(holder)) return `the lock ${path} does not say whose it is; ${remove}`
    const { host: where = "a host unknown", pid: who = "unknown", since } = holder.value
    if (isOwn || (who === pid && where === host)) {
      return `this process (${pid} on ${host}) has it open already, since ${since} (${path}): make one Layer of it and `
        + "provide that same value wherever it is needed"
    }
    return `process ${who} on ${where} has held it since ${since} (${path}): stop that one or give this one a journal of `
      + `its own; ${remove}`
  })

const remove = "if you are certain that no program uses it, delete the lock file"
