import { assert, describe, it } from "@effect/vitest"
import { Chunk, Deferred, Effect, Exit, Stream } from "effect"
import * as Conflation from "../src/internal/conflation.js"

const price = (symbol: string, amount: number): Conflation.Event => ({ key: symbol, text: `${symbol} ${amount}` })

/** Reads the first event, and the others only after all have been sent. */
const readSlowly = (events: ReadonlyArray<Conflation.Event>) =>
  Effect.gen(function*() {
    const isSent = yield* Deferred.make<void>()
    const sending = Stream.concat(
      Stream.fromIterable(events),
      Stream.execute(Deferred.succeed(isSent, undefined))
    )
    return yield* Stream.runCollect(
      Stream.tap(Conflation.latest(Stream.rechunk(sending, 1)), () => Deferred.await(isSent))
    )
  })

describe("A slow reader of the stream", () => {
  it.effect("gets the latest event of a quiet market, however many events of others it misses", () =>
    Effect.gen(function*() {
      const busy = Array.from({ length: 1000 }, (_, index) => price("BUSY", index))
      const read = Chunk.toReadonlyArray(yield* readSlowly([price("BUSY", -1), price("QUIET", 7), ...busy]))
      assert.include(read, "QUIET 7")
      assert.strictEqual(read.at(-1), "BUSY 999")
      assert.isBelow(read.length, 10)
    }))

  it.effect("gets every event that it has time for, in order, and the end of the stream", () =>
    Effect.gen(function*() {
      const events = Array.from({ length: 5 }, (_, index) => price(`M${index}`, index))
      assert.deepStrictEqual(
        Chunk.toReadonlyArray(yield* Stream.runCollect(Conflation.latest(Stream.fromIterable(events)))),
        ["M0 0", "M1 1", "M2 2", "M3 3", "M4 4"]
      )
    }))

  it.effect("gets the defect of a source", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Stream.runDrain(Conflation.latest(Stream.die("bug"))))
      assert.deepStrictEqual(exit, Exit.die("bug"))
    }))
})
