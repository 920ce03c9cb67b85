import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as ExchangeError from "../../model/ExchangeError.js"
import type { Opened, Session } from "../Session.js"
import type { Call, Signer } from "./attempt.js"

/**
 * Runs a call with the token of a session, which it opens if there is none. If the exchange says that the session has
 * ended and the call may be repeated, it opens another session, once, and repeats the call. A call that is not signed,
 * or that is signed by a scheme, runs unchanged.
 *
 * @internal
 */
export const withSessionToken = (
  session: Session,
  { isRepeatable, open, scope }: {
    readonly open: (endpoint: Session["open"], signer: Signer) => Effect.Effect<Opened, ExchangeError.ExchangeError>
    readonly isRepeatable: (call: Call<unknown>, error: ExchangeError.ExchangeError) => boolean
    /** Renewals end when this scope closes. */
    readonly scope: Scope.Scope
  }
) =>
<A>(
  call: Call<A>,
  signer: Signer,
  run: (signer: Signer) => Effect.Effect<A, ExchangeError.ExchangeError>
): Effect.Effect<A, ExchangeError.ExchangeError> => {
  const { credentials, key: { session: held } } = signer
  const { auth, scheme } = call.endpoint
  if (held === undefined || auth === "none" || scheme !== undefined || Option.isNone(credentials)) return run(signer)
  const token = held.token(credentials.value, open(session.open, signer), scope)
  const runWith = (token: Redacted.Redacted<string>) =>
    run({
      ...signer,
      authorize: (request) => {
        const { body, headers, method, path, query } = session.authorize(request, token)
        return { method, path, query, body, headers, signature: Redacted.value(token) }
      }
    })
  return Effect.flatMap(token, (first) =>
    Effect.catchTag(runWith(first), "AuthenticationFailed", (error) => {
      if (error.outcome === "NotSent" || !session.isOver(error)) return error
      return Effect.zipRight(held.refused(first), isRepeatable(call, error) ? Effect.flatMap(token, runWith) : error)
    }))
}
