import { Decimal } from "@effect-exchange/core"
import type { Protocol } from "@effect-exchange/core/adapter"
import { Simulator } from "@effect-exchange/simulator"
import { Effect, Schema, TestClock } from "effect"
import { readFileSync } from "node:fs"
import { answerOf } from "../../exchanges/test/support/answers.js"

export { json, type Verdict, verdict } from "../../exchanges/test/support/answers.js"

/** 2026-04-07T12:00:00Z */
export const now = 1_775_563_200_000

export const fixture = (name: string): string =>
  readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), "utf8")

export const answer = (
  status: number,
  body: string,
  { headers = {}, operation = "test" }: {
    readonly headers?: Protocol.Headers | undefined
    readonly operation?: string | undefined
  } = {}
): Protocol.Answer => answerOf("coinbase", now)(status, body, headers, operation)

/** Returns a model with its decimals as plain text. */
export const plain = <A extends object>(model: A): { readonly [field: string]: unknown } =>
  Object.fromEntries(
    Object.entries(model).flatMap(([field, value]: readonly [string, unknown]) =>
      value === undefined ? [] : [[field, Schema.is(Schema.BigDecimalFromSelf)(value) ? Decimal.format(value) : value]]
    )
  )

export const simulator = Effect.flatMap(Simulator.Simulators, ({ get }) => get("coinbase"))

/** The requests to the simulated exchange: the method, the path and the response status. */
export const requestLog: Effect.Effect<ReadonlyArray<string>, Simulator.ExchangeNotSimulated, Simulator.Simulators> =
  Effect
    .gen(function*() {
      const requests = yield* Effect.flatMap(simulator, ({ requests }) => requests)
      return requests.map(({ fault, method, status, target }) => {
        const path = target.split("?", 1).join("").replace("/api/v3/brokerage", "")
        return `${method} ${path} ${status ?? "-"}${fault === undefined ? "" : ` ${fault}`}`
      })
    })

/** Runs an effect from `now` on, and advances the clock whenever it waits. */
export const atNow = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.zipRight(
    TestClock.setTime(now),
    Effect.raceFirst(effect, Effect.forever(TestClock.adjust("1 second")))
  )

const OneOrder = Schema.parseJson(
  Schema.Struct({ order: Schema.Record({ key: Schema.String, value: Schema.Unknown }) })
)

/** Returns a listing with the changed order of the fixture. */
export const listing = (change: { readonly [field: string]: unknown } = {}): string => {
  const { order } = Schema.decodeUnknownSync(OneOrder)(fixture("order"))
  return JSON.stringify({ orders: [{ ...order, ...change }], sequence: "0", has_next: false, cursor: "" })
}

export const emptyListing = JSON.stringify({ orders: [], sequence: "0", has_next: false, cursor: "" })

/** Returns a frame of a channel. */
export const envelope = (channel: string, events: ReadonlyArray<unknown>) => ({
  channel,
  client_id: "",
  timestamp: "2026-04-07T14:30:00.123456789Z",
  sequence_num: 7,
  events
})
