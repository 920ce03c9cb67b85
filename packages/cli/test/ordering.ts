import { FileSystem } from "@effect/platform"
import { NodeFileSystem } from "@effect/platform-node"
import { Effect, Fiber, Option, TestClock, TestServices } from "effect"
import { session } from "./utils.js"

/** Real files. */
export const files = Effect.provide(FileSystem.FileSystem, NodeFileSystem.layer)

/** A place for a journal, gone with the scope. */
export const journal = Effect.map(
  Effect.flatMap(files, (files) => files.makeTempDirectoryScoped()),
  (directory) => `${directory}/orders.journal`
)

/** A run in the world of the test, whose clock goes on until it ends. */
export const ran = (line: string, env: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function*() {
    const { err, out, run } = yield* session(line, { env })
    const fiber = yield* Effect.fork(run)
    // The journal is a real file, which takes real time: the clock of the test goes on meanwhile, again and again.
    while (Option.isNone(yield* Fiber.poll(fiber))) {
      yield* TestClock.adjust("1 second")
      yield* TestServices.provideLive(Effect.sleep("2 millis"))
    }
    return { code: yield* Fiber.join(fiber), out: out(), err: err() }
  })
