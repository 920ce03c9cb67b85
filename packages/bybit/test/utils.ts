import { type Credentials, Decimal, type ExchangeError } from "@effect-exchange/core"
import type { Protocol } from "@effect-exchange/core/adapter"
import { Simulator } from "@effect-exchange/simulator"
import { type BigDecimal, Duration, Effect, Option, Redacted, Schema } from "effect"
import { readFileSync } from "node:fs"

/** The key of the reference signatures. */
export const documented: Credentials.Credentials = {
  key: Redacted.make("test_api_key"),
  secret: Redacted.make("test_secret")
}

/** 2025-11-24T00:00:00Z */
export const now = 1_763_942_400_000

export const fixture = (name: string): string =>
  readFileSync(new URL(`./fixtures/http_${name}.json`, import.meta.url), "utf8")

const parse = Schema.decodeUnknownOption(Schema.parseJson())

/** Parses text like the engine: `undefined` if it is not JSON. */
export const json = (text: string): unknown => Option.getOrUndefined(parse(text))

const Envelope = Schema.parseJson(
  Schema.Struct({ result: Schema.Record({ key: Schema.String, value: Schema.Unknown }) })
)

/** Returns the result in a fixture. */
export const result = (name: string): { readonly [name: string]: unknown } =>
  Schema.decodeSync(Envelope)(fixture(name)).result

export const envelope = (result: unknown, time = now): unknown => ({
  retCode: 0,
  retMsg: "OK",
  result,
  retExtInfo: {},
  time
})

export const answer = (
  status: number,
  text: string,
  headers: Protocol.Headers = {}
): Protocol.Answer => ({
  status,
  headers,
  json: json(text),
  text,
  now,
  about: { exchange: "bybit", operation: "test", status },
  clean: (text) => text.slice(0, 200)
})

export const error = (retCode: unknown, retMsg: string, empty: unknown = {}): string =>
  JSON.stringify({ retCode, retMsg, result: empty, retExtInfo: empty, time: now })

export const text = (decimal: BigDecimal.BigDecimal | undefined): string | undefined =>
  decimal === undefined ? undefined : Decimal.format(decimal)

/** The fields of an error that the tests compare. Times are in milliseconds. */
export interface Verdict {
  readonly tag: ExchangeError.ExchangeError["_tag"]
  readonly outcome: ExchangeError.Outcome
  readonly code?: string
  readonly retryAfter?: number
  readonly until?: number
}

export const verdict = (error: ExchangeError.ExchangeError): Verdict => ({
  tag: error._tag,
  outcome: error.outcome,
  ...error.code === undefined ? {} : { code: error.code },
  ...error._tag === "RateLimited" ? { retryAfter: Duration.toMillis(error.retryAfter) } : {},
  ...error._tag === "Banned" ? { until: error.until } : {}
})

export const simulator = Effect.flatMap(Simulator.Simulators, ({ get }) => get("bybit"))

/** The requests to the simulated exchange: the method, the path and the response status. */
export const requestLog: Effect.Effect<ReadonlyArray<string>, Simulator.ExchangeNotSimulated, Simulator.Simulators> =
  Effect
    .gen(function*() {
      const requests = yield* Effect.flatMap(simulator, ({ requests }) => requests)
      return requests.map(({ fault, method, status, target }) =>
        `${method} ${target.split("?", 1).join("")} ${status ?? "-"}${fault === undefined ? "" : ` ${fault}`}`
      )
    })
