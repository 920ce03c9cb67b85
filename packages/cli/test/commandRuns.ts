import { FileSystem } from "@effect/platform"
import { NodeFileSystem } from "@effect/platform-node"
import { Effect, Fiber, Option, TestClock, TestServices } from "effect"
import { session } from "./utils.js"

/** Real files. */
export const files = Effect.provide(FileSystem.FileSystem, NodeFileSystem.layer)

/** The path of a journal in a temporary directory that is removed with the scope. */
export const journal = Effect.map(
  Effect.flatMap(files, (files) => files.makeTempDirectoryScoped()),
  (directory) => `${directory}/orders.journal`
)

/** Runs a command to its end, and advances the test clock until then. */
export const runWithClock = (line: string, env: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function*() {
    const { err, out, run } = yield* session(line, { env })
    const fiber = yield* Effect.fork(run)
    // Writing the journal takes real time, so the test clock is advanced repeatedly meanwhile.
    while (Option.isNone(yield* Fiber.poll(fiber))) {
      yield* TestClock.adjust("1 second")
      yield* TestServices.provideLive(Effect.sleep("2 millis"))
    }
    return { code: yield* Fiber.join(fiber), out: out(), err: err() }
  })
