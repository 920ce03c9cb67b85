import * as NodeExchange from "@effect-exchange/core/engine/NodeExchange"
import * as Telemetry from "@effect-exchange/core/ports/Telemetry"
import * as Timeout from "@effect-exchange/resilience/Timeout"
import * as Admission from "@effect-exchange/server/Admission"
import * as OtlpLogger from "@effect/opentelemetry/OtlpLogger"
import * as OtlpMetrics from "@effect/opentelemetry/OtlpMetrics"
import * as OtlpSerialization from "@effect/opentelemetry/OtlpSerialization"
import * as OtlpTracer from "@effect/opentelemetry/OtlpTracer"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { randomUUID } from "node:crypto"
import type * as OtlpSettings from "../OtlpSettings.js"

/** @internal */
export const layer = (settings: OtlpSettings.Settings): Layer.Layer<never> =>
  Layer.provide(
    layerOver(settings),
    // The server has already read the same proxy settings for the exchanges, so they are valid.
    Layer.orDie(NodeExchange.layerHttp({ connections: 8, maxBytes: 65_536, proxy: "environment" }))
  )

/** @internal Like `layer`, on the `HttpClient` of the environment. */
export const layerOver = (
  { logs, metrics, resource: { attributes, serviceName, serviceVersion }, sampler, traces }: OtlpSettings.Settings
): Layer.Layer<never, never, HttpClient.HttpClient> => {
  const resource = {
    serviceName,
    serviceVersion,
    // Distinguishes the metrics of several processes with the same name.
    attributes: { "service.instance.id": randomUUID(), ...attributes }
  }
  const options = ({ interval, url }: OtlpSettings.Target) => ({
    url,
    resource,
    exportInterval: interval,
    // Together with the second that open requests get afterwards, three seconds in total.
    shutdownTimeout: "2 seconds"
  } as const)
  return Layer.mergeAll(
    traces === undefined ? Layer.empty : Layer.unwrapScoped(
      Effect.map(
        through("traces", traces, OtlpTracer.make(options(traces))),
        (tracer) => Layer.setTracer(filtered(tracer, sampler))
      )
    ),
    metrics === undefined
      ? Layer.empty
      : Layer.scopedDiscard(through("metrics", metrics, OtlpMetrics.make(options(metrics)))),
    logs === undefined ? Layer.empty : Logger.addScoped(through("logs", logs, OtlpLogger.make(options(logs))))
  )
}

/** Builds an exporter that is configured only by the settings, and sends its requests through {@link delivering}. */
const through = <A>(
  kind: string,
  target: OtlpSettings.Target,
  exporter: Effect.Effect<A, never, HttpClient.HttpClient | OtlpSerialization.OtlpSerialization | Scope.Scope>
): Effect.Effect<A, never, HttpClient.HttpClient | Scope.Scope> =>
  exporter.pipe(
    // The exporter would read some of the variables again, and interpret them differently.
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map())),
    Effect.provide(OtlpSerialization.layerJson),
    // Created before the exporter, and therefore closed after it.
    Effect.provideServiceEffect(
      HttpClient.HttpClient,
      Effect.flatMap(HttpClient.HttpClient, (client) => delivering(client, kind, target))
    )
  )

/** The maximum number of batches in flight, each of a thousand items. Further batches are dropped. */
const mostUnderWay = 16

/** Why a batch was not accepted. */
interface NotTaken {
  readonly reason: string
  readonly mayHelpToRepeat: boolean
}

/**
 * The client of one exporter. It makes up for what the exporter does not do.
 *
 * The exporter waits for a response without a timeout, does not read it, and queues without limit. It aborts open
 * requests when it closes. It gives up for a minute without reporting it.
 */
const delivering = Effect.fnUntraced(function*(
  client: HttpClient.HttpClient,
  kind: string,
  { headers, timeout, url }: OtlpSettings.Target
): Effect.fn.Return<HttpClient.HttpClient, never, Scope.Scope> {
  const underWay = yield* FiberSet.make<Either.Either<HttpClientResponse.HttpClientResponse, NotTaken>>()
  yield* Effect.addFinalizer(() =>
    Effect.timeoutOption(Effect.interruptible(FiberSet.awaitEmpty(underWay)), "1 second")
  )
  const attempt = (
    request: HttpClientRequest.HttpClientRequest
  ): Effect.Effect<HttpClientResponse.HttpClientResponse, NotTaken> =>
    client.execute(HttpClientRequest.setHeaders(request, Redacted.value(headers))).pipe(
      // A connection whose response is not read cannot be reused.
      Effect.tap((response) => response.text),
      Effect.mapError((error): NotTaken => ({ reason: codeOf(error.cause), mayHelpToRepeat: true })),
      Effect.filterOrFail(({ status }) => status >= 200 && status < 300, ({ status }): NotTaken => ({
        reason: `status ${status}`,
        mayHelpToRepeat: [429, 502, 503, 504].includes(status)
      }))
    )
  const batch = (request: HttpClientRequest.HttpClientRequest) =>
    Effect.suspend(() => {
      let last = "no response in time"
      return attempt(request).pipe(
        Effect.tapError(({ reason }) => Effect.sync(() => void (last = reason))),
        Effect.retry({ while: ({ mayHelpToRepeat }) => mayHelpToRepeat, schedule: repeats }),
        Timeout.attempt({ duration: timeout, onTimeout: (): NotTaken => ({ reason: last, mayHelpToRepeat: false }) })
      )
    })
  const delivered = Effect.fnUntraced(function*(request: HttpClientRequest.HttpClientRequest) {
    if ((yield* FiberSet.size(underWay)) >= mostUnderWay) {
      return yield* Effect.fail<NotTaken>({ reason: "too many open requests", mayHelpToRepeat: false })
    }
    // The exporter may be interrupted while it waits, but the request is not.
    const sent = yield* FiberSet.run(underWay, Effect.either(batch(request)))
    return yield* yield* Fiber.join(sent)
  })
  return HttpClient.make((request) =>
    delivered(request).pipe(
      Effect.tapError(({ reason }) =>
        Effect.logWarning("Export to the collector failed; exports are dropped for one minute", { kind, reason })
      ),
      // Without the headers of the request, and with a reason that the exporter does not retry.
      Effect.mapError(({ reason }) =>
        new HttpClientError.RequestError({
          request: HttpClientRequest.post(new URL(url).origin),
          reason: "Encode",
          description: reason
        })
      )
    )
  )
})

const repeats = Schedule.jittered(Schedule.exponential("500 millis"))

const codeOf = (cause: unknown): string =>
  typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "unreachable"

/**
 * A tracer that samples, and keeps only allowed attributes: the platform records the full URL, the client address and
 * every header.
 */
const filtered = (tracer: Tracer.Tracer, { byParent, ratio }: OtlpSettings.Sampler): Tracer.Tracer =>
  Tracer.make({
    span: (...args) => {
      const span = tracer.span(...args)
      const [, parent] = args
      const isRecorded = byParent && Option.isSome(parent) ? parent.value.sampled : shareOf(span.traceId) < ratio
      return isRecorded ? new Recorded(span) : new Unrecorded(span)
    },
    context: tracer.context
  })

/** Maps a trace id to a number from 0 to 1, so that all services sample the same traces. */
const shareOf = (traceId: string): number => Number.parseInt(traceId.slice(-13), 16) / 2 ** 52

const exportedAttributes: ReadonlySet<string> = new Set([...Object.values(Telemetry.attributes), "url.scheme"])

class Recorded implements Tracer.Span {
  readonly _tag = "Span"
  readonly sampled: boolean = true
  protected readonly span: Tracer.Span
  constructor(span: Tracer.Span) {
    this.span = span
  }
  get name() {
    return this.span.name
  }
  get spanId() {
    return this.span.spanId
  }
  get traceId() {
    return this.span.traceId
  }
  get parent() {
    return this.span.parent
  }
  get context() {
    return this.span.context
  }
  get status() {
    return this.span.status
  }
  get attributes() {
    return this.span.attributes
  }
  get links() {
    return this.span.links
  }
  get kind() {
    return this.span.kind
  }
  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    this.span.end(endTime, exit)
  }
  attribute(key: string, value: unknown): void {
    if (exportedAttributes.has(key)) this.span.attribute(key, value)
    // A raw path could have any value, and any number of different values.
    if (key === "url.path") this.span.attribute("http.route", Admission.routeOf(String(value)))
  }
  event(name: string, startTime: bigint, attributes?: Record<string, unknown>): void {
    this.span.event(name, startTime, attributes)
  }
  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    this.span.addLinks(links)
  }
}

/** A span with ids for its children, which is not exported when it ends. */
class Unrecorded extends Recorded {
  override readonly sampled: boolean = false
  override end(): void {}
  override attribute(): void {}
  override event(): void {}
  override addLinks(): void {}
}
