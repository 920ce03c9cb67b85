import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"

/**
 * A connection error like those of Node, which clients classify by its `code`.
 *
 * @internal
 */
export class ConnectionError extends Data.Error<{ readonly code: string; readonly message: string }> {}

/**
 * Reads the body of a request as text.
 *
 * @internal
 */
export const text = (
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<string, HttpClientError.RequestError> => {
  const { body } = request
  const failed = (cause: unknown) => new HttpClientError.RequestError({ request, reason: "Encode", cause })
  switch (body._tag) {
    case "Empty":
      return Effect.succeed("")
    case "Uint8Array":
      return Effect.succeed(new TextDecoder().decode(body.body))
    case "Stream":
      return body.stream.pipe(Stream.decodeText(), Stream.mkString, Effect.mapError(failed))
    case "Raw":
      return Predicate.isString(body.body)
        ? Effect.succeed(body.body)
        : failed("ScriptedHttp records only text; send the body as text, bytes or a stream")
    case "FormData":
      return failed("ScriptedHttp records only text; it does not support multipart forms")
  }
}
