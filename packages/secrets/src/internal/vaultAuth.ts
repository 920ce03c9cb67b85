import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Redacted from "effect/Redacted"
import type { SecretSourceError } from "../SecretSourceError.js"
import type { Send } from "./http.js"
import { now } from "./now.js"
import * as secretFile from "./secretFile.js"
import * as responses from "./vaultResponses.js"

/**
 * Sends a request with a token. If Vault refuses the token and another one is available, sends it once more with that
 * one.
 *
 * @internal
 */
export type WithToken = <A>(request: TokenRequest<A>) => Effect.Effect<A, SecretSourceError>

type TokenRequest<A> = (token: Redacted.Redacted<string>) => Effect.Effect<A, SecretSourceError>

/** @internal */
export const fixed = (token: Redacted.Redacted<string>): WithToken => (request) => request(token)

/** @internal */
export const inFile = (fs: FileSystem.FileSystem, file: string): WithToken => {
  const read = secretFile.read(responses.source, fs, file, "the token")
  return (request) =>
    Effect.flatMap(read, (token) =>
      Effect.catchTag(request(token), "ManagerRefused", (error) =>
        // The file may have been rewritten in the meantime.
        Effect.flatMap(read, (other) => Equal.equals(token, other) ? Effect.fail(error) : request(other))))
}

interface Lease {
  readonly token: Redacted.Redacted<string>
  readonly renewAt: number
  readonly endsAt: number
}

/** @internal */
export const kubernetes = (options: {
  readonly base: string
  readonly file: string
  readonly fs: FileSystem.FileSystem
  readonly mount: string
  readonly namespace: Readonly<Record<string, string>>
  readonly role: string
  readonly send: Send
}): Effect.Effect<WithToken> =>
  Effect.map(Effect.makeSemaphore(1), (mutex) => {
    let lease: Lease | undefined

    const login = Effect.gen(function*() {
      const jwt = yield* secretFile.read(responses.source, options.fs, options.file, "the service account's token")
      const requestedAt = yield* now
      const { lease: seconds, token } = yield* Effect.flatMap(
        options.send({
          method: "POST",
          url: `${options.base}/v1/auth/${options.mount}/login`,
          headers: { ...options.namespace, "content-type": "application/json", "x-vault-request": "true" },
          body: JSON.stringify({ role: options.role, jwt: Redacted.value(jwt) })
        }),
        responses.login
      )
      const millis = seconds === 0 ? Number.POSITIVE_INFINITY : seconds * 1000
      // Well before the lease ends, so that a failed login can be retried.
      lease = { token, renewAt: requestedAt + millis * 2 / 3, endsAt: requestedAt + millis }
      return token
    })

    const current = Effect.flatMap(now, (now): Effect.Effect<Redacted.Redacted<string>, SecretSourceError> => {
      const held = lease
      if (held === undefined || now >= held.endsAt) return login
      if (now < held.renewAt) return Effect.succeed(held.token)
      return Effect.catchIf(login, (error) => !error.revokes, () => Effect.succeed(held.token))
    }).pipe(mutex.withPermits(1))

    const loginAfterRefusal = (refused: Redacted.Redacted<string>) =>
      Effect.suspend(() => lease === undefined || lease.token === refused ? login : Effect.succeed(lease.token)).pipe(
        mutex.withPermits(1)
      )

    return (request) =>
      Effect.flatMap(current, (token) =>
        Effect.catchTag(request(token), "ManagerRefused", (refused) =>
          loginAfterRefusal(token).pipe(
            // If the login cannot even be tried, for example because the file cannot be read, Vault's refusal still
            // stands.
            Effect.catchIf((error) =>
              !error.isRetryable && !error.revokes, () => Effect.fail(refused)),
            Effect.flatMap(request)
          )))
  })
