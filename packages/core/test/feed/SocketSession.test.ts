import { describe, expect, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as SocketSession from "../../src/feed/internal/socketSession.js"

const rules: SocketSession.Rules = {
  login: false,
  confirmsLogin: false,
  patience: 10_000,
  tries: 3,
  silence: 30_000,
  ping: { after: 5000, within: 5000, always: false },
  maxAge: 3_600_000,
  batch: 2,
  again: (faults, random) => faults <= 1 ? 0 : Math.ceil(random * 1000 * faults),
  stable: 30_000,
  isTemporary: ({ code }) => code === "busy"
}

const maxSilence = 60_000
const keys = ["a", "b", "c", "d"] as const
const key = FastCheck.constantFrom(...keys)

/** An action, `after` milliseconds after the one before. */
const action = FastCheck.record({
  after: FastCheck.oneof(FastCheck.constant(0), FastCheck.integer({ min: 1, max: 8000 })),
  what: FastCheck.oneof(
    FastCheck.record({ _tag: FastCheck.constant("Want" as const), key }),
    FastCheck.record({ _tag: FastCheck.constant("Unwant" as const), key }),
    FastCheck.record({ _tag: FastCheck.constant("Resync" as const), key }),
    FastCheck.constant({ _tag: "Probe" as const }),
    FastCheck.record({ _tag: FastCheck.constant("Refused" as const), key }),
    FastCheck.record({
      _tag: FastCheck.constant("RefusedTogether" as const),
      code: FastCheck.constantFrom("busy", "1")
    }),
    FastCheck.record({ _tag: FastCheck.constant("Answer" as const) }),
    FastCheck.record({ _tag: FastCheck.constant("Heard" as const), key }),
    FastCheck.record({ _tag: FastCheck.constant("Leaving" as const) })
  ),
  random: FastCheck.double({ min: 0, max: 0.999, noNaN: true })
})

/** Plays actions on a session whose exchange accepts every subscription, in the order in which it receives them. */
const play = (actions: ReadonlyArray<typeof action extends FastCheck.Arbitrary<infer H> ? H : never>) => {
  let now = 1_000_000
  let heard = now
  const heardOf = new Map<string, number>()
  const wanted = new Set<string>()
  const subscribed = new Set<string>()
  const requestOf = new Map<string, number>()
  const unanswered: Array<{ readonly request: number; readonly keys: ReadonlyArray<string> }> = []
  const faults: Array<string> = []
  let ended = false
  let [state] = SocketSession.open(rules, [], now)

  const carry = (outputs: ReadonlyArray<SocketSession.Output>) => {
    for (const output of outputs) {
      if (ended) faults.push(`${output._tag} after the end`)
      switch (output._tag) {
        case "Subscribe":
          for (const one of output.keys) {
            if (subscribed.has(one)) faults.push(`${one} is requested twice`)
            subscribed.add(one)
            requestOf.set(one, output.request)
          }
          unanswered.push(output)
          step({ _tag: "Sent", request: output.request })
          break
        case "Unsubscribe":
          for (const { key: one } of output.topics) {
            if (!subscribed.delete(one)) faults.push(`${one} is ended, and was not requested`)
            requestOf.delete(one)
          }
          break
        case "Refuse":
          wanted.delete(output.key)
          break
        case "End":
          ended = true
          break
        default:
          break
      }
    }
  }
  const step = (event: SocketSession.Event, random = 0.5) => {
    const [next, outputs] = SocketSession.step(rules, state, event, now, random)
    state = next
    carry(outputs)
  }
  const tick = (random = 0.5) =>
    step({ _tag: "Tick", lastReceivedAt: heard, lastReceivedOf: (one) => heardOf.get(one) }, random)
  const answer = () => {
    for (const { keys, request } of unanswered.splice(0)) {
      heard = now
      step({ _tag: "Acknowledged", request })
      for (const one of keys) heardOf.set(one, now)
    }
  }

  for (const { after, random, what } of actions) {
    now += after
    switch (what._tag) {
      case "Want":
        wanted.add(what.key)
        step({ _tag: "Want", key: what.key, maxSilence }, random)
        break
      case "Unwant":
        wanted.delete(what.key)
        step({ _tag: "Unwant", key: what.key }, random)
        break
      case "Refused":
        // Only a subscription that was requested and is not yet confirmed.
        if (unanswered.some(({ keys }) => keys.includes(what.key)) && subscribed.delete(what.key)) {
          step({ _tag: "Refused", keys: [what.key], error: { code: "", text: "no" } }, random)
          wanted.delete(what.key)
        }
        break
      case "RefusedTogether": {
        // A request all of whose subscriptions are still open.
        const oldest = unanswered.findIndex(({ keys, request }) => keys.every((one) => requestOf.get(one) === request))
        for (const { keys, request } of oldest === -1 ? [] : unanswered.splice(oldest, 1)) {
          for (const one of keys) subscribed.delete(one)
          step({ _tag: "Refused", request, error: { code: what.code, text: "no" } }, random)
        }
        break
      }
      case "Answer":
        answer()
        break
      case "Heard":
        heard = now
        if (subscribed.has(what.key)) heardOf.set(what.key, now)
        break
      default:
        step(what, random)
    }
    tick(random)
  }
  return {
    faults,
    isEnded: () => ended,
    wanted,
    subscribed,
    /** Confirms all requests until the session is settled. */
    settle: () => {
      for (let round = 0; round < 50 && !SocketSession.isSettled(state) && state.phase !== "ended"; round++) {
        now += 1000
        heard = now
        tick()
        answer()
      }
      for (const one of keys) heardOf.set(one, now)
      tick()
    },
    isSettled: () => SocketSession.isSettled(state),
    due: () => SocketSession.deadline(rules, state, heard, (one) => heardOf.get(one)) - now
  }
}

describe("the session of a connection", () => {
  it("subscribes to nothing twice, ends only what it subscribed to, and sends nothing after its end", () => {
    FastCheck.assert(FastCheck.property(FastCheck.array(action, { maxLength: 60 }), (actions) => {
      expect(play(actions).faults).toEqual([])
    }))
  })

  it("settles with exactly the wanted subscriptions, whatever happened before", () => {
    FastCheck.assert(FastCheck.property(FastCheck.array(action, { maxLength: 60 }), (actions) => {
      const played = play(actions)
      if (played.isEnded()) return
      played.settle()
      expect(played.faults).toEqual([])
      expect([...played.subscribed].toSorted()).toEqual([...played.wanted].toSorted())
      expect(played.isSettled()).toBe(true)
    }))
  })

  it("has its next deadline in the future after a tick", () => {
    FastCheck.assert(FastCheck.property(FastCheck.array(action, { maxLength: 60 }), (actions) => {
      const played = play(actions)
      if (!played.isEnded()) expect(played.due()).toBeGreaterThan(0)
    }))
  })

  it("leaves no channel open that the exchange numbers, however late it confirms", () => {
    const acts = FastCheck.array(
      FastCheck.constantFrom(...["want", "unwant", "confirm", "wait", "resync", "end"] as const),
      { maxLength: 40 }
    )
    FastCheck.assert(FastCheck.property(acts, (acts) => {
      const channels = new Set<string>()
      let asked = 0
      let now = 0
      let number = 0
      let [state] = SocketSession.open(rules, [], now)
      const step = (event: SocketSession.Event) => {
        const [next, outputs] = SocketSession.step(rules, state, event, now, 0.5)
        state = next
        for (const output of outputs) {
          if (output._tag === "Subscribe") {
            asked++
            step({ _tag: "Sent", request: output.request })
          }
          // An exchange that numbers its channels cannot end one by its name.
          if (output._tag === "Unsubscribe") { for (const { id = "" } of output.topics) channels.delete(id) }
        }
      }
      const tick = () => step({ _tag: "Tick", lastReceivedAt: now, lastReceivedOf: () => now })
      const confirm = () => {
        for (; asked > 0; asked--) {
          const id = String(++number)
          channels.add(id)
          step({ _tag: "Acknowledged", keys: ["a"], id })
        }
      }
      const end = () => {
        const [id] = state.keyOfId.keys()
        if (id !== undefined && channels.delete(id)) step({ _tag: "Ended", keys: [id], because: "ended" })
      }
      const perform = {
        want: () => step({ _tag: "Want", key: "a", maxSilence }),
        unwant: () => step({ _tag: "Unwant", key: "a" }),
        confirm,
        wait: () => {
          now += rules.patience
        },
        resync: () => step({ _tag: "Resync", key: "a" }),
        end
      }
      for (const act of acts) {
        perform[act]()
        tick()
      }
      for (let round = 0; round < 10; round++) {
        now += 1000
        tick()
        confirm()
      }
      tick()
      expect([...channels]).toEqual(state.topics.has("a") ? [...state.keyOfId.keys()] : [])
      expect(channels.size).toBe(state.topics.has("a") ? 1 : 0)
    }))
  })

  const opened = (wanted: ReadonlyArray<string>) =>
    SocketSession.open(rules, wanted.map((key) => ({ key, maxSilence })), 0)
  const never = () => undefined
  const at = (state: SocketSession.State, event: SocketSession.Event, now: number) =>
    SocketSession.step(rules, state, event, now, 0.5)
  const ticked = (
    state: SocketSession.State,
    now: number,
    heard = now,
    heardOf: (key: string) => number | undefined = never
  ) => at(state, { _tag: "Tick", lastReceivedAt: heard, lastReceivedOf: heardOf }, now)

  it("refuses a subscription that was requested three times and never confirmed", () => {
    let [state, outputs] = ticked(opened(["a"])[0], 0)
    const requestedAt: Array<number> = []
    for (let now = 0; now <= 60_000; now += 1000) {
      for (const output of outputs) {
        if (output._tag === "Subscribe") {
          requestedAt.push(now)
          state = at(state, { _tag: "Sent", request: output.request }, now)[0]
        }
        if (output._tag === "Refuse") {
          expect(requestedAt.length).toBe(3)
          expect(output.error).toBeUndefined()
          return
        }
      }
      ;[state, outputs] = ticked(state, now + 1000)
    }
    expect.fail("it was never refused")
  })

  it("ends the connection, and does not refuse the subscription, if nothing was received at all", () => {
    const patient = { ...rules, silence: 60_000, ping: undefined }
    let [state] = SocketSession.open(patient, [{ key: "a", maxSilence }], 0)
    const tags: Array<string> = []
    for (let now = 0; now <= 60_000; now += 1000) {
      const [next, outputs] = SocketSession.step(
        patient,
        state,
        { _tag: "Tick", lastReceivedAt: 0, lastReceivedOf: never },
        now,
        0.5
      )
      state = next
      for (const output of outputs) {
        tags.push(output._tag)
        if (output._tag !== "Subscribe") continue
        state = SocketSession.step(patient, state, { _tag: "Sent", request: output.request }, now, 0.5)[0]
      }
    }
    expect(tags).not.toContain("Refuse")
    expect(tags.at(-1)).toBe("End")
  })

  it("pings a silent connection, and ends it if nothing is received", () => {
    const [idle] = ticked(opened([])[0], 0, 0)
    expect(ticked(idle, 4999, 0)[1]).toEqual([])
    const [pinged, outputs] = ticked(idle, 5000, 0)
    expect(outputs.map(({ _tag }) => _tag)).toEqual(["Ping"])
    expect(ticked(pinged, 9999, 0)[1]).toEqual([])
    expect(ticked(pinged, 10_000, 0)[1]).toEqual([{ _tag: "End", because: "the exchange did not respond to a ping" }])
    // Any message counts as a response.
    expect(ticked(pinged, 10_000, 5001)[1].map(({ _tag }) => _tag)).toEqual([])
  })

  it("requests its replacement once when it reaches its maximum age", () => {
    const [young] = ticked(opened([])[0], 3_599_000)
    const [old, outputs] = ticked(young, 3_600_000)
    expect(outputs).toContainEqual({ _tag: "Replace" })
    expect(ticked(old, 3_601_000)[1]).not.toContainEqual({ _tag: "Replace" })
    expect(at(old, { _tag: "Leaving" }, 3_601_000)[1]).toEqual([])
  })

  it("refuses the subscription that the exchange refused, and keeps the others", () => {
    const [state] = ticked(opened(["a", "b"])[0], 0)
    const [next, outputs] = at(state, {
      _tag: "Refused",
      request: 1,
      keys: ["a", "z"],
      error: { code: "1", text: "no" }
    }, 1)
    expect(outputs).toEqual([{ _tag: "Refuse", key: "a", error: { code: "1", text: "no" } }])
    expect([...next.topics.keys()]).toEqual(["b"])
  })

  it("takes a refusal before the login is confirmed as one of the login, since nothing else was requested", () => {
    const [state] = SocketSession.open({ ...rules, login: true, confirmsLogin: true }, [{ key: "a", maxSilence }], 0)
    const error = { code: "50101", text: "the key is for another environment" }
    expect(at(state, { _tag: "Refused", error }, 1)[1]).toEqual([
      { _tag: "RefuseLogin", error },
      { _tag: "End", because: "the login was refused" }
    ])
  })

  it("requests subscriptions one by one if a refusal does not tell which of a request it is about", () => {
    const error = { code: "1", text: "no" }
    const requested = (outputs: ReadonlyArray<SocketSession.Output>) =>
      outputs.flatMap((output) => output._tag === "Subscribe" ? [[output.request, output.keys.join("")]] : [])
    for (const request of [1, undefined]) {
      const [state, first] = ticked(opened(["a", "b", "c"])[0], 0)
      expect(requested(first)).toEqual([[1, "ab"], [2, "c"]])
      const [refused, outputs] = at(state, { _tag: "Refused", request, error }, 1)
      expect(outputs).toEqual([])
      const [again, second] = ticked(refused, 1)
      expect(requested(second)).toEqual([[3, "a"], [4, "b"]])
      const [rest, third] = at(again, { _tag: "Refused", request: 3, error }, 2)
      expect(third).toEqual([{ _tag: "Refuse", key: "a", error }])
      expect([...rest.topics.keys()]).toEqual(["c", "b"].toSorted())
    }
  })

  it("requests a subscription again, with growing delays, as long as its refusal is temporary", () => {
    let [state, outputs] = ticked(opened(["a", "b"])[0], 0)
    const requestedAt: Array<number> = []
    for (let now = 0; now <= 60_000; now += 100) {
      for (const output of outputs) {
        if (output._tag !== "Subscribe" || !output.keys.includes("a")) continue
        requestedAt.push(now)
        const error = { code: "busy", text: "try again later" }
        const [next, refused] = at(state, { _tag: "Refused", request: output.request, keys: ["a"], error }, now)
        expect(refused).toEqual([
          { _tag: "Lost", key: "a", because: "the exchange refused temporarily: try again later" }
        ])
        state = next
      }
      ;[state, outputs] = ticked(state, now + 100)
    }
    const waits = requestedAt.slice(1).map((at, index) => at - (requestedAt[index] ?? 0))
    expect(waits.length).toBeGreaterThan(5)
    for (const [index, wait] of waits.entries()) expect(wait).toBeGreaterThanOrEqual(waits[index - 1] ?? 0)
    expect([...state.topics.keys()].toSorted()).toEqual(["a", "b"])
  })

  it("refuses the subscriptions that a confirmation by name leaves out", () => {
    const [state] = ticked(opened(["a", "b"])[0], 0)
    const [next, outputs] = at(state, { _tag: "Acknowledged", request: 1, keys: ["a"] }, 1)
    expect(outputs.map((output) => `${output._tag} ${"key" in output ? output.key : ""}`)).toEqual([
      "Live a",
      "Refuse b"
    ])
    expect(next.topics.has("b")).toBe(false)
  })
})
