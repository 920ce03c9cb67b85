import * as Command from "@effect-exchange/cli/commands/Order"
import { Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { journal, runWithClock } from "../commandRuns.js"
import { network, runCommand } from "../utils.js"

const decode = Schema.decodeSync(Command.Document)

const bitmex = "--exchange bitmex --base-url bitmex=http://bitmex.localhost"

const binance = "--exchange binance --base-url binance=http://binance.localhost"

const place = "order place buy 0.01 ETH/USDT --limit 1000"

/** The key of a simulated account, configured for a custom base URL. */
const live = (() => {
  const { key, secret } = Simulator.credentials("bitmex", "trade")
  return { BITMEX_API_KEY: Redacted.value(key), BITMEX_API_SECRET: Redacted.value(secret) }
})()

const changesSent = Effect.gen(function*() {
  const { get } = yield* Simulator.Simulators
  const requests = yield* (yield* get("bitmex")).requests
  return requests.filter(({ method }) => method !== "GET").map(({ method }) => method)
})

describe("exchange order amend", () => {
  it.scoped("changes the price and amount of an open order by either of its ids", () =>
    Effect.gen(function*() {
      const file = yield* journal
      const placed = yield* runWithClock(`${place} ${bitmex} --journal ${file} --client-id mine-1 --json`)
      const { order } = decode(placed.out)
      const repriced = yield* runWithClock(
        `order amend ETH/USDT ${bitmex} --journal ${file} --client-id mine-1 --price 1100`
      )
      assert.strictEqual(repriced.code, 0, repriced.err)
      assert.match(repriced.out, /^bitmex ETH\/USDT: buy 0\.01 at 1100, open\n/)
      const more = yield* runWithClock(
        `order amend ETH/USDT ${bitmex} --journal ${file} --id ${order?.id} --amount 0.020000001 --round --json`
      )
      assert.strictEqual(more.code, 0, more.err)
      const { order: changed, sent } = decode(more.out)
      assert.deepStrictEqual([sent, changed?.status, String(changed?.amount)], [true, "open", "0.02"])
    }).pipe(Effect.provide(network)))

  it.scoped("looks up the order and only prints the change for a live exchange without --send", () =>
    Effect.gen(function*() {
      const file = yield* journal
      const enabled = { ...live, EXCHANGE_LIVE_TRADING: "enabled" }
      const there = `${bitmex} --environment live`
      yield* runWithClock(`${place} ${there} --journal ${file} --client-id mine-2 --send`, enabled)
      assert.deepStrictEqual(yield* changesSent, ["POST"])
      const line = `order amend ETH/USDT ${there} --client-id mine-2 --price 1100`
      const { code, err, out } = yield* runWithClock(line, live)
      assert.strictEqual(code, 0, err)
      assert.strictEqual(
        out,
        "This would be sent to bitmex (live): change the order mine-2 of ETH/USDT from buy 0.01 at 1000 to buy 0.01 at 1100.\n"
          + "Nothing was sent.\n"
      )
      const notEnabled = yield* runWithClock(`${line} --send --journal ${file}`, live)
      assert.strictEqual(notEnabled.code, 2)
      assert.include(notEnabled.err, "--send requires EXCHANGE_LIVE_TRADING=enabled")
      const gone = yield* runWithClock(`order amend ETH/USDT ${there} --client-id mine-9 --price 1100`, live)
      assert.strictEqual(gone.code, 1)
      assert.include(gone.err, "OrderNotFound")
      assert.deepStrictEqual(yield* changesSent, ["POST"])
      const sent = yield* runWithClock(`${line} --send --journal ${file}`, enabled)
      assert.strictEqual(sent.code, 0, sent.err)
      assert.deepStrictEqual(yield* changesSent, ["POST", "PUT"])
    }).pipe(Effect.provide(network)))

  it.scoped("applies guards to the amended order", () =>
    Effect.gen(function*() {
      const file = yield* journal
      yield* runWithClock(`${place} ${bitmex} --journal ${file} --client-id mine-3`)
      const line = `order amend ETH/USDT ${bitmex} --journal ${file} --client-id mine-3`
      for (const guard of ["--price 1100 --max-notional 10.5", "--price 1100 --price-band 0.05"]) {
        const { code, err } = yield* runWithClock(`${line} ${guard}`)
        assert.strictEqual(code, 1, guard)
        assert.include(err, "OrderDenied", guard)
      }
      // The orders of the day are worth 10 so far.
      assert.include((yield* runWithClock(`${line} --price 1100 --max-notional-per-day 10.5`)).err, "OrderDenied")
      assert.strictEqual((yield* runWithClock(`${line} --price 1100 --max-notional-per-day 11`)).code, 0)
    }).pipe(Effect.provide(network)))

  it.effect("fails with Unsupported and an alternative for an exchange that cannot amend orders", () =>
    Effect.gen(function*() {
      const sent = yield* runCommand("order amend ETH/USDT --id 1 --price 1100 --exchange binance")
      assert.strictEqual(sent.code, 1)
      const env = { BINANCE_API_KEY: "a".repeat(20), BINANCE_API_SECRET: "b".repeat(20) }
      const notSent = yield* runWithClock(`order amend ETH/USDT --id 1 --price 1100 ${binance} --environment live`, env)
      assert.strictEqual(notSent.code, 1)
      for (const err of [sent.err, notSent.err]) {
        assert.match(err, /^binance: Unsupported\. .*cannot amend open orders/)
        assert.include(err, "cancel it and place a new one")
        assert.notInclude(err, "--environment simulated", "a simulated exchange cannot amend orders either")
      }
    }).pipe(Effect.provide(network)))
})

describe("exchange order place", () => {
  it.scoped("counts the journaled orders of the day without --send too", () =>
    Effect.gen(function*() {
      const file = yield* journal
      const there = `${bitmex} --environment live --journal ${file}`
      yield* runWithClock(`${place} ${there} --send`, { ...live, EXCHANGE_LIVE_TRADING: "enabled" })
      const more = yield* runWithClock(`${place} ${there} --max-notional-per-day 19`, live)
      assert.strictEqual(more.code, 1)
      assert.match(more.err, /OrderDenied\. .*the orders of the day would be worth 20(\.0+)? USDT/)
      assert.strictEqual((yield* runWithClock(`${place} ${there} --max-notional-per-day 20`, live)).code, 0)
    }).pipe(Effect.provide(network)))

  it.effect("rounds an order to the steps of the market with --round, which is what the refusal without it says", () =>
    Effect.gen(function*() {
      const line = "order place buy 0.0123456789 ETH/USDT --limit 1000.123456789 --exchange binance"
      const refused = yield* runCommand(line)
      assert.strictEqual(refused.code, 1)
      assert.include(refused.err, "is not a multiple of the ")
      assert.include(refused.err, "or use --round")
      assert.notInclude(refused.err, "round: true")
      const rounded = yield* runCommand(`${line} --round`)
      assert.match(rounded.out, /buy 0\.0123 at 1000\.12, open/, rounded.err)
      const rehearsed = yield* runWithClock(
        `${place.replace("0.01 ", "0.010000001 ")} ${bitmex} --environment live --round`,
        live
      )
      assert.strictEqual(rehearsed.code, 0, rehearsed.err)
    }).pipe(Effect.provide(network)))

  it.effect("accepts time in force, post-only and reduce-only options", () =>
    Effect.gen(function*() {
      const post = yield* runCommand("order place buy 0.01 ETH/USDT --limit 1000 --post-only --exchange bitmex")
      assert.match(post.out, /buy 0\.01 at 1000, open, post-only\n/, post.err)
      const ioc = yield* runCommand(
        "order place buy 0.01 ETH/USDT --limit 1000 --time-in-force ioc --exchange bitmex --json"
      )
      const { order } = decode(ioc.out)
      assert.deepStrictEqual([order?.timeInForce, order?.status], ["IOC", "canceled"])
      for (const more of ["--exchange kraken", `${binance} --environment live`]) {
        const reduce = yield* runWithClock(`order place buy 0.01 ETH/USDT --limit 1000 --reduce-only ${more}`)
        assert.strictEqual(reduce.code, 1)
        assert.include(reduce.err, "Unsupported")
      }
      const both = yield* runCommand("order place buy 0.01 ETH/USDT --limit 1000 --post-only --time-in-force FOK")
      assert.strictEqual(both.code, 1)
      assert.include(both.err, "a post-only order cannot be FOK")
    }).pipe(Effect.provide(network)))
})
