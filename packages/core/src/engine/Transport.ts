/**
 * How a request gets to an exchange and its answer back: a port of one function, below everything that `ExchangeClient` does.
 *
 * Any `HttpClient` is one. What a platform has of its own, cheaper than its `HttpClient`, is attached to that ({@link attach}):
 * whoever wraps the `HttpClient`, to record, to delay, to fail, is asked for every request.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { Outcome } from "../model/ExchangeError.js"
import type * as InFlight from "./InFlight.js"
import type { Headers } from "./Protocol.js"

/**
 * A request as it was signed: not a byte of it may change.
 *
 * @since 0.1.0
 * @category models
 */
export interface Request {
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  readonly origin: string
  /** The path, and the query behind it. */
  readonly path: string
  readonly headers: { readonly [name: string]: string }
  /** Empty where there is none. */
  readonly body: string
  /** The largest body that is read, unpacked, in bytes. */
  readonly maxBytes: number
  /** How long it may take until the whole answer is there. */
  readonly timeout: Duration.Duration
  readonly about: InFlight.Request
}

/**
 * An answer, with the names of its headers in lower case.
 *
 * @since 0.1.0
 * @category models
 */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/**
 * Why there is no answer. Only a `ConnectionFailed` says whether the request may have left: of all others it may have.
 *
 * @since 0.1.0
 * @category errors
 */
export type Failure =
  | {
    readonly _tag: "ConnectionFailed"
    readonly outcome: Outcome
    readonly code: string | undefined
    /** What went wrong and what to do about it, where that is known. */
    readonly detail?: string | undefined
  }
  /** The limit as it is said: how much, and which option moves it. */
  | { readonly _tag: "BodyTooLarge"; readonly limit: string }
  | { readonly _tag: "BodyNotUnpacked"; readonly coding: string }
  | { readonly _tag: "TimedOut" }

/**
 * Sends requests: each once, without following redirects, without headers of its own that tell of traces, and without a word
 * of the request in a span or a log. What is interrupted is given up, and the time of a request holds also where nothing can
 * be interrupted.
 *
 * @since 0.1.0
 * @category models
 */
export interface Transport {
  readonly send: (request: Request) => Effect.Effect<Answer, Failure>
  /**
   * As `send`, for whoever is not to be interrupted: what waits is made interruptible by `restore`, as it is in
   * `Effect.uninterruptibleMask`, so that no mask of its own is needed. Defaults to `restore` of `send`.
   */
  readonly sendMasked?:
    | ((
      request: Request,
      restore: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
    ) => Effect.Effect<Answer, Failure>)
    | undefined
  /**
   * Whether it logs nothing by itself, so that nothing has to be set up for what it logs, which costs more than a gate. Defaults to
   * `false`: then logs carry the exchange, the environment and the operation.
   */
  readonly isQuiet?: boolean | undefined
}

const attached = new WeakMap<HttpClient.HttpClient, Transport>()

/**
 * Has exchanges use a transport in the place of an `HttpClient` that does the same.
 *
 * @since 0.1.0
 * @category constructors
 */
export const attach = (client: HttpClient.HttpClient, transport: Transport): HttpClient.HttpClient => {
  attached.set(client, transport)
  return client
}

/**
 * The transport that was attached to an `HttpClient`: none to one that wraps it.
 *
 * @internal
 */
export const attachedTo = (client: HttpClient.HttpClient): Transport | undefined => attached.get(client)
