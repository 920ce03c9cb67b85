import * as Backoff from "@effect-exchange/resilience/Backoff"
import * as Idempotent from "@effect-exchange/resilience/Idempotent"
import * as Retry from "@effect-exchange/resilience/Retry"
import * as RetryAfter from "@effect-exchange/resilience/RetryAfter"
import * as Timeout from "@effect-exchange/resilience/Timeout"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import {
  ManagerUnavailable,
  ManagerUnreachable,
  SecretMalformed,
  type SecretSourceError,
  SourceMisconfigured
} from "../SecretSourceError.js"
import type { Limits } from "./limits.js"

/** @internal */
export interface Request {
  readonly method: "GET" | "POST"
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Sent unchanged, with the `content-type` of the headers. */
  readonly body?: string | undefined
}

/** @internal */
export interface Response {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** @internal */
export type Send = (request: Request) => Effect.Effect<Response, SecretSourceError>

/** An AWS secret is at most 64 KiB. A Vault secret is at most 1 MiB by default. */
const maxBytes = 2 * 1024 * 1024

/**
 * Creates a function that sends one request and reads the whole response.
 *
 * Nothing of the request or the response gets into a span, a log or an error: tracing is off, and an error has no
 * cause, only the code of the failure. Redirects are an error, so that a token is never sent elsewhere. Statuses for
 * which a retry may help (429 and 5xx) are errors too.
 *
 * @internal
 */
export const make = (source: string, http: HttpClient.HttpClient, { timeout = "3 seconds" }: Limits): Send => {
  const client = http.pipe(
    HttpClient.withTracerDisabledWhen(() => true),
    HttpClient.withTracerPropagation(false),
    HttpClient.withScope
  )
  const timedOut = () =>
    new ManagerUnreachable({
      source,
      detail: "the response was not complete in time; check whether the service is slow"
    })
  return (request) =>
    client.execute(requestOf(request)).pipe(
      Effect.flatMap((response) =>
        Effect.map(readText(source, response), (text) => ({ status: response.status, headers: response.headers, text }))
      ),
      Effect.scoped,
      // Streams run in their own fibers. Effect logs the failures of such fibers at debug level, including the request.
      Effect.withUnhandledErrorLogLevel(Option.none()),
      Effect.mapInputContext((outer: Context.Context<never>) => Context.merge(outer, manualRedirect)),
      Effect.catchTags({
        RequestError: ({ cause }) => Effect.fail(unreachable(source, cause)),
        ResponseError: ({ cause }) => Effect.fail(unreachable(source, cause))
      }),
      Timeout.attempt({ duration: timeout, onTimeout: timedOut }),
      Effect.flatMap((response) => checkStatus(source, response))
    )
}

const manualRedirect = Context.make(FetchHttpClient.RequestInit, { redirect: "manual" })

const requestOf = ({ body, headers, method, url }: Request): HttpClientRequest.HttpClientRequest => {
  const bare = HttpClientRequest.make(method)(url, { headers })
  return body === undefined ? bare : HttpClientRequest.bodyText(bare, body, headers["content-type"])
}

const checkStatus = (
  source: string,
  response: Response
): Effect.Effect<Response, ManagerUnavailable | SourceMisconfigured> => {
  const { headers, status } = response
  // With `redirect: "manual"`, `fetch` reports a redirect without its status, as status 0.
  if (status === 0 || (status >= 300 && status < 400)) {
    return Effect.fail(
      new SourceMisconfigured({
        source,
        status,
        detail: "redirects are not followed, so that a token is not sent elsewhere; use the final address"
      })
    )
  }
  if (status !== 429 && status < 500) return Effect.succeed(response)
  return Effect.flatMap(Effect.clock, (clock) =>
    Effect.fail(
      new ManagerUnavailable({
        source,
        status,
        retryAfter: RetryAfter.parse(headers["retry-after"], clock.unsafeCurrentTimeMillis()),
        detail: status === 429
          ? "too many requests; send them less often, or raise the limit"
          : status === 503
          ? "the service is unavailable; check whether it is sealed, in maintenance or overloaded"
          : "an internal error occurred; check the log of the service"
      })
    ))
}

const readText = (source: string, response: HttpClientResponse.HttpClientResponse) => {
  const decoder = new TextDecoder()
  return response.stream.pipe(
    Stream.runFoldEffect({ size: 0, text: "" }, ({ size, text }, chunk) =>
      size + chunk.byteLength > maxBytes
        ? Effect.fail(new SecretMalformed({ source, detail: `the response is larger than ${maxBytes} bytes` }))
        : Effect.succeed({ size: size + chunk.byteLength, text: text + decoder.decode(chunk, { stream: true }) })),
    Effect.map(({ text }) => text + decoder.decode())
  )
}

const unreachable = (source: string, cause: unknown): ManagerUnreachable =>
  new ManagerUnreachable({
    source,
    code: codeOf(cause),
    detail: "the service cannot be reached; check its address, its certificate and the network"
  })

/** Returns the code of an error or of one of its causes, if it looks like an error code. */
const codeOf = (error: unknown, depth = 0): string | undefined => {
  if (!Predicate.isObject(error) || depth > 4) return undefined
  const { cause, code }: { readonly code?: unknown; readonly cause?: unknown } = error
  return typeof code === "string" && /^E?[A-Z][A-Z_]{2,47}$/.test(code) ? code : codeOf(cause, depth + 1)
}

/**
 * Retries a read while its error is retryable, within one deadline for all attempts. The whole read must be safe to run
 * twice.
 *
 * @internal
 */
export const withRetries = (
  source: string,
  { attempts = 3, deadline = "10 seconds" }: Limits
): <A>(self: Effect.Effect<A, SecretSourceError>) => Effect.Effect<A, SecretSourceError> => {
  const retrying = Retry.retry<SecretSourceError>({
    attempts,
    backoff: Backoff.full({ base: "100 millis", max: "2 seconds" }),
    while: (error) => error.isRetryable,
    retryAfter: (error) =>
      error._tag === "ManagerUnavailable" ? Option.fromNullable(error.retryAfter) : Option.none<Duration.Duration>()
  })
  const withDeadline = Timeout.deadline<SecretSourceError>({
    duration: deadline,
    onTimeout: () =>
      new ManagerUnreachable({
        source,
        detail: `no result within ${Duration.format(Duration.decode(deadline))}; check whether the service is slow`
      })
  })
  return (self) => self.pipe(Idempotent.mark, retrying, withDeadline)
}
