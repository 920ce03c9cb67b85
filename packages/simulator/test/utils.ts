import { assert } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { createHmac } from "node:crypto"
import { type Account, type Dialect, Engine, type Simulator } from "../src/index.js"

export const noon = 1_732_536_000_000

/** An exchange without markets, at an instant. */
export const emptyWorld = (now: number): Dialect.World => ({
  now,
  keys: [],
  engine: Engine.make({ instruments: [], balances: [] }),
  quote: () => assert.fail("nothing is quoted"),
  trades: () => [],
  candles: () => [],
  isVisible: () => true
})

export const request = (
  target: string,
  options: Partial<Omit<Dialect.SimulatedRequest, "target">> = {}
): Dialect.SimulatedRequest => ({
  method: "GET",
  target,
  headers: {},
  body: new Uint8Array(0),
  remoteAddress: "192.0.2.1",
  ...options
})

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly json: unknown
}

export const ask = (
  simulator: Simulator.Simulator,
  target: string,
  options?: Partial<Omit<Dialect.SimulatedRequest, "target">>
): Effect.Effect<Answer, Simulator.SimulatedFault> =>
  Effect.map(simulator.handle(request(target, options)), (response): Answer => {
    const text = new TextDecoder().decode(response.body)
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : undefined
    }
  })

const hmac = (secret: Redacted.Redacted, payload: string): string =>
  createHmac("sha256", Redacted.value(secret)).update(payload).digest("hex")

/** The target and headers of a signed Binance request. */
export const binance = (
  path: string,
  query: string,
  { key, secret }: Account.Credentials
): readonly [target: string, options: { readonly headers: Readonly<Record<string, string>> }] => [
  `${path}?${query}&signature=${hmac(secret, query)}`,
  { headers: { "x-mbx-apikey": Redacted.value(key) } }
]

/** The headers of a signed BitMEX request. */
export const bitmex = (
  target: string,
  expires: number | string,
  { key, secret }: Account.Credentials,
  method = "GET",
  body = ""
): { readonly headers: Readonly<Record<string, string>> } => ({
  headers: {
    "api-key": Redacted.value(key),
    "api-expires": String(expires),
    "api-signature": hmac(secret, method + target + String(expires) + body)
  }
})

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The rows of a JSON array of objects; empty when it is anything else. */
export const rows = (value: unknown): ReadonlyArray<Readonly<Record<string, unknown>>> =>
  Array.isArray(value) ? value.filter(isRecord) : []

export const field = (value: unknown, name: string): unknown => isRecord(value) ? value[name] : undefined
