import * as Cookies from "@effect/platform/Cookies"
import * as Headers from "@effect/platform/Headers"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { ConnectionError } from "./bodies.js"
import type { Step } from "./scriptedStep.js"

/**
 * Creates a complete response without delay.
 *
 * @internal
 */
export const step = (
  status: number,
  headers: { readonly [name: string]: string },
  text: string
): ConstructorParameters<typeof ScriptedResponse>[1] => ({
  _tag: "Response",
  status,
  headers: { ...headers },
  chunks: [text],
  pause: Duration.zero,
  broken: false,
  delay: Duration.zero
})

/**
 * A response that only fibers read. The platform's own response reads through promises, for which `TestClock` does not
 * wait.
 *
 * @internal
 */
export class ScriptedResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly request: HttpClientRequest.HttpClientRequest
  readonly status: number
  readonly headers: Headers.Headers
  readonly cookies: Cookies.Cookies = Cookies.empty
  readonly remoteAddress: Option.Option<string> = Option.none()
  readonly stream: Stream.Stream<Uint8Array, HttpClientError.ResponseError>

  constructor(request: HttpClientRequest.HttpClientRequest, step: Extract<Step, { readonly _tag: "Response" }>) {
    super()
    this.request = request
    this.status = step.status
    this.headers = Headers.fromInput(step.headers)
    const pieces = Stream.fromIterable(step.chunks).pipe(
      Stream.rechunk(1),
      Stream.zipWithIndex,
      Stream.mapEffect(([chunk, index]) =>
        index === 0 ? Effect.succeed(chunk) : Effect.delay(Effect.succeed(chunk), step.pause)
      ),
      Stream.encodeText
    )
    this.stream = step.broken
      ? Stream.concat(
        pieces,
        Stream.suspend(() =>
          Stream.fail(this.failed(new ConnectionError({ code: "UND_ERR_SOCKET", message: "other side closed" })))
        )
      )
      : pieces
  }

  get text(): Effect.Effect<string, HttpClientError.ResponseError> {
    return this.stream.pipe(Stream.decodeText(), Stream.mkString)
  }

  get json(): Effect.Effect<unknown, HttpClientError.ResponseError> {
    return Effect.tryMap(this.text, {
      try: (text): unknown => text === "" ? null : JSON.parse(text),
      catch: (cause) => this.failed(cause)
    })
  }

  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams, HttpClientError.ResponseError> {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }

  get arrayBuffer(): Effect.Effect<ArrayBuffer, HttpClientError.ResponseError> {
    return Effect.map(this.text, (text) => new TextEncoder().encode(text).buffer)
  }

  get formData(): Effect.Effect<FormData, HttpClientError.ResponseError> {
    return this.failed("ScriptedHttp does not respond with multipart forms")
  }

  override toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, {
      _id: "@effect/platform/HttpClientResponse",
      request: this.request.toJSON(),
      status: this.status
    })
  }

  private failed(cause: unknown): HttpClientError.ResponseError {
    return new HttpClientError.ResponseError({ request: this.request, response: this, reason: "Decode", cause })
  }
}
