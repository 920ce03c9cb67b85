import { assert, describe, it } from "@effect/vitest"
import { Admission, Server } from "../src/index.js"

describe("Admission.make", () => {
  for (
    const options of [
      { maxInFlight: 0 },
      { maxInFlight: Number.NaN },
      { clientRate: 0 },
      { clientRate: Number.NaN },
      { clientRate: Number.POSITIVE_INFINITY },
      { clientBurst: 0.5 },
      { clientBurst: Number.NaN },
      { maxStreams: -1 },
      { maxStreams: Number.NaN },
      { maxClientStreams: 1.5 }
    ]
  ) {
    const [[name, value] = ["", 0]] = Object.entries(options)
    it(`refuses ${name} ${value} by name`, () => {
      assert.throws(() => Admission.make(options), RangeError, `Admission: ${name} must be a `)
      assert.throws(() => Server.layer(options), RangeError, `Admission: ${name} must be a `)
    })
  }

  it("accepts no streams at all, and no limit", () => {
    const none = { maxStreams: 0, maxClientStreams: 0, clientRate: 0.1, clientBurst: 1 }
    assert.isFunction(Admission.make(none).around)
    assert.isFunction(Admission.make({ maxInFlight: Number.POSITIVE_INFINITY, clientBurst: 1e9 }).around)
  })
})
