import { type Credentials, Decimal, type ExchangeError } from "@effect-exchange/core"
import type { Endpoint, Protocol } from "@effect-exchange/core/adapter"
import { Simulator } from "@effect-exchange/simulator"
import { BigDecimal, Duration, Effect, Either, Option, Redacted, Schema } from "effect"
import { readFileSync } from "node:fs"

/** The keys printed in Binance's own documents. */
export const documented: Credentials.Credentials = {
  key: Redacted.make("vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"),
  secret: Redacted.make("NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j")
}

/** 2025-11-24T00:00:00Z */
export const now = 1_763_942_400_000

export const fixture = (name: string, method: "get" | "post" | "delete" = "get"): string =>
  readFileSync(new URL(`./fixtures/http_${method}_${name}.json`, import.meta.url), "utf8")

const parse = Schema.decodeUnknownOption(Schema.parseJson())

/** Parses text like the engine: `undefined` if it is not JSON. */
export const json = (text: string): unknown => Option.getOrUndefined(parse(text))

const decodeRecord = Schema.decodeUnknownSync(
  Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
)

export const record = (text: string): { readonly [name: string]: unknown } => decodeRecord(text)

export const decode = <C extends Endpoint.Capability, A>(endpoint: Endpoint.Endpoint<C, never, A>, body: unknown) =>
  Either.getOrThrow(endpoint.decode(body))

export const fails = <C extends Endpoint.Capability, A>(endpoint: Endpoint.Endpoint<C, never, A>, body: unknown) =>
  Either.isLeft(endpoint.decode(body))

/** Formats decimals as text, and removes `undefined` fields. */
export const shown = (value: object, ...without: ReadonlyArray<string>): { readonly [name: string]: unknown } =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([name, field]) => field !== undefined && !without.includes(name))
      .map(([name, field]) => [name, BigDecimal.isBigDecimal(field) ? Decimal.format(field) : field])
  )

export const answer = (
  status: number,
  body: string,
  headers: Protocol.Headers = {}
): Protocol.Answer => ({
  status,
  headers,
  json: json(body),
  now,
  about: { exchange: "binance", operation: "test", status },
  clean: (text) => text.slice(0, 200)
})

export const error = (code: unknown, msg: string): string => JSON.stringify({ code, msg })

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

/** The requests to the simulated exchange: the method unless it is GET, the path and the response status. */
export const requestLog: Effect.Effect<ReadonlyArray<string>, Simulator.ExchangeNotSimulated, Simulator.Simulators> =
  Effect
    .gen(function*() {
      const simulators = yield* Simulator.Simulators
      const simulator = yield* simulators.get("binance")
      const requests = yield* simulator.requests
      return requests.map(({ fault, method, status, target }) =>
        `${method === "GET" ? "" : `${method} `}${target.split("?", 1).join("")} ${status ?? "-"}${
          fault === undefined ? "" : ` ${fault}`
        }`
      )
    })
