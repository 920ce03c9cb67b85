import type { Credentials, ExchangeError } from "@effect-exchange/core"
import type { Protocol } from "@effect-exchange/core/adapter"
import { Simulator } from "@effect-exchange/simulator"
import { Duration, Effect, Option, Redacted, Schema } from "effect"
import { readFileSync } from "node:fs"

/** The keys printed in BitMEX's own documents. */
export const documented: Credentials.Credentials = {
  key: Redacted.make("LAqUlngMIQkIUjXMUreyu3qn"),
  secret: Redacted.make("chNOOS4KvNXR_Xq4k4c9qsfoKWvnDecLATCRlcBwyKDYnWgO")
}

/** 2025-11-24T00:00:00Z */
export const now = 1_763_942_400_000

export const fixture = (name: string): string =>
  readFileSync(new URL(`./fixtures/http_get_${name}.json`, import.meta.url), "utf8")

const parse = Schema.decodeUnknownOption(Schema.parseJson())

/** Parses text like the engine: `undefined` if it is not JSON. */
export const json = (text: string): unknown => Option.getOrUndefined(parse(text))

export const answer = (
  status: number,
  body: string,
  headers: Protocol.Headers = {}
): Protocol.Answer => ({
  status,
  headers,
  json: json(body),
  now,
  about: { exchange: "bitmex", operation: "test", status },
  clean: (text) => text.slice(0, 200)
})

export const error = (message: unknown, name: unknown = "HTTPError"): string =>
  JSON.stringify({ error: { message, name } })

export const html = "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body></body></html>"

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

/** The requests to the simulated exchange: the method, the path and the response status. */
export const requestLog: Effect.Effect<ReadonlyArray<string>, Simulator.ExchangeNotSimulated, Simulator.Simulators> =
  Effect
    .gen(function*() {
      const simulators = yield* Simulator.Simulators
      const simulator = yield* simulators.get("bitmex")
      const requests = yield* simulator.requests
      return requests.map(({ fault, status, target }) =>
        `${target.split("?", 1).join("")} ${status ?? "-"}${fault === undefined ? "" : ` ${fault}`}`
      )
    })
