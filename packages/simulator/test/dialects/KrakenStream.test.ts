import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { Simulator } from "../../src/index.js"
import { field, noon } from "../utils.js"
import { at, dial } from "./support/socket.js"

describe("the public channels of Kraken", () => {
  it.scoped("send the time of each update of a book, but none with its snapshot", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(noon)
      const socket = yield* dial(yield* Simulator.make("kraken"), "/v2")
      yield* socket.send({ method: "subscribe", params: { channel: "book", symbol: ["BTC/USD"] } })
      yield* TestClock.adjust("2 seconds")
      const books = socket.received().filter((frame) => field(frame, "channel") === "book")
      assert.deepStrictEqual(books.map((frame) => [field(frame, "type"), at(frame, "data", 0, "timestamp")]), [
        ["snapshot", undefined],
        ["update", "2024-11-25T12:00:01.000Z"],
        ["update", "2024-11-25T12:00:02.000Z"]
      ])
    }))
})
