import * as Deadline from "@effect-exchange/resilience/Deadline"
import * as Timeout from "@effect-exchange/resilience/Timeout"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ClockSkew from "../ClockSkew.js"
import * as Credentials from "../Credentials.js"
import type { Capability, Cost, Endpoint, Prepared } from "../Endpoint.js"
import * as ExchangeError from "../ExchangeError.js"
import { InFlight } from "../InFlight.js"
import type { Answer, Headers, Protocol, Signed } from "../Protocol.js"
import * as RawAnswers from "../RawAnswers.js"
import * as answers from "./answer.js"
import { cleaner } from "./text.js"
import * as transport from "./transport.js"
import type { Vitals } from "./vitals.js"

/** @internal */
export interface Line {
  readonly protocol: Protocol
  readonly client: HttpClient.HttpClient
  readonly origin: string
  /** What every request to this environment carries. */
  readonly headers: { readonly [name: string]: string }
  /** As the exchange sees itself named. */
  readonly host: string
  /** Microseconds that rise with every call, from the exchange's time in milliseconds. */
  readonly nonce: (now: number) => bigint
  readonly vitals: Vitals
  readonly timeout: Duration.Duration
  readonly maxBytes: number
  readonly learnUsage: (headers: Headers, auth: "none" | "signed", cost: Cost) => Effect.Effect<void>
}

/**
 * Sign, send, classify: one request on the wire, and what its answer teaches.
 *
 * @internal
 */
export const send = <C extends Capability, I, A>(
  line: Line,
  endpoint: Endpoint<C, I, A>,
  prepared: Prepared,
  credentials: Option.Option<Credentials.Credentials>,
  cost: Cost
): Effect.Effect<A, ExchangeError.ExchangeError> => {
  const about = { exchange: line.protocol.exchange, operation: endpoint.name }
  return Effect.gen(function*() {
    const sentAt = yield* Clock.currentTimeMillis
    const skew = yield* line.vitals.skew
    const request = { ...prepared, headers: { ...prepared.headers, ...line.headers } }
    const now = Math.floor(ClockSkew.correct(skew, sentAt))
    const signed: Signed = Option.isNone(credentials)
      ? { ...request, signature: "" }
      : yield* Either.mapLeft(
        line.protocol.sign(request, credentials.value, {
          now,
          nonce: line.nonce(now),
          host: line.host
        }),
        (detail) => new ExchangeError.AuthenticationFailed({ ...about, detail })
      )
    const clean = cleaner([
      signed.signature,
      ...Option.match(credentials, { onNone: () => [], onSome: Credentials.secrets })
    ])
    const raw = yield* transport.send(line.client, line.origin, signed, line.maxBytes).pipe(
      Effect.provideService(
        InFlight,
        Option.some({ ...about, capability: endpoint.capability, idempotency: endpoint.idempotency })
      ),
      Effect.catchTags({
        ConnectionFailed: ({ code, outcome }) =>
          new ExchangeError.TransportFailed({
            ...about,
            code,
            outcome,
            detail: outcome === "NotSent"
              ? "no connection could be made; check the network and the base URL"
              : "the connection broke before the whole answer had come"
          }),
        BodyTooLarge: ({ limit }) =>
          new ExchangeError.MalformedResponse({
            ...about,
            detail: `the answer is larger than ${limit} bytes (see maxResponseBytes)`
          })
      })
    )
    const receivedAt = yield* Clock.currentTimeMillis
    const date = Date.parse(raw.headers["date"] ?? "")
    if (!Number.isNaN(date)) {
      yield* line.vitals.learnTime({ sentAt, receivedAt, serverTime: date, resolution: 1000 })
    }
    yield* line.learnUsage(raw.headers, endpoint.auth, cost)
    yield* Effect.annotateCurrentSpan("http.response.status_code", raw.status)
    const answer: Answer = {
      status: raw.status,
      headers: raw.headers,
      json: answers.parseJson(raw.text),
      text: raw.text,
      now: receivedAt,
      about: { ...about, status: raw.status },
      clean
    }
    yield* RawAnswers.note({ ...about, status: raw.status, body: answer.json ?? raw.text })
    const error = answers.classify(line.protocol, answer, raw.text)
    if (error !== undefined) return yield* error
    return yield* Either.mapLeft(endpoint.decode(answer.json), (mismatch) =>
      new ExchangeError.MalformedResponse({
        ...about,
        status: raw.status,
        detail: `the answer has another shape than documented${
          answers.describeMismatch(mismatch, { values: endpoint.capability === "marketData", clean })
        }`
      }))
  }).pipe(within(line.timeout, about))
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
