/**
 * A `SecretSource` that reads one secret of AWS Secrets Manager, whose text is a JSON object of names and strings.
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
import type * as Redacted from "effect/Redacted"
import * as address from "./internal/address.js"
import * as credentials from "./internal/awsCredentials.js"
import * as responses from "./internal/awsResponses.js"
import type { AwsKeys } from "./internal/awsSignature.js"
import { sign } from "./internal/awsSignature.js"
import * as Http from "./internal/http.js"
import * as limits from "./internal/limits.js"
import { SecretSource, type Service } from "./SecretSource.js"
import type { SecretSourceError } from "./SecretSourceError.js"

/**
 * The options of {@link make}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The AWS region, such as `eu-central-1`. */
  readonly region: string
  /** The name of the secret, or its ARN. */
  readonly secretId: string
  /** The staging label of the version to read. Defaults to `AWSCURRENT`. */
  readonly versionStage?: string | undefined
  readonly credentials: Credentials
  /**
   * The URL of the service, for VPC endpoints and for tests. Plain http is accepted only for loopback addresses.
   * Defaults to the public endpoint of the region.
   */
  readonly endpoint?: string | undefined
  /** The timeout of one request. Defaults to 3 seconds. */
  readonly timeout?: Duration.DurationInput | undefined
  /**
   * The maximum number of attempts per read, including the first. Only retryable errors are retried. Defaults to `3`.
   */
  readonly attempts?: number | undefined
  /** The deadline of a read, including all attempts and the fetching of credentials. Defaults to 10 seconds. */
  readonly deadline?: Duration.DurationInput | undefined
}

/**
 * The credentials that requests are signed with.
 *
 * @since 0.1.0
 * @category models
 */
export type Credentials =
  /** Fixed keys. They are never refreshed. */
  | {
    readonly type: "keys"
    readonly accessKeyId: Redacted.Redacted<string>
    readonly secretAccessKey: Redacted.Redacted<string>
    readonly sessionToken?: Redacted.Redacted<string> | undefined
  }
  /**
   * Keys from the credentials endpoint that ECS and EKS (pod identity) give a container. New keys are fetched five
   * minutes before the old ones expire, and once if AWS refuses the keys.
   */
  | {
    readonly type: "container"
    /** The URL of the endpoint: https, or http on loopback addresses and the addresses that ECS and EKS use. */
    readonly url: string
    readonly token?: Redacted.Redacted<string> | undefined
    /** A file with the token, read before each fetch of keys. Takes precedence over `token`. */
    readonly tokenFile?: string | undefined
  }

/**
 * Reads the options from the variables that AWS's own tools use:
 *
 * - `AWS_REGION`, `AWS_ENDPOINT_URL_SECRETS_MANAGER`
 * - `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, or if these are not set
 * - `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` (ECS) or `AWS_CONTAINER_CREDENTIALS_FULL_URI` (EKS), with
 *   `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` or `AWS_CONTAINER_AUTHORIZATION_TOKEN`
 *
 * The name of the secret is read from `EXCHANGE_AWS_SECRET_ID`.
 *
 * @since 0.1.0
 * @category config
 */
export const config: Config.Config<Options> = Config.all({
  region: Config.string("AWS_REGION"),
  secretId: Config.string("EXCHANGE_AWS_SECRET_ID"),
  endpoint: Config.option(Config.string("AWS_ENDPOINT_URL_SECRETS_MANAGER")),
  accessKeyId: Config.option(address.secret("AWS_ACCESS_KEY_ID")),
  secretAccessKey: Config.option(address.secret("AWS_SECRET_ACCESS_KEY")),
  sessionToken: Config.option(address.secret("AWS_SESSION_TOKEN")),
  relativeUri: Config.option(Config.string("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")),
  fullUri: Config.option(Config.string("AWS_CONTAINER_CREDENTIALS_FULL_URI")),
  token: Config.option(address.secret("AWS_CONTAINER_AUTHORIZATION_TOKEN")),
  tokenFile: Config.option(Config.string("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"))
}).pipe(
  Config.mapOrFail((read) => {
    const pair = Option.all([read.accessKeyId, read.secretAccessKey])
    // Half a pair is a mistake, not a request to use the container's credentials.
    if (Option.isNone(pair) && (Option.isSome(read.accessKeyId) || Option.isSome(read.secretAccessKey))) return halfPair
    const url = Option.orElse(
      Option.map(read.relativeUri, (path) => `http://169.254.170.2${path}`),
      () => read.fullUri
    )
    const credentials = Option.orElse(
      Option.map(pair, ([accessKeyId, secretAccessKey]): Credentials => ({
        type: "keys",
        accessKeyId,
        secretAccessKey,
        sessionToken: Option.getOrUndefined(read.sessionToken)
      })),
      () =>
        Option.map(url, (url): Credentials => ({
          type: "container",
          url,
          token: Option.getOrUndefined(read.token),
          tokenFile: Option.getOrUndefined(read.tokenFile)
        }))
    )
    return Option.match(credentials, {
      onNone: () => missingCredentials,
      onSome: (credentials) =>
        Either.right({
          region: read.region,
          secretId: read.secretId,
          endpoint: Option.getOrUndefined(read.endpoint),
          credentials
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
    const region = yield* regionOf(options.region)
    const endpoint = yield* address.base(
      "AWS_ENDPOINT_URL_SECRETS_MANAGER",
      options.endpoint ?? `https://secretsmanager.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`
    )
    yield* limits.check(options)
    const send = Http.make(responses.source, yield* HttpClient.HttpClient, options)
    const credentialsProvider = yield* credentialsOf(options.credentials, yield* FileSystem.FileSystem, send)

    const requestSecret = (keys: AwsKeys) =>
      sign(
        {
          method: "POST",
          url: `${endpoint}/`,
          headers: {
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": "secretsmanager.GetSecretValue"
          },
          body: JSON.stringify({ SecretId: options.secretId, VersionStage: options.versionStage ?? "AWSCURRENT" })
        },
        keys,
        { service: "secretsmanager", region }
      ).pipe(Effect.flatMap(send), Effect.flatMap(responses.secrets))

    // AWS can also revoke credentials before they expire.
    const read = Effect.flatMap(
      credentialsProvider.get,
      (keys) =>
        Effect.catchTag(
          requestSecret(keys),
          "ManagerRefused",
          (error) =>
            Effect.flatMap(credentialsProvider.afterRefusal(keys), (others) =>
              others === undefined ? Effect.fail(error) : requestSecret(others))
        )
    )

    return {
      name: responses.source,
      read: read.pipe(Http.withRetries(responses.source, options), Effect.withSpan("AwsSecretsManager.read"))
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

const regionOf = (region: string): Either.Either<string, ConfigError.ConfigError> =>
  /^[a-z]{2,8}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/.test(region)
    ? Either.right(region)
    : Either.left(ConfigError.InvalidData(["AWS_REGION"], "expected a region such as eu-central-1"))

/** The hosts of the credentials endpoints of ECS and EKS. They are local to the machine: no network routes to them. */
const containerHosts = new Set(["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"])

const credentialsOf = (
  given: Credentials,
  fs: FileSystem.FileSystem,
  send: (request: Http.Request) => Effect.Effect<Http.Response, SecretSourceError>
): Effect.Effect<credentials.AwsCredentials, ConfigError.ConfigError> =>
  Effect.gen(function*() {
    if (given.type === "keys") {
      yield* address.token("AWS_ACCESS_KEY_ID", given.accessKeyId)
      yield* address.token("AWS_SECRET_ACCESS_KEY", given.secretAccessKey)
      if (given.sessionToken !== undefined) yield* address.token("AWS_SESSION_TOKEN", given.sessionToken)
      return credentials.fixed(given)
    }
    const { token, tokenFile } = given
    const url = yield* address.base("AWS_CONTAINER_CREDENTIALS_FULL_URI", given.url, containerHosts)
    if (token !== undefined) yield* address.token("AWS_CONTAINER_AUTHORIZATION_TOKEN", token)
    return yield* credentials.fromContainer({ url, token, tokenFile, fs, send })
  })

const halfPair = Either.left(
  ConfigError.MissingData(
    ["AWS_ACCESS_KEY_ID"],
    "expected both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or neither"
  )
)

const missingCredentials = Either.left(
  ConfigError.MissingData(
    ["AWS_ACCESS_KEY_ID"],
    "expected AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, or the credentials endpoint of ECS or EKS"
  )
)
