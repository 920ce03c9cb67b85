import * as Deadline from "@effect-exchange/resilience/Deadline"
import type * as Policy from "@effect-exchange/resilience/Policy"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import * as Redacted from "effect/Redacted"
import * as ExchangeError from "../../model/ExchangeError.js"
import { clean } from "../../model/internal/text.js"
import * as Credentials from "../../ports/Credentials.js"
import { attributes } from "../../ports/Telemetry.js"
import * as ClockSkew from "../ClockSkew.js"
import type { Primitives } from "../Crypto.js"
import type { Capability, Endpoint, Prepared } from "../Endpoint.js"
import type { Key } from "../ExchangeState.js"
import type * as InFlight from "../InFlight.js"
import type { Answer, Observations, Protocol, Signed, Usage } from "../Protocol.js"
import * as RawAnswers from "../RawAnswers.js"
import type * as Transport from "../Transport.js"
import { classify } from "./answer.js"
import type { Circuit } from "./breakers.js"
import type { Departure } from "./departure.js"
import { clockOf, type Running } from "./frame.js"
import { parseJson } from "./json.js"
import { describeMismatch } from "./mismatch.js"
import type { Observed } from "./observer.js"
import { Outgoing } from "./outgoing.js"
import * as Redaction from "./redaction.js"
import * as TrustedHeaders from "./trustedHeaders.js"
import type { Vitals } from "./vitals.js"

/**
 * The names of an operation, for errors and for `InFlight`.
 *
 * @internal
 */
export interface Names {
  readonly operation: Observed["about"]
  readonly request: InFlight.Request & { readonly circuit: Circuit }
}

/**
 * An operation in progress, as an attempt sees it.
 *
 * @internal
 */
export interface Call<out A> extends Observed {
  readonly endpoint: Endpoint<Capability, never, A>
  readonly names: Names
  readonly prepared: Prepared
  /** When the operation must end, by the monotonic clock of `Deadline`. */
  readonly deadline: Option.Option<bigint>
  /** Where a call that changes something records that its request has left, if anywhere. */
  readonly departure: Departure | undefined
  /** When the latest attempt was sent, in epoch milliseconds. */
  sentAt: number | undefined
  /** The nonce of the latest attempt, if it was signed. */
  nonce: bigint | undefined
}

/**
 * The key that signs a request, with its state and credentials.
 *
 * @internal
 */
export interface Signer {
  readonly key: Key
  readonly credentials: Option.Option<Credentials.Credentials>
  /** Adds the token of a session to a request, instead of a signature. */
  readonly authorize?: ((request: Prepared) => Signed) | undefined
}

/** @internal */
export interface ClientSettings {
  readonly protocol: Protocol
  readonly transport: Transport.Transport
  readonly origin: string
  /** The headers of every request to this environment. */
  readonly headers: { readonly [name: string]: string }
  /** The host as requests name it, for signatures that cover it. */
  readonly host: string
  readonly crypto: Primitives
  readonly vitals: Vitals
  readonly timeout: Duration.Duration
  readonly maxBytes: number
  /** Adds log annotations that identify the operation. */
  readonly logging: (operation: string, self: Effect.Effect<void>) => Effect.Effect<void>
  /**
   * Returns the rest of the work as an effect, if any. `offset` is the exchange's clock minus ours, in milliseconds.
   */
  readonly learnUsage: (
    fiber: Running,
    usage: ReadonlyArray<Usage>,
    key: Key,
    offset: number
  ) => Effect.Effect<void> | undefined
}

/**
 * Signs and sends one request, classifies the response and learns from it.
 *
 * @internal
 */
export const send = <A>(
  fiber: Running,
  settings: ClientSettings,
  call: Call<A>,
  signer: Signer,
  { restore, unsafeLeave }: Pick<Policy.Attempt, "restore" | "unsafeLeave">
): Effect.Effect<A, ExchangeError.ExchangeError> =>
  Effect.suspend(() => {
    const { about } = call
    const clock = clockOf(fiber)
    const sentAt = clock.unsafeCurrentTimeMillis()
    const signedBy = settings.vitals.skew()
    const signed = sign(settings, call, signer, ClockSkew.correct(signedBy, sentAt))
    if (typeof signed === "string") {
      return new ExchangeError.AuthenticationFailed({ ...about, detail: signed, outcome: "NotSent" })
    }
    call.sentAt = sentAt
    if (call.departure !== undefined) call.departure.stage = "left"
    const go = () => {
      // The operation's deadline also bounds the attempt. Once the request is sent, reaching it counts as a timeout.
      const timeout = Option.match(Deadline.remainingAt(call.deadline, clock), {
        onNone: () => settings.timeout,
        onSome: (remaining) => Duration.min(settings.timeout, remaining)
      })
      const request = new Outgoing(signed, settings, timeout, call.names.request)
      const answer = settings.transport.sendMasked?.(request, restore) ?? restore(settings.transport.send(request))
      return Effect.matchEffect(answer, {
        onFailure: (failure) => unanswered(about, timeout, failure),
        onSuccess: (raw) => {
          const received = {
            signature: signed.signature,
            sentAt,
            signedBy,
            now: clock.unsafeCurrentTimeMillis(),
            raw
          }
          return answered(fiber, settings, call, signer, received, restore)
        }
      })
    }
    const before = unsafeLeave()
    return before === undefined ? go() : Effect.flatMap(before, go)
  })

interface Received {
  readonly signature: string
  readonly sentAt: number
  readonly signedBy: ClockSkew.ClockSkew
  readonly now: number
  readonly raw: Transport.Answer
}

/** Converts a response to a value or an error, and learns usage and clock from it. */
const answered = <A>(
  fiber: Running,
  settings: ClientSettings,
  call: Call<A>,
  { credentials, key }: Signer,
  { now, raw, sentAt, signature, signedBy }: Received,
  restore: Policy.Attempt["restore"]
): Effect.Effect<A, ExchangeError.ExchangeError> => {
  const { about, endpoint } = call
  const { protocol, vitals } = settings
  // Redacts secrets before any other code sees the response.
  const redaction = Option.isNone(credentials)
    ? Redaction.none
    : Redaction.make([signature, ...Credentials.secrets(credentials.value).map(Redacted.value)])
  const json = redaction.json(parseJson(raw.text), raw.text)
  const dated = TrustedHeaders.date(raw.headers, now)
  const headers = redaction === Redaction.none
    ? dated.headers
    : Record.map(dated.headers, (value) => value === undefined ? undefined : redaction.text(value))
  const hints: Array<Effect.Effect<void>> = []
  const learn = (serverTime: number, resolution: number): void => {
    const learning = vitals.learnTime({ sentAt, receivedAt: now, serverTime, resolution })
    if (learning !== undefined) hints.push(settings.logging(endpoint.name, learning))
  }
  if (dated.date !== undefined) learn(dated.date, 1000)
  const learnt = learning(protocol, { headers, json, auth: endpoint.auth, cost: call.cost })
  const warnUnread = () => settings.logging(endpoint.name, notRead)
  if (learnt === undefined) hints.push(warnUnread())
  const { serverTime, usage = [] } = learnt ?? nothing
  if (serverTime !== undefined && !TrustedHeaders.isStored(raw.headers)) learn(serverTime, 1)
  const skew = vitals.skew()
  const signedLate = skew.offset - signedBy.offset
  const used = usage.length > 0
    ? hint(() => settings.learnUsage(fiber, usage, key, skew.offset), warnUnread)
    : undefined
  if (used !== undefined) hints.push(used)
  call.span?.attribute(attributes.status, raw.status)
  const isSecret = endpoint.isSecret === true && raw.status < 300
  const text = isSecret ? Credentials.redacted : redaction.text(raw.text)
  const answer: Answer = {
    status: raw.status,
    headers: TrustedHeaders.retryAfter(headers, ClockSkew.correct(skew, now)),
    json,
    text,
    now,
    skew: skew.offset,
    signedLate,
    about: { status: raw.status, ...about },
    clean
  }
  const noting = RawAnswers.note(
    fiber,
    () => ({ ...about, status: raw.status, body: isSecret ? text : json ?? text })
  )
  if (noting !== undefined) hints.push(noting)
  const classified = classify(protocol, answer, endpoint.auth)
  if (Either.isLeft(classified)) {
    hints.push(
      settings.logging(
        endpoint.name,
        Effect.logWarning("A response could not be classified: the protocol's classify function threw")
      )
    )
  }
  const error = Either.merge(classified)
  const result = error === undefined
    ? decode(endpoint, answer)
    : Effect.fail(asClockSkew(protocol, error, Math.abs(signedLate)))
  // The result is not within `restore`, which would keep it until the next major collection: see decision 12.
  return hints.length === 0 ? result : Effect.zipRight(
    restore(hints.reduceRight((next, hint) => Effect.zipRight(hint, next))),
    result
  )
}

const nothing: Observations = {}

/** Usage and clock are hints: a defect while reading them must not change the outcome of the request. */
const hint = (
  read: () => Effect.Effect<void> | undefined,
  otherwise: () => Effect.Effect<void>
): Effect.Effect<void> | undefined => {
  try {
    const left = read()
    return left === undefined ? undefined : Effect.catchAllDefect(left, otherwise)
  } catch {
    return otherwise()
  }
}

const notRead = Effect.logDebug("Usage and clock could not be read from the response")

const learning = (protocol: Protocol, facts: Parameters<Protocol["learn"]>[0]): Observations | undefined => {
  try {
    return protocol.learn(facts)
  } catch {
    return undefined
  }
}

/** Returns the signed request, or the reason why it cannot be signed. */
const sign = (
  settings: ClientSettings,
  call: Call<unknown>,
  { authorize: carry, credentials, key }: Signer,
  exchangeTime: number
): Signed | string => {
  const { body, headers, method, path, query } = call.prepared
  const request = { method, path, query, body, headers: Object.assign({}, headers, settings.headers) }
  if (Option.isNone(credentials)) return { method, path, query, body, headers: request.headers, signature: "" }
  try {
    if (carry !== undefined) return carry(request)
    const nonce = key.nonce(exchangeTime)
    call.nonce = nonce
    const signed = settings.protocol.sign(request, credentials.value, {
      now: Math.floor(exchangeTime),
      nonce,
      host: settings.host,
      scheme: call.endpoint.scheme,
      crypto: settings.crypto
    })
    return Either.merge(signed)
  } catch {
    // The thrown error is dropped, because it may contain the secret.
    return "the request could not be signed; check the key, the secret and the clock"
  }
}

interface Operation {
  readonly exchange: string
  readonly operation: string
}

const unanswered = (
  about: Operation,
  timeout: Duration.Duration,
  failure: Transport.Failure
): Effect.Effect<never, ExchangeError.ExchangeError> => {
  switch (failure._tag) {
    case "ConnectionFailed":
      return new ExchangeError.TransportFailed({
        ...about,
        code: failure.code,
        outcome: failure.outcome,
        detail: failure.detail ?? (failure.outcome === "NotSent"
          ? "could not connect; check the network, the base URL and the certificates"
          : "the connection was lost before the complete response arrived")
      })
    case "BodyTooLarge":
      return new ExchangeError.MalformedResponse({
        ...about,
        reason: "TooLarge",
        detail: `the response is larger than ${failure.limit}`
      })
    case "BodyNotUnpacked":
      return new ExchangeError.MalformedResponse({
        ...about,
        reason: "NotJson",
        detail: `the response could not be decompressed: it is not valid ${failure.coding}, or it was truncated`
      })
    case "TimedOut":
      return new ExchangeError.RequestTimedOut({
        ...about,
        detail: `no complete response within ${Duration.format(timeout)}`
      })
  }
}

// If the clock was off, the exchange did not refuse the key itself, and reloading the key would not help.
const asClockSkew = (
  protocol: Pick<Protocol, "tolerance">,
  error: ExchangeError.ExchangeError,
  apart: number
): ExchangeError.ExchangeError => {
  const { tolerance } = protocol
  if (error._tag !== "AuthenticationFailed" || tolerance === undefined || apart <= Duration.toMillis(tolerance)) {
    return error
  }
  const seconds = Math.round(apart / 1000)
  return new ExchangeError.ClockSkew({
    ...error,
    detail:
      `the request was signed with a clock that differs from the exchange's by ${seconds} seconds: ${error.detail}`
  })
}

const decode = <C extends Capability, I, A>(
  endpoint: Endpoint<C, I, A>,
  answer: Answer
): Either.Either<A, ExchangeError.MalformedResponse> => {
  const malformed = (detail: string) => new ExchangeError.MalformedResponse({ ...answer.about, detail })
  try {
    return Either.mapLeft(
      endpoint.decode(answer.json),
      (mismatch) =>
        malformed(
          `the response does not match the documented schema${
            describeMismatch(mismatch, { values: endpoint.capability === "marketData", clean })
          }`
        )
    )
  } catch {
    return Either.left(malformed("the response could not be decoded: its decoder threw an error"))
  }
}
