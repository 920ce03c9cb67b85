import { AwsV4Signer } from "aws4fetch"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { SourceMisconfigured } from "../SecretSourceError.js"
import { source } from "./awsResponses.js"
import type { Request } from "./http.js"

/** @internal */
export interface AwsKeys {
  readonly accessKeyId: Redacted.Redacted<string>
  readonly secretAccessKey: Redacted.Redacted<string>
  readonly sessionToken?: Redacted.Redacted<string> | undefined
}

/**
 * Signs a request as of the current time of Effect's clock. All headers are signed, including `content-type`.
 *
 * @internal
 */
export const sign = (
  request: Request,
  { accessKeyId, secretAccessKey, sessionToken }: AwsKeys,
  scope: { readonly service: string; readonly region: string }
): Effect.Effect<Request, SourceMisconfigured> =>
  Effect.flatMap(DateTime.now, (now) =>
    Effect.tryPromise({
      try: () =>
        new AwsV4Signer({
          ...scope,
          method: request.method,
          url: request.url,
          headers: { ...request.headers },
          ...request.body === undefined ? {} : { body: request.body },
          accessKeyId: Redacted.value(accessKeyId),
          secretAccessKey: Redacted.value(secretAccessKey),
          ...sessionToken === undefined ? {} : { sessionToken: Redacted.value(sessionToken) },
          datetime: DateTime.formatIso(now).replaceAll(/[:-]|\.\d{3}/g, ""),
          allHeaders: true
        }).sign(),
      // The cause is left out, because it may repeat the signed data.
      catch: () =>
        new SourceMisconfigured({ source, detail: "the request cannot be signed; check the keys and the region" })
    })).pipe(
      Effect.map(({ headers }) => ({ ...request, headers: Object.fromEntries(headers.entries()) }))
    )
