/**
 * The engine every exchange stands on: one door, `request`, through which each call passes.
 *
 * The way of a request, and why in this order:
 *
 * ```
 * operation   span, deadline, metrics
 *  ├ encode          bad input costs nothing and touches no network
 *  └ retry           outside everything below, so that each attempt queues, signs and is judged afresh
 *     └ attempt
 *        ├ check     an open circuit refuses before tokens are spent or a queue is joined
 *        ├ limiter   waits for every scope the exchange meters; before the bulkhead, so that waiting holds no slot
 *        ├ bulkhead  bounds what is in flight
 *        ├ breaker   innermost gate: queueing is neither slow nor holds a probe's permit
 *        ├ sign      last thing before sending: a timestamp grows stale in a queue
 *        ├ send      under the attempt's timeout; no redirects, a bounded body
 *        └ classify  a typed error or a decoded value; usage to the limiter, `Date` to the clock comparison
 * ```
 *
 * Tokens taken for a call that was never sent are given back.
 *
 * @since 0.1.0
 */
import * as Backoff from "@effect-exchange/resilience/Backoff"
import * as Bulkhead from "@effect-exchange/resilience/Bulkhead"
import type * as CircuitBreaker from "@effect-exchange/resilience/CircuitBreaker"
import * as Deadline from "@effect-exchange/resilience/Deadline"
import * as Idempotent from "@effect-exchange/resilience/Idempotent"
import { isRejection } from "@effect-exchange/resilience/Rejection"
import * as Retry from "@effect-exchange/resilience/Retry"
import * as RetryBudget from "@effect-exchange/resilience/RetryBudget"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Clock from "effect/Clock"
import type * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Credentials from "./Credentials.js"
import * as Endpoint from "./Endpoint.js"
import * as Environment from "./Environment.js"
import * as ExchangeError from "./ExchangeError.js"
import * as Health from "./Health.js"
import { describeMismatch } from "./internal/answer.js"
import * as wire from "./internal/attempt.js"
import * as breaking from "./internal/breakers.js"
import * as reporting from "./internal/healthReport.js"
import * as limiting from "./internal/limits.js"
import * as metering from "./internal/meters.js"
import * as observing from "./internal/observer.js"
import { fromRefusal, narrow } from "./internal/refusal.js"
import { cleaner } from "./internal/text.js"
import * as transport from "./internal/transport.js"
import { unlessUnhurried } from "./internal/unhurried.js"
import * as vitality from "./internal/vitals.js"
import type { Host, Protocol } from "./Protocol.js"

/**
 * A client that may call the endpoints of the capabilities `C`, and no others.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExchangeClient<in C extends Endpoint.Capability> {
  readonly exchange: string
  readonly environment: string
  /**
   * Calls an endpoint: the way of every request, and the way out for endpoints that no service covers.
   */
  readonly request: <E extends C, I, A>(
    endpoint: Endpoint.Endpoint<E, I, A>,
    input: I
  ) => Effect.Effect<A, ExchangeError.For<E>>
  /** How the exchange is doing, as far as this client has seen. */
  readonly health: Effect.Effect<Health.ExchangeHealth>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Which installation to talk to. Defaults to `"live"`. */
  readonly environment?: Environment.Environment | undefined
  /** How long one attempt may take, from signing to the whole answer. Defaults to 10 seconds. */
  readonly attemptTimeout?: Duration.DurationInput | undefined
  /**
   * How long an operation may take: all its pages and look-ups, queueing and retries included. Defaults to 30 seconds.
   */
  readonly deadline?: Duration.DurationInput | undefined
  /** Attempts in all and the bounds of the full-jitter backoff between them. Defaults to 3, 100 millis and 5 seconds. */
  readonly retry?: {
    readonly attempts?: number | undefined
    readonly base?: Duration.DurationInput | undefined
    readonly max?: Duration.DurationInput | undefined
  } | undefined
  /** The circuit breakers, of which each capability has its own. Defaults to those of `CircuitBreaker`. */
  readonly breaker?: Pick<CircuitBreaker.Options<never>, "trip" | "openFor" | "halfOpen"> | undefined
  /** How many requests may be in flight. Defaults to 32. */
  readonly maxConcurrent?: number | undefined
  /** How many calls may wait for the rate limit, and as many for a free slot. Defaults to 1000. */
  readonly maxQueued?: number | undefined
  /** The largest body read, in bytes. Defaults to 8 MiB. */
  readonly maxResponseBytes?: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Make {
  (
    protocol: Protocol,
    options: Options & { readonly credentials: Credentials.Provider }
  ): Effect.Effect<
    ExchangeClient<Endpoint.Capability>,
    ConfigError.ConfigError,
    HttpClient.HttpClient | Scope.Scope
  >
  (
    protocol: Protocol,
    options?: Options & { readonly credentials?: undefined }
  ): Effect.Effect<ExchangeClient<"marketData">, ConfigError.ConfigError, HttpClient.HttpClient | Scope.Scope>
}

/**
 * A client for an exchange: with credentials for every capability, without for public data only. Reports to `Health`
 * where one is provided, until the scope closes.
 *
 * Fails with a `ConfigError` for a base URL that is refused (see `Environment.origin`).
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Make = Effect.fnUntraced(function*(
  protocol: Protocol,
  options: Options & { readonly credentials?: Credentials.Provider | undefined } = {}
) {
  const environment = options.environment ?? "live"
  const host = yield* resolveHost(protocol, environment)
  const engine = yield* makeEngine(protocol, options, Environment.name(environment), host)
  const health = yield* Effect.serviceOption(Health.Health)
  if (Option.isSome(health)) yield* health.value.register(engine.health)
  return engine
})

const resolveHost = (
  protocol: Protocol,
  environment: Environment.Environment
): Either.Either<Host, ConfigError.ConfigError> => {
  if (environment === "live" || environment === "testnet") return Either.right(protocol[environment])
  return Either.map(Environment.origin(environment.baseUrl), (baseUrl) => ({ _tag: "Open", baseUrl }))
}

/** One operation under way: what each attempt has to tell the next stands here. */
interface Call<A> {
  readonly endpoint: Endpoint.Endpoint<Endpoint.Capability, never, A>
  readonly about: { readonly exchange: string; readonly operation: string }
  readonly prepared: Endpoint.Prepared
  readonly cost: Endpoint.Cost
  attempt: number
  /** When the latest attempt got as far as the wire, epoch milliseconds; `undefined` before. */
  sentAt: number | undefined
  /** What an attempt failed with after which a write may have been carried out. */
  doubt: ExchangeError.ExchangeError | undefined
  credentials: Option.Option<Credentials.Credentials>
}

const makeEngine = Effect.fnUntraced(function*(
  protocol: Protocol,
  options: Options & { readonly credentials?: Credentials.Provider | undefined },
  environment: string,
  host: Host
): Effect.fn.Return<ExchangeClient<Endpoint.Capability>, never, HttpClient.HttpClient> {
  const { exchange } = protocol
  const meters = metering.make(exchange, environment)
  const vitals = yield* vitality.make(meters)
  const limits = yield* limiting.make(protocol, { maxQueue: options.maxQueued ?? 1000, meters })
  const breakers = yield* breaking.make(exchange, options.breaker)
  const bulkhead = yield* Bulkhead.make({
    name: exchange,
    permits: options.maxConcurrent ?? 32,
    maxQueue: options.maxQueued ?? 1000
  })
  // One at a time, from signature to answer, where nonces must arrive in the order they were made in.
  const turn = protocol.nonces === "ordered"
    ? yield* Bulkhead.make({ name: `${exchange}.signed`, permits: 1, maxQueue: options.maxQueued ?? 1000 })
    : undefined
  const line: wire.Line = {
    protocol,
    client: transport.discreet(yield* HttpClient.HttpClient),
    origin: host._tag === "Open" ? host.baseUrl : "",
    headers: host._tag === "Open" ? host.headers ?? {} : {},
    host: host._tag === "Open" ? new URL(host.baseUrl).host : "",
    nonce: rising(),
    vitals,
    timeout: Duration.decode(options.attemptTimeout ?? "10 seconds"),
    maxBytes: options.maxResponseBytes ?? 8 * 1024 * 1024,
    learnUsage: (headers, auth, cost) =>
      Effect.flatMap(vitals.skew, ({ offset }) => limits.learn(protocol.usage(headers, auth, cost), offset))
  }
  const observer = observing.make({
    exchange,
    environment,
    host: host._tag === "Open" ? new URL(host.baseUrl).hostname : "",
    meters,
    vitals,
    limits,
    breakers
  })
  const retryOptions = {
    attempts: options.retry?.attempts ?? 3,
    backoff: Backoff.full({ base: options.retry?.base ?? "100 millis", max: options.retry?.max ?? "5 seconds" }),
    retryAfter: ExchangeError.retryAfter,
    budget: yield* RetryBudget.make()
  }

  /** The gates of one attempt: in the code the innermost comes first. */
  const attempt = <A>(call: Call<A>): Effect.Effect<A, ExchangeError.ExchangeError> => {
    const breaker = breakers[call.endpoint.capability]
    const send = (credentials: Option.Option<Credentials.Credentials>) =>
      Effect.clockWith((clock) => {
        call.sentAt = clock.unsafeCurrentTimeMillis()
        return observer.attempt(call, wire.send(line, call.endpoint, call.prepared, credentials, call.cost))
      }).pipe(Effect.tapError((error) =>
        Effect.sync(() => {
          if (error._tag === "TransportFailed" && error.outcome === "NotSent") call.sentAt = undefined
        })
      ))
    const gated = Effect.clockWith((clock) => {
      const queued = clock.unsafeCurrentTimeNanos()
      const waited = Effect.suspend(() =>
        meters.waited(call.endpoint.name, Number(clock.unsafeCurrentTimeNanos() - queued) / 1e9)
      )
      return credentialsFor(call, options.credentials).pipe(
        Effect.flatMap(send),
        breaker.protect,
        (self) => Effect.zipRight(waited, self),
        (self) => Effect.zipRight(refuseLate, self),
        bulkhead.withPermit,
        (self) => turn === undefined || call.endpoint.auth === "none" ? self : turn.withPermit(self),
        limits.spend(call.cost, () => call.sentAt !== undefined)
      )
    })
    return Effect.suspend(() => {
      call.attempt++
      call.sentAt = undefined
      return Effect.zipRight(breaker.check, gated)
    }).pipe(
      Effect.mapError((error) => isRejection(error) ? fromRefusal(call.about, error) : error),
      Effect.tapError((error) =>
        Effect.sync(() => {
          if (call.endpoint.idempotency !== "safe" && ExchangeError.outcome(error) === "Unknown") call.doubt = error
        })
      )
    )
  }

  const retried = <A>(call: Call<A>): Effect.Effect<A, ExchangeError.ExchangeError> =>
    Retry.retryNonIdempotent(attempt(call), {
      ...retryOptions,
      while: (error) => ExchangeError.isRetryable(error, call.endpoint.idempotency !== "once"),
      onRetry: ({ delay, error }) => observer.retry(call, delay, error)
    })

  const compareClocks = (operation: string): Effect.Effect<void, ExchangeError.ExchangeError> =>
    Effect.flatMap(prepare(exchange, protocol.serverTime, {}), (call) => {
      const sample = Effect.gen(function*() {
        const serverTime = yield* attempt(call)
        const receivedAt = yield* Clock.currentTimeMillis
        // From when it was sent, not from when it was queued: a wait would widen the range until anything fits.
        yield* vitals.learnTime({ sentAt: call.sentAt ?? receivedAt, receivedAt, serverTime, resolution: 1 })
      })
      return Retry.retry(Idempotent.mark(sample), {
        ...retryOptions,
        while: (error) => ExchangeError.isRetryable(error, true)
      })
    }).pipe(Effect.zipLeft(Effect.logInfo("Compared clocks with the exchange", { because: operation })))

  /** What is mended once and then tried again: a clock that is off, a key that was rotated. */
  const mended = <A>(call: Call<A>): Effect.Effect<A, ExchangeError.ExchangeError> =>
    Effect.catchTags(retried(call), {
      ClockSkew: (error) =>
        Effect.zipRight(Effect.mapError(compareClocks(call.endpoint.name), () => error), retried(call)),
      AuthenticationFailed: (error) =>
        Effect.flatMap(wasRotated(call, options.credentials), (rotated) => rotated ? retried(call) : error)
    })

  return {
    exchange,
    environment,
    request: (endpoint, input) =>
      Effect.suspend(() =>
        host._tag === "Open"
          ? Effect.flatMap(prepare(exchange, endpoint, input), (call) => Effect.mapError(mended(call), doubted(call)))
          : nowhere({ exchange, operation: endpoint.name }, environment, host)
      ).pipe(
        (self) => unlessUnhurried(self, Deadline.within(options.deadline ?? "30 seconds")),
        Effect.mapError((error) => narrow(endpoint.capability, error)),
        observer.operation(endpoint.name)
      ),
    health: reporting.make({ exchange, environment, host, vitals, limits, breakers })
  }
})

// That the last attempt was refused, or never left, says nothing of one before it whose answer was lost.
const doubted = (call: Call<unknown>) => (error: ExchangeError.ExchangeError): ExchangeError.ExchangeError =>
  ExchangeError.outcome(error) === "Unknown" ? error : call.doubt ?? error

const tooLate = Effect.suspend(() => new Deadline.DeadlineExceeded({ name: "attempt", after: Duration.zero }))

// An attempt that starts when its time is over would be sent, cut off at once, and its outcome unknown.
const refuseLate = Effect.flatMap(
  Deadline.remaining,
  (remaining) => Option.exists(remaining, Duration.equals(Duration.zero)) ? tooLate : Effect.void
)

const prepare = <C extends Endpoint.Capability, I, A>(
  exchange: string,
  endpoint: Endpoint.Endpoint<C, I, A>,
  input: I
): Either.Either<Call<A>, ExchangeError.InvalidRequest> => {
  const about = { exchange, operation: endpoint.name }
  return Either.mapBoth(endpoint.encode(input), {
    onLeft: (error) =>
      new ExchangeError.InvalidRequest({
        ...about,
        detail: `the input cannot be sent${describeMismatch(error, { values: true, clean: cleaner([]) })}`
      }),
    onRight: (parameters) => ({
      endpoint,
      about,
      prepared: Endpoint.prepare(endpoint, parameters),
      cost: endpoint.cost(input),
      attempt: 0,
      sentAt: undefined,
      doubt: undefined,
      credentials: Option.none()
    })
  })
}

const nowhere = (
  about: { readonly exchange: string; readonly operation: string },
  environment: string,
  host: Exclude<Host, { readonly _tag: "Open" }>
): ExchangeError.ExchangeClosed | ExchangeError.Unsupported =>
  host._tag === "Closed"
    ? new ExchangeError.ExchangeClosed({ ...about, since: host.since, detail: host.detail })
    : new ExchangeError.Unsupported({
      ...about,
      detail: `${about.exchange} has no ${environment}`,
      alternative: host.alternative
    })

const rising = (): (now: number) => bigint => {
  let last = 0n
  return (now) => {
    const next = BigInt(Math.floor(now)) * 1000n
    last = next > last ? next : last + 1n
    return last
  }
}

const credentialsFor = (
  call: Call<unknown>,
  provider: Credentials.Provider | undefined
): Effect.Effect<Option.Option<Credentials.Credentials>, ExchangeError.AuthenticationFailed> => {
  if (call.endpoint.auth === "none") return Effect.succeedNone
  if (provider === undefined) {
    return new ExchangeError.AuthenticationFailed({
      ...call.about,
      detail: "this client was made without credentials and can read public data only"
    })
  }
  return Effect.mapBoth(provider.get, {
    onFailure: (error) =>
      new ExchangeError.AuthenticationFailed({
        ...call.about,
        detail: `the credentials can no longer be read: ${Credentials.describe(error)}`
      }),
    onSuccess: (credentials) => call.credentials = Option.some(credentials)
  })
}

const wasRotated = (call: Call<unknown>, provider: Credentials.Provider | undefined): Effect.Effect<boolean> =>
  provider === undefined || Option.isNone(call.credentials)
    ? Effect.succeed(false)
    : Effect.match(provider.reload, {
      onFailure: () => false,
      onSuccess: (fresh) => Option.exists(call.credentials, (used) => !Credentials.isSame(used, fresh))
    })
