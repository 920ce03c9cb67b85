/**
 * Admission control, applied to every request before it is handled: authentication, limits on the requests and
 * streams in progress, and a rate limit per client.
 *
 * @since 0.1.0
 */
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricLabel from "effect/MetricLabel"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Buckets from "./internal/buckets.js"
import { withSecurityHeaders } from "./internal/failures.js"
import * as Routes from "./internal/routes.js"
import * as Tokens from "./internal/tokens.js"
import * as Problem from "./Problem.js"
import * as Telemetry from "./Telemetry.js"

/**
 * The options of {@link make}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * The valid bearer tokens. Without any, every client is admitted. Set several to rotate them; a function is called
   * for each request. The probes, `/`, `/docs` and `/openapi.json` never need a token.
   */
  readonly tokens?: ReadonlyArray<Redacted.Redacted> | (() => ReadonlyArray<Redacted.Redacted>) | undefined
  /** The maximum number of requests in progress. Requests beyond it are refused (503). Defaults to 512. */
  readonly maxInFlight?: number | undefined
  /** The rate limit of one client, in requests per second. Defaults to 100. */
  readonly clientRate?: number | undefined
  /** How many requests one client may send in a burst. Defaults to 200. */
  readonly clientBurst?: number | undefined
  /** The maximum number of open streams. Streams beyond it are refused (503). Defaults to 256. */
  readonly maxStreams?: number | undefined
  /** The maximum number of open streams per client. Defaults to 8. */
  readonly maxClientStreams?: number | undefined
  /**
   * Whether a proxy in front appends the client's address to the end of `x-forwarded-for`. Defaults to `false`: the
   * client is identified by the address of the connection.
   */
  readonly behindProxy?: boolean | undefined
}

/**
 * Returns the path template of a URL, or `other` if no route matches. Metrics and logs use it in place of the path.
 *
 * @since 0.1.0
 * @category getters
 */
export const routeOf: (url: string) => string = Routes.templateOf

/** The probes of an orchestrator. An orchestrator has no token, and must get a response under any load. */
const probes: ReadonlySet<string> = new Set(["/livez", "/readyz", "/startupz"])

/** The routes that need no token. Browsers send none, and the pages for them reveal nothing about this service. */
const open: ReadonlySet<string> = new Set([...probes, "/", "/docs", "/openapi.json"])

/**
 * Admission control for an application.
 *
 * @since 0.1.0
 * @category models
 */
export interface Admission {
  /** Wraps the whole application. A request that is refused gets a problem: 401, 413, 429 or 503. */
  readonly around: <E, R>(app: HttpApp.Default<E, R>) => HttpApp.Default<E, R>
  /** Counts a stream as open until the scope closes. */
  readonly stream: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<void, never, Scope.Scope>
}

/**
 * Creates the admission control of a service. Throws a `RangeError` for limits out of range.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Admission => {
  const { behindProxy = false, maxClientStreams = 8, maxInFlight = 512, maxStreams = 256 } = options
  const tokens = Tokens.current(options.tokens)
  const rules = { burst: options.clientBurst ?? 200, perSecond: options.clientRate ?? 100, clients: 10_000 }
  requireLimit("maxInFlight", maxInFlight, 1)
  requireLimit("clientBurst", rules.burst, 1)
  requireLimit("maxStreams", maxStreams, 0)
  requireLimit("maxClientStreams", maxClientStreams, 0)
  if (!(rules.perSecond > 0 && Number.isFinite(rules.perSecond))) {
    throw new RangeError(`Admission: clientRate must be a finite number above 0, got ${rules.perSecond}`)
  }
  const buckets: Buckets.Buckets = new Map()
  const streams = new Map<string, number>()
  let inFlight = 0
  let openStreams = 0

  const shed = (reason: "busy" | "client" | "streams") =>
    Effect.as(
      Metric.increment(Metric.tagged(Telemetry.shed, "reason", reason)),
      reason === "client"
        ? Problem.make(
          429,
          "too-many-requests",
          "Too many requests from this client; send requests less often, or wait.",
          {
            retryAfter: "1 second"
          }
        )
        : reason === "busy"
        ? Problem.make(503, "busy", "The service is overloaded; try again.", { retryAfter: "1 second" })
        : Problem.make(503, "too-many-streams", "Too many streams are open; close one, or wait.", {
          retryAfter: "10 seconds"
        })
    )

  /** Returns the reason why a request is refused, or `undefined` if it is admitted. */
  const refusal = (
    request: HttpServerRequest.HttpServerRequest,
    route: string,
    client: string,
    now: number
  ): Effect.Effect<Problem.Problem> | undefined => {
    if (probes.has(route)) return undefined
    const wait = Buckets.take(rules, buckets, client, now)
    if (wait > 0) return shed("client")
    if (!open.has(route) && !Tokens.admits(tokens(), request.headers["authorization"])) {
      return Effect.succeed(
        Problem.make(401, "unauthorized", "Send a token of this service in the header authorization: Bearer <token>.")
      )
    }
    const { "content-length": length = "0", "transfer-encoding": encoding } = request.headers
    if (encoding !== undefined || !/^0*$/.test(length)) {
      return Effect.succeed(Problem.make(413, "body-not-taken", "Send no body; this service does not accept one."))
    }
    if (route === "/v1/stream") {
      return openStreams >= maxStreams || (streams.get(client) ?? 0) >= maxClientStreams ? shed("streams") : undefined
    }
    return inFlight >= maxInFlight ? shed("busy") : undefined
  }

  const around: Admission["around"] = (app) =>
    Effect.gen(function*() {
      const request = yield* HttpServerRequest.HttpServerRequest
      const clock = yield* Effect.clock
      const route = routeOf(request.url)
      const startedAt = millis(clock)
      const refused = refusal(request, route, clientOf(request, behindProxy), startedAt)
      const handled = refused === undefined
        ? app
        : Effect.map(refused, (problem) => withSecurityHeaders(Problem.respond(problem)))
      // Streams have a limit of their own. An open stream never takes the place of another request.
      const slots = route === "/v1/stream" ? 0 : 1
      const release = (status: number) => {
        inFlight -= slots
        Telemetry.inFlight.unsafeUpdate(inFlight + openStreams, [])
        counterOf(route, String(status)).unsafeUpdate(1, [])
        if (slots > 0) durationOf(route).unsafeUpdate((millis(clock) - startedAt) / 1000, [])
      }
      // Uninterruptible, so that each request that is counted in is also counted out, even if the client disconnects.
      return yield* Effect.uninterruptibleMask((restore) => {
        inFlight += slots
        Telemetry.inFlight.unsafeUpdate(inFlight + openStreams, [])
        return Effect.matchCauseEffect(restore(handled), {
          onFailure: (cause) => {
            // If the client has disconnected, the cause also contains a response, but nobody receives it.
            release(Cause.isInterrupted(cause) ? 499 : 500)
            return Effect.failCause(cause)
          },
          onSuccess: (response) => {
            release(response.status)
            return Effect.succeed(response)
          }
        })
      })
    })

  const stream: Admission["stream"] = (request) =>
    Effect.asVoid(Effect.acquireRelease(
      Effect.sync(() => {
        const client = clientOf(request, behindProxy)
        openStreams++
        streams.set(client, (streams.get(client) ?? 0) + 1)
        return client
      }),
      (client) =>
        Effect.sync(() => {
          openStreams--
          const left = (streams.get(client) ?? 1) - 1
          if (left === 0) streams.delete(client)
          else streams.set(client, left)
        })
    ))

  return { around, stream }
}

/** A comparison with `NaN` is never true, so that such a limit would admit everything. */
const requireLimit = (name: string, limit: number, least: number): void => {
  if (limit < least || (limit !== Number.POSITIVE_INFINITY && !Number.isInteger(limit))) {
    throw new RangeError(`Admission: ${name} must be a whole number of at least ${least}, or Infinity, got ${limit}`)
  }
}

const memoized = <A>(make: (...labels: ReadonlyArray<string>) => A) => {
  const known = new Map<string, A>()
  return (...labels: ReadonlyArray<string>): A => {
    const key = labels.join(" ")
    const found = known.get(key) ?? make(...labels)
    known.set(key, found)
    return found
  }
}

const counterOf = memoized((route = "", status = "") =>
  Telemetry.requests.pipe(
    Metric.taggedWithLabels([MetricLabel.make("route", route), MetricLabel.make("status", status)])
  )
)

const durationOf = memoized((route = "") => Metric.tagged(Telemetry.requestDuration, "route", route))

const millis = (clock: Clock.Clock): number => Number(clock.unsafeCurrentTimeNanos() / 1000n) / 1000

const clientOf = (request: HttpServerRequest.HttpServerRequest, behindProxy: boolean): string => {
  const forwarded = behindProxy ? request.headers["x-forwarded-for"]?.split(",").at(-1)?.trim() : undefined
  return forwarded || Option.getOrElse(request.remoteAddress, () => "unknown")
}
