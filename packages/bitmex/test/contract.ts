import { Contract } from "@effect-exchange/testing"
import { describe, it } from "@effect/vitest"
import { simulated } from "../../exchanges/test/support/simulated.js"
import { BitMex } from "../src/index.js"

// Thirty requests a minute are all that it grants an address.
const common = { features: BitMex.features, concurrency: 10 }

const judged = simulated("bitmex", BitMex.layer)

/** Judges the exchange by the simulator in this process, where time is a test's. */
export const inMemory = () =>
  describe("in memory", () => {
    Contract.register(it, { ...judged.inMemory, ...common, name: "BitMEX on the simulator" })
  })

/** Judges it by a server of the simulator, in real time. */
export const overSockets = () =>
  describe("over sockets", () => {
    Contract.register(it, {
      ...judged.overSockets,
      ...common,
      observer: judged.inMemory.observer,
      name: "BitMEX on the simulator's server",
      limit: "60 seconds"
    })
  })
