/**
 * Describes the sessions of an exchange whose private requests carry a token, opened beforehand, instead of a
 * signature.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type { AuthenticationFailed } from "../model/ExchangeError.js"
import type { Endpoint, Prepared } from "./Endpoint.js"

/**
 * A session: how to open it, how a request carries its token, and which refusal says that it has ended.
 *
 * @since 0.1.0
 * @category models
 */
export interface Session {
  readonly open: Endpoint<"trading", {}, Opened>
  readonly authorize: (request: Prepared, token: Redacted.Redacted<string>) => Prepared
  readonly isOver: (error: AuthenticationFailed) => boolean
}

/**
 * A token, and how long the exchange accepts it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Opened {
  readonly token: Redacted.Redacted<string>
  readonly lasts: Duration.Duration
}

/**
 * The options of {@link make}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts<I, A> {
  /** The endpoint that returns a token. It is signed by its `scheme`, which may send the credentials themselves. */
  readonly open: Endpoint<"account", I, A>
  /** The input of `open`. */
  readonly input: I
  readonly token: (answer: A) => string
  /** How long the exchange accepts the token, counted from when it was requested. */
  readonly lasts: (answer: A) => Duration.DurationInput
  /** Adds the token to a request. Defaults to {@link bearer}. */
  readonly authorize?: Session["authorize"] | undefined
  /**
   * The codes of `AuthenticationFailed`, separated by a space, with which the exchange refuses an ended session.
   * Defaults to every `AuthenticationFailed`, even without a code.
   */
  readonly over?: string | undefined
}

/**
 * Makes a session.
 *
 * The engine opens one session for each key when a request needs it, shared by all requests that wait for it, and
 * renews it before it ends. It opens a new one when the exchange says that the session has ended, and when the
 * credentials change.
 *
 * **Gotchas**
 *
 * All signed endpoints of the protocol carry the token, except those that name a `scheme`, which are signed by it.
 * Opening a session counts as `safe` and may be retried, whatever the endpoint declares.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <I, A>(
  { authorize = bearer, input, lasts, open, over, token }: Facts<I, A>
): Session => {
  const codes = over === undefined ? undefined : new Set<string | undefined>(over.split(" "))
  return {
    open: {
      ...open,
      // Trading depends on it: it must not wait for reads, and an open circuit for reads must not block it.
      capability: "trading",
      idempotency: "safe",
      isSecret: true,
      encode: () => open.encode(input),
      cost: () => open.cost(input),
      decode: (body) =>
        Either.map(open.decode(body), (answer) => ({
          token: Redacted.make(token(answer)),
          lasts: Duration.decode(lasts(answer))
        }))
    },
    authorize,
    isOver: ({ code }) => codes === undefined || codes.has(code)
  }
}

/**
 * Adds the token to the `authorization` header as a bearer token (RFC 6750).
 *
 * @since 0.1.0
 * @category carrying
 */
export const bearer: Session["authorize"] = ({ body, headers, method, path, query }, token) => ({
  method,
  path,
  query,
  body,
  headers: Object.assign({}, headers, { authorization: `Bearer ${Redacted.value(token)}` })
})
