import { assert } from "@effect/vitest"
import { BigDecimal, Clock, Effect, Redacted, TestClock } from "effect"
import { createHmac } from "node:crypto"
import { type Account, Simulator } from "../../../src/index.js"
import { type Answer, ask, field, noon, rows } from "../../utils.js"

export type Fields = Readonly<Record<string, unknown>>
export type Headers = Readonly<Record<string, string>>

export interface Client {
  readonly simulator: Simulator.Simulator
  readonly get: (target: string) => Effect.Effect<Answer, Simulator.SimulatedFault>
  readonly read: (target: string, credentials?: Account.Credentials) => Effect.Effect<Answer, Simulator.SimulatedFault>
  readonly post: (
    path: string,
    body: unknown,
    more?: Headers,
    credentials?: Account.Credentials
  ) => Effect.Effect<Answer, Simulator.SimulatedFault>
}

export const demo = Simulator.credentials("okx")

export const headers = (
  { key, passphrase, secret }: Account.Credentials,
  timestamp: number | string,
  method: string,
  target: string,
  body = ""
): Headers => {
  const at = typeof timestamp === "number" ? new Date(timestamp).toISOString() : timestamp
  return {
    "ok-access-key": Redacted.value(key),
    "ok-access-passphrase": passphrase === undefined ? "" : Redacted.value(passphrase),
    "ok-access-timestamp": at,
    "ok-access-sign": createHmac("sha256", Redacted.value(secret)).update(at + method + target + body).digest("base64"),
    "content-type": "application/json"
  }
}

export const start = (options?: Simulator.Options): Effect.Effect<Client> =>
  Effect.gen(function*() {
    yield* TestClock.setTime(noon)
    const simulator = yield* Simulator.make("okx", options)
    return {
      simulator,
      get: (target) => ask(simulator, target),
      read: (target, credentials = demo) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          ask(simulator, target, { headers: headers(credentials, now, "GET", target) })),
      post: (path, body, more = {}, credentials = demo) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const text = JSON.stringify(body)
          return ask(simulator, path, {
            method: "POST",
            headers: { ...headers(credentials, now, "POST", path, text), ...more },
            body: new TextEncoder().encode(text)
          })
        })
    }
  })

export const data = (answer: Answer): ReadonlyArray<Fields> => {
  assert.strictEqual(answer.status, 200, answer.text)
  assert.strictEqual(field(answer.json, "code"), "0", answer.text)
  return rows(field(answer.json, "data"))
}

export const lists = (answer: Answer): ReadonlyArray<ReadonlyArray<unknown>> => {
  assert.strictEqual(field(answer.json, "code"), "0", answer.text)
  const value = field(answer.json, "data")
  return Array.isArray(value) ? value : []
}

export const text = (row: unknown, name: string): string => {
  const value = field(row, name)
  assert.isString(value, `${name} of ${JSON.stringify(row)}`)
  return String(value)
}

export const decimal = (row: unknown, name: string): BigDecimal.BigDecimal =>
  BigDecimal.unsafeFromString(text(row, name))

/** An order that failed: HTTP 200, code 1, and the reason in its row. */
export const failed = (answer: Answer, code: string): void => {
  assert.strictEqual(answer.status, 200, answer.text)
  assert.strictEqual(field(answer.json, "code"), "1", answer.text)
  assert.strictEqual(field(answer.json, "msg"), "All operations failed")
  const [row] = rows(field(answer.json, "data"))
  assert.strictEqual(field(row, "sCode"), code, answer.text)
  assert.isString(field(row, "sMsg"))
}

export const refused = (answer: Answer, status: number, code: string): void => {
  assert.deepStrictEqual([answer.status, field(answer.json, "code")], [status, code], answer.text)
}

export const place = "/api/v5/trade/order"

export const spot = (fields: Fields = {}): Fields => ({
  instId: "BTC-USDT",
  tdMode: "cash",
  side: "buy",
  ordType: "limit",
  px: "50000",
  sz: "0.001",
  ...fields
})

export const swap = (fields: Fields = {}): Fields =>
  spot({ instId: "BTC-USDT-SWAP", tdMode: "cross", sz: "0.1", ...fields })
