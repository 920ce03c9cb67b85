import * as Cookies from "@effect/platform/Cookies"
import * as Headers from "@effect/platform/Headers"
import type * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import type { SimulatedRequest, SimulatedResponse } from "../Dialect.js"
import * as Delivery from "./delivery.js"

/**
 * Creates an HTTP client for the given hosts. `unknownHost` and `cutOff` create the errors for other hosts and for
 * truncated bodies.
 *
 * @internal
 */
export const httpClient = <E>(
  hosts: ReadonlyMap<string, { readonly handle: (request: SimulatedRequest) => Effect.Effect<SimulatedResponse, E> }>,
  unknownHost: (host: string) => E,
  cutOff: (host: string) => E
): Context.Context<HttpClient.HttpClient> =>
  Context.make(
    HttpClient.HttpClient,
    HttpClient.make((request, url) => {
      const transportFailed = (cause: E) => new HttpClientError.RequestError({ request, reason: "Transport", cause })
      const host = url.protocol === "http:" ? hosts.get(url.host) : undefined
      if (host === undefined) return transportFailed(unknownHost(url.host))
      return bytesOf(request).pipe(
        Effect.flatMap((body) =>
          Effect.mapError(
            host.handle({
              method: request.method,
              target: url.pathname + url.search,
              headers: { ...request.headers, host: url.host },
              body,
              remoteAddress: "127.0.0.1"
            }),
            transportFailed
          )
        ),
        Effect.flatMap((response) => responseOf(request, response, cutOff(url.host)))
      )
    })
  )

const bytesOf = (
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<Uint8Array, HttpClientError.RequestError> => {
  const body: HttpBody.HttpBody = request.body
  const unsupported = (cause: unknown) => new HttpClientError.RequestError({ request, reason: "Encode", cause })
  switch (body._tag) {
    case "Empty":
      return Effect.succeed(new Uint8Array(0))
    case "Uint8Array":
      return Effect.succeed(body.body)
    case "Stream":
      return Delivery.collect(Stream.mapError(body.stream, unsupported))
    case "Raw":
      if (typeof body.body === "string") return Effect.succeed(new TextEncoder().encode(body.body))
      if (Predicate.isUint8Array(body.body)) return Effect.succeed(body.body)
      return unsupported("A simulated exchange accepts only text and bytes.")
    case "FormData":
      return unsupported("A simulated exchange does not accept multipart forms.")
  }
}

// Not `HttpClientResponse.fromWeb`, which reads bodies through promises: an interruption would not reach them.
const responseOf = (
  request: HttpClientRequest.HttpClientRequest,
  source: SimulatedResponse,
  cutOff: unknown
): Effect.Effect<HttpClientResponse.HttpClientResponse> =>
  Effect.gen(function*() {
    const failed = (cause: unknown): HttpClientError.ResponseError =>
      new HttpClientError.ResponseError({ request, response, reason: "Decode", cause })
    const stream = Stream.suspend(() => Stream.mapError(Delivery.body(source, cutOff), failed))
    const bytes = yield* Effect.cached(Effect.suspend(() => Delivery.collect(stream)))
    const response = new Response(request, source, stream, bytes, failed)
    return response
  })

class Response extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly request: HttpClientRequest.HttpClientRequest
  readonly status: number
  readonly headers: Headers.Headers
  readonly cookies = Cookies.empty
  readonly remoteAddress = Option.none<string>()
  readonly stream: Stream.Stream<Uint8Array, HttpClientError.ResponseError>
  readonly text: Effect.Effect<string, HttpClientError.ResponseError>
  readonly json: Effect.Effect<unknown, HttpClientError.ResponseError>
  readonly urlParamsBody: Effect.Effect<UrlParams.UrlParams, HttpClientError.ResponseError>
  readonly arrayBuffer: Effect.Effect<ArrayBuffer, HttpClientError.ResponseError>
  readonly formData: Effect.Effect<FormData, HttpClientError.ResponseError>

  constructor(
    request: HttpClientRequest.HttpClientRequest,
    source: SimulatedResponse,
    stream: Stream.Stream<Uint8Array, HttpClientError.ResponseError>,
    bytes: Effect.Effect<Uint8Array<ArrayBuffer>, HttpClientError.ResponseError>,
    failed: (cause: unknown) => HttpClientError.ResponseError
  ) {
    super()
    this.request = request
    this.status = source.status
    this.headers = Headers.fromInput({ "content-length": String(source.body.length), ...source.headers })
    this.stream = stream
    this.text = Effect.map(bytes, (body) => new TextDecoder().decode(body))
    this.json = Effect.tryMap(this.text, {
      try: (text): unknown => text === "" ? null : JSON.parse(text),
      catch: failed
    })
    this.urlParamsBody = Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
    this.arrayBuffer = Effect.map(bytes, (body) => body.buffer)
    this.formData = Effect.suspend(() => failed("A simulated exchange does not respond with multipart forms."))
  }

  override toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, {
      _id: "@effect/platform/HttpClientResponse",
      request: this.request.toJSON(),
      status: this.status
    })
  }
}
