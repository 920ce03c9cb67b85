import type * as FileSystem from "@effect/platform/FileSystem"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/**
 * Reads information about processes from the operating system where the platform allows it: on Node.js, Bun and Deno,
 * but not in a browser.
 *
 * @internal
 */
export class Process extends Context.Reference<Process>()("@effect-exchange/core/internal/process/Process", {
  defaultValue: (): {
    readonly pid: number | undefined
    readonly host: string | undefined
    /** Returns `true` if a process with this id runs on this host, or if that cannot be determined. */
    readonly isRunning: (pid: number) => boolean
  } => {
    const { process }: { readonly process?: NodeJS.Process } = globalThis
    return {
      pid: process?.pid,
      host: process?.getBuiltinModule?.("node:os").hostname(),
      isRunning: (pid) => {
        try {
          return process?.kill(pid, 0) ?? true
        } catch (error) {
          return !(error instanceof Error && "code" in error && error.code === "ESRCH")
        }
      }
    }
  }
}) {}

/**
 * Reads the start of a process in the kernel's own terms. Returns none except on Linux. Together with the id it
 * identifies one process, because ids are reused.
 *
 * @internal
 */
export const startOf = (files: FileSystem.FileSystem, pid: number): Effect.Effect<Option.Option<string>> =>
  Effect.option(Effect.all([
    files.readFileString("/proc/sys/kernel/random/boot_id"),
    files.readFileString(`/proc/${pid}/stat`)
  ])).pipe(
    Effect.map(Option.flatMap(([boot, stat]) =>
      // The second field is the program's name in parentheses and may contain anything. The start time is the
      // twenty-second field.
      Option.map(
        Option.fromNullable(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]),
        (ticks) => `${boot.trim()}/${ticks}`
      )
    ))
  )
