/**
 * What an exchange answers, written down: fixtures to be served again by `Replay`.
 *
 * A request is written down without its headers, and of its query and body only what is known to be harmless; no key,
 * secret, passphrase, nonce, signature or token gets into a fixture. Answers are kept whole but for what the request had
 * kept secret and fields that are named like secrets: what they say of the account (balances, orders) is in them.
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
 * A request without secrets, and its answer. `query` and `body` hold what is known to be harmless, in one order; `text`
 * is the body of the answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fixture extends Schema.Schema.Type<typeof Fixture> {}

/**
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
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The names of query and body parameters that are written down. Defaults to {@link parameters}. */
  readonly parameters?: ReadonlyArray<string> | undefined
  /** What the names of answers' headers begin with that are written down. Defaults to {@link headers}. */
  readonly headers?: ReadonlyArray<string> | undefined
  /** Secrets that must not appear, beside all that a request has in its headers and in parameters of other names. */
  readonly secrets?: ReadonlyArray<Redacted.Redacted> | undefined
}

/**
 * Parameters that name markets, ranges, pages and orders, on the exchanges of this library. Never instants of signing,
 * nonces, keys, client order ids.
 *
 * @since 0.1.0
 * @category options
 */
export const parameters: ReadonlyArray<string> = stripping.parameters

/**
 * Headers of a request that are no secrets: whatever else stands in one is taken out of what is written down.
 *
 * @since 0.1.0
 * @category constants
 */
export const harmlessHeaders: ReadonlySet<string> = stripping.harmless

/**
 * Headers that say what an answer is and how much of a limit is used. Not `date`, which would set a client's clock back
 * when it is served again.
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
 * The `HttpClient` in reach, which gives every answer to `sink` as well, before the caller has it. Answers that were
 * never read to their end are not written down.
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
 * The same into a directory, one file of JSON an answer, numbered after those that are there already.
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
          // A recording that cannot be written is no recording.
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
