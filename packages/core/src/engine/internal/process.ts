import type * as FileSystem from "@effect/platform/FileSystem"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/**
 * What an operating system says of processes, as far as the platform lets it be asked: Node.js, Bun and Deno do, a browser
 * does not.
 *
 * @internal
 */
export class Process extends Context.Reference<Process>()("@effect-exchange/core/internal/process/Process", {
  defaultValue: (): {
    readonly pid: number | undefined
    readonly host: string | undefined
    /** Whether a process of this id runs on this host: yes, too, where that cannot be found out. */
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
 * When the process of an id started, in the kernel's own words; none where there is no Linux to ask. With the id it names
 * one process: ids are given again.
 *
 * @internal
 */
export const startOf = (files: FileSystem.FileSystem, pid: number): Effect.Effect<Option.Option<string>> =>
  Effect.option(Effect.all([
    files.readFileString("/proc/sys/kernel/random/boot_id"),
    files.readFileString(`/proc/${pid}/stat`)
  ])).pipe(
    Effect.map(Option.flatMap(([boot, stat]) =>
      // The second field is the program's name in parentheses and may hold anything; the start is the twenty-second.
      Option.map(
        Option.fromNullable(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]),
        (ticks) => `${boot.trim()}/${ticks}`
      )
    ))
  )
