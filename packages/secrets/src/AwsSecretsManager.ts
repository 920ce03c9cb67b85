/**
 * Secrets of AWS Secrets Manager: one secret, whose text is a JSON object of names to texts.
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
import * as answers from "./internal/awsAnswers.js"
import * as credentials from "./internal/awsCredentials.js"
import type { AwsKeys } from "./internal/awsSignature.js"
import { sign } from "./internal/awsSignature.js"
import * as Http from "./internal/http.js"
import { SecretSource, type Service } from "./SecretSource.js"
import type { SecretSourceError } from "./SecretSourceError.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Such as `eu-central-1`. */
  readonly region: string
  /** The name of the secret, or its ARN. */
  readonly secretId: string
  /** Which version is read. Defaults to `AWSCURRENT`. */
  readonly versionStage?: string | undefined
  readonly credentials: Credentials
  /**
   * Where the service is, for endpoints of a VPC and for tests: plain http to the loopback only. Defaults to that of the
   * region.
   */
  readonly endpoint?: string | undefined
  /** How long one request may take. Defaults to 3 seconds. */
  readonly timeout?: Duration.DurationInput | undefined
  /** How many times a read is tried in all, where trying again may help. Defaults to `3`. */
  readonly attempts?: number | undefined
  /** How long a read may take with all its attempts and the fetching of credentials. Defaults to 10 seconds. */
  readonly deadline?: Duration.DurationInput | undefined
}

/**
 * What requests are signed with.
 *
 * @since 0.1.0
 * @category models
 */
export type Credentials =
  /** Keys that somebody else replaces. */
  | {
    readonly type: "keys"
    readonly accessKeyId: Redacted.Redacted<string>
    readonly secretAccessKey: Redacted.Redacted<string>
    readonly sessionToken?: Redacted.Redacted<string> | undefined
  }
  /**
   * Keys of the endpoint that ECS and EKS (pod identity) give a container. Others are fetched five minutes before they end,
   * and once when they are refused.
   */
  | {
    readonly type: "container"
    /** https, or http to the loopback and to the addresses that ECS and EKS use. */
    readonly url: string
    readonly token?: Redacted.Redacted<string> | undefined
    /** A file of the token, read again each time. It comes before `token`. */
    readonly tokenFile?: string | undefined
  }

/**
 * Options of the names that AWS's own tools read:
 *
 * - `AWS_REGION`, `AWS_ENDPOINT_URL_SECRETS_MANAGER`
 * - `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, or else
 * - `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` (ECS) or `AWS_CONTAINER_CREDENTIALS_FULL_URI` (EKS), with
 *   `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` or `AWS_CONTAINER_AUTHORIZATION_TOKEN`
 *
 * and `EXCHANGE_AWS_SECRET_ID`, the name of the secret.
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
    // Half a pair is a mistake, not a wish for the credentials of the container.
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
 * Checks the options, and asks nothing of AWS before `read`.
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
    const send = Http.make(answers.source, yield* HttpClient.HttpClient, options)
    const known = yield* credentialsOf(options.credentials, yield* FileSystem.FileSystem, send)

    const ask = (keys: AwsKeys) =>
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
      ).pipe(Effect.flatMap(send), Effect.flatMap(answers.secrets))

    // Credentials are taken back before they end, too.
    const read = Effect.flatMap(
      known.get,
      (keys) =>
        Effect.catchTag(
          ask(keys),
          "ManagerRefused",
          (error) =>
            Effect.flatMap(known.another(keys), (others) => others === undefined ? Effect.fail(error) : ask(others))
        )
    )

    return {
      name: answers.source,
      read: read.pipe(Http.persistently(answers.source, options), Effect.withSpan("AwsSecretsManager.read"))
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

const regionOf = (region: string): Either.Either<string, ConfigError.ConfigError> =>
  /^[a-z]{2,8}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/.test(region)
    ? Either.right(region)
    : Either.left(ConfigError.InvalidData(["AWS_REGION"], "expected a region such as eu-central-1"))

/** Where ECS and EKS answer: addresses of the machine itself, which no network leads to. */
const containerHosts = new Set(["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"])

const credentialsOf = (
  given: Credentials,
  fs: FileSystem.FileSystem,
  send: (question: Http.Question) => Effect.Effect<Http.Answer, SecretSourceError>
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
    return yield* credentials.ofContainer({ url, token, tokenFile, fs, send })
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
