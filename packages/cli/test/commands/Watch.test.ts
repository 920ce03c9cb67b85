import { Faults, Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { network, session } from "../utils.js"

const down = Faults.make({ http503: 1 })

const pictures = (out: string) => out.split("ress Ctrl-C to stop").length - 1

const latest = (out: string) => out.trimEnd().split("ress Ctrl-C to stop").at(-1) ?? ""

const simulator = (id: Simulator.ExchangeId) => Effect.flatMap(Simulator.Simulators, (simulators) => simulators.get(id))

describe("exchange watch", () => {
  it.effect("prints the streamed markets once per interval, and exits with 0", () =>
    Effect.gen(function*() {
      const { err, out, run, stop } = yield* session("watch BTC/USDT --exchange binance,bitmex --interval 5s")
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(pictures(out()), 1)
      assert.match(out(), /exchange +symbol +bid +ask +last +spread +age +reconnects +status\n/)
      assert.match(out(), /binance +BTC\/USDT( +[0-9.]+){4} +0 s +0 +live\n/)
      assert.match(out(), /bitmex +BTC\/USDT( +[0-9.]+){4} +0 s +0 +live\n/)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(pictures(out()), 2)
      yield* stop("SIGINT")
      assert.strictEqual(yield* Fiber.join(fiber), 0)
      assert.strictEqual(err(), "")
      assert.notInclude(out(), "\u{1b}")
    }).pipe(Effect.provide(network)))

  it.effect("prints the best bid and ask of the book when the ticker has none", () =>
    Effect.gen(function*() {
      const { out, run, stop } = yield* session("watch BTC/USDT --exchange bybit --interval 3s")
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("6 seconds")
      assert.match(latest(out()), /bybit +BTC\/USDT( +[0-9.]+){4} +0 s +0 +live$/m)
      yield* stop("SIGINT")
      assert.strictEqual(yield* Fiber.join(fiber), 0)
    }).pipe(Effect.provide(Simulator.layer("bybit"))))

  it.effect("uses the alternate screen on a terminal and restores it", () =>
    Effect.gen(function*() {
      const { out, run, stop } = yield* session("watch BTC/USDT --exchange binance", { terminal: true })
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("1500 millis")
      assert.isTrue(out().startsWith("\u{1b}[?1049h\u{1b}[?25l\u{1b}[H\u{1b}[2J"))
      assert.notInclude(out(), "\u{1b}[?25h")
      yield* stop("SIGTERM")
      assert.strictEqual(yield* Fiber.join(fiber), 0)
      const [, rest] = out().split("\u{1b}[?25h\u{1b}[?1049l")
      assert.strictEqual(pictures(rest ?? ""), 1)
    }).pipe(Effect.provide(network)))

  it.effect("--json prints one document per line", () =>
    Effect.gen(function*() {
      const { out, run, stop } = yield* session("watch BTC/USDT --exchange binance --interval 1s --json")
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("3 seconds")
      yield* stop("SIGINT")
      yield* Fiber.join(fiber)
      const lines = out().trimEnd().split("\n")
      assert.strictEqual(lines.length, 4)
      for (const line of lines) assert.match(line, /^\{"at":\d+,"markets":\[\{"exchange":"binance",.*\}\]\}$/)
      assert.match(
        lines.at(-1) ?? "",
        /"status":"live","bid":"[0-9.]+","ask":"[0-9.]+","last":"[0-9.]+","spread":"[0-9.]+","receivedAt":\d+,"reconnects":0/
      )
    }).pipe(Effect.provide(network)))

  it.effect("reports a lost connection, keeps the last prices with their age, and counts reconnects", () =>
    Effect.gen(function*() {
      const { out, run, stop } = yield* session(
        "watch BTC/USDT --exchange binance --interval 1s --base-url binance=http://binance.localhost"
      )
      const { disturb } = yield* simulator("binance")
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("3 seconds")
      yield* disturb({ _tag: "Refuse" })
      yield* disturb({ _tag: "Close", code: 1006 })
      yield* TestClock.adjust("20 seconds")
      assert.match(
        latest(out()),
        /BTC\/USDT( +[0-9.]+){4} +(19|20) s +1 +reconnecting: the exchange closed the connection \(1006\)$/m
      )
      yield* disturb({ _tag: "Calm" })
      yield* TestClock.adjust("120 seconds")
      assert.match(latest(out()), /binance +BTC\/USDT( +[0-9.]+){4} +[01] s +1 +live$/m)
      yield* stop("SIGINT")
      assert.strictEqual(yield* Fiber.join(fiber), 0)
    }).pipe(Effect.provide(network)))

  it.effect("reports why an exchange is down, and shows its prices again when it is back", () =>
    Effect.gen(function*() {
      const { out, run, stop } = yield* session(
        "watch BTC/USDT NOPE/USDT --exchange binance --interval 1s --base-url binance=http://binance.localhost"
      )
      const { setFaults } = yield* simulator("binance")
      yield* setFaults(down)
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("30 seconds")
      assert.match(latest(out()), /BTC\/USDT +–.* –.* failed: (ExchangeUnavailable|CircuitOpen)\n/)
      yield* setFaults(Faults.none)
      yield* TestClock.adjust("150 seconds")
      assert.match(latest(out()), /BTC\/USDT( +[0-9.]+){4} +[01] s +0 +live\n/)
      assert.match(latest(out()), /NOPE\/USDT +–.* failed: SymbolNotFound\n/)
      assert.match(latest(out()), /binance NOPE\/USDT: SymbolNotFound\. .* Use a symbol that the exchange lists/)
      yield* stop("SIGINT")
      assert.strictEqual(yield* Fiber.join(fiber), 0)
    }).pipe(Effect.provide(network)))
})
