import * as Timeout from "@effect-exchange/resilience/Timeout"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { proxyFailure } from "../../model/internal/proxyFailed.js"
import * as InFlight from "../InFlight.js"
import * as Transport from "../Transport.js"
import { codeOf, neverConnected } from "./connection.js"
import { NotUnpacked, sentence, TooLarge } from "./unreadableBody.js"

/**
 * Disables the platform's spans, which record the signed URL and every header, and its trace headers.
 *
 * @internal
 */
export const withoutTracing = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
  client.pipe(
    HttpClient.withTracerDisabledWhen(() => true),
    HttpClient.withTracerPropagation(false)
  )

/**
 * Returns the transport that is attached to an `HttpClient`, or one that uses the `HttpClient` itself.
 *
 * @internal
 */
export const over = (client: HttpClient.HttpClient): Transport.Transport =>
  Transport.attachedTo(client) ?? { send: sending(withoutTracing(client)) }

/**
 * Sends the request exactly as signed and reads the response. If reading is abandoned, the scope aborts the request.
 */
const sending = (client: HttpClient.HttpClient): Transport.Transport["send"] =>
(
  { about, body, headers, maxBytes, method, origin, path, timeout }
) => {
  const bare = HttpClientRequest.make(method)(origin + path, { headers })
  const full = body === "" ? bare : HttpClientRequest.bodyText(bare, body, headers["content-type"])
  // By default, `fetch` follows redirects and would send keys along.
  const context = Context.make(FetchHttpClient.RequestInit, { redirect: "manual" }).pipe(
    Context.add(InFlight.InFlight, Option.some(about))
  )
  return HttpClient.withScope(client).execute(full).pipe(
    Effect.flatMap((response) =>
      Effect.map(readText(response, maxBytes), (text) => ({ status: response.status, headers: response.headers, text }))
    ),
    Effect.scoped,
    // Streams run in their own fibers, whose failures Effect logs at debug level, including the signed URL.
    Effect.withUnhandledErrorLogLevel(Option.none()),
    Effect.mapInputContext((outer: Context.Context<never>) => Context.merge(outer, context)),
    Effect.catchTags({
      RequestError: ({ cause, reason }) => Effect.fail(failure(cause, reason !== "Transport" || neverConnected(cause))),
      ResponseError: ({ cause }) => Effect.fail(failure(cause, false))
    }),
    Timeout.attempt({ duration: timeout, onTimeout: (): Transport.Failure => ({ _tag: "TimedOut" }) })
  )
}

/**
 * Converts the cause of a failed request to a transport failure.
 *
 * @internal
 */
export const failure = (cause: unknown, isUnsent: boolean): Transport.Failure => {
  if (cause instanceof TooLarge) return tooLarge(sentence(cause))
  if (cause instanceof NotUnpacked) return { _tag: "BodyNotUnpacked", coding: cause.coding }
  const code = codeOf(cause)
  if (code === "UND_ERR_RES_EXCEEDED_MAX_SIZE") return tooLarge("the HTTP client's limit (see its maxResponseSize)")
  const detail = proxyFailure(cause)?.message
  return { _tag: "ConnectionFailed", outcome: isUnsent ? "NotSent" : "Unknown", code, detail }
}

const tooLarge = (limit: string): Transport.Failure => ({ _tag: "BodyTooLarge", limit })

/** @internal */
export const tooMany = (maxBytes: number): Transport.Failure =>
  tooLarge(sentence({ bytes: maxBytes, option: "maxResponseBytes" }))

const readText = (
  response: HttpClientResponse.HttpClientResponse,
  maxBytes: number
): Effect.Effect<string, HttpClientError.ResponseError | Transport.Failure> => {
  const declared = Number(response.headers["content-length"] ?? Number.NaN)
  if (declared > maxBytes) return Effect.fail(tooMany(maxBytes))
  // HTTP limits a body to its declared length. A compressed body must be counted instead.
  if (declared <= maxBytes && response.headers["content-encoding"] === undefined) return response.text
  const decoder = new TextDecoder()
  return response.stream.pipe(
    Stream.runFoldEffect({ size: 0, text: "" }, ({ size, text }, chunk) =>
      size + chunk.byteLength > maxBytes
        ? Effect.fail(tooMany(maxBytes))
        : Effect.succeed({ size: size + chunk.byteLength, text: text + decoder.decode(chunk, { stream: true }) })),
    Effect.map(({ text }) => text + decoder.decode())
  )
}
