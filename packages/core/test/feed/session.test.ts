import { describe, expect, it } from "@effect/vitest"
import * as Session from "../../src/feed/internal/session.js"

const rules: Session.Rules = {
  login: false,
  confirmsLogin: false,
  patience: 10_000,
  tries: 3,
  silence: 60_000,
  ping: undefined,
  maxAge: undefined,
  batch: 10,
  again: () => 0,
  stable: 30_000
}

/** A session that asks for one subscription, which nobody answers, every ten seconds; `heard` is when anything was heard last. */
const unanswered = (heard: (now: number) => number): ReadonlyArray<string> => {
  const tags: Array<string> = []
  let [state] = Session.open(rules, [{ key: "book", quiet: undefined }], 0)
  const take = (event: Session.Event, now: number) => {
    const [next, outputs] = Session.step(rules, state, event, now, 0)
    state = next
    for (const output of outputs) {
      tags.push(output._tag)
      if (output._tag === "Subscribe") take({ _tag: "Sent", request: output.request }, now)
    }
  }
  for (let now = 0; now <= 60_000; now += 5000) {
    take({ _tag: "Tick", heard: heard(now), heardOf: () => undefined }, now)
  }
  return tags
}

describe("a session whose request is not answered", () => {
  it("gives a subscription up after three tries where the exchange said other things meanwhile", () => {
    expect(unanswered((now) => now)).toEqual(["Subscribe", "Subscribe", "Subscribe", "Refuse"])
  })

  it("blames the connection and not the subscription where nothing was heard at all", () => {
    const tags = unanswered(() => 0)
    expect(tags.at(-1)).toBe("End")
    expect(tags).not.toContain("Refuse")
  })
})
