import { assert } from "@effect/vitest"
import { BigDecimal, Clock, Effect, Redacted, TestClock } from "effect"
import { createHmac } from "node:crypto"
import { type Account, Simulator } from "../../../src/index.js"
import { type Answer, ask, field, noon, rows } from "../../utils.js"

export type Fields = Readonly<Record<string, unknown>>

export interface Client {
  readonly simulator: Simulator.Simulator
  readonly get: (target: string) => Effect.Effect<Answer, Simulator.SimulatedFault>
  readonly read: (target: string, credentials?: Account.Credentials) => Effect.Effect<Answer, Simulator.SimulatedFault>
  readonly post: (
    path: string,
    body: Fields,
    credentials?: Account.Credentials
  ) => Effect.Effect<Answer, Simulator.SimulatedFault>
}

export const demo = Simulator.credentials("bybit")

export const headers = (
  { key, secret }: Account.Credentials,
  timestamp: number,
  payload: string,
  window = "5000"
): Readonly<Record<string, string>> => ({
  "x-bapi-api-key": Redacted.value(key),
  "x-bapi-timestamp": String(timestamp),
  "x-bapi-recv-window": window,
  "x-bapi-sign": createHmac("sha256", Redacted.value(secret))
    .update(String(timestamp) + Redacted.value(key) + window + payload)
    .digest("hex")
})

export const start = (options?: Simulator.Options): Effect.Effect<Client> =>
  Effect.gen(function*() {
    yield* TestClock.setTime(noon)
    const simulator = yield* Simulator.make("bybit", options)
    return {
      simulator,
      get: (target) => ask(simulator, target),
      read: (target, credentials = demo) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          ask(simulator, target, { headers: headers(credentials, now, target.split("?")[1] ?? "") })),
      post: (path, body, credentials = demo) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const text = JSON.stringify(body)
          return ask(simulator, path, {
            method: "POST",
            headers: headers(credentials, now, text),
            body: new TextEncoder().encode(text)
          })
        })
    }
  })

export const result = (answer: Answer): unknown => {
  assert.strictEqual(answer.status, 200, answer.text)
  assert.strictEqual(field(answer.json, "retCode"), 0, answer.text)
  return field(answer.json, "result")
}

export const list = (answer: Answer): ReadonlyArray<Fields> => rows(field(result(answer), "list"))

export const text = (row: unknown, name: string): string => {
  const value = field(row, name)
  assert.isString(value, `${name} of ${JSON.stringify(row)}`)
  return String(value)
}

export const decimal = (row: unknown, name: string): BigDecimal.BigDecimal =>
  BigDecimal.unsafeFromString(text(row, name))

export const refused = (answer: Answer, code: number): void => {
  assert.strictEqual(answer.status, 200)
  assert.strictEqual(field(answer.json, "retCode"), code, answer.text)
  assert.isString(field(answer.json, "retMsg"))
}

export const limit = (fields: Fields = {}): Fields => ({
  category: "spot",
  symbol: "BTCUSDT",
  side: "Buy",
  orderType: "Limit",
  qty: "0.001",
  price: "50000",
  ...fields
})

export const contract = (fields: Fields = {}): Fields => limit({ category: "linear", ...fields })
