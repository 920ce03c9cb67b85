/**
 * Logs each request and response on one line, without secrets.
 *
 * @internal
 */
import * as InFlight from "@effect-exchange/core/engine/InFlight"
import * as Telemetry from "@effect-exchange/core/ports/Telemetry"
import * as Recording from "@effect-exchange/testing/Recording"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import * as Tracer from "effect/Tracer"
import type { Screen } from "../Screen.js"

const native = Context.get(DefaultServices.liveServices, Tracer.Tracer)

/**
 * @internal A tracer that discards its spans. Because it is not Effect's default tracer, the client creates a span per
 * attempt, from which the number of the attempt is read.
 */
export const tracer: Tracer.Tracer = Tracer.make({
  span: (...options) => native.span(...options),
  context: (execution, fiber) => native.context(execution, fiber)
})

/** @internal Makes the `HttpClient` of a context log everything that goes through it. */
export const watched = <R>(
  context: Context.Context<R | HttpClient.HttpClient>,
  screen: Screen.Service
): Context.Context<R | HttpClient.HttpClient> =>
  Context.add(
    context,
    HttpClient.HttpClient,
    HttpClient.transform(
      Context.get(context, HttpClient.HttpClient),
      (answer, request) => watch(answer, request, screen)
    )
  )

type Answer = Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>

const watch = (answer: Answer, request: HttpClientRequest.HttpClientRequest, screen: Screen.Service): Answer =>
  Effect.gen(function*() {
    const { host, pathname } = new URL(request.url, "http://localhost")
    const { exchange } = Option.getOrElse(yield* InFlight.InFlight, () => ({ exchange: host }))
    const attempt = yield* attemptOf
    const shownRequest = `${exchange} ${request.method} ${host}${pathname}`
    const began = yield* Clock.currentTimeMillis
    const print = (text: string) => screen.err(`${printable(text)}\n`)
    const took = Effect.map(Clock.currentTimeMillis, (now) => `${now - began} ms, attempt ${attempt}`)
    const printFailure = (why: string) =>
      Effect.flatMap(took, (took) => print(`< ${shownRequest}: no response in ${took}: ${why}`))
    yield* print(`> ${shownRequest}, attempt ${attempt}`)
    const kept = yield* Ref.make(Option.none<Recording.Fixture>())
    const response = yield* recorded(answer, request, (fixture) => Ref.set(kept, Option.some(fixture))).pipe(
      Effect.tapError(({ reason }) => printFailure(reason === "Transport" ? "the connection failed" : reason)),
      Effect.onInterrupt(() => printFailure("the request was canceled"))
    )
    const size = new TextEncoder().encode(yield* response.text).length
    const fixture = yield* Ref.get(kept)
    const query = Option.match(fixture, { onNone: () => "", onSome: ({ query }) => query === "" ? "" : `?${query}` })
    const shown = Option.match(fixture, { onNone: () => "", onSome: ({ text }) => excerpt(text, request) })
    yield* print(`< ${shownRequest}${query}: ${response.status} in ${yield* took}, ${size} bytes: ${shown}`)
    return response
  })

const attemptOf: Effect.Effect<string> = Effect.match(Effect.currentSpan, {
  onFailure: () => "1",
  onSuccess: ({ attributes }) => String(attributes.get(Telemetry.attributes.attempt) ?? 1)
})

/**
 * Reads the whole response and passes it on as a recording does: without keys, signatures and fields that are named
 * like a secret.
 */
const recorded = (
  answer: Answer,
  request: HttpClientRequest.HttpClientRequest,
  sink: (fixture: Recording.Fixture) => Effect.Effect<void>
): Answer => {
  const secrets = secretsOf(request).map((secret) => Redacted.make(secret))
  const client = HttpClient.make(() => answer)
  return HttpClient.HttpClient.pipe(
    Effect.flatMap((recording) => recording.execute(request)),
    Effect.provide(Layer.provide(Recording.layerSink(sink, { secrets }), Layer.succeed(HttpClient.HttpClient, client))),
    Effect.scoped
  )
}

const allowed: ReadonlySet<string> = new Set(Recording.parameters)

/**
 * The values in the headers and the query of a request that are not known to be harmless: each whole, in pieces, and
 * the claims encoded in it.
 */
const secretsOf = ({ headers, url }: HttpClientRequest.HttpClientRequest): ReadonlyArray<string> => {
  const query = [...new URL(url, "http://localhost").searchParams].flatMap(([name, value]) =>
    allowed.has(name) ? [] : [value]
  )
  const texts = [
    ...query,
    ...Object.entries(headers).flatMap(([name, value]) => Recording.harmlessHeaders.has(name) ? [] : [value])
  ]
  const pieces = texts.flatMap((text) => [text, ...text.split(/[\s,;=.]+/)])
  return [...pieces, ...pieces.flatMap(encoded)].filter((text) => text.length >= 8 && !/^\d+$/.test(text))
}

const decodeClaims = Schema.decodeUnknownOption(
  Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
)

const encoded = (piece: string): ReadonlyArray<string> =>
  Option.match(Option.flatMap(Either.getRight(Encoding.decodeBase64UrlString(piece)), decodeClaims), {
    onNone: () => [],
    onSome: (claims) => Object.values(claims).filter((value) => typeof value === "string")
  })

const longest = 400

const excerpt = (text: string, request: HttpClientRequest.HttpClientRequest): string => {
  if (hides(text, secretsOf(request))) return "not shown, because it contains a secret"
  const plain = printable(text)
  return plain.length > longest ? `${plain.slice(0, longest)}…` : plain
}

/** Removed secrets may still occur in another case or another encoding. */
const hides = (text: string, secrets: ReadonlyArray<string>): boolean => {
  const bare = (text: string): string => text.toLowerCase().replace(/[\\\s\p{Cc}\p{Cf}]/gu, "")
  const decoded = (text: string): string => text.replace(/%([0-9a-f]{2})/gi, (_, hex) => fromCode(hex))
  const escaped = text.replace(/\\+u([0-9a-f]{4})/gi, (_, hex) => fromCode(hex))
  const forms = [escaped, decoded(escaped), decoded(decoded(escaped))].map(bare)
  return secrets.some((secret) => forms.some((form) => form.includes(bare(secret))))
}

const fromCode = (hex: string): string => String.fromCharCode(Number.parseInt(hex, 16))

const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]+/gu, " ")
