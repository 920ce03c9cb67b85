import * as Command from "@effect-exchange/cli/commands/Order"
import { Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { journal, ran } from "../ordering.js"
import { finished, network } from "../utils.js"

const decode = Schema.decodeSync(Command.Document)

const bitmex = "--exchange bitmex --base-url bitmex=http://bitmex.localhost"

const binance = "--exchange binance --base-url binance=http://binance.localhost"

const place = "order place buy 0.01 ETH/USDT --limit 1000"

/** The key of a simulated account as if it were that of an address of somebody's own. */
const live = (() => {
  const { key, secret } = Simulator.credentials("bitmex", "trade")
  return { BITMEX_API_KEY: Redacted.value(key), BITMEX_API_SECRET: Redacted.value(secret) }
})()

const written = Effect.gen(function*() {
  const { get } = yield* Simulator.Simulators
  const requests = yield* (yield* get("bitmex")).requests
  return requests.filter(({ method }) => method !== "GET").map(({ method }) => method)
})

describe("exchange order amend", () => {
  it.scoped("changes price and amount of an order that stands, by either of its ids", () =>
    Effect.gen(function*() {
      const file = yield* journal
      const placed = yield* ran(`${place} ${bitmex} --journal ${file} --client-id mine-1 --json`)
      const { order } = decode(placed.out)
      const dearer = yield* ran(`order amend ETH/USDT ${bitmex} --journal ${file} --client-id mine-1 --price 1100`)
      assert.strictEqual(dearer.code, 0, dearer.err)
      assert.match(dearer.out, /^bitmex ETH\/USDT: buy 0\.01 at 1100, open\n/)
      const more = yield* ran(`order amend ETH/USDT ${bitmex} --journal ${file} --id ${order?.id} --amount 0.02 --json`)
      assert.strictEqual(more.code, 0, more.err)
      const { order: changed, sent } = decode(more.out)
      assert.deepStrictEqual([sent, changed?.status, String(changed?.amount)], [true, "open", "0.02"])
    }).pipe(Effect.provide(network)))

  it.scoped("only says what would be sent where it may cost money, after it has looked at the order", () =>
    Effect.gen(function*() {
      const file = yield* journal
      const enabled = { ...live, EXCHANGE_LIVE_TRADING: "enabled" }
      const there = `${bitmex} --environment live`
      yield* ran(`${place} ${there} --journal ${file} --client-id mine-2 --send`, enabled)
      assert.deepStrictEqual(yield* written, ["POST"])
      const line = `order amend ETH/USDT ${there} --client-id mine-2 --price 1100`
      const { code, err, out } = yield* ran(line, live)
      assert.strictEqual(code, 0, err)
      assert.strictEqual(
        out,
        "This would be sent to bitmex (live): change the order mine-2 of ETH/USDT from buy 0.01 at 1000 to buy 0.01 at 1100.\n"
          + "Nothing was sent.\n"
      )
      const unsaid = yield* ran(`${line} --send --journal ${file}`, live)
      assert.strictEqual(unsaid.code, 2)
      assert.include(unsaid.err, "--send requires EXCHANGE_LIVE_TRADING=enabled")
      const gone = yield* ran(`order amend ETH/USDT ${there} --client-id mine-9 --price 1100`, live)
      assert.strictEqual(gone.code, 1)
      assert.include(gone.err, "OrderNotFound")
      assert.deepStrictEqual(yield* written, ["POST"])
      const sent = yield* ran(`${line} --send --journal ${file}`, enabled)
      assert.strictEqual(sent.code, 0, sent.err)
      assert.deepStrictEqual(yield* written, ["POST", "PUT"])
    }).pipe(Effect.provide(network)))

  it.scoped("is held to the guards, sent or not", () =>
    Effect.gen(function*() {
      const file = yield* journal
      yield* ran(`${place} ${bitmex} --journal ${file} --client-id mine-3`)
      const line = `order amend ETH/USDT ${bitmex} --journal ${file} --client-id mine-3`
      for (const guard of ["--price 1100 --max-notional 10.5", "--price 1100 --price-band 0.05"]) {
        const { code, err } = yield* ran(`${line} ${guard}`)
        assert.strictEqual(code, 1, guard)
        assert.include(err, "OrderDenied", guard)
      }
      // What it has come to today is 10.
      assert.include((yield* ran(`${line} --price 1100 --max-notional-per-day 10.5`)).err, "OrderDenied")
      assert.strictEqual((yield* ran(`${line} --price 1100 --max-notional-per-day 11`)).code, 0)
    }).pipe(Effect.provide(network)))

  it.effect("says of an exchange that cannot that it cannot, and what to do instead", () =>
    Effect.gen(function*() {
      const sent = yield* finished("order amend ETH/USDT --id 1 --price 1100 --exchange binance")
      assert.strictEqual(sent.code, 1)
      const env = { BINANCE_API_KEY: "a".repeat(20), BINANCE_API_SECRET: "b".repeat(20) }
      const rehearsed = yield* ran(`order amend ETH/USDT --id 1 --price 1100 ${binance} --environment live`, env)
      assert.strictEqual(rehearsed.code, 1)
      for (const err of [sent.err, rehearsed.err]) {
        assert.match(err, /^binance: Unsupported\. .*cannot amend open orders/)
        assert.include(err, "cancel it and place a new one")
        assert.notInclude(err, "--environment simulated", "what cannot be done cannot be done there either")
      }
    }).pipe(Effect.provide(network)))
})

describe("exchange order place", () => {
  it.scoped("counts what a rehearsal finds in the journal of the day", () =>
    Effect.gen(function*() {
      const file = yield* journal
      const there = `${bitmex} --environment live --journal ${file}`
      yield* ran(`${place} ${there} --send`, { ...live, EXCHANGE_LIVE_TRADING: "enabled" })
      const more = yield* ran(`${place} ${there} --max-notional-per-day 19`, live)
      assert.strictEqual(more.code, 1)
      assert.match(more.err, /OrderDenied\. .*the orders of the day would be worth 20(\.0+)? USDT/)
      assert.strictEqual((yield* ran(`${place} ${there} --max-notional-per-day 20`, live)).code, 0)
    }).pipe(Effect.provide(network)))

  it.effect("takes how long an order stands and what it must not do", () =>
    Effect.gen(function*() {
      const post = yield* finished("order place buy 0.01 ETH/USDT --limit 1000 --post-only --exchange bitmex")
      assert.match(post.out, /buy 0\.01 at 1000, open, post-only\n/, post.err)
      const ioc = yield* finished(
        "order place buy 0.01 ETH/USDT --limit 1000 --time-in-force ioc --exchange bitmex --json"
      )
      const { order } = decode(ioc.out)
      assert.deepStrictEqual([order?.timeInForce, order?.status], ["IOC", "canceled"])
      for (const more of ["--exchange kraken", `${binance} --environment live`]) {
        const reduce = yield* ran(`order place buy 0.01 ETH/USDT --limit 1000 --reduce-only ${more}`)
        assert.strictEqual(reduce.code, 1)
        assert.include(reduce.err, "Unsupported")
      }
      const both = yield* finished("order place buy 0.01 ETH/USDT --limit 1000 --post-only --time-in-force FOK")
      assert.strictEqual(both.code, 1)
      assert.include(both.err, "a post-only order cannot be FOK")
    }).pipe(Effect.provide(network)))
})
