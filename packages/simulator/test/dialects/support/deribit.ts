import { assert } from "@effect/vitest"
import { BigDecimal, Clock, Effect, Redacted, TestClock } from "effect"
import { createHmac } from "node:crypto"
import { type Account, Simulator } from "../../../src/index.js"
import { type Answer, ask, field, noon } from "../../utils.js"

export type Fields = Readonly<Record<string, string | number | boolean>>

export const demo = Simulator.credentials("deribit")

const coins = (text: string) => BigDecimal.unsafeFromString(text)

/** The balances of the demo account, and some of the currencies in which linear contracts settle. */
export const balances: ReadonlyArray<Account.Balance> = [
  { asset: "BTC", free: coins("1.5"), locked: coins("0.25") },
  { asset: "ETH", free: coins("12"), locked: coins("0") },
  { asset: "USDC", free: coins("50000"), locked: coins("0") },
  { asset: "USDT", free: coins("50000"), locked: coins("0") }
]

const hmac = (secret: Redacted.Redacted, text: string) =>
  createHmac("sha256", Redacted.value(secret)).update(text).digest("hex")

export const signed = (
  { key, secret }: Account.Credentials,
  at: number | string,
  target: string,
  method = "GET",
  body = "",
  nonce = "1iqt2wls"
) => ({
  authorization: `deri-hmac-sha256 id=${Redacted.value(key)},ts=${at},nonce=${nonce},sig=${
    hmac(secret, `${at}\n${nonce}\n${method}\n${target}\n${body}\n`)
  }`
})

/** The parameters of `public/auth` with a signature. */
export const clientSignature = ({ key, secret }: Account.Credentials, timestamp: number, data = "") => ({
  grant_type: "client_signature",
  client_id: Redacted.value(key),
  timestamp,
  nonce: "n0",
  data,
  signature: hmac(secret, `${timestamp}\nn0\n${data}`)
})

export const targetOf = (method: string, params: Fields = {}): string => {
  const texts = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]))
  const query = new URLSearchParams(texts).toString()
  return `/api/v2/${method}${query === "" ? "" : `?${query}`}`
}

export interface Client {
  readonly simulator: Simulator.Simulator
  readonly get: (
    method: string,
    params?: Fields,
    headers?: Readonly<Record<string, string>>
  ) => Effect.Effect<Answer, Simulator.SimulatedFault>
  /** A signed GET request. */
  readonly call: (
    method: string,
    params?: Fields,
    credentials?: Account.Credentials
  ) => Effect.Effect<Answer, Simulator.SimulatedFault>
  readonly post: (
    path: string,
    body: unknown,
    headers?: Readonly<Record<string, string>>
  ) => Effect.Effect<Answer, Simulator.SimulatedFault>
}

export const start = (options?: Simulator.Options): Effect.Effect<Client> =>
  Effect.gen(function*() {
    yield* TestClock.setTime(noon)
    const simulator = yield* Simulator.make("deribit", { balances, ...options })
    return {
      simulator,
      get: (method, params, headers = {}) => ask(simulator, targetOf(method, params), { headers }),
      call: (method, params, credentials = demo) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const target = targetOf(method, params)
          return ask(simulator, target, { headers: signed(credentials, now, target) })
        }),
      post: (path, body, headers = {}) =>
        ask(simulator, path, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body))
        })
    }
  })

/** The result of a response, which must not be an error. */
export const result = (answer: Answer): unknown => {
  assert.strictEqual(answer.status, 200, answer.text)
  assert.strictEqual(field(answer.json, "jsonrpc"), "2.0")
  return field(answer.json, "result")
}

export const order = (answer: Answer): unknown => field(result(answer), "order")

export const idOf = (answer: Answer): string => String(field(order(answer), "order_id"))

/** Asserts that a response is this error. */
export const refused = (answer: Answer, status: number, code: number, message: string, data?: unknown): void => {
  const error = field(answer.json, "error")
  assert.deepStrictEqual(
    [answer.status, field(error, "code"), field(error, "message"), field(error, "data")],
    [status, code, message, data],
    answer.text
  )
}

export const names = (value: unknown): ReadonlyArray<string> =>
  typeof value === "object" && value !== null ? Object.keys(value).toSorted() : []

export const list = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []

export const perpetual = { instrument_name: "BTC-PERPETUAL", amount: 100, price: 30_000, type: "limit" }

export const spot = { instrument_name: "BTC_USDT", amount: 0.01, price: 30_000, type: "limit" }
