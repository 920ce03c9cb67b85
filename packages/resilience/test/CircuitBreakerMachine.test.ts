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

const same = (actual: machine.State | machine.Refusal, expected: machine.State) => assert.isTrue(actual === expected)

describe("admit", () => {
  it("lets as many probes in as there are permits, from the deadline of the open state on", () => {
    const open: machine.State = { _tag: "Open", until: 50n, progress }
    assert.deepInclude(machine.admit(settings, open, 49n)[0], { _tag: "Refusal", state: "Open" })
    const [first, halfOpen] = machine.admit(settings, open, 50n)
    same(first, halfOpen)
    const [second, next] = machine.admit(settings, halfOpen, 60n)
    same(second, halfOpen)
    same(next, halfOpen)
    assert.deepInclude(machine.admit(settings, halfOpen, 70n)[0], { _tag: "Refusal", state: "HalfOpen" })
  })

  it("lets no probe into a half-open state whose time is over, free permits or not", () => {
    const open: machine.State = { _tag: "Open", until: 0n, progress }
    const [, halfOpen] = machine.admit(settings, open, 0n)
    assert.isFalse(machine.isExpired(halfOpen, 99n))
    assert.isTrue(machine.isExpired(halfOpen, 100n))
    const [refused, next] = machine.admit(settings, halfOpen, 100n)
    assert.deepInclude(refused, { _tag: "Refusal", state: "HalfOpen" })
    same(next, halfOpen)
    same(machine.admit(settings, halfOpen, 99n)[0], halfOpen)
  })
})

describe("step", () => {
  it("answers with the very same object when an event changes nothing", () => {
    const closed = machine.closed(settings)
    const open: machine.State = { _tag: "Open", until: 50n, progress }
    const elsewhere = machine.closed(settings)
    for (
      const [state, event] of [
        [closed, { _tag: "Arrived" }],
        [open, { _tag: "Arrived" }],
        [open, { _tag: "OpenRequested", until: 50n }],
        [closed, { _tag: "OpenRequested", until: 10n }],
        [closed, { _tag: "Tripped", from: elsewhere, until: 90n, progress }],
        [closed, { _tag: "Recovered", from: elsewhere }],
        [closed, { _tag: "Released", from: elsewhere }]
      ] satisfies ReadonlyArray<readonly [machine.State, machine.Event]>
    ) {
      same(machine.step(settings, state, event, 10n), state)
    }
  })
})
