import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Circuit from "../src/internal/simulation/circuit.js"
import * as Program from "../src/internal/simulation/program.js"
import { shrink } from "../src/internal/simulation/shrink.js"
import type { Dial } from "../src/internal/simulation/wire.js"

const choices = { symbols: 2, faults: 5, trades: true }

describe("Program", () => {
  it("is the same for the same seed and differs for another seed", () => {
    assert.deepStrictEqual(Program.draw(7, 30, choices), Program.draw(7, 30, choices))
    assert.notDeepEqual(Program.draw(7, 30, choices), Program.draw(8, 30, choices))
  })

  it("starts with a subscription and has the requested number of steps", () => {
    const program = Program.draw(1, 30, choices)
    assert.strictEqual(program[0]?._tag, "Subscribe")
    assert.strictEqual(program.length, 30)
  })

  it("draws every kind of step, and no order steps when trading is off", () => {
    const tags = (trades: boolean) => new Set(Program.draw(1, 2000, { ...choices, trades }).map(({ _tag }) => _tag))
    assert.strictEqual(tags(true).size, 12)
    assert.deepStrictEqual([...tags(false)].toSorted(), ["Ask", "Calm", "Fault", "Leave", "Subscribe", "Wait"])
  })

  it("describes each step without undefined parts", () => {
    const names = { symbols: ["BTC/USDT", "ETH/USDT"], faults: ["one", "two", "three", "four", "five"] }
    for (const step of Program.draw(1, 500, choices)) {
      assert.notInclude(Program.sentence(step, names), "undefined")
    }
  })
})

describe("shrink", () => {
  const numbers = Array.from({ length: 40 }, (_, index) => index)
  const needs = (needed: ReadonlyArray<number>) => (some: ReadonlyArray<number>) =>
    Effect.succeed(needed.every((number) => some.includes(number)))

  it.effect("keeps only the elements that are needed to fail, in their order", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* shrink(numbers, needs([3, 17, 31]), 1000), [3, 17, 31])
      assert.deepStrictEqual(yield* shrink(numbers, needs([39]), 1000), [39])
    }))

  it.effect("stops after the given number of tries with a list that still fails", () =>
    Effect.gen(function*() {
      let tries = 0
      const left = yield* shrink(numbers, (some) => {
        tries++
        return needs([3, 17])(some)
      }, 5)
      assert.strictEqual(tries, 5)
      assert.includeMembers([...left], [3, 17])
    }))
})

describe("Circuit", () => {
  const failed = (at: number): Dial => ({
    at,
    url: "ws://acme",
    openedAt: undefined,
    endedAt: at,
    code: 1006
  })
  const five = [0, 300, 1000, 2500, 6000].map(failed)

  it("accepts connection attempts with enough time between them", () => {
    assert.isUndefined(Circuit.judge([...five, failed(6500), failed(9000)]))
  })

  it("reports a connection attempt while the circuit must be open", () => {
    assert.strictEqual(Circuit.judge([...five, failed(6499)])?.invariant, "circuit")
  })

  it("counts only consecutive failures", () => {
    const opened: Dial = { ...failed(5000), openedAt: 5000, endedAt: 5500 }
    assert.isUndefined(Circuit.judge([...five.slice(0, 4), opened, failed(6000), failed(6100)]))
  })

  it("does not count the replacement of a connection that is lost at the same time", () => {
    const lost: Dial = { ...failed(0), openedAt: -5000 }
    assert.isUndefined(Circuit.judge([lost, ...five, failed(6499)]))
    assert.strictEqual(Circuit.judge([{ ...lost, endedAt: 1 }, ...five, failed(6499)])?.invariant, "circuit")
  })

  it("reports connection attempts without backoff", () => {
    assert.strictEqual(Circuit.judge([0, 1, 2, 3, 4].map(failed))?.invariant, "circuit")
  })

  it("reports a socket that was closed because a rate limit was exceeded", () => {
    assert.strictEqual(
      Circuit.judge([{ ...failed(0), openedAt: 0, code: 1008 }])?.invariant,
      "budgets"
    )
  })
})
