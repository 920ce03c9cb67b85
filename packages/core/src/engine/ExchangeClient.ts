/**
 * The engine of every exchange: all calls go through one function, `request`.
 *
 * A request passes the following steps. The gates and their order are those of `Policy` in
 * `@effect-exchange/resilience`, which gives the reasons:
 *
 * ```
 * operation   span, deadline, metrics
 *  ├ encode          invalid input costs nothing and never reaches the network
 *  └ policy          retry, check, limiter, turn, bulkhead, breaker; one lane per capability, trading first
 *     └ attempt      span, under the attempt timeout
 *        ├ sign      last step before sending, because a timestamp grows stale in a queue
 *        ├ send      tokens count from here; no redirects, bounded body
 *        └ classify  typed error or decoded value; usage to the limiter, `Date` to the clock skew
 * ```
 *
 * The state of the gates is in `ExchangeState`, which all clients of an exchange share.
 *
 * @since 0.1.0
 */
import * as Deadline from "@effect-exchange/resilience/Deadline"
import type { Refusal } from "@effect-exchange/resilience/Policy"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Clock from "effect/Clock"
import type * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Pipeable from "effect/Pipeable"
import type * as Scope from "effect/Scope"
import * as ExchangeError from "../model/ExchangeError.js"
import * as OptionRange from "../model/internal/optionRange.js"
import type * as Credentials from "../ports/Credentials.js"
import * as Environment from "../ports/Environment.js"
import * as Health from "../ports/Health.js"
import { Crypto } from "./Crypto.js"
import type * as Endpoint from "./Endpoint.js"
import * as ExchangeState from "./ExchangeState.js"
import * as Attempt from "./internal/attempt.js"
import {
  type Call,
  inheritedFrom,
  isRepeatable,
  keepUnknownOutcome,
  preparing,
  toExchangeError
} from "./internal/call.js"
import { clockOf, mapErrorOnly, type Running, withFiber } from "./internal/frame.js"
import * as HealthReport from "./internal/healthReport.js"
import { nowhere, resolveHost } from "./internal/host.js"
import * as Observer from "./internal/observer.js"
import * as Policies from "./internal/policies.js"
import { queuesPastDeadline } from "./internal/queueing.js"
import { narrow } from "./internal/refusal.js"
import { withSessionToken } from "./internal/sessionToken.js"
import * as Signers from "./internal/signers.js"
import * as transport from "./internal/transport.js"
import type { Host, Protocol } from "./Protocol.js"

/**
 * A client that may call the endpoints of the capabilities `C`, and no others.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExchangeClient<in C extends Endpoint.Capability> extends Inspectable.Inspectable, Pipeable.Pipeable {
  readonly exchange: string
  readonly environment: string
  /**
   * Calls an endpoint. Every request goes through this function. Use it directly for endpoints that no service covers.
   */
  readonly request: <E extends C, I, A>(
    endpoint: Endpoint.Endpoint<E, I, A>,
    input: I
  ) => Effect.Effect<A, ExchangeError.For<E>>
  /** The health of the exchange, as far as this client has observed it. */
  readonly health: Effect.Effect<Health.ExchangeHealth>
}

/**
 * Returns the time by the exchange's clock, as far as its difference from ours is known, in whole milliseconds. A test
 * clock may stand between two milliseconds, but exchanges accept only whole ones.
 *
 * @since 0.1.0
 * @category getters
 */
export const exchangeTime = ({ health }: Pick<ExchangeClient<never>, "health">): Effect.Effect<number> =>
  Effect.zipWith(Clock.currentTimeMillis, health, (now, { clockSkewMillis }) => Math.floor(now + clockSkewMillis))

/**
 * The options of {@link make}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends ExchangeState.Options {
  /** The environment of the exchange to connect to. Defaults to `"live"`. */
  readonly environment?: Environment.Environment<string> | undefined
  /** How long one attempt may take, from signing to the complete response. Defaults to 10 seconds. */
  readonly attemptTimeout?: Duration.DurationInput | undefined
  /**
   * How long an operation may take, including all its pages and lookups, queueing and retries. Defaults to 30 seconds.
   *
   * **Gotchas**
   *
   * When the response to a write is lost, `place`, `cancel` and `amend` look the order up beyond this deadline: for
   * `lookupPatience`, and for as long as the exchange needs to prove that the order is absent. The outcome of the order
   * is worth the wait. To bound all of it, use `Deadline.within` around the call.
   */
  readonly deadline?: Duration.DurationInput | undefined
  /**
   * The total number of attempts, and the bounds of the full-jitter backoff between them. Defaults to 3 attempts, 100
   * millis and 5 seconds.
   */
  readonly retry?: {
    readonly attempts?: number | undefined
    readonly base?: Duration.DurationInput | undefined
    readonly max?: Duration.DurationInput | undefined
  } | undefined
  /**
   * The largest body to read, after decompression, in bytes. Defaults to 40 MiB; the largest listing seen from an
   * exchange was 16.9 MB.
   */
  readonly maxResponseBytes?: number | undefined
}

/**
 * The type of {@link make}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Make {
  (
    protocol: Protocol,
    options: Options & {
      readonly credentials: Credentials.Provider
      /**
       * The capabilities that the client's health covers; their circuit breakers are created with the client. Defaults
       * to all.
       */
      readonly serves?: ReadonlyArray<Endpoint.Capability> | undefined
    }
  ): Effect.Effect<
    ExchangeClient<Endpoint.Capability>,
    ConfigError.ConfigError,
    HttpClient.HttpClient | ExchangeState.ExchangeState | Scope.Scope
  >
  (
    protocol: Protocol,
    options?: Options & { readonly credentials?: undefined }
  ): Effect.Effect<
    ExchangeClient<"marketData">,
    ConfigError.ConfigError,
    HttpClient.HttpClient | ExchangeState.ExchangeState | Scope.Scope
  >
}

/**
 * Makes a client for an exchange. Without credentials, it can call public endpoints only. If `Health` is provided, the
 * client reports to it until the scope closes.
 *
 * Fails with a `ConfigError` if the environment is not one of the exchange's, its base URL is refused (see
 * `Environment.origin`) or another option is out of range. Dies with a `RangeError` for options out of range that
 * clients share.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Make = Effect.fnUntraced(function*(
  protocol: Protocol,
  options: Options & Access = {}
) {
  // Checked now: the policies that would refuse them are made by the first call.
  yield* OptionRange.check({
    attemptTimeout: [options.attemptTimeout, OptionRange.positiveDuration],
    deadline: [options.deadline, OptionRange.positiveDuration],
    "retry.attempts": [options.retry?.attempts, OptionRange.countOrInfinity],
    "retry.base": [options.retry?.base, OptionRange.duration],
    "retry.max": [options.retry?.max, OptionRange.duration],
    maxResponseBytes: [options.maxResponseBytes, OptionRange.countOrInfinity]
  })
  const environment = options.environment ?? "live"
  const host = yield* resolveHost(protocol, environment)
  const engine = yield* makeEngine(protocol, options, Environment.name(environment), host)
  const health = yield* Effect.serviceOption(Health.Health)
  if (Option.isSome(health)) yield* health.value.register(engine.health)
  return engine
})

interface Access {
  readonly credentials?: Credentials.Provider | undefined
  readonly serves?: ReadonlyArray<Endpoint.Capability> | undefined
}

const makeEngine = Effect.fnUntraced(function*(
  protocol: Protocol,
  options: Options & Access,
  environment: string,
  host: Host
): Effect.fn.Return<
  ExchangeClient<Endpoint.Capability>,
  never,
  HttpClient.HttpClient | ExchangeState.ExchangeState | Scope.Scope
> {
  const { exchange } = protocol
  const origin = host._tag === "Open" ? host.baseUrl : ""
  const state = yield* ExchangeState.ExchangeState
  const held = yield* state.at(protocol, { environment, origin }, options)
  const { breakers, limits, meters, vitals } = held
  const sends = transport.over(yield* HttpClient.HttpClient)
  const observer = Observer.make({
    exchange,
    environment,
    host: host._tag === "Open" ? new URL(host.baseUrl).hostname : "",
    maxPause: Duration.toMillis(options.maxPause ?? "1 hour"),
    meters,
    vitals,
    breakers,
    isQuiet: held.isLocal && sends.isQuiet === true
  })
  const settings: Attempt.ClientSettings = {
    protocol,
    transport: sends,
    origin,
    headers: host._tag === "Open" ? host.headers ?? {} : {},
    host: host._tag === "Open" ? new URL(host.baseUrl).host : "",
    crypto: yield* Crypto,
    vitals,
    timeout: Duration.decode(options.attemptTimeout ?? "10 seconds"),
    maxBytes: options.maxResponseBytes ?? 40 * 1024 * 1024,
    logging: observer.logging,
    learnUsage: (fiber, usage, { limits }, offset) => limits.learn(fiber, usage, offset)
  }
  const signers = yield* Signers.make(options.credentials, held.key)
  const prepare = preparing(exchange)

  const capabilities: ReadonlyArray<Endpoint.Capability> = options.serves ??
    (options.credentials === undefined ? ["marketData"] : ["marketData", "account", "trading"])
  // Creates the breakers now, so that invalid breaker options fail when the client is made.
  yield* Effect.forEach(capabilities, breakers.of, { discard: true })

  const policyOf = Policies.make({ exchange, retry: options.retry, held, observer })

  const runSigned = <A>(
    call: Call<A>,
    signer: Attempt.Signer
  ): Effect.Effect<A, ExchangeError.ExchangeError | Refusal> =>
    breakers.with(call.names.request.circuit, (breaker) =>
      policyOf(breaker)(signer.key)(call.endpoint).apply(
        (made) =>
          withFiber((fiber, status) => {
            call.attempt++
            meters.waited(fiber, call.endpoint.name, Number(made.waited) / 1e9)
            const sending = Attempt.send(fiber, settings, call, signer, made)
            const attempt = observer.attempt(fiber, status, call, signer.key.limits, sending)
            if (call.idempotency === "safe") return attempt
            return mapErrorOnly(attempt, (error) => {
              if (error.outcome === "Unknown") call.doubt = error
              return error
            })
          }),
        call
      ))

  const withToken = protocol.session && withSessionToken(protocol.session, {
    open: (endpoint, signer) =>
      Effect.flatMap(inherited, (inherited) => {
        const call = prepare(endpoint, {}, inherited)
        return call instanceof ExchangeError.InvalidRequest
          ? call
          : mapErrorOnly(runSigned(call, signer), (error) => toExchangeError(call, error))
      }),
    isRepeatable,
    scope: yield* Effect.scope
  })
  const run = withToken === undefined
    ? runSigned
    : <A>(call: Call<A>, signer: Attempt.Signer) =>
      withToken(
        call,
        signer,
        (signer) => mapErrorOnly(runSigned(call, signer), (error) => toExchangeError(call, error))
      )

  const compareClocks = (operation: string): Effect.Effect<void, ExchangeError.ExchangeError> =>
    Effect.gen(function*() {
      const call = prepare(protocol.serverTime, {}, yield* inherited)
      if (call instanceof ExchangeError.InvalidRequest) return yield* call
      const serverTime = yield* mapErrorOnly(run(call, signers.none), (error) => toExchangeError(call, error))
      const receivedAt = yield* Clock.currentTimeMillis
      // The `Date` header of the response is learned in any case.
      if (serverTime === undefined) return
      // Measured from sending, not from queueing: time in the queue would widen the range until any offset fits.
      const resolution = protocol.serverTimeStep ?? 1
      yield* vitals.learnTime({ sentAt: call.sentAt ?? receivedAt, receivedAt, serverTime, resolution }) ?? Effect.void
      yield* observer.logging(
        operation,
        Effect.logInfo("Compared clocks with the exchange", { because: operation })
      )
    })

  const runBy = <A>(
    call: Call<A>,
    signer: Attempt.Signer
  ): Effect.Effect<A, ExchangeError.ExchangeError | Refusal> => {
    call.signer = signer
    return run(call, signer)
  }

  /**
   * Repairs the cause of a failure once and retries: compares clocks after `ClockSkew`, reloads the key after
   * `AuthenticationFailed`.
   */
  const retriedAfterRepair = <A>(
    call: Call<A>,
    signer: Attempt.Signer,
    failed: Effect.Effect<never, ExchangeError.ExchangeError | Refusal>
  ): Effect.Effect<A, ExchangeError.ExchangeError | Refusal> =>
    Effect.catchTags(failed, {
      ClockSkew: (error) =>
        Effect.zipRight(
          Effect.mapError(compareClocks(call.endpoint.name), () => error),
          isRepeatable(call, error) ? run(call, signer) : error
        ),
      AuthenticationFailed: (error) =>
        // One of our own calls with a later nonce may have overtaken this one, because a cancel does not wait for
        // reads.
        call.idempotency === "safe" && call.nonce !== undefined && call.nonce < signer.key.latestNonce()
          ? run(call, signer)
          : Effect.flatMap(
            signers.rotated(signer),
            Option.match({
              onNone: () => error,
              onSome: (fresh) => isRepeatable(call, error) ? run(call, fresh) : error
            })
          )
    })

  const deadline = Duration.decode(options.deadline ?? "30 seconds")

  const asked = <C extends Endpoint.Capability, I, A>(
    fiber: Running,
    endpoint: Endpoint.Endpoint<C, I, A>,
    input: I
  ): Effect.Effect<A, ExchangeError.For<C>> => {
    if (host._tag !== "Open") return nowhere({ exchange, operation: endpoint.name }, environment, host)
    const inherited = inheritedFrom(fiber)
    const by = queuesPastDeadline(fiber)
      ? inherited.deadline
      : Deadline.sooner(inherited.deadline, clockOf(fiber), deadline)
    const call = prepare(endpoint, input, { ...inherited, deadline: by })
    if (call instanceof ExchangeError.InvalidRequest) return call
    const isPublic = endpoint.auth === "none"
    const answered = Effect.catchAllCause(
      isPublic ? runBy(call, signers.none) : Effect.flatMap(signers.of(call), (signer) => runBy(call, signer)),
      (cause) => {
        const failed = Effect.failCause(cause)
        return Effect.mapError(
          call.signer === undefined ? failed : Deadline.until(retriedAfterRepair(call, call.signer, failed), by),
          (error) => narrow(endpoint.capability, keepUnknownOutcome(call, toExchangeError(call, error)))
        )
      }
    )
    // A public call loads no credentials, so nothing but the policy's gates can wait, and they get the deadline with
    // the call.
    return isPublic ? answered : Deadline.until(answered, by)
  }

  return {
    ...Inspectable.BaseProto,
    ...Pipeable.Prototype,
    toJSON: () => ({ _id: "ExchangeClient", exchange, environment }),
    exchange,
    environment,
    request: (endpoint, input) => observer.operation(endpoint, withFiber((fiber) => asked(fiber, endpoint, input))),
    health: HealthReport.make({
      exchange,
      environment,
      host,
      vitals,
      limits,
      breakers,
      capabilities
    })
  }
})

const inherited = withFiber((fiber) => Effect.succeed(inheritedFrom(fiber)))
