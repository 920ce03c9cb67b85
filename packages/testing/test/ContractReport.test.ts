import { MarketData } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { assertInclude } from "@effect/vitest/utils"
import { Clock, Effect, Layer, Ref, TestClock } from "effect"
import { Contract, Mock } from "../src/index.js"

const tickers = { "BTC/USDT": { bid: "64000", ask: "64001", last: "64000.5" } } as const

const subject = {
  name: "a | b",
  layer: Mock.layer(tickers),
  trading: Mock.layerTrading(tickers, { balances: { USDT: { free: "10000" } } }),
  features: Mock.features,
  clock: "test"
} as const

/** A mock with another server time. */
const withServerTime = (serverTime: MarketData.MarketData.Service["serverTime"]) =>
  Layer.effect(MarketData.MarketData, Effect.map(MarketData.MarketData, (honest) => ({ ...honest, serverTime }))).pipe(
    Layer.provideMerge(Mock.layerTrading(tickers))
  )

/** Skips all cases but these. */
const only = (...ids: ReadonlyArray<string>): Readonly<Record<string, string>> =>
  Object.fromEntries(Contract.cases.flatMap(({ id }) => ids.includes(id) ? [] : [[id, "not of interest here"]]))

const rowOf = (report: Contract.Report, id: string) => report.rows.find((row) => row.id === id)

describe("report", { timeout: 60_000 }, () => {
  it.effect("has a row for each case in order, and passes each row to the callback", () =>
    Effect.gen(function*() {
      const received = yield* Ref.make<ReadonlyArray<Contract.Row>>([])
      const report = yield* Contract.report(subject, (row) => Ref.update(received, (rows) => [...rows, row]))
      assert.deepStrictEqual(report.rows.map(({ id }) => id), Contract.cases.map(({ id }) => id))
      assert.deepStrictEqual(report.rows, yield* Ref.get(received))
      assert.deepStrictEqual(
        report.rows.flatMap(({ detail, id, result }) => result === "passed" ? [] : [`${id} ${result}: ${detail}`]),
        [
          "MD-14 skipped: needs the observer option",
          "MD-27 skipped: Mock has candles of every interval",
          "ER-01 skipped: needs the faults option",
          "ER-02 skipped: needs the faults option",
          "ER-03 skipped: needs the faults option",
          "ER-04 skipped: needs the faults option"
        ]
      )
    }), 60_000)

  it.effect("gives the reason of a violation, a defect and a layer that cannot be built", () =>
    Effect.gen(function*() {
      const one = { ...subject, skip: only("MD-11") }
      const violated = yield* Contract.report({ ...one, layer: withServerTime(Effect.succeed(12)) })
      const failed = rowOf(violated, "MD-11")
      assert.strictEqual(failed?.result, "failed")
      assertInclude(failed?.detail, "the exchange's time is 12, but must be within 30s")
      assert.notInclude(failed?.detail, "a | b")

      const died = yield* Contract.report({ ...one, layer: withServerTime(Effect.dieMessage("out of order")) })
      assert.deepStrictEqual([rowOf(died, "MD-11")?.result, rowOf(died, "MD-11")?.detail], ["failed", "out of order"])

      const unbuilt = yield* Contract.report({
        ...subject,
        skip: only("MD-01", "TR-01"),
        layer: Layer.fail("no network")
      })
      assert.deepStrictEqual([rowOf(unbuilt, "MD-01")?.result, rowOf(unbuilt, "MD-01")?.detail], [
        "failed",
        "no network"
      ])
      assert.strictEqual(rowOf(unbuilt, "TR-01")?.result, "passed")
    }), 60_000)

  it.effect("needs no test runner and does not advance the caller's clock", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(7)
      const report = yield* Contract.report({ name: "mock", layer: Mock.layer(tickers), clock: "test" })
      assert.isTrue(report.rows.every(({ result }) => result !== "failed"))
      assert.strictEqual(yield* Clock.currentTimeMillis, 7)
    }), 60_000)

  it("is rendered as a Markdown table with its text escaped", () => {
    const rendered = Contract.renderReport({
      name: "a | b",
      rows: [
        { id: "MD-01", capability: "marketData", title: "lists markets", result: "passed", detail: "" },
        { id: "TR-01", capability: "trading", title: "trades", result: "failed", detail: "one | two\nthree" },
        { id: "ER-01", capability: "trading", title: "finds", result: "skipped", detail: "needs the faults option" }
      ]
    })
    assert.deepStrictEqual(rendered.split("\n"), [
      "# Contract report of a \\| b",
      "",
      "1 passed, 1 failed, 1 skipped.",
      "",
      "| case | capability | requirement | result | detail |",
      "| --- | --- | --- | --- | --- |",
      "| MD-01 | marketData | lists markets | passed |  |",
      "| TR-01 | trading | trades | failed | one \\| two three |",
      "| ER-01 | trading | finds | skipped | needs the faults option |",
      ""
    ])
  })
})
