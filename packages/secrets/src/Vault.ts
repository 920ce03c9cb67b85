/**
 * Secrets of HashiCorp Vault (or OpenBao): one secret of its key-value engine, version 2, whose fields are the names.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as address from "./internal/address.js"
import * as Http from "./internal/http.js"
import * as answers from "./internal/vaultAnswers.js"
import * as auths from "./internal/vaultAuth.js"
import { SecretSource, type Service } from "./SecretSource.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Where Vault is, such as `https://vault.example.com:8200`: plain http to the loopback only. */
  readonly address: string
  /** The path of the secret within its engine, such as `team/exchanges`. */
  readonly path: string
  /** Where the key-value engine is mounted. Defaults to `secret`. */
  readonly mount?: string | undefined
  /** Defaults to none. */
  readonly namespace?: string | undefined
  readonly auth: Auth
  /** How long one request may take. Defaults to 3 seconds. */
  readonly timeout?: Duration.DurationInput | undefined
  /** How many times a read is tried in all, where trying again may help. Defaults to `3`. */
  readonly attempts?: number | undefined
  /** How long a read may take with all its attempts and its login. Defaults to 10 seconds. */
  readonly deadline?: Duration.DurationInput | undefined
}

/**
 * How Vault is to know us.
 *
 * @since 0.1.0
 * @category models
 */
export type Auth =
  /** A token that somebody else renews. */
  | { readonly type: "token"; readonly token: Redacted.Redacted<string> }
  /** A file of a token, as an agent of Vault keeps one: read again for every request. */
  | { readonly type: "tokenFile"; readonly file: string }
  /**
   * Kubernetes: a login with the token of the service account, which is read from `file` each time. Another login comes
   * before the lease ends, and once when Vault refuses the token of the last.
   */
  | {
    readonly type: "kubernetes"
    readonly role: string
    /** Where the method is mounted. Defaults to `kubernetes`. */
    readonly mount?: string | undefined
    /** Defaults to `/var/run/secrets/kubernetes.io/serviceaccount/token`. */
    readonly file?: string | undefined
  }

/**
 * Options of these names:
 *
 * - `VAULT_ADDR`, `VAULT_NAMESPACE`, `VAULT_TOKEN`, as Vault's own tools read them
 * - `EXCHANGE_VAULT_PATH`, `EXCHANGE_VAULT_MOUNT`
 * - `EXCHANGE_VAULT_ROLE` for Kubernetes, with `EXCHANGE_VAULT_AUTH_MOUNT` and `EXCHANGE_VAULT_JWT_FILE`
 * - `EXCHANGE_VAULT_TOKEN_FILE`
 *
 * The role comes before the file, and the file before the token.
 *
 * @since 0.1.0
 * @category config
 */
export const config: Config.Config<Options> = Config.all({
  address: Config.string("VAULT_ADDR"),
  path: Config.string("EXCHANGE_VAULT_PATH"),
  mount: Config.option(Config.string("EXCHANGE_VAULT_MOUNT")),
  namespace: Config.option(Config.string("VAULT_NAMESPACE")),
  role: Config.option(Config.string("EXCHANGE_VAULT_ROLE")),
  authMount: Config.option(Config.string("EXCHANGE_VAULT_AUTH_MOUNT")),
  jwtFile: Config.option(Config.string("EXCHANGE_VAULT_JWT_FILE")),
  tokenFile: Config.option(Config.string("EXCHANGE_VAULT_TOKEN_FILE")),
  token: Config.option(address.secret("VAULT_TOKEN"))
}).pipe(
  Config.mapOrFail(({ authMount, jwtFile, role, token, tokenFile, ...options }) => {
    const auth: Option.Option<Auth> = Option.firstSomeOf([
      Option.map(role, (role): Auth => ({
        type: "kubernetes",
        role,
        mount: Option.getOrUndefined(authMount),
        file: Option.getOrUndefined(jwtFile)
      })),
      Option.map(tokenFile, (file): Auth => ({ type: "tokenFile", file })),
      Option.map(token, (token): Auth => ({ type: "token", token }))
    ])
    return Option.match(auth, {
      onNone: () => missingAuth,
      onSome: (auth) =>
        Either.right({
          address: options.address,
          path: options.path,
          mount: Option.getOrUndefined(options.mount),
          namespace: Option.getOrUndefined(options.namespace),
          auth
        })
    })
  })
)

/**
 * Checks the options, and asks nothing of Vault before `read`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options
): Effect.Effect<Service, ConfigError.ConfigError, FileSystem.FileSystem | HttpClient.HttpClient> =>
  Effect.gen(function*() {
    const base = yield* address.base("VAULT_ADDR", options.address)
    const mount = yield* address.path("EXCHANGE_VAULT_MOUNT", options.mount ?? "secret")
    const path = yield* address.path("EXCHANGE_VAULT_PATH", options.path)
    const namespace = yield* answers.namespace(options.namespace)
    const send = Http.make(answers.source, yield* HttpClient.HttpClient, options)
    const withToken = yield* authenticated(options.auth, { base, fs: yield* FileSystem.FileSystem, namespace, send })

    const ask = (token: Redacted.Redacted<string>) =>
      Effect.flatMap(
        send({
          method: "GET",
          url: `${base}/v1/${mount}/data/${path}`,
          headers: { ...namespace, "x-vault-request": "true", "x-vault-token": Redacted.value(token) }
        }),
        answers.secrets
      )

    return {
      name: answers.source,
      read: withToken(ask).pipe(Http.persistently(answers.source, options), Effect.withSpan("Vault.read"))
    }
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<SecretSource, ConfigError.ConfigError, FileSystem.FileSystem | HttpClient.HttpClient> =>
  Layer.effect(SecretSource, make(options))

/**
 * With options of configuration: those of {@link config}, unless given others.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: Config.Config<Options> = config
): Layer.Layer<SecretSource, ConfigError.ConfigError, FileSystem.FileSystem | HttpClient.HttpClient> =>
  Layer.effect(SecretSource, Effect.flatMap(options, make))

const authenticated = (
  auth: Auth,
  { base, fs, namespace, send }: {
    readonly base: string
    readonly fs: FileSystem.FileSystem
    readonly namespace: Readonly<Record<string, string>>
    readonly send: Http.Send
  }
): Effect.Effect<auths.WithToken, ConfigError.ConfigError> => {
  switch (auth.type) {
    case "token":
      return Either.map(address.token("VAULT_TOKEN", auth.token), auths.fixed)
    case "tokenFile":
      return Effect.succeed(auths.inFile(fs, auth.file))
    case "kubernetes":
      return Effect.flatMap(
        address.path("EXCHANGE_VAULT_AUTH_MOUNT", auth.mount ?? "kubernetes"),
        (mount) =>
          auths.kubernetes({
            base,
            file: auth.file ?? "/var/run/secrets/kubernetes.io/serviceaccount/token",
            fs,
            mount,
            namespace,
            role: auth.role,
            send
          })
      )
  }
}

const missingAuth = Either.left(
  ConfigError.MissingData(
    ["VAULT_TOKEN"],
    "expected EXCHANGE_VAULT_ROLE, EXCHANGE_VAULT_TOKEN_FILE or VAULT_TOKEN, to authenticate to Vault"
  )
)
