/**
 * Error responses as `application/problem+json` (RFC 9457), with a status for each kind of failure.
 *
 * @since 0.1.0
 */
import type { ExchangeError } from "@effect-exchange/core"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

const kind = <Status extends number>(status: Status, description: string) =>
  HttpApiSchema.withEncoding(
    Schema.Struct({
      type: Schema.String,
      title: Schema.String,
      status: Schema.Literal(status),
      detail: Schema.String,
      exchange: Schema.optional(Schema.String),
      retryAfterSeconds: Schema.optional(Schema.Number)
    }).annotations({ identifier: `Problem${status}`, description, ...HttpApiSchema.annotations({ status }) }),
    { kind: "Json", contentType: "application/problem+json" }
  )

/**
 * The schemas of the problems, by status.
 *
 * @since 0.1.0
 * @category schemas
 */
export const kinds = {
  400: kind(400, "The request is invalid; `detail` says what to fix."),
  401: kind(401, "The request has no valid bearer token of this service."),
  404: kind(404, "The path, exchange or market does not exist."),
  405: kind(405, "The method is not allowed; this API is read-only."),
  410: kind(410, "The exchange no longer exists."),
  413: kind(413, "The request has a body, and this service does not accept one."),
  429: kind(429, "Too many requests from this client."),
  500: kind(500, "A bug in the service."),
  501: kind(501, "The exchange does not support the request."),
  502: kind(502, "The exchange could not be reached, refuses this service, or sent an invalid response."),
  503: kind(503, "No source is available now, or the service is overloaded. Retrying may help."),
  504: kind(504, "The exchange did not respond in time.")
} as const

/**
 * The status of a problem.
 *
 * @since 0.1.0
 * @category models
 */
export type Status = keyof typeof kinds

/**
 * A problem. `type` is a stable identifier of its kind, `title` the kind in words, and `detail` a sentence on this
 * occurrence. `retryAfterSeconds` is the value of the header `retry-after`.
 *
 * @since 0.1.0
 * @category models
 */
export type Problem = { readonly [S in Status]: Schema.Schema.Type<typeof kinds[S]> }[Status]

/**
 * The schema of a problem.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Problem: Schema.Schema<Problem> = Schema.Union(
  kinds[400],
  kinds[401],
  kinds[404],
  kinds[405],
  kinds[410],
  kinds[413],
  kinds[429],
  kinds[500],
  kinds[501],
  kinds[502],
  kinds[503],
  kinds[504]
)

/**
 * Returns `true` if the value is a problem.
 *
 * @since 0.1.0
 * @category guards
 */
export const isProblem: (input: unknown) => input is Problem = Schema.is(Problem)

/**
 * Creates a problem. `name` is the last part of its `type`, and in words its `title`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <S extends Status>(
  status: S,
  name: string,
  detail: string,
  more: { readonly exchange?: string | undefined; readonly retryAfter?: Duration.DurationInput | undefined } = {}
) => ({
  type: `urn:effect-exchange:problem:${name}`,
  title: name.replaceAll("-", " "),
  status,
  detail,
  ...more.exchange === undefined ? {} : { exchange: more.exchange },
  // Whole seconds, as in the header, and at least one, because with zero a client would retry immediately. Omitted if
  // infinite.
  ...more.retryAfter === undefined || !Duration.isFinite(Duration.decode(more.retryAfter))
    ? {}
    : { retryAfterSeconds: Math.max(1, Math.ceil(Duration.toSeconds(more.retryAfter))) }
})

/** The status for each error of an exchange. */
const statuses: { readonly [Tag in ExchangeError.MarketDataError["_tag"]]: Status } = {
  InvalidRequest: 400,
  SymbolNotFound: 404,
  ExchangeClosed: 410,
  Unsupported: 501,
  PermissionDenied: 502,
  TransportFailed: 502,
  MalformedResponse: 502,
  RateLimited: 503,
  Banned: 503,
  ExchangeUnavailable: 503,
  CircuitOpen: 503,
  BulkheadFull: 503,
  RateLimiterFull: 503,
  RequestTimedOut: 504,
  DeadlineExceeded: 504
}

/** The retry delay if the exchange gives none. */
const defaultRetryAfter = Duration.seconds(5)

/**
 * Converts an error of an exchange to a problem. `now` (epoch milliseconds) is used to compute the remaining time of a
 * ban, whose end is an instant.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromError = (error: ExchangeError.MarketDataError, now: number): Problem => {
  const status = statuses[error._tag]
  const name = error._tag.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase()
  const retryAfter = error._tag === "Banned"
    ? Duration.millis(error.until - now)
    : error.retryAfter ?? defaultRetryAfter
  return make(status, name, error.message, {
    exchange: error.exchange,
    retryAfter: status === 503 || status === 504 ? retryAfter : undefined
  })
}

/**
 * Creates the response for a problem.
 *
 * @since 0.1.0
 * @category responses
 */
export const respond = (problem: Problem): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(JSON.stringify(problem), {
    status: problem.status,
    contentType: "application/problem+json",
    headers: {
      "cache-control": "no-store",
      ...problem.retryAfterSeconds === undefined ? {} : { "retry-after": String(problem.retryAfterSeconds) },
      ...problem.status === 405 ? { allow: "GET, HEAD" } : {},
      ...problem.status === 401 ? { "www-authenticate": "Bearer realm=\"effect-exchange\"" } : {}
    }
  })
