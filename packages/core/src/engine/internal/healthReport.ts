import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Health from "../../ports/Health.js"
import type { Capability } from "../Endpoint.js"
import type { Host } from "../Protocol.js"
import type { Breakers, Circuit } from "./breakers.js"
import type { Limits } from "./limits.js"
import type { Vitals } from "./vitals.js"

/** @internal */
export const make = (client: {
  readonly exchange: string
  readonly environment: string
  readonly host: Host
  readonly vitals: Vitals
  readonly limits: Limits
  readonly breakers: Breakers
  /** The capabilities that the client serves. The breakers of others do not affect it. */
  readonly capabilities: ReadonlyArray<Capability>
}): Effect.Effect<Health.ExchangeHealth> =>
  Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const facts = yield* client.vitals.snapshot
    const limits = yield* client.limits.usage
    const circuits: ReadonlyArray<Circuit> = client.capabilities.includes("trading")
      ? [...client.capabilities, "trading.reads"]
      : client.capabilities
    const breakers = yield* Effect.forEach(circuits, (capability) =>
      Effect.map(
        Effect.flatMap(client.breakers.of(capability), ({ state }) => state),
        (state) => ({
          capability,
          state: state._tag,
          retryAfterMillis: state._tag === "Open" && Duration.isFinite(state.retryAfter)
            ? Math.ceil(Duration.toMillis(state.retryAfter))
            : undefined
        })
      ))
    return {
      exchange: client.exchange,
      environment: client.environment,
      ...facts,
      limits,
      breakers,
      ...judge(client.host, {
        breakers,
        limits,
        clockSkewMillis: facts.clockSkewMillis,
        bannedUntil: facts.bannedUntil
      }, now)
    }
  })

const judge = (
  host: Host,
  facts: Pick<Health.ExchangeHealth, "breakers" | "limits" | "clockSkewMillis" | "bannedUntil">,
  now: number
): Pick<Health.ExchangeHealth, "status" | "reason"> => {
  if (host._tag === "Closed") return { status: "fail", reason: `closed since ${host.since}` }
  if (host._tag === "None") return { status: "fail", reason: "the exchange has no such environment" }
  const refusing = facts.breakers.filter(({ state }) => state === "Open" || state === "Isolated")
  const banned = facts.bannedUntil !== undefined && facts.bannedUntil > now ? facts.bannedUntil - now : undefined
  const stopped = [
    ...banned === undefined ? [] : [`the exchange has banned this client for another ${inWords(banned)}`],
    ...facts.limits.flatMap(({ pausedUntil, scope }) =>
      pausedUntil === undefined
        ? []
        : [`the exchange requested a pause of "${scope}" for another ${inWords(pausedUntil - now)}`]
    )
  ]
  // A ban opens the circuits too, but it is a pause that the exchange asked for, with a known end.
  if (banned === undefined && refusing.some(({ capability }) => capability === "marketData")) {
    return { status: "fail", reason: ["the circuit for market data is open", ...stopped].join("; ") }
  }
  const reasons = [
    ...stopped,
    ...refusing.map(({ capability }) => `the circuit for ${capability} is open`),
    ...facts.breakers
      .filter(({ state }) => state === "HalfOpen")
      .map(({ capability }) => `the circuit for ${capability} is half-open`),
    ...Math.abs(facts.clockSkewMillis) > 1000 ? [`the exchange's clock differs by ${facts.clockSkewMillis} ms`] : []
  ]
  return reasons.length === 0 ? { status: "pass" } : { status: "warn", reason: reasons.join("; ") }
}

const inWords = (millis: number): string => Duration.format(Duration.seconds(Math.ceil(millis / 1000)))
