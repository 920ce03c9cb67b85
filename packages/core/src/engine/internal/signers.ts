import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ExchangeError from "../../model/ExchangeError.js"
import { memoized } from "../../model/internal/memoized.js"
import * as Credentials from "../../ports/Credentials.js"
import type * as ExchangeState from "../ExchangeState.js"
import type * as Attempt from "./attempt.js"
import type { Call } from "./call.js"

/**
 * The keys that a client signs its requests with.
 *
 * @internal
 */
export interface Signers {
  /** The signer of public requests, which has no credentials. */
  readonly none: Attempt.Signer
  /** Returns the signer of a call, with the current credentials. */
  readonly of: (call: Call<unknown>) => Effect.Effect<Attempt.Signer, ExchangeError.AuthenticationFailed>
  /**
   * Reloads the credentials. Returns a signer with the new ones, or none if they have not changed or cannot be read.
   */
  readonly rotated: (signer: Attempt.Signer) => Effect.Effect<Option.Option<Attempt.Signer>>
}

/**
 * Creates the signers of a client. `keyOf` returns the state of a key, by its fingerprint.
 *
 * @internal
 */
export const make = Effect.fnUntraced(function*(
  credentials: Credentials.Provider | undefined,
  keyOf: (fingerprint: string) => Effect.Effect<ExchangeState.Key>
): Effect.fn.Return<Signers> {
  const provider = credentials === undefined ? undefined : Credentials.bareFrom(credentials)
  const fingerprintOf = memoized(Credentials.fingerprint)

  const signedBy = (credentials: Credentials.Credentials): Effect.Effect<Attempt.Signer> =>
    Effect.map(keyOf(fingerprintOf(credentials)), (key) => ({ key, credentials: Option.some(credentials) }))

  return {
    none: { key: yield* keyOf(""), credentials: Option.none() },
    of: ({ about }) => {
      const failed = (detail: string) =>
        new ExchangeError.AuthenticationFailed({ ...about, detail, outcome: "NotSent" })
      if (provider === undefined) return failed("this client has no credentials and can read only public data")
      return Effect.matchEffect(provider.get, {
        onFailure: (error) => failed(`the credentials can no longer be read: ${Credentials.describe(error)}`),
        onSuccess: signedBy
      })
    },
    rotated: ({ credentials: used }) =>
      provider === undefined || Option.isNone(used) ? Effect.succeedNone : Effect.matchEffect(provider.reload, {
        onFailure: () => Effect.succeedNone,
        onSuccess: (fresh) =>
          Credentials.isSame(used.value, fresh) ? Effect.succeedNone : Effect.asSome(signedBy(fresh))
      })
  }
})
