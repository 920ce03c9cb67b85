import type * as FileSystem from "@effect/platform/FileSystem"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { ManagerRefused, SecretMalformed, type SecretSourceError, SourceMisconfigured } from "../SecretSourceError.js"
import { source } from "./awsResponses.js"
import type { AwsKeys } from "./awsSignature.js"
import type { Response, Send } from "./http.js"
import * as secretFile from "./secretFile.js"

/**
 * The keys that requests are signed with. After keys were refused, `afterRefusal` returns others, or `undefined` if
 * there are none.
 *
 * @internal
 */
export interface AwsCredentials {
  readonly get: Effect.Effect<AwsKeys, SecretSourceError>
  readonly afterRefusal: (refused: AwsKeys) => Effect.Effect<AwsKeys | undefined, SecretSourceError>
}

/** @internal */
export const fixed = (keys: AwsKeys): AwsCredentials => ({
  get: Effect.succeed(keys),
  afterRefusal: () => Effect.succeed(undefined)
})

interface HeldKeys {
  readonly keys: AwsKeys
  /** In epoch milliseconds, because AWS gives it as wall-clock time. */
  readonly expiration: number
}

/** How long before the keys expire new ones are fetched, in milliseconds. AWS's own tools use the same margin. */
const margin = 5 * 60_000

/**
 * Creates credentials that come from the endpoint that ECS and EKS give a container.
 *
 * @internal
 */
export const fromContainer = (options: {
  readonly url: string
  readonly token: Redacted.Redacted<string> | undefined
  readonly tokenFile: string | undefined
  readonly fs: FileSystem.FileSystem
  readonly send: Send
}): Effect.Effect<AwsCredentials> =>
  Effect.map(Effect.makeSemaphore(1), (mutex) => {
    const { fs, send, token, tokenFile, url } = options
    let held: HeldKeys | undefined

    const authorization: Effect.Effect<Readonly<Record<string, string>>, SecretSourceError> = tokenFile !== undefined
      ? Effect.map(
        secretFile.read(source, fs, tokenFile, "the container's authorization token"),
        (token) => ({ authorization: Redacted.value(token) })
      )
      : token === undefined
      ? Effect.succeed({})
      : Effect.succeed({ authorization: Redacted.value(token) })

    const fetchKeys = Effect.gen(function*() {
      const headers = yield* authorization
      const fresh = yield* Effect.flatMap(send({ method: "GET", url, headers }), read)
      held = fresh
      return fresh.keys
    })

    const get = Effect.flatMap(Effect.clock, (clock) =>
      Effect.suspend(() => {
        const { expiration, keys } = held ?? { expiration: Number.NEGATIVE_INFINITY, keys: undefined }
        const left = expiration - clock.unsafeCurrentTimeMillis()
        if (keys === undefined || left <= 0) return fetchKeys
        return left > margin
          ? Effect.succeed(keys)
          : Effect.catchIf(fetchKeys, (error) => !error.revokes, () => Effect.succeed(keys))
      })).pipe(mutex.withPermits(1))

    return {
      get,
      afterRefusal: (refused) =>
        Effect.suspend(() => held === undefined || held.keys === refused ? fetchKeys : Effect.succeed(held.keys)).pipe(
          mutex.withPermits(1)
        )
    }
  })

const text = Schema.NonEmptyString.pipe(Schema.pattern(/^[\x21-\x7e]+$/))

const ContainerResponse = Schema.parseJson(Schema.Struct({
  AccessKeyId: text,
  SecretAccessKey: text,
  Token: text,
  Expiration: Schema.DateTimeUtc
}))

const decode = Schema.decodeUnknownOption(ContainerResponse)

const read = ({ status, text }: Response): Effect.Effect<HeldKeys, SecretSourceError> => {
  if (status === 401 || status === 403) {
    return Effect.fail(
      new ManagerRefused({ source, status, detail: "the container's endpoint rejects the authorization token" })
    )
  }
  if (status !== 200) {
    return Effect.fail(
      new SourceMisconfigured({
        source,
        status,
        detail: "the container's endpoint has no credentials; check the role of the task or pod"
      })
    )
  }
  return Option.match(decode(text), {
    onNone: () =>
      Effect.fail(
        new SecretMalformed({
          source,
          status,
          detail: "the response of the container's endpoint contains no credentials"
        })
      ),
    onSome: ({ AccessKeyId, Expiration, SecretAccessKey, Token }) =>
      Effect.succeed({
        keys: {
          accessKeyId: Redacted.make(AccessKeyId),
          secretAccessKey: Redacted.make(SecretAccessKey),
          sessionToken: Redacted.make(Token)
        },
        expiration: DateTime.toEpochMillis(Expiration)
      })
  })
}
