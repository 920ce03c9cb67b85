/**
 * A `SecretSource` that reads one secret of HashiCorp Vault (or OpenBao) from its key-value engine, version 2. The
 * fields of the secret are the names.
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
import * as limits from "./internal/limits.js"
import * as auths from "./internal/vaultAuth.js"
import * as responses from "./internal/vaultResponses.js"
import { SecretSource, type Service } from "./SecretSource.js"

/**
 * The options of {@link make}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The URL of Vault, such as `https://vault.example.com:8200`. Plain http is accepted only for loopback addresses. */
  readonly address: string
  /** The path of the secret within its engine, such as `team/exchanges`. */
  readonly path: string
  /** The mount of the key-value engine. Defaults to `secret`. */
  readonly mount?: string | undefined
  /** The namespace. Defaults to none. */
  readonly namespace?: string | undefined
  readonly auth: Auth
  /** The timeout of one request. Defaults to 3 seconds. */
  readonly timeout?: Duration.DurationInput | undefined
  /**
   * The maximum number of attempts per read, including the first. Only retryable errors are retried. Defaults to `3`.
   */
  readonly attempts?: number | undefined
  /** The deadline of a read, including all attempts and the login. Defaults to 10 seconds. */
  readonly deadline?: Duration.DurationInput | undefined
}

/**
 * The method of authentication.
 *
 * @since 0.1.0
 * @category models
 */
export type Auth =
  /** A fixed token. It is never renewed. */
  | { readonly type: "token"; readonly token: Redacted.Redacted<string> }
  /** A file with a token, such as Vault Agent maintains. It is read again for every request. */
  | { readonly type: "tokenFile"; readonly file: string }
  /**
   * A Kubernetes login with the token of the service account, which is read from `file` for each login. The login is
   * repeated before the lease ends, and once if Vault refuses the token.
   */
  | {
    readonly type: "kubernetes"
    readonly role: string
    /** The mount of the authentication method. Defaults to `kubernetes`. */
    readonly mount?: string | undefined
    /**
     * The file with the token of the service account. Defaults to
     * `/var/run/secrets/kubernetes.io/serviceaccount/token`.
     */
    readonly file?: string | undefined
  }

/**
 * Reads the options from these variables:
 *
 * - `VAULT_ADDR`, `VAULT_NAMESPACE`, `VAULT_TOKEN`, as Vault's own tools do
 * - `EXCHANGE_VAULT_PATH`, `EXCHANGE_VAULT_MOUNT`
 * - `EXCHANGE_VAULT_ROLE` for Kubernetes, with `EXCHANGE_VAULT_AUTH_MOUNT` and `EXCHANGE_VAULT_JWT_FILE`
 * - `EXCHANGE_VAULT_TOKEN_FILE`
 *
 * The role takes precedence over the file, and the file over the token.
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
 * Creates a source of secrets. It validates the options, and sends no request before `read`. Fails with a `ConfigError`
 * if an option is invalid.
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
    const namespace = yield* responses.namespace(options.namespace)
    yield* limits.check(options)
    const send = Http.make(responses.source, yield* HttpClient.HttpClient, options)
    const withToken = yield* authenticated(options.auth, { base, fs: yield* FileSystem.FileSystem, namespace, send })

    const requestSecret = (token: Redacted.Redacted<string>) =>
      Effect.flatMap(
        send({
          method: "GET",
          url: `${base}/v1/${mount}/data/${path}`,
          headers: { ...namespace, "x-vault-request": "true", "x-vault-token": Redacted.value(token) }
        }),
        responses.secrets
      )

    return {
      name: responses.source,
      read: withToken(requestSecret).pipe(Http.withRetries(responses.source, options), Effect.withSpan("Vault.read"))
    }
  })

/**
 * Creates a Layer of the source that {@link make} creates.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<SecretSource, ConfigError.ConfigError, FileSystem.FileSystem | HttpClient.HttpClient> =>
  Layer.effect(SecretSource, make(options))

/**
 * Creates a Layer of the source with options from configuration. Defaults to {@link config}.
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
