import { Simulation } from "@effect-exchange/testing"
import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Exchanges } from "../../src/index.js"
import type { Run } from "../support/sampling.js"
import { replay, world } from "./world.js"

/** Registers a test that runs the programs of consecutive seeds on the simulated exchange, 20 at a time. */
export const register = (id: Exchanges.ExchangeId, { sample: count = 400, seed }: Run, steps = 20): void => {
  const first = 1000 * (Number.parseInt(seed, 10) || 0)
  describe(`simulation of ${id}`, () => {
    it.effect(
      `every invariant of feeds and orders holds in ${count} programs, from seed ${first}`,
      () =>
        Effect.forEach(
          Array.from({ length: count }, (_, index) => first + index),
          (seed) =>
            Effect.mapError(Simulation.run(world(id), seed, { steps }), (failed) =>
              `${failed.message}\nto replay: ${replay(failed)}`),
          { concurrency: 20, discard: true }
        ),
      600_000
    )
  })
}
