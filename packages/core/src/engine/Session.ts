/**
 * Sessions: what an exchange declares whose private requests carry a token, opened before, in the place of a signature.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type { AuthenticationFailed } from "../model/ExchangeError.js"
import type { Endpoint, Prepared } from "./Endpoint.js"

/**
 * How a session is opened, how a request carries its token, and which refusal says that it is over.
 *
 * @since 0.1.0
 * @category models
 */
export interface Session {
  readonly open: Endpoint<"trading", {}, Opened>
  readonly carry: (request: Prepared, token: Redacted.Redacted<string>) => Prepared
  readonly isOver: (error: AuthenticationFailed) => boolean
}

/**
 * A token, and how long the exchange takes it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Opened {
  readonly token: Redacted.Redacted<string>
  readonly lasts: Duration.Duration
}

/**
 * What {@link make} has to be told.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts<I, A> {
  /** Asks for a token. It is signed as its `scheme` says, which may be to send the credentials themselves. */
  readonly open: Endpoint<"account", I, A>
  /** What it is asked with. */
  readonly input: I
  readonly token: (answer: A) => string
  /** How long the token is taken from when it was asked for. */
  readonly lasts: (answer: A) => Duration.DurationInput
  /** Defaults to {@link bearer}. */
  readonly carry?: Session["carry"] | undefined
  /**
   * The codes of `AuthenticationFailed`, separated by blanks, by which the exchange says that a token is not taken any more.
   * Defaults to every `AuthenticationFailed`, also without a code.
   */
  readonly over?: string | undefined
}

/**
 * Makes a session.
 *
 * Core opens one for each key when a request needs it, once for all who wait, and another before it ends. It is opened anew when
 * the exchange says that it is over, and when the credentials are others.
 *
 * **Gotchas**
 *
 * All signed endpoints of the protocol carry the token but those that name a `scheme`: these are signed by it. Opening may be
 * repeated, whatever the endpoint says of itself.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <I, A>({ carry = bearer, input, lasts, open, over, token }: Facts<I, A>): Session => {
  const codes = over === undefined ? undefined : new Set<string | undefined>(over.split(" "))
  return {
    open: {
      ...open,
      // Nothing can be traded without it: it waits for no read, and no outage of reads keeps it from being tried.
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
    carry,
    isOver: ({ code }) => codes === undefined || codes.has(code)
  }
}

/**
 * Carries a token in the `authorization` header, as a bearer token (RFC 6750).
 *
 * @since 0.1.0
 * @category carrying
 */
export const bearer: Session["carry"] = (request, token) => ({
  ...request,
  headers: { ...request.headers, authorization: `Bearer ${Redacted.value(token)}` }
})
