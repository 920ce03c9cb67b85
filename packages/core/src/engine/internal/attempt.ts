import * as Deadline from "@effect-exchange/resilience/Deadline"
import * as Timeout from "@effect-exchange/resilience/Timeout"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import * as Redacted from "effect/Redacted"
import * as ExchangeError from "../../model/ExchangeError.js"
import { clean } from "../../model/internal/text.js"
import * as Credentials from "../../ports/Credentials.js"
import * as ClockSkew from "../ClockSkew.js"
import type { Primitives } from "../Crypto.js"
import type { Capability, Endpoint, Prepared } from "../Endpoint.js"
import type { Key } from "../ExchangeState.js"
import type { Answer, Learnt, Protocol, Signed, Usage } from "../Protocol.js"
import * as RawAnswers from "../RawAnswers.js"
import { classify, describeMismatch } from "./answer.js"
import { parseJson } from "./json.js"
import type { Observed } from "./observer.js"
import * as Redaction from "./redaction.js"
import * as transport from "./transport.js"
import * as TrustedHeaders from "./trustedHeaders.js"
import type { Vitals } from "./vitals.js"

/**
 * An operation under way, as far as an attempt has to know it.
 *
 * @internal
 */
export interface Call<out A> extends Observed {
  readonly endpoint: Endpoint<Capability, never, A>
  readonly prepared: Prepared
  /** When the latest attempt left, epoch milliseconds. */
  sentAt: number | undefined
  /** The nonce of the latest attempt, if it was signed. */
  nonce: bigint | undefined
}

/**
 * Whose key a request is signed with, and what is known of that key.
 *
 * @internal
 */
export interface Signer {
  readonly key: Key
  readonly credentials: Option.Option<Credentials.Credentials>
}

/** @internal */
export interface Line {
  readonly protocol: Protocol
  readonly client: HttpClient.HttpClient
  readonly origin: string
  /** What every request to this environment carries. */
  readonly headers: { readonly [name: string]: string }
  /** As the exchange sees itself named. */
  readonly host: string
  readonly crypto: Primitives
  readonly vitals: Vitals
  readonly timeout: Duration.Duration
  readonly maxBytes: number
  /** `offset` is the exchange's clock minus ours, in milliseconds. */
  readonly learnUsage: (usage: ReadonlyArray<Usage>, key: Key, offset: number) => Effect.Effect<void>
}

/**
 * Sign, send, classify: one request on the wire, and what its answer teaches.
 *
 * @internal
 */
export const send = <A>(
  line: Line,
  call: Call<A>,
  { credentials, key }: Signer,
  leaving: Effect.Effect<void>
): Effect.Effect<A, ExchangeError.ExchangeError> => {
  const { about, endpoint } = call
  return Effect.gen(function*() {
    const sentAt = yield* Clock.currentTimeMillis
    const signedBy = yield* line.vitals.skew
    const signed = yield* sign(line, call, credentials, key, ClockSkew.correct(signedBy, sentAt)).pipe(
      Either.mapLeft((detail) => new ExchangeError.AuthenticationFailed({ ...about, detail, outcome: "NotSent" }))
    )
    call.sentAt = sentAt
    yield* leaving
    const inFlight = { ...about, capability: endpoint.capability, idempotency: endpoint.idempotency }
    const raw = yield* Effect.mapError(
      transport.send(line.client, line.origin, signed, inFlight, line.maxBytes),
      unanswered(about)
    )
    const now = yield* Clock.currentTimeMillis
    // Before anything else sees the answer.
    const redaction = Option.match(credentials, {
      onNone: () => Redaction.none,
      onSome: (credentials) =>
        Redaction.make([signed.signature, ...Credentials.secrets(credentials).map(Redacted.value)])
    })
    const dated = TrustedHeaders.date(raw.headers, now)
    if (dated.date !== undefined) {
      yield* line.vitals.learnTime({ sentAt, receivedAt: now, serverTime: dated.date, resolution: 1000 })
    }
    const json = redaction.json(parseJson(raw.text), raw.text)
    const told = Record.map(dated.headers, (value) => value === undefined ? undefined : redaction.text(value))
    const { serverTime, usage = [] } = yield* hint(
      Effect.sync(() => line.protocol.learn({ headers: told, json, auth: endpoint.auth, cost: call.cost })),
      nothing
    )
    if (serverTime !== undefined && !TrustedHeaders.isStored(raw.headers)) {
      yield* line.vitals.learnTime({ sentAt, receivedAt: now, serverTime, resolution: 1 })
    }
    const skew = yield* line.vitals.skew
    const headers = TrustedHeaders.retryAfter(told, ClockSkew.correct(skew, now))
    yield* hint(Effect.suspend(() => line.learnUsage(usage, key, skew.offset)), undefined)
    yield* Effect.annotateCurrentSpan("http.response.status_code", raw.status)
    const text = redaction.text(raw.text)
    const answer: Answer = {
      status: raw.status,
      headers,
      json,
      text,
      now,
      skew: skew.offset,
      about: { ...about, status: raw.status },
      clean
    }
    yield* RawAnswers.note({ ...about, status: raw.status, body: answer.json ?? text })
    const classified = classify(line.protocol, answer, endpoint.auth)
    if (Either.isLeft(classified)) {
      yield* Effect.logWarning("An answer could not be classified: the protocol died over it")
    }
    const error = Either.merge(classified)
    if (error !== undefined) return yield* blameClock(line.protocol, error, Math.abs(skew.offset - signedBy.offset))
    return yield* decode(endpoint, answer)
  }).pipe(within(line.timeout, about))
}

const nothing: Learnt = {}

/** What is told by the way is a hint: whoever fails over it changes no outcome. */
const hint = <A>(self: Effect.Effect<A>, otherwise: NoInfer<A>): Effect.Effect<A> =>
  Effect.catchAllDefect(
    self,
    () => Effect.as(Effect.logDebug("What the answer tells by the way could not be read"), otherwise)
  )

const sign = (
  line: Line,
  call: Call<unknown>,
  credentials: Option.Option<Credentials.Credentials>,
  key: Key,
  exchangeTime: number
): Either.Either<Signed, string> => {
  const { prepared } = call
  const request = { ...prepared, headers: { ...prepared.headers, ...line.headers } }
  if (Option.isNone(credentials)) return Either.right({ ...request, signature: "" })
  const nonce = key.nonce(exchangeTime)
  call.nonce = nonce
  try {
    return line.protocol.sign(request, credentials.value, {
      now: Math.floor(exchangeTime),
      nonce,
      host: line.host,
      scheme: call.endpoint.scheme,
      crypto: line.crypto
    })
  } catch {
    // What it threw may hold the secret.
    return Either.left("the request could not be signed: signing failed over the key, the secret or the time")
  }
}

interface Operation {
  readonly exchange: string
  readonly operation: string
}

const unanswered = (about: Operation) =>
(
  error: transport.SendError
): ExchangeError.TransportFailed | ExchangeError.MalformedResponse => {
  switch (error._tag) {
    case "ConnectionFailed":
      return new ExchangeError.TransportFailed({
        ...about,
        code: error.code,
        outcome: error.outcome,
        detail: error.outcome === "NotSent"
          ? "no connection could be made; check the network, the base URL and certificates"
          : "the connection broke before the whole answer had come"
      })
    case "BodyTooLarge":
      return new ExchangeError.MalformedResponse({
        ...about,
        reason: "TooLarge",
        detail: `the answer is larger than ${error.limit}`
      })
    case "BodyNotUnpacked":
      return new ExchangeError.MalformedResponse({
        ...about,
        reason: "NotJson",
        detail: `the answer could not be unpacked: it is no ${error.coding}, though it says so, or was cut short`
      })
  }
}

// A key that is refused by a clock that is off was not refused for itself: to read it again would help nobody.
const blameClock = (
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
    detail: `the request was signed by a clock that is ${seconds} seconds from the exchange's: ${error.detail}`
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
          `the answer has another shape than documented${
            describeMismatch(mismatch, { values: endpoint.capability === "marketData", clean })
          }`
        )
    )
  } catch {
    return Either.left(malformed("the answer could not be read: reading it failed"))
  }
}

// An attempt ends with the operation's deadline at the latest: once sent, its outcome is that of a timeout.
const within = (timeout: Duration.Duration, about: { readonly exchange: string; readonly operation: string }) =>
<A, R>(
  self: Effect.Effect<A, ExchangeError.ExchangeError, R>
): Effect.Effect<A, ExchangeError.ExchangeError, R> =>
  Effect.flatMap(Deadline.remaining, (remaining) => {
    const duration = Option.match(remaining, {
      onNone: () => timeout,
      onSome: (remaining) => Duration.min(timeout, remaining)
    })
    return Timeout.attempt(self, {
      duration,
      onTimeout: () =>
        new ExchangeError.RequestTimedOut({ ...about, detail: `no whole answer within ${Duration.format(duration)}` })
    })
  })
