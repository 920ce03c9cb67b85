import * as Health from "@effect-exchange/cli/commands/Health"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema, TestClock } from "effect"
import { network, runCommand, session } from "../utils.js"

const decode = Schema.decodeSync(Health.Document)

describe("exchange health", () => {
  it.effect("exits with 0 when every exchange passes", () =>
    Effect.gen(function*() {
      const { code, out } = yield* runCommand("health")
      assert.strictEqual(code, 0)
      assert.match(out, /binance +simulated +pass +\d+ ms +1 +Closed/)
      assert.match(out, /bitmex +simulated +pass /)
    }))

  it.effect("exits with 1 and the status warn when one of several exchanges fails", () =>
    Effect.gen(function*() {
      const line =
        "health --exchange binance,bitmex --environment live --base-url binance=http://binance.localhost --json"
      const { code, err, out } = yield* runCommand(line)
      assert.strictEqual(code, 1)
      assert.strictEqual(err, "")
      const { exchanges, status } = decode(out)
      assert.strictEqual(status, "warn")
      assert.deepStrictEqual(exchanges.map(({ status }) => status), ["pass", "fail"])
      assert.isDefined(exchanges[1]?.advice)
    }))

  it.effect("prints why an exchange fails, with advice", () =>
    Effect.gen(function*() {
      const { out, run } = yield* session("health --exchange bitmex --faults outage")
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), 1)
      assert.match(
        out(),
        /^bitmex: fail: its time could not be read: .+ \(ExchangeUnavailable\)\. The exchange has an internal problem; try again in a minute, or use another exchange\.$/m
      )
    }).pipe(Effect.provide(network)))
})
