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
import type { Answer } from "./http.js"

/** @internal */
export const source = "AWS Secrets Manager"

/**
 * The secrets of an answer to `GetSecretValue`: an object in the text of `SecretString`.
 *
 * @internal
 */
export const secrets = (
  answer: Answer
): Effect.Effect<ReadonlyMap<string, Redacted.Redacted<string>>, SecretSourceError> => {
  const { status, text } = answer
  if (status !== 200) return Effect.fail(refusal(answer))
  return Effect.gen(function*() {
    const json = yield* bundle.json(source, text, "the answer")
    const secret = Predicate.hasProperty(json, "SecretString") ? json.SecretString : undefined
    if (typeof secret !== "string") {
      return yield* new SecretMalformed({
        source,
        status,
        detail: "the secret has no text; store a JSON object of names to texts, not bytes"
      })
    }
    return yield* bundle.read(source, yield* bundle.json(source, secret, "the text of the secret"))
  })
}

type Kind = "later" | "notFound" | "refused" | "misconfigured"

/** What each code of AWS means, and what to do about it. */
const codes: { readonly [code: string]: readonly [Kind, string] } = {
  ResourceNotFoundException: [
    "notFound",
    "has no such secret, or none with a current value; see its name and the region"
  ],
  InvalidRequestException: ["notFound", "cannot give the secret as it is; see whether it is marked for deletion"],
  AccessDeniedException: [
    "refused",
    "does not let this role read the secret; allow secretsmanager:GetSecretValue of it"
  ],
  AccessDenied: ["refused", "does not let this role read the secret; allow secretsmanager:GetSecretValue of it"],
  DecryptionFailure: [
    "refused",
    "cannot decrypt the secret; allow kms:Decrypt with its key, and see that that is enabled"
  ],
  ExpiredTokenException: ["refused", "says that the credentials have expired; fetch others"],
  ExpiredToken: ["refused", "says that the credentials have expired; fetch others"],
  UnrecognizedClientException: [
    "refused",
    "does not know the access key or its session token; see both, and the region"
  ],
  InvalidClientTokenId: ["refused", "does not know the access key or its session token; see both, and the region"],
  InvalidSignatureException: ["refused", "does not take the signature; see the secret access key, and the clock here"],
  SignatureDoesNotMatch: ["refused", "does not take the signature; see the secret access key, and the clock here"],
  RequestExpired: ["refused", "finds the request too old; see the clock here"],
  IncompleteSignature: ["refused", "finds no whole signature; see the access key"],
  IncompleteSignatureException: ["refused", "finds no whole signature; see the access key"],
  MissingAuthenticationToken: ["refused", "finds no signature; see what stands between, such as a proxy"],
  MissingAuthenticationTokenException: ["refused", "finds no signature; see what stands between, such as a proxy"],
  OptInRequired: ["refused", "is not open to this account; see its subscription and the region"],
  NotAuthorized: ["refused", "does not let this role do that; see its policies"],
  InvalidParameterException: ["misconfigured", "does not take the name of the secret or its stage; see both"],
  ValidationException: ["misconfigured", "does not take the name of the secret or its stage; see both"],
  ThrottlingException: ["later", "is asked too often; ask less often"],
  Throttling: ["later", "is asked too often; ask less often"],
  ThrottledException: ["later", "is asked too often; ask less often"],
  TooManyRequestsException: ["later", "is asked too often; ask less often"],
  RequestLimitExceeded: ["later", "is asked too often; ask less often"],
  LimitExceededException: ["later", "is asked too often; ask less often"],
  RequestTimeoutException: ["later", "gave up waiting for the request"],
  InternalServiceError: ["later", "has an error of its own"],
  InternalServiceErrorException: ["later", "has an error of its own"],
  InternalFailure: ["later", "has an error of its own"],
  ServiceUnavailable: ["later", "cannot serve"],
  ServiceUnavailableException: ["later", "cannot serve"]
}

const refusal = (answer: Answer): SecretSourceError => {
  const { status } = answer
  const code = codeOf(answer)
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
    ? ["refused", "does not let us in; see the credentials and their policies"]
    : ["misconfigured", "does not take the request; see the endpoint, the region and the name of the secret"]

/**
 * The code, if it is one of ours: `com.amazonaws.secretsmanager#ResourceNotFoundException` in the body, or
 * `ResourceNotFoundException:http://...` in a header. Its message stays where it is, as it may repeat the key.
 */
const codeOf = ({ headers, text }: Answer): string | undefined => {
  const json = Either.getOrUndefined(bundle.json(source, text, "the answer"))
  const type = Predicate.hasProperty(json, "__type") ? json.__type : headers["x-amzn-errortype"]
  const code = typeof type === "string" ? type.replace(/^.*#/, "").replace(/:.*$/, "") : ""
  return Object.hasOwn(codes, code) ? code : undefined
}
