import type { Market } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { Clock, Effect } from "effect"
import type { Exchanges } from "../../src/index.js"
import * as Support from "./exchanges.js"

/** The time of every test. The exchange's clock stays at it, and the client's clock starts at it. */
export const now = Date.UTC(2026, 0, 5, 12, 34, 56)

/** A request as the exchange receives it. */
export interface Request {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Returns `true` if a request changes the account. */
export const isChange = ({ method, target }: Request): boolean =>
  Support.isChange({ method, path: target.replace(/\?.*$/, "") })

/** Creates a clock whose current time is `millis()`, and whose sleeps take real time. */
export const clock = (millis: () => number): Clock.Clock => {
  const live = Clock.make()
  return {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: millis,
    unsafeCurrentTimeNanos: () => live.unsafeCurrentTimeNanos(),
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanos: live.currentTimeNanos,
    sleep: (duration) => live.sleep(duration)
  }
}

const frozenClock = (at: number): Clock.Clock => clock(() => at)

/** A response of the exchange. */
export interface Served {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/**
 * Returns the exchange's response to a request that follows `history`, the earlier requests that changed something. The
 * same arguments always give the same response, because nothing else changes on the exchange.
 */
export type Serve = (history: ReadonlyArray<Request>, request: Request) => Effect.Effect<Served>

// The parts that differ in every request without changing its meaning: current timestamps, nonces, signatures.
const volatile = new RegExp(`(?:nonce|signature|timestamp)=[^&]*|${String(now).slice(0, 6)}\\d*`, "g")

const keyOf = ({ body, method, target }: Request): string =>
  `${method} ${target} ${Buffer.from(body).toString()}`.replaceAll(volatile, "#")

/** Creates an exchange in the state after `setup`, whose clock does not advance. */
export const server = (id: Exchanges.ExchangeId, setup: ReadonlyArray<Request>, at: number): Serve => {
  const known = new Map<string, Served>()
  const handle = (simulator: Simulator.Simulator, request: Request, at: number) =>
    simulator.handle({ ...request, remoteAddress: "127.0.0.1" }).pipe(Effect.orDie, Effect.withClock(frozenClock(at)))
  return (history, request) =>
    Effect.gen(function*() {
      const key = [...history, request].map(keyOf).join("\n")
      const found = known.get(key)
      if (found !== undefined) return found
      const simulator = yield* Simulator.make(id)
      yield* Effect.forEach(setup, (request) => handle(simulator, request, at - 60_000), { discard: true })
      yield* Effect.forEach(history, (request) => handle(simulator, request, at), { discard: true })
      const { body, headers, status } = yield* handle(simulator, request, at)
      const served = { status, headers, body: Buffer.from(body) }
      known.set(key, served)
      return served
    })
}

/** Finds a market that the tests request nothing about, and that the demo account can pay for. */
export const otherOf = (markets: ReadonlyArray<Market.Market>) =>
  markets.find(({ base, kind, quote }) => base === "ETH" && kind === "spot" && ["USD", "USDT"].includes(quote))
