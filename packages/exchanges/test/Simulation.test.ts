import { Simulation } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Exchanges } from "../src/index.js"
import { replay, world } from "./simulation/world.js"

describe("a simulation", () => {
  it.effect("has the same result for a seed, alone and concurrently with others", () =>
    Effect.gen(function*() {
      const all = Exchanges.ids.map((id, index) => Simulation.run(world(id), index, { steps: 12 }))
      const alone = yield* Effect.all(all)
      const together = yield* Effect.all(all, { concurrency: "unbounded" })
      assert.deepStrictEqual(together, alone)
      assert.strictEqual(new Set(alone.map(({ received }) => received)).size, Exchanges.ids.length)
    }), 600_000)

  it("has a command that replays it", () => {
    assert.strictEqual(
      replay({ world: "kraken", seed: 17, steps: 20 }),
      "pnpm simulate --seeds 1 --seed 17 --exchange kraken --steps 20"
    )
  })
})
