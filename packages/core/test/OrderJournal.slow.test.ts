import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import { OrderJournal } from "../src/index.js"

const line = (index: number, tag: "Intent" | "Placed") =>
  JSON.stringify({
    _tag: tag,
    exchange: "binance",
    environment: "live",
    account: "61527dbe234cde0e",
    clientOrderId: `0190a5e2-7c1b-7abc-8def-${String(index).padStart(12, "0")}`,
    ...tag === "Placed" ? { orderId: String(index) } : {
      symbol: "BTC/USDT",
      side: "buy",
      type: "limit",
      amount: "0.01",
      price: "60000.25",
      timeInForce: "GTC",
      worth: { currency: "USDT", amount: "600.0025" }
    },
    // One order every half an hour, of which the latest 48 hours are kept.
    at: index * 1_800_000
  })

const lines = 1_000_000

const written = Stream.range(1, lines / 2).pipe(
  Stream.grouped(1000),
  Stream.map((group) => Array.from(group, (index) => `${line(index, "Intent")}\n${line(index, "Placed")}\n`).join("")),
  Stream.encodeText
)

/** Opens a journal of a million lines: the share of its CPU time spent in event-loop turns of over 50 milliseconds. */
const longTurnShare = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const path = `${yield* fs.makeTempDirectoryScoped()}/orders.jsonl`
  yield* Stream.run(written, fs.sink(path))
  yield* fs.writeFileString(path, `${line(0, "Intent")}\n`, { flag: "a" })

  // The CPU time of this process from one turn of the event loop to the next, so that no other load counts.
  let all = 0
  let long = 0
  let last = process.cpuUsage()
  const turns = yield* Effect.fork(Effect.forever(Effect.async<void>((resume) => {
    const handle = setImmediate(() => {
      const { system, user } = process.cpuUsage(last)
      const turn = (user + system) / 1000
      all += turn
      if (turn > 50) long += turn
      last = process.cpuUsage()
      resume(Effect.void)
    })
    return Effect.sync(() => clearImmediate(handle))
  })))
  const { open } = yield* OrderJournal.OrderJournal.pipe(Effect.provide(OrderJournal.layerFile(path)))
  yield* Fiber.interrupt(turns)
  assert.deepStrictEqual((yield* open).map(({ at }) => at), [0])
  assert.isBelow(Number((yield* fs.stat(path)).size), 100_000)
  return long / all
}).pipe(Effect.scoped, Effect.provide(NodeContext.layer))

describe("a journal of a million lines", () => {
  it.live(
    "is opened with less than a tenth of the CPU time in event-loop turns of over 50 milliseconds",
    // The garbage collector makes a turn longer now and then.
    () => Effect.map(longTurnShare, (share) => assert.isBelow(share, 0.1)),
    600_000
  )
})
