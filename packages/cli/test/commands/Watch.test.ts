import { pace } from "@effect-exchange/cli/commands/Watch"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, TestClock } from "effect"
import { network, session } from "../utils.js"

const down = Faults.make({ http503: 1 })

const pictures = (out: string) => out.split("Ctrl-C ends it").length - 1

describe("exchange watch", () => {
  it.effect("prints a block at once and one after every interval, and ends with 0", () =>
    Effect.gen(function*() {
      const { err, out, run, stop } = yield* session("watch BTC/USDT --exchange binance,bitmex --interval 5s")
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(pictures(out()), 1)
      assert.match(out(), /binance +BTC\/USDT( +[0-9.]+){3} +[+-]?[0-9.]+ % +0 s\n/)
      assert.match(out(), /bitmex +ok +Closed +\d+ ms +0 +0\/1 +\d+ %\n/)
      yield* TestClock.adjust("4998 millis")
      assert.strictEqual(pictures(out()), 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(pictures(out()), 2)
      yield* stop("SIGINT")
      assert.strictEqual(yield* Fiber.join(fiber), 0)
      assert.strictEqual(err(), "")
      assert.notInclude(out(), "\u{1b}")
    }).pipe(Effect.provide(network)))

  it.effect("on a terminal uses the alternate screen and gives everything back", () =>
    Effect.gen(function*() {
      const { out, run, stop } = yield* session("watch BTC/USDT --exchange binance", { terminal: true })
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("1 millis")
      assert.isTrue(out().startsWith("\u{1b}[?1049h\u{1b}[?25l\u{1b}[H\u{1b}[2J"))
      assert.notInclude(out(), "\u{1b}[?25h")
      yield* stop("SIGTERM")
      assert.strictEqual(yield* Fiber.join(fiber), 0)
      const [, rest] = out().split("\u{1b}[?25h\u{1b}[?1049l")
      assert.strictEqual(pictures(rest ?? ""), 1)
    }).pipe(Effect.provide(network)))

  it.effect("--json prints a document a line", () =>
    Effect.gen(function*() {
      const { out, run, stop } = yield* session("watch BTC/USDT --exchange binance --interval 1s --json")
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("1 seconds")
      yield* stop("SIGINT")
      yield* Fiber.join(fiber)
      const lines = out().trimEnd().split("\n")
      assert.strictEqual(lines.length, 2)
      for (const line of lines) assert.match(line, /^\{"at":\d+,"exchanges":\[\{"exchange":"binance",.*\}\]\}$/)
    }).pipe(Effect.provide(network)))

  it.effect(
    "keeps going at the pace of BitMEX: 30 requests at once, then one in two seconds",
    () =>
      Effect.gen(function*() {
        const { out, run, stop } = yield* session(
          "watch BTC/USDT ETH/USDT --exchange bitmex --interval 1s --base-url bitmex=http://bitmex.localhost --json"
        )
        const { requests } = yield* Effect.flatMap(Simulator.Simulators, (simulators) => simulators.get("bitmex"))
        const fiber = yield* Effect.fork(run)
        yield* TestClock.adjust("59 seconds")
        assert.isAtMost((yield* requests).length, 60)
        yield* TestClock.adjust("61 seconds")
        const all = yield* requests
        assert.isAbove(all.length, 40)
        assert.isTrue(all.every(({ status }) => status === 200))
        const gaps = all.slice(1).map(({ at }, index) => at - (all[index]?.at ?? 0))
        assert.isAtMost(Math.max(...gaps), 15_000)
        yield* stop("SIGINT")
        yield* Fiber.join(fiber)
        assert.match(out().trimEnd().split("\n").at(-1) ?? "", /"failures":0,"retries":0/)
      }).pipe(Effect.provide(network)),
    20_000
  )

  it.effect("keeps the last prices and their age when the exchange goes away", () =>
    Effect.gen(function*() {
      const { out, run, stop } = yield* session(
        "watch BTC/USDT --exchange binance --interval 1s --base-url binance=http://binance.localhost"
      )
      const { setFaults } = yield* Effect.flatMap(Simulator.Simulators, (simulators) => simulators.get("binance"))
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("1 millis")
      const price = /binance +BTC\/USDT +([0-9.]+)/.exec(out())?.[1] ?? "none"
      yield* setFaults(down)
      yield* TestClock.adjust("40 seconds")
      const last = out().trimEnd().split("Ctrl-C ends it").at(-1) ?? ""
      assert.match(last, new RegExp(`binance +BTC/USDT +${price} .* (3\\d|40) s\\n`))
      assert.match(last, /binance +(ExchangeUnavailable|CircuitOpen) +(Open|HalfOpen) /)
      yield* stop("SIGINT")
      assert.strictEqual(yield* Fiber.join(fiber), 0)
    }).pipe(Effect.provide(network)))

  it("is asked for more slowly the less of the limit is left", () => {
    const pause = (used: number) => Duration.toMillis(pace(Duration.seconds(2), used))
    assert.deepStrictEqual([0, 0.5, 0.75, 0.9, 1].map(pause), [2000, 2000, 4000, 10_000, 30_000])
    assert.strictEqual(Duration.toMillis(pace(Duration.minutes(5), 1)), 300_000)
  })
})
