import { Simulation } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Exchanges } from "../src/index.js"
import { replay, world } from "./simulation/world.js"

describe("a simulation", () => {
  it.effect("has listeners hear the same for a seed each time", () =>
    Effect.gen(function*() {
      const heard: Array<string> = []
      for (const [index, id] of Exchanges.ids.entries()) {
        const run = Simulation.run(world(id), index, { steps: 10 })
        const once = yield* run
        assert.strictEqual((yield* run).heard, once.heard)
        heard.push(once.heard)
      }
      assert.strictEqual(new Set(heard).size, Exchanges.ids.length)
    }), 600_000)

  it("says how it is run again", () => {
    assert.strictEqual(
      replay({ world: "kraken", seed: 17, steps: 20 }),
      "pnpm simulate --seeds 1 --seed 17 --exchange kraken --steps 20"
    )
  })
})
