import type { Market } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { Clock, Effect } from "effect"
import type { Exchanges } from "../../src/index.js"
import * as Support from "./exchanges.js"

/** When everything happens: the exchange's clock stands there, and the client's starts there. */
export const now = Date.UTC(2026, 0, 5, 12, 34, 56)

/** A request as an exchange gets it. */
export interface Request {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Whether a request changes the account. */
export const changes = ({ method, target }: Request): boolean =>
  Support.isChange({ method, path: target.replace(/\?.*$/, "") })

/** A clock that shows what it is told, and on which time passes as it does. */
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

const standing = (at: number): Clock.Clock => clock(() => at)

/** What the exchange answers. */
export interface Served {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** The exchange's answer to a request after those that changed something, always the same: nothing else changes there. */
export type Serve = (history: ReadonlyArray<Request>, request: Request) => Effect.Effect<Served>

// What is new in every request without meaning anything else: instants of now, nonces, signatures.
const volatile = new RegExp(`(?:nonce|signature|timestamp)=[^&]*|${String(now).slice(0, 6)}\\d*`, "g")

const keyOf = ({ body, method, target }: Request): string =>
  `${method} ${target} ${Buffer.from(body).toString()}`.replaceAll(volatile, "#")

/** An exchange in the state that the setup leaves it in, at an instant that does not pass. */
export const server = (id: Exchanges.ExchangeId, setup: ReadonlyArray<Request>, at: number): Serve => {
  const known = new Map<string, Served>()
  const handle = (simulator: Simulator.Simulator, request: Request, at: number) =>
    simulator.handle({ ...request, remoteAddress: "127.0.0.1" }).pipe(Effect.orDie, Effect.withClock(standing(at)))
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

/** A market that nothing is asked about, and that the demo account can pay for. */
export const otherOf = (markets: ReadonlyArray<Market.Market>) =>
  markets.find(({ base, kind, quote }) => base === "ETH" && kind === "spot" && ["USD", "USDT"].includes(quote))
