import { Contract } from "@effect-exchange/testing"
import { describe, it } from "@effect/vitest"
import { simulated } from "../../exchanges/test/support/simulated.js"
import { BitMex } from "../src/index.js"

// The limit of an address is thirty requests a minute.
const common = { features: BitMex.features, concurrency: 10 }

const simulatedBitMex = simulated("bitmex", BitMex.layer)

/** Runs the contract against the simulator in this process, under `TestClock`. */
export const inMemory = () =>
  describe("in memory", () => {
    Contract.register(it, { ...simulatedBitMex.inMemory, ...common, name: "BitMEX on the simulator" })
  })

/** Runs the contract against a server of the simulator, in real time. */
export const overSockets = () =>
  describe("over sockets", () => {
    Contract.register(it, {
      ...simulatedBitMex.overSockets,
      ...common,
      observer: simulatedBitMex.inMemory.observer,
      name: "BitMEX on the simulator's server",
      limit: "60 seconds"
    })
  })
