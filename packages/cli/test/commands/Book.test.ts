import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { network, session } from "../utils.js"

describe("exchange book", () => {
  it.effect("draws a ladder around the spread while the book is live, and exits with 0", () =>
    Effect.gen(function*() {
      const { err, out, run, stop } = yield* session("book BTC/USD --exchange kraken --depth 3")
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("3 seconds")
      yield* stop("SIGINT")
      assert.strictEqual(yield* Fiber.join(fiber), 0)
      assert.strictEqual(err(), "")
      const [last = ""] = out().split("ress Ctrl-C to stop").slice(-2)
      assert.match(last, /kraken BTC\/USD, live, 0 reconnects/)
      const prices = Array.from(last.matchAll(/^ *([0-9.]+) +[0-9.]+ +▇/gm), ([, price]) => Number(price))
      assert.isAtLeast(prices.length, 4)
      assert.deepStrictEqual(prices, prices.toSorted((a, b) => b - a))
      assert.match(last, /spread/)
    }).pipe(Effect.provide(network)))

  it.effect("--json prints one document per line for data and for the state of the feed", () =>
    Effect.gen(function*() {
      const { out, run, stop } = yield* session("book BTC/USD -e kraken --depth 2 --json")
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("2 seconds")
      yield* stop("SIGTERM")
      assert.strictEqual(yield* Fiber.join(fiber), 0)
      const lines = out().trimEnd().split("\n").map((line): unknown => JSON.parse(line))
      assert.deepStrictEqual(lines[0], { exchange: "kraken", _tag: "Connected" })
      assert.match(
        out(),
        /"_tag":"Data","symbol":"BTC\/USD","bids":\[\["[0-9.]+","[0-9.]+"\],\["[0-9.]+","[0-9.]+"\]\]/
      )
    }).pipe(Effect.provide(network)))

  it.effect("exits with 1 and names a market that is not listed", () =>
    Effect.gen(function*() {
      const { err, run } = yield* session("book NOPE/USD -e kraken")
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), 1)
      assert.match(err(), /no market NOPE\/USD/)
    }).pipe(Effect.provide(network)))

  it.effect("exits with 2 for an invalid depth and an unknown exchange", () =>
    Effect.gen(function*() {
      const wrong = yield* session("book BTC/USD --depth 0")
      assert.strictEqual(yield* wrong.run, 2)
      assert.match(wrong.err(), /--depth cannot be "0"; expected a whole number from 1 to 1000/)
      const unknown = yield* session("book BTC/USD --exchange nowhere")
      assert.strictEqual(yield* unknown.run, 2)
      assert.match(unknown.err(), /No exchange is called "nowhere"/)
    }).pipe(Effect.provide(network)))
})

describe("exchange trades", () => {
  it.effect("prints each trade as a line, and the state of the feed on standard error", () =>
    Effect.gen(function*() {
      const { err, out, run, stop } = yield* session("trades BTC/USD --exchange kraken")
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("20 seconds")
      yield* stop("SIGINT")
      assert.strictEqual(yield* Fiber.join(fiber), 0)
      assert.strictEqual(err(), "kraken BTC/USD: connected\n")
      const [first, ...lines] = out().trimEnd().split("\n")
      assert.include(first, "All of this is simulated")
      assert.isAtLeast(lines.length, 3)
      for (const line of lines) {
        assert.match(line, /^1970-01-01T00:00:[0-9.]+Z {2}BTC\/USD {2}(buy |sell) {2} *[0-9.]+ {2}[0-9.]+$/)
      }
    }).pipe(Effect.provide(network)))

  it.effect("--json prints one document per line", () =>
    Effect.gen(function*() {
      const { out, run, stop } = yield* session("trades BTC/USD --exchange kraken --json")
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("20 seconds")
      yield* stop("SIGINT")
      yield* Fiber.join(fiber)
      const [first, ...rest] = out().trimEnd().split("\n")
      assert.strictEqual(first, "{\"exchange\":\"kraken\",\"_tag\":\"Connected\"}")
      assert.isAtLeast(rest.length, 3)
      for (const line of rest) assert.match(line, /^\{"_tag":"Data",.*"price":"[0-9.]+","amount":"[0-9.]+"/)
    }).pipe(Effect.provide(network)))
})
