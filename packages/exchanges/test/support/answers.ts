import { Decimal, type ExchangeError } from "@effect-exchange/core"
import type { Endpoint, Protocol } from "@effect-exchange/core/adapter"
import { BigDecimal, Duration, Either, Option, Schema } from "effect"

/** 2025-11-24T00:00:00Z */
export const now = 1_763_942_400_000

/** The page of a gateway, instead of the exchange's own response. */
export const html = "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body></body></html>"

const parse = Schema.decodeUnknownOption(Schema.parseJson())

/** Parses text like the engine: `undefined` if it is not JSON. */
export const json = (text: string): unknown => Option.getOrUndefined(parse(text))

/** Returns a function that makes an answer of an exchange, as an adapter receives it `at` an instant. */
export const answerOf =
  (exchange: string, at = now) =>
  (status: number, text: string, headers: Protocol.Headers = {}, operation = "test"): Protocol.Answer => ({
    status,
    headers,
    json: json(text),
    text,
    now: at,
    about: { exchange, operation, status },
    clean: (text) => text.slice(0, 200).trim()
  })

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
