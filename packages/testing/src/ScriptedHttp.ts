/**
 * An `HttpClient` that sends nothing: it responds from a script and records every request. All waiting follows Effect's
 * clock, so a test with `TestClock` controls it.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import * as Bodies from "./internal/bodies.js"
import { ScriptedResponse } from "./internal/scriptedResponse.js"
import type { Step } from "./internal/scriptedStep.js"

export type { Step } from "./internal/scriptedStep.js"

/**
 * A request as it was sent. `url` includes the query, header names are lower-case, the body is text, and `at` is in
 * milliseconds since the epoch.
 *
 * @since 0.1.0
 * @category models
 */
export interface Request {
  readonly method: string
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body: string
  readonly at: number
}

/**
 * The options of a response.
 *
 * @since 0.1.0
 * @category models
 */
export interface ResponseOptions {
  /** Defaults to 200. */
  readonly status?: number | undefined
  /** Headers in addition to the content type and, unless the body is streamed, the content length. */
  readonly headers?: { readonly [name: string]: string } | undefined
}

/**
 * The responses to give: one step per request in order, or a function of the request and its zero-based index.
 *
 * @since 0.1.0
 * @category models
 */
export type Script = ReadonlyArray<Step> | ((request: Request, index: number) => Step)

/**
 * The script, and the requests it has received.
 *
 * @since 0.1.0
 * @category tags
 */
export class ScriptedHttp
  extends Context.Tag("@effect-exchange/testing/ScriptedHttp")<ScriptedHttp, ScriptedHttp.Service>()
{}

/**
 * The types of {@link ScriptedHttp}.
 *
 * @since 0.1.0
 * @category models
 */
export declare namespace ScriptedHttp {
  interface Service {
    /** Every request so far, oldest first. */
    readonly requests: Effect.Effect<ReadonlyArray<Request>>
    /** The number of requests whose response has not begun: not answered, failed or interrupted. */
    readonly inFlight: Effect.Effect<number>
    /** Adds steps to the script. They are used before a script that is a function. */
    readonly enqueue: (...steps: ReadonlyArray<Step>) => Effect.Effect<void>
    /** The number of steps that have not been used. */
    readonly remaining: Effect.Effect<number>
  }
}

const { Failure, Never, Response } = Data.taggedEnum<Step>()

/**
 * Creates a JSON response.
 *
 * @since 0.1.0
 * @category steps
 */
export const json = (body: unknown, options?: ResponseOptions): Step =>
  whole([JSON.stringify(body)], "application/json", options)

/**
 * Creates a text response, such as HTML from a proxy, an empty body or half a document.
 *
 * @since 0.1.0
 * @category steps
 */
export const text = (body: string, options?: ResponseOptions): Step => whole([body], "text/plain", options)

/**
 * Creates a response that announces the whole body and breaks the connection half-way through it.
 *
 * @since 0.1.0
 * @category steps
 */
export const truncated = (body: string, options?: ResponseOptions): Step => ({
  ...whole([body], "application/json", options),
  chunks: [body.slice(0, Math.floor(body.length / 2))],
  broken: true
})

/**
 * Creates a response of undeclared length in pieces, with a `pause` before each one but the first (defaults to zero).
 *
 * @since 0.1.0
 * @category steps
 */
export const streamed = (
  chunks: ReadonlyArray<string>,
  options: ResponseOptions & { readonly pause?: Duration.DurationInput | undefined } = {}
): Step =>
  Response({
    status: options.status ?? 200,
    headers: { "content-type": "application/json", ...options.headers },
    chunks,
    pause: Duration.decode(options.pause ?? Duration.zero),
    broken: false,
    delay: Duration.zero
  })

/**
 * Creates a connection failure before any response, with the `code` of Node's error (`ENOTFOUND`, `EPIPE`...).
 *
 * @since 0.1.0
 * @category steps
 */
export const failure = (code: string): Step => Failure({ code, delay: Duration.zero })

/**
 * A connection that the server refuses, `ECONNREFUSED`. Nothing was sent.
 *
 * @since 0.1.0
 * @category steps
 */
export const refused: Step = failure("ECONNREFUSED")

/**
 * A connection that is closed after the request was sent, `ECONNRESET`.
 *
 * @since 0.1.0
 * @category steps
 */
export const reset: Step = failure("ECONNRESET")

/**
 * A request that never receives a response.
 *
 * @since 0.1.0
 * @category steps
 */
export const never: Step = Never()

/**
 * Delays a step by a duration.
 *
 * @since 0.1.0
 * @category combinators
 */
export const delayed = (step: Step, duration: Duration.DurationInput): Step =>
  step._tag === "Never" ? step : { ...step, delay: Duration.sum(step.delay, duration) }

/**
 * Provides an `HttpClient` that follows the script, and its handle. A request for which the script has no step is a
 * mistake in the test, so it is a defect: a `ScriptExhausted` that names the request.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (script: Script): Layer.Layer<HttpClient.HttpClient | ScriptedHttp> =>
  Layer.effectContext(
    Effect.map(make(script), ({ client, handle }) =>
      Context.make(HttpClient.HttpClient, client).pipe(Context.add(ScriptedHttp, handle)))
  )

/**
 * Creates a client that follows the script, and its handle.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  script: Script
): Effect.Effect<{ readonly client: HttpClient.HttpClient; readonly handle: ScriptedHttp.Service }> =>
  Effect.gen(function*() {
    const requests = yield* Ref.make<ReadonlyArray<Request>>([])
    const queue = yield* Ref.make<ReadonlyArray<Step>>(typeof script === "function" ? [] : script)
    const inFlight = yield* Ref.make(0)

    const next = (request: Request, index: number): Effect.Effect<Step> =>
      Effect.flatten(Ref.modify(queue, ([step, ...rest]) => {
        if (step !== undefined) return [Effect.succeed(step), rest]
        if (typeof script === "function") return [Effect.sync(() => script(request, index)), rest]
        return [Effect.die(exhausted(request)), rest]
      }))

    const answer = (request: HttpClientRequest.HttpClientRequest, url: URL) =>
      Effect.gen(function*() {
        const sent: Request = {
          method: request.method,
          url: url.href,
          headers: { ...request.headers },
          body: yield* Bodies.text(request),
          at: yield* Clock.currentTimeMillis
        }
        const index = yield* Ref.modify(requests, (before) => [before.length, [...before, sent]])
        return yield* play(request, yield* next(sent, index))
      })

    return {
      client: HttpClient.make((request, url) =>
        Effect.acquireUseRelease(
          Ref.update(inFlight, (count) => count + 1),
          () => answer(request, url),
          () => Ref.update(inFlight, (count) => count - 1)
        )
      ),
      handle: {
        requests: Ref.get(requests),
        inFlight: Ref.get(inFlight),
        enqueue: (...steps) => Ref.update(queue, (before) => [...before, ...steps]),
        remaining: Effect.map(Ref.get(queue), (steps) => steps.length)
      }
    }
  })

/**
 * The script has no step left for a request. `target` is the URL of the request without its query.
 *
 * @since 0.1.0
 * @category errors
 */
export class ScriptExhausted
  extends Schema.TaggedError<ScriptExhausted>("@effect-exchange/testing/ScriptedHttp/ScriptExhausted")(
    "ScriptExhausted",
    {
      method: Schema.String,
      target: Schema.String
    }
  )
{
  override get message(): string {
    return `The script has no step left for ${this.method} ${this.target}; add a step, or find out why the request was sent`
  }
}

// Omits the query, because it may be signed.
const exhausted = ({ method, url }: Request): ScriptExhausted =>
  new ScriptExhausted({ method, target: url.split("?", 1).join("") })

const whole = (
  chunks: readonly [string],
  contentType: string,
  options: ResponseOptions = {}
): Data.TaggedEnum.Value<Step, "Response"> =>
  Response({
    status: options.status ?? 200,
    headers: {
      "content-type": contentType,
      "content-length": String(new TextEncoder().encode(chunks[0]).length),
      ...options.headers
    },
    chunks,
    pause: Duration.zero,
    broken: false,
    delay: Duration.zero
  })

const play = (
  request: HttpClientRequest.HttpClientRequest,
  step: Step
): Effect.Effect<ScriptedResponse, HttpClientError.RequestError> => {
  switch (step._tag) {
    case "Never":
      return Effect.never
    case "Failure": {
      const cause = new Bodies.ConnectionError({ code: step.code, message: `scripted ${step.code}` })
      return Effect.delay(new HttpClientError.RequestError({ request, reason: "Transport", cause }), step.delay)
    }
    case "Response":
      return Effect.delay(Effect.sync(() => new ScriptedResponse(request, step)), step.delay)
  }
}
