import * as Dialect from "../Dialect.js"
import type * as Faults from "../engine/Faults.js"
import type * as FaultDraw from "../engine/internal/faultDraw.js"

/** @internal Applies a fault to a response. Returns `undefined` if no response arrives. */
export const apply = (
  dialect: Dialect.Dialect,
  drawn: FaultDraw.Draw,
  faults: Faults.Faults,
  answer: Dialect.SimulatedResponse
): Dialect.SimulatedResponse | undefined => {
  switch (drawn.kind) {
    case undefined:
      return answer
    case "refused":
    case "reset":
    case "drop":
      return undefined
    case "http500":
    case "http503":
    case "http429":
      return overlay(answer, dialect.failures[drawn.kind])
    case "malformed":
      return overlay(answer, malformed[Math.floor(drawn.variant * malformed.length)] ?? emptyBody)
    case "truncated":
      return { ...answer, delivery: { _tag: "Truncated" } }
    case "slowBody":
      return { ...answer, delivery: { _tag: "Slow", pause: faults.pause } }
    case "oversized":
      return overlay(answer, Dialect.json(200, ["x".repeat(10 * 1024 * 1024)]))
    case "redirect":
      return overlay(answer, Dialect.html(302, "302 Found", { location: "https://maintenance.invalid/" }))
  }
}

// Keeps the rate limit headers: an exchange also counts the requests that it could not serve.
const overlay = (
  answer: Dialect.SimulatedResponse,
  failure: Dialect.SimulatedResponse
): Dialect.SimulatedResponse => ({ ...failure, headers: { ...answer.headers, ...failure.headers } })

const emptyBody: Dialect.SimulatedResponse = { ...Dialect.json(200, null), body: new Uint8Array(0) }

const malformed: ReadonlyArray<Dialect.SimulatedResponse> = [
  Dialect.html(200, "Just a moment..."),
  { ...emptyBody, body: new TextEncoder().encode("{\"symbol\":\"BTC") },
  Dialect.json(200, { unexpected: true }),
  emptyBody
]
