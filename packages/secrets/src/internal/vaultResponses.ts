import * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import {
  ManagerRefused,
  ManagerUnavailable,
  SecretMalformed,
  SecretNotFound,
  type SecretSourceError,
  SourceMisconfigured
} from "../SecretSourceError.js"
import * as bundle from "./bundle.js"
import type { Response } from "./http.js"

/** @internal */
export const source = "Vault"

/**
 * Returns the header that selects a namespace, or no header if the name is empty.
 *
 * @internal
 */
export const namespace = (
  name: string | undefined
): Either.Either<Readonly<Record<string, string>>, ConfigError.ConfigError> =>
  name === undefined || name === ""
    ? Either.right({})
    : /^[\w.@+~/-]+$/.test(name)
    ? Either.right({ "x-vault-namespace": name })
    : Either.left(
      ConfigError.InvalidData(["VAULT_NAMESPACE"], "expected names separated by slashes, such as admin/team")
    )

/**
 * Decodes the secrets from a response of the key-value engine, which wraps them twice: `{ data: { data, metadata } }`.
 *
 * @internal
 */
export const secrets = (
  { status, text }: Response
): Effect.Effect<ReadonlyMap<string, Redacted.Redacted<string>>, SecretSourceError> => {
  if (status === 200) {
    return Effect.flatMap(bundle.json(source, text, "the response"), (json) => {
      const outer = Predicate.hasProperty(json, "data") ? json.data : undefined
      return Predicate.hasProperty(outer, "data") && Predicate.hasProperty(outer, "metadata")
        ? bundle.read(source, outer.data)
        : Effect.fail(
          new SecretMalformed({
            source,
            status,
            detail: "the response is not from a key-value engine of version 2; check which engine is mounted there"
          })
        )
    })
  }
  // Vault also responds with 404 if the version was deleted or destroyed, but then includes its metadata.
  if (status === 404) {
    return Effect.fail(
      new SecretNotFound({
        source,
        status,
        detail: isDeleted(text)
          ? "the latest version of the secret is deleted; undelete it, or write a new version"
          : "there is no secret at this path of this engine; check mount, path and namespace"
      })
    )
  }
  return Effect.fail(
    refusal(status, "may not read the secret, or has expired; check the token, its policies and the namespace")
  )
}

const isDeleted = (text: string): boolean =>
  Either.match(bundle.json(source, text, "the response"), {
    onLeft: () => false,
    onRight: (json) => Predicate.hasProperty(json, "data") && Predicate.hasProperty(json.data, "metadata")
  })

/**
 * Returns the error for a failure status. It does not get the statuses for which a retry may help (429, 5xx), nor the
 * 404 of a read.
 */
const refusal = (status: number, detail: string): SecretSourceError => {
  if (status === 403 || status === 401) return new ManagerRefused({ source, status, detail: `this token ${detail}` })
  return status === 412
    ? new ManagerUnavailable({ source, status, detail: "this server has not received the latest write yet" })
    : new SourceMisconfigured({
      source,
      status,
      detail: "the request was rejected; check address, mount, path, role and namespace"
    })
}

/** @internal */
export interface Login {
  readonly token: Redacted.Redacted<string>
  /** In seconds. Zero means that the token does not expire. */
  readonly lease: number
}

const LoginResponse = Schema.parseJson(Schema.Struct({
  auth: Schema.Struct({
    client_token: Schema.NonEmptyString.pipe(Schema.pattern(/^[\x21-\x7e]+$/)),
    lease_duration: Schema.NonNegative
  })
}))

const decodeLogin = Schema.decodeUnknownOption(LoginResponse)

/**
 * Decodes the token from the response to a login.
 *
 * @internal
 */
export const login = ({ status, text }: Response): Effect.Effect<Login, SecretSourceError> => {
  if (status !== 200) {
    // Vault responds with 400 if the role does not exist, or no longer exists.
    return Effect.fail(
      status === 400 || status === 401 || status === 403
        ? new ManagerRefused({
          source,
          status,
          detail:
            "the login of this service account was rejected; check the role, the account and namespace it is bound to, and the mount"
        })
        : refusal(status, "")
    )
  }
  return Option.match(decodeLogin(text), {
    onNone: () =>
      Effect.fail(new SecretMalformed({ source, status, detail: "the response to the login has no token" })),
    onSome: ({ auth }) => Effect.succeed({ token: Redacted.make(auth.client_token), lease: auth.lease_duration })
  })
}
