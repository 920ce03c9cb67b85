import { Trip } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import * as machine from "../src/internal/circuitBreaker.js"

const settings: machine.Settings = {
  trip: Trip.consecutive(1),
  permits: 2,
  successes: 2,
  timeout: Duration.nanos(100n),
  slowAfter: undefined,
  progress: { steps: 0, state: undefined }
}

const { progress } = settings

const assertSame = (actual: machine.State | machine.Refusal, expected: machine.State) =>
  assert.isTrue(actual === expected)

describe("admit", () => {
  it("admits as many probes as there are permits, from the deadline of the open state on", () => {
    const open: machine.State = { _tag: "Open", until: 50n, progress }
    assert.deepInclude(machine.admit(settings, open, 49n)[0], { _tag: "Refusal", state: "Open" })
    const [first, halfOpen] = machine.admit(settings, open, 50n)
    assertSame(first, halfOpen)
    const [second, next] = machine.admit(settings, halfOpen, 60n)
    assertSame(second, halfOpen)
    assertSame(next, halfOpen)
    assert.deepInclude(machine.admit(settings, halfOpen, 70n)[0], { _tag: "Refusal", state: "HalfOpen" })
  })

  it("admits no probe into a half-open state that has timed out, even with free permits", () => {
    const open: machine.State = { _tag: "Open", until: 0n, progress }
    const [, halfOpen] = machine.admit(settings, open, 0n)
    assert.isFalse(machine.isExpired(halfOpen, 99n))
    assert.isTrue(machine.isExpired(halfOpen, 100n))
    const [refused, next] = machine.admit(settings, halfOpen, 100n)
    assert.deepInclude(refused, { _tag: "Refusal", state: "HalfOpen" })
    assertSame(next, halfOpen)
    assertSame(machine.admit(settings, halfOpen, 99n)[0], halfOpen)
  })
})

describe("step", () => {
  it("returns the same object when an event changes nothing", () => {
    const closed = machine.closed(settings)
    const open: machine.State = { _tag: "Open", until: 50n, progress }
    const otherClosed = machine.closed(settings)
    for (
      const [state, event] of [
        [closed, { _tag: "Arrived" }],
        [open, { _tag: "Arrived" }],
        [open, { _tag: "OpenRequested", until: 50n }],
        [closed, { _tag: "OpenRequested", until: 10n }],
        [closed, { _tag: "Tripped", from: otherClosed, until: 90n, progress }],
        [closed, { _tag: "Recovered", from: otherClosed }],
        [closed, { _tag: "Released", from: otherClosed }]
      ] satisfies ReadonlyArray<readonly [machine.State, machine.Event]>
    ) {
      assertSame(machine.step(settings, state, event, 10n), state)
    }
  })
})
