import type { MarketData } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { FeedSuite } from "@effect-exchange/testing"
import type { HttpClient } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Effect, type Layer } from "effect"

/** The subject of the suite of feeds, for an exchange of this repository. */
export interface Subject extends Omit<FeedSuite.Subject<never, never>, "name" | "client" | "simulator" | "control"> {
  readonly id: Simulator.ExchangeId
  readonly layer: (options: {
    readonly environment: ReturnType<typeof Simulator.environment>
  }) => Layer.Layer<MarketData.MarketData, unknown, HttpClient.HttpClient>
}

const runner = { describe, expect, it }

const simulated = ({ id, layer, ...subject }: Subject) => ({
  ...subject,
  name: `${id} on the simulator`,
  client: layer({ environment: Simulator.environment(id) }),
  simulator: Simulator.layer(id),
  control: Effect.flatMap(Simulator.Simulators, ({ get }) => get(id))
})

/** Registers the cases that take little time. */
export const register = (subject: Subject): void => FeedSuite.register(runner, simulated(subject))

/** Registers the cases in which minutes must pass. */
export const registerSlow = (subject: Subject): void => FeedSuite.registerSlow(runner, simulated(subject))
