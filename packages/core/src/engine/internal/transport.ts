import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Outcome } from "../../model/ExchangeError.js"
import * as InFlight from "../InFlight.js"
import type { Headers, Signed } from "../Protocol.js"
import { codeOf, neverStood } from "./connection.js"
import { NotUnpacked, TooLarge } from "./unread.js"

/** @internal */
export interface RawAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** @internal */
export type SendError =
  | { readonly _tag: "ConnectionFailed"; readonly outcome: Outcome; readonly code: string | undefined }
  /** The limit as it is said: how much, and which option moves it. */
  | { readonly _tag: "BodyTooLarge"; readonly limit: string }
  | { readonly _tag: "BodyNotUnpacked"; readonly coding: string }

/**
 * The client as exchanges must be called: no span of the platform's (it records the signed URL and every header) and no
 * trace headers.
 *
 * @internal
 */
export const discreet = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
  client.pipe(
    HttpClient.withTracerDisabledWhen(() => true),
    HttpClient.withTracerPropagation(false)
  )

/**
 * Sends the request exactly as signed and reads the answer, up to `maxBytes` of it. The scope aborts whatever is left of
 * the exchange when the answer is abandoned half-way.
 *
 * @internal
 */
export const send = (
  client: HttpClient.HttpClient,
  origin: string,
  request: Signed,
  inFlight: InFlight.Request,
  maxBytes: number
): Effect.Effect<RawAnswer, SendError> => {
  const url = `${origin}${request.path}${request.query === "" ? "" : `?${request.query}`}`
  const bare = HttpClientRequest.make(request.method)(url, {
    headers: { accept: "application/json", ...request.headers }
  })
  const contentType = request.headers["content-type"]
  const full = request.body === "" ? bare : HttpClientRequest.bodyText(bare, request.body, contentType)
  // `fetch` would follow redirects by itself, and keys would travel along.
  const context = Context.make(FetchHttpClient.RequestInit, { redirect: "manual" }).pipe(
    Context.add(InFlight.InFlight, Option.some(inFlight))
  )
  return HttpClient.withScope(client).execute(full).pipe(
    Effect.flatMap((response) =>
      Effect.map(readText(response, maxBytes), (text) => ({ status: response.status, headers: response.headers, text }))
    ),
    Effect.scoped,
    // Streams run in fibers of their own, whose failures Effect logs at debug level: with the signed URL in them.
    Effect.withUnhandledErrorLogLevel(Option.none()),
    Effect.mapInputContext((outer: Context.Context<never>) => Context.merge(outer, context)),
    Effect.catchTags({
      RequestError: failure,
      ResponseError: failure
    })
  )
}

const failure = (
  error: HttpClientError.HttpClientError
): Effect.Effect<never, SendError> => {
  const { cause } = error
  if (cause instanceof TooLarge) return tooLarge(`${cause.limit} bytes (see maxBytes of NodeExchange)`)
  if (cause instanceof NotUnpacked) return Effect.fail({ _tag: "BodyNotUnpacked", coding: cause.coding })
  const code = codeOf(cause)
  if (code === "UND_ERR_RES_EXCEEDED_MAX_SIZE") return tooLarge("the HTTP client reads (see its maxResponseSize)")
  const unsent = error._tag === "RequestError" && (error.reason !== "Transport" || neverStood(cause))
  return Effect.fail({ _tag: "ConnectionFailed", outcome: unsent ? "NotSent" : "Unknown", code })
}

const tooLarge = (limit: string): Effect.Effect<never, SendError> => Effect.fail({ _tag: "BodyTooLarge", limit })

const tooMany = (maxBytes: number): Effect.Effect<never, SendError> =>
  tooLarge(`${maxBytes} bytes (see maxResponseBytes)`)

const readText = (
  response: HttpClientResponse.HttpClientResponse,
  maxBytes: number
): Effect.Effect<string, HttpClientError.ResponseError | SendError> => {
  const declared = Number(response.headers["content-length"] ?? Number.NaN)
  if (declared > maxBytes) return tooMany(maxBytes)
  // HTTP holds a body to its declared length, unless it is compressed: then only counting helps.
  if (declared <= maxBytes && response.headers["content-encoding"] === undefined) return response.text
  const decoder = new TextDecoder()
  return response.stream.pipe(
    Stream.runFoldEffect({ size: 0, text: "" }, ({ size, text }, chunk) =>
      size + chunk.byteLength > maxBytes
        ? tooMany(maxBytes)
        : Effect.succeed({ size: size + chunk.byteLength, text: text + decoder.decode(chunk, { stream: true }) })),
    Effect.map(({ text }) => text + decoder.decode())
  )
}
