/**
 * What every request passes before anything is done for it: who it is, how much is under way, and how often this client asks.
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
import { guarded } from "./internal/failing.js"
import * as Routes from "./internal/routes.js"
import * as Tokens from "./internal/tokens.js"
import * as Problem from "./Problem.js"
import * as Telemetry from "./Telemetry.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * Who may ask: with none of them everybody may. Several are for rotation, and a function says them anew at each request.
   * Probes never need one.
   */
  readonly tokens?: ReadonlyArray<Redacted.Redacted> | (() => ReadonlyArray<Redacted.Redacted>) | undefined
  /** How many requests may be under way. Beyond, they are refused (503). Defaults to 512. */
  readonly maxInFlight?: number | undefined
  /** How often one client may ask in a second, and how many times at once. Default to 100 and 200. */
  readonly clientRate?: number | undefined
  readonly clientBurst?: number | undefined
  /** How many streams there may be, and how many of one client. Default to 256 and 8. */
  readonly maxStreams?: number | undefined
  readonly maxClientStreams?: number | undefined
  /**
   * Whether a proxy stands in front that puts the client's address last in `x-forwarded-for`. Defaults to `false`: the address
   * of the connection is the client's.
   */
  readonly behindProxy?: boolean | undefined
}

/**
 * The template of a path, or `other`: what metrics and logs say instead of the path.
 *
 * @since 0.1.0
 * @category getters
 */
export const routeOf: (url: string) => string = Routes.templateOf

/** Who orchestrates has to be answered whatever else is going on, and knows no token. */
const probes: ReadonlySet<string> = new Set(["/livez", "/readyz", "/startupz"])

/** What is there to look at in a browser, which sends no token. Neither tells anything of this service. */
const open: ReadonlySet<string> = new Set([...probes, "/", "/docs", "/openapi.json"])

/**
 * @since 0.1.0
 * @category models
 */
export interface Door {
  /** Stands around the whole application. Who is refused gets a problem: 401, 413, 429 or 503. */
  readonly around: <E, R>(app: HttpApp.Default<E, R>) => HttpApp.Default<E, R>
  /** Counts a stream until the scope closes. */
  readonly stream: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<void, never, Scope.Scope>
}

/**
 * Makes the door of a service.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Door => {
  const { behindProxy = false, maxClientStreams = 8, maxInFlight = 512, maxStreams = 256 } = options
  const tokens = Tokens.current(options.tokens)
  const rules = { burst: options.clientBurst ?? 200, perSecond: options.clientRate ?? 100, clients: 10_000 }
  const buckets: Buckets.Buckets = new Map()
  const streams = new Map<string, number>()
  let underWay = 0
  let streaming = 0

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

  /** Why a request is not let in. */
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
      return streaming >= maxStreams || (streams.get(client) ?? 0) >= maxClientStreams ? shed("streams") : undefined
    }
    return underWay >= maxInFlight ? shed("busy") : undefined
  }

  const around: Door["around"] = (app) =>
    Effect.gen(function*() {
      const request = yield* HttpServerRequest.HttpServerRequest
      const clock = yield* Effect.clock
      const route = routeOf(request.url)
      const began = millis(clock)
      const refused = refusal(request, route, clientOf(request, behindProxy), began)
      const answer = refused === undefined ? app : Effect.map(refused, (problem) => guarded(Problem.respond(problem)))
      // Streams are counted by themselves: as long as they are open no other request has to make way for them.
      const place = route === "/v1/stream" ? 0 : 1
      const leave = (status: number) => {
        underWay -= place
        Telemetry.inFlight.unsafeUpdate(underWay + streaming, [])
        counterOf(route, String(status)).unsafeUpdate(1, [])
        if (place > 0) durationOf(route).unsafeUpdate((millis(clock) - began) / 1000, [])
      }
      // A client may go at any moment: who is counted in is counted out.
      return yield* Effect.uninterruptibleMask((restore) => {
        underWay += place
        Telemetry.inFlight.unsafeUpdate(underWay + streaming, [])
        return Effect.matchCauseEffect(restore(answer), {
          onFailure: (cause) => {
            // Of who has gone the cause names a response as well, which nobody has heard.
            leave(Cause.isInterrupted(cause) ? 499 : 500)
            return Effect.failCause(cause)
          },
          onSuccess: (response) => {
            leave(response.status)
            return Effect.succeed(response)
          }
        })
      })
    })

  const stream: Door["stream"] = (request) =>
    Effect.asVoid(Effect.acquireRelease(
      Effect.sync(() => {
        const client = clientOf(request, behindProxy)
        streaming++
        streams.set(client, (streams.get(client) ?? 0) + 1)
        return client
      }),
      (client) =>
        Effect.sync(() => {
          streaming--
          const left = (streams.get(client) ?? 1) - 1
          if (left === 0) streams.delete(client)
          else streams.set(client, left)
        })
    ))

  return { around, stream }
}

const remembered = <A>(make: (...labels: ReadonlyArray<string>) => A) => {
  const known = new Map<string, A>()
  return (...labels: ReadonlyArray<string>): A => {
    const key = labels.join(" ")
    const found = known.get(key) ?? make(...labels)
    known.set(key, found)
    return found
  }
}

const counterOf = remembered((route = "", status = "") =>
  Telemetry.requests.pipe(
    Metric.taggedWithLabels([MetricLabel.make("route", route), MetricLabel.make("status", status)])
  )
)

const durationOf = remembered((route = "") => Metric.tagged(Telemetry.requestDuration, "route", route))

const millis = (clock: Clock.Clock): number => Number(clock.unsafeCurrentTimeNanos() / 1000n) / 1000

const clientOf = (request: HttpServerRequest.HttpServerRequest, behindProxy: boolean): string => {
  const forwarded = behindProxy ? request.headers["x-forwarded-for"]?.split(",").at(-1)?.trim() : undefined
  return forwarded || Option.getOrElse(request.remoteAddress, () => "unknown")
}
