/**
 * Sends requests to an exchange and receives its responses: a port of one function, beneath everything that
 * `ExchangeClient` does.
 *
 * Any `HttpClient` serves as a transport. A platform that has a cheaper way attaches it to its `HttpClient`
 * ({@link attach}). The attachment does not carry over to a wrapper, so a wrapper that records, delays or fails
 * requests still sees every one.
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
 * A request as it was signed. Not a byte of it may change.
 *
 * @since 0.1.0
 * @category models
 */
export interface Request {
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  readonly origin: string
  /** The path, including the query. */
  readonly path: string
  readonly headers: { readonly [name: string]: string }
  /** The body, or an empty string if there is none. */
  readonly body: string
  /** The largest body to read, after decompression, in bytes. */
  readonly maxBytes: number
  /** How long the request may take, until the response is complete. */
  readonly timeout: Duration.Duration
  readonly about: InFlight.Request
}

/**
 * A response, with header names in lower case.
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
 * The reason why there is no response. After a `ConnectionFailed`, `outcome` says whether the request may have been
 * sent. After any other failure it may have been.
 *
 * @since 0.1.0
 * @category errors
 */
export type Failure =
  | {
    readonly _tag: "ConnectionFailed"
    readonly outcome: Outcome
    readonly code: string | undefined
    /** What went wrong and how to fix it, if known. */
    readonly detail?: string | undefined
  }
  /** The limit in words: its size, and the option that changes it. */
  | { readonly _tag: "BodyTooLarge"; readonly limit: string }
  | { readonly _tag: "BodyNotUnpacked"; readonly coding: string }
  | { readonly _tag: "TimedOut" }

/**
 * Sends each request once, without following redirects, without trace headers, and without recording any part of the
 * request in a span or a log. Interruption aborts the request. The timeout applies even where the fiber is
 * uninterruptible.
 *
 * @since 0.1.0
 * @category models
 */
export interface Transport {
  readonly send: (request: Request) => Effect.Effect<Answer, Failure>
  /**
   * Does the same as `send` for a caller that is uninterruptible, and makes waiting interruptible by `restore`, as in
   * `Effect.uninterruptibleMask`. This saves a mask. Defaults to `restore` of `send`.
   */
  readonly sendMasked?:
    | ((
      request: Request,
      restore: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
    ) => Effect.Effect<Answer, Failure>)
    | undefined
  /**
   * Whether the transport itself logs nothing. The client then skips setting the log annotations, which costs more than
   * a gate. Defaults to `false`: logs carry the exchange, the environment and the operation.
   */
  readonly isQuiet?: boolean | undefined
}

const attached = new WeakMap<HttpClient.HttpClient, Transport>()

/**
 * Makes exchange clients use a transport in place of an `HttpClient` that does the same, and returns the `HttpClient`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const attach = (client: HttpClient.HttpClient, transport: Transport): HttpClient.HttpClient => {
  attached.set(client, transport)
  return client
}

/**
 * Returns the transport that is attached to an `HttpClient`. A wrapper of that `HttpClient` has none.
 *
 * @internal
 */
export const attachedTo = (client: HttpClient.HttpClient): Transport | undefined => attached.get(client)
