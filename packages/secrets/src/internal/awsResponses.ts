import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import type * as Redacted from "effect/Redacted"
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
export const source = "AWS Secrets Manager"

/**
 * Decodes the secrets from the response to `GetSecretValue`: a JSON object in the text of `SecretString`.
 *
 * @internal
 */
export const secrets = (
  response: Response
): Effect.Effect<ReadonlyMap<string, Redacted.Redacted<string>>, SecretSourceError> => {
  const { status, text } = response
  if (status !== 200) return Effect.fail(refusal(response))
  return Effect.gen(function*() {
    const json = yield* bundle.json(source, text, "the response")
    const secret = Predicate.hasProperty(json, "SecretString") ? json.SecretString : undefined
    if (typeof secret !== "string") {
      return yield* new SecretMalformed({
        source,
        status,
        detail: "the secret has no text; store a JSON object of names and strings, not binary data"
      })
    }
    return yield* bundle.read(source, yield* bundle.json(source, secret, "the text of the secret"))
  })
}

type Kind = "later" | "notFound" | "refused" | "misconfigured"

/** The meaning of each AWS error code, and what to do about it. */
const codes: { readonly [code: string]: readonly [Kind, string] } = {
  ResourceNotFoundException: [
    "notFound",
    "the secret does not exist or has no current value; check its name and the region"
  ],
  InvalidRequestException: [
    "notFound",
    "the secret cannot be read in its current state; check whether it is marked for deletion"
  ],
  AccessDeniedException: [
    "refused",
    "this role may not read the secret; allow secretsmanager:GetSecretValue on it"
  ],
  AccessDenied: ["refused", "this role may not read the secret; allow secretsmanager:GetSecretValue on it"],
  DecryptionFailure: [
    "refused",
    "the secret cannot be decrypted; allow kms:Decrypt with its key, and check that the key is enabled"
  ],
  ExpiredTokenException: ["refused", "the credentials have expired; get new ones"],
  ExpiredToken: ["refused", "the credentials have expired; get new ones"],
  UnrecognizedClientException: [
    "refused",
    "the access key or its session token is unknown; check both, and the region"
  ],
  InvalidClientTokenId: ["refused", "the access key or its session token is unknown; check both, and the region"],
  InvalidSignatureException: [
    "refused",
    "the signature was rejected; check the secret access key and the clock of this machine"
  ],
  SignatureDoesNotMatch: [
    "refused",
    "the signature was rejected; check the secret access key and the clock of this machine"
  ],
  RequestExpired: ["refused", "the request is too old; check the clock of this machine"],
  IncompleteSignature: ["refused", "the signature is incomplete; check the access key"],
  IncompleteSignatureException: ["refused", "the signature is incomplete; check the access key"],
  MissingAuthenticationToken: [
    "refused",
    "the request arrived without a signature; check what is in between, such as a proxy"
  ],
  MissingAuthenticationTokenException: [
    "refused",
    "the request arrived without a signature; check what is in between, such as a proxy"
  ],
  OptInRequired: ["refused", "the service is not available to this account; check its subscription and the region"],
  NotAuthorized: ["refused", "this role is not allowed to do that; check its policies"],
  InvalidParameterException: ["misconfigured", "the name of the secret or its stage is invalid; check both"],
  ValidationException: ["misconfigured", "the name of the secret or its stage is invalid; check both"],
  ThrottlingException: ["later", "too many requests; send them less often"],
  Throttling: ["later", "too many requests; send them less often"],
  ThrottledException: ["later", "too many requests; send them less often"],
  TooManyRequestsException: ["later", "too many requests; send them less often"],
  RequestLimitExceeded: ["later", "too many requests; send them less often"],
  LimitExceededException: ["later", "too many requests; send them less often"],
  RequestTimeoutException: ["later", "the request timed out"],
  InternalServiceError: ["later", "an internal error occurred"],
  InternalServiceErrorException: ["later", "an internal error occurred"],
  InternalFailure: ["later", "an internal error occurred"],
  ServiceUnavailable: ["later", "the service is unavailable"],
  ServiceUnavailableException: ["later", "the service is unavailable"]
}

const refusal = (response: Response): SecretSourceError => {
  const { status } = response
  const code = codeOf(response)
  const [kind, detail] = (code === undefined ? undefined : codes[code]) ?? unknown(status)
  const about = { source, status, code, detail }
  switch (kind) {
    case "later":
      return new ManagerUnavailable(about)
    case "notFound":
      return new SecretNotFound(about)
    case "refused":
      return new ManagerRefused(about)
    case "misconfigured":
      return new SourceMisconfigured(about)
  }
}

const unknown = (status: number): readonly [Kind, string] =>
  status === 401 || status === 403
    ? ["refused", "access was denied; check the credentials and their policies"]
    : ["misconfigured", "the request was rejected; check the endpoint, the region and the name of the secret"]

/**
 * Returns the error code of the response if it is one of `codes`. AWS sends it in the body as
 * `com.amazonaws.secretsmanager#ResourceNotFoundException`, or in a header as `ResourceNotFoundException:http://...`.
 * The message of the error is ignored, because it may repeat the key.
 */
const codeOf = ({ headers, text }: Response): string | undefined => {
  const json = Either.getOrUndefined(bundle.json(source, text, "the response"))
  const type = Predicate.hasProperty(json, "__type") ? json.__type : headers["x-amzn-errortype"]
  const code = typeof type === "string" ? type.replace(/^.*#/, "").replace(/:.*$/, "") : ""
  return Object.hasOwn(codes, code) ? code : undefined
}
