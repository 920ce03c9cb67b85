/**
 * Records the responses of an exchange as fixtures that `Replay` serves.
 *
 * A recorded request has no headers, and only the parts of its query and body that are known to be harmless. No key,
 * secret, passphrase, nonce, signature or token gets into a fixture. Responses are recorded in full, except for secret
 * values of the request and fields with the name of a secret. They therefore contain data of the account (balances,
 * orders).
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { ScriptedResponse, step } from "./internal/scriptedResponse.js"
import * as stripping from "./internal/stripping.js"

/**
 * A request without secrets, and its response. `query` and `body` hold the harmless parts in sorted order. `text` is
 * the body of the response.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fixture extends Schema.Schema.Type<typeof Fixture> {}

/**
 * The schema of a {@link Fixture}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Fixture = Schema.Struct({
  method: Schema.String,
  path: Schema.String,
  query: Schema.String,
  body: Schema.String,
  status: Schema.Int,
  headers: Schema.Record({ key: Schema.String, value: Schema.String }),
  text: Schema.String
})

/**
 * The options of a recording.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The names of the query and body parameters to record. Defaults to {@link parameters}. */
  readonly parameters?: ReadonlyArray<string> | undefined
  /** The prefixes of the names of the response headers to record. Defaults to {@link headers}. */
  readonly headers?: ReadonlyArray<string> | undefined
  /** Additional secrets to remove. The values of request headers and of all other parameters are always removed. */
  readonly secrets?: ReadonlyArray<Redacted.Redacted> | undefined
}

/**
 * The parameters that name markets, ranges, pages and orders on the exchanges of this library. They never include
 * signing timestamps, nonces, keys or client order ids.
 *
 * @since 0.1.0
 * @category options
 */
export const parameters: ReadonlyArray<string> = stripping.parameters

/**
 * The request headers that contain no secrets. The values of all other headers are removed from recordings.
 *
 * @since 0.1.0
 * @category constants
 */
export const harmlessHeaders: ReadonlySet<string> = stripping.harmless

/**
 * The prefixes of response headers that describe the content or the usage of a rate limit. They exclude `date`, which
 * would set a client's clock back during a replay.
 *
 * @since 0.1.0
 * @category options
 */
export const headers: ReadonlyArray<string> = [
  "content-type",
  "retry-after",
  "ratelimit",
  "x-ratelimit",
  "x-mbx-used-weight",
  "x-mbx-order-count",
  "x-sapi-used",
  "x-bapi-limit"
]

/**
 * Wraps the `HttpClient` of the context and passes each response to `sink` before the caller receives it. A response is
 * recorded once its whole body has been read, so a body that breaks off is not recorded.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerSink = (
  sink: (fixture: Fixture) => Effect.Effect<void>,
  options: Options = {}
): Layer.Layer<HttpClient.HttpClient, never, HttpClient.HttpClient> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, HttpClient.transform((answer, request) => record(answer, request, sink, options)))
  )

/**
 * Records into a directory, as {@link layerSink} does into a sink: one JSON file per response, numbered after the
 * existing files.
 *
 * @example
 * import { NodeExchange } from "@effect-exchange/core/node"
 * import { Recording } from "@effect-exchange/testing"
 * import { Layer } from "effect"
 *
 * const recording = Recording.layer({ directory: "test/fixtures" }).pipe(Layer.provide(NodeExchange.layer))
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options & { readonly directory: string }
): Layer.Layer<HttpClient.HttpClient, PlatformError, HttpClient.HttpClient | FileSystem.FileSystem> =>
  Layer.unwrapEffect(Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    yield* files.makeDirectory(options.directory, { recursive: true })
    const there = (yield* files.readDirectory(options.directory)).map((name) => Number.parseInt(name, 10))
    const next = yield* Ref.make(1 + Math.max(0, ...there.filter(Number.isInteger)))
    return layerSink(
      (fixture) =>
        Effect.flatMap(Ref.getAndUpdate(next, (number) => number + 1), (number) =>
          // A recording that cannot be written must not go unnoticed.
          Effect.orDie(
            files.writeFileString(`${options.directory}/${fileName(number, fixture)}`, `${encode(fixture)}\n`)
          )),
      options
    )
  }))

const encode = Schema.encodeSync(Schema.parseJson(Fixture, { space: 2 }))

const fileName = (number: number, { method, path }: Fixture): string =>
  `${String(number).padStart(4, "0")}-${method}${path.replace(/[^A-Za-z0-9]+/g, "-").slice(0, 80)}.json`

const record = (
  answer: Effect.Effect<HttpClientResponseLike, HttpClientError.HttpClientError>,
  request: HttpClientRequest.HttpClientRequest,
  sink: (fixture: Fixture) => Effect.Effect<void>,
  options: Options
): Effect.Effect<ScriptedResponse, HttpClientError.HttpClientError> =>
  Effect.gen(function*() {
    const allowed = new Set(options.parameters ?? parameters)
    const asked = yield* stripping.strip(request, allowed)
    const response = yield* answer
    const text = yield* response.text
    const scrub = stripping.scrubber([...asked.secrets, ...(options.secrets ?? []).map(Redacted.value)])
    yield* sink({
      ...asked.target,
      path: scrub(asked.target.path),
      status: response.status,
      headers: Object.fromEntries(
        Object.entries(response.headers)
          .filter(([name]) => (options.headers ?? headers).some((start) => name.startsWith(start)))
          .map(([name, value]) => [name, scrub(value)])
      ),
      text: scrub(stripping.mask(text))
    })
    return new ScriptedResponse(request, step(response.status, response.headers, text))
  })

type HttpClientResponseLike = Effect.Effect.Success<ReturnType<HttpClient.HttpClient["execute"]>>
