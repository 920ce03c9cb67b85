/**
 * The errors of reading secrets from a manager, as a closed union. Each error says how to treat it:
 *
 * - `error.isRetryable`: whether the same read may succeed a little later without any fix.
 * - `error.revokes`: whether the manager has decided that this program may not have the secrets. Cached secrets are
 *   then not used any more.
 *
 * No error contains a secret, a token, a signature or a text of the manager: its responses may repeat what it was sent.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const fields = {
  /** The manager: `Vault` or `AWS Secrets Manager`. */
  source: Schema.String,
  /** What happened and what to do about it, in the words of this package. */
  detail: Schema.String,
  /** The HTTP status of the response, if there was one. */
  status: Schema.optional(Schema.Number),
  /** The manager's error code if it is a known one, or the code of the connection error. */
  code: Schema.optional(Schema.String)
}

interface Fields {
  readonly source: string
  readonly detail: string
  readonly status?: number | undefined
  readonly code?: string | undefined
}

const formatMessage = ({ code, detail, source, status }: Fields, advice: string): string => {
  const annotations = [...code === undefined ? [] : [code], ...status === undefined ? [] : [`status ${status}`]]
  return `${source}: ${detail}${annotations.length === 0 ? "" : ` (${annotations.join(", ")})`}. ${advice}`
}

const retryMayHelp = "Retrying may help."
const retryDoesNotHelp = "Retrying does not help until this is fixed."

/**
 * The manager did not respond: the connection failed, or the response was not complete in time. Check the address and
 * the network.
 *
 * @since 0.1.0
 * @category errors
 */
export class ManagerUnreachable
  extends Schema.TaggedError<ManagerUnreachable>("@effect-exchange/secrets/SecretSourceError/ManagerUnreachable")(
    "ManagerUnreachable",
    fields
  )
{
  /**
   * @since 0.1.0
   */
  readonly isRetryable: boolean = true
  /**
   * @since 0.1.0
   */
  readonly revokes: boolean = false
  /**
   * @since 0.1.0
   */
  override get message(): string {
    return formatMessage(this, retryMayHelp)
  }
}

/**
 * The manager cannot serve requests now: it is sealed or overloaded, or has an internal error. `retryAfter` is the
 * delay that the manager asks for, if any.
 *
 * @since 0.1.0
 * @category errors
 */
export class ManagerUnavailable
  extends Schema.TaggedError<ManagerUnavailable>("@effect-exchange/secrets/SecretSourceError/ManagerUnavailable")(
    "ManagerUnavailable",
    { ...fields, retryAfter: Schema.optional(Schema.Duration) }
  )
{
  /**
   * @since 0.1.0
   */
  readonly isRetryable: boolean = true
  /**
   * @since 0.1.0
   */
  readonly revokes: boolean = false
  /**
   * @since 0.1.0
   */
  override get message(): string {
    return formatMessage(this, retryMayHelp)
  }
}

/**
 * The manager refuses access: the token has expired, or a policy, a role or a key does not allow the read.
 *
 * @since 0.1.0
 * @category errors
 */
export class ManagerRefused
  extends Schema.TaggedError<ManagerRefused>("@effect-exchange/secrets/SecretSourceError/ManagerRefused")(
    "ManagerRefused",
    fields
  )
{
  /**
   * @since 0.1.0
   */
  readonly isRetryable: boolean = false
  /**
   * @since 0.1.0
   */
  readonly revokes: boolean = true
  /**
   * @since 0.1.0
   */
  override get message(): string {
    return formatMessage(this, retryDoesNotHelp)
  }
}

/**
 * The secret does not exist, or was deleted.
 *
 * @since 0.1.0
 * @category errors
 */
export class SecretNotFound
  extends Schema.TaggedError<SecretNotFound>("@effect-exchange/secrets/SecretSourceError/SecretNotFound")(
    "SecretNotFound",
    fields
  )
{
  /**
   * @since 0.1.0
   */
  readonly isRetryable: boolean = false
  /**
   * @since 0.1.0
   */
  readonly revokes: boolean = true
  /**
   * @since 0.1.0
   */
  override get message(): string {
    return formatMessage(this, retryDoesNotHelp)
  }
}

/**
 * The secret is not an object of names and strings, or the response is not in the format of the manager.
 *
 * @since 0.1.0
 * @category errors
 */
export class SecretMalformed
  extends Schema.TaggedError<SecretMalformed>("@effect-exchange/secrets/SecretSourceError/SecretMalformed")(
    "SecretMalformed",
    fields
  )
{
  /**
   * @since 0.1.0
   */
  readonly isRetryable: boolean = false
  /**
   * @since 0.1.0
   */
  readonly revokes: boolean = false
  /**
   * @since 0.1.0
   */
  override get message(): string {
    return formatMessage(this, retryDoesNotHelp)
  }
}

/**
 * The configuration of the manager or of the authentication is wrong: a file cannot be read, the address redirects, or
 * the manager does not understand the request.
 *
 * @since 0.1.0
 * @category errors
 */
export class SourceMisconfigured
  extends Schema.TaggedError<SourceMisconfigured>("@effect-exchange/secrets/SecretSourceError/SourceMisconfigured")(
    "SourceMisconfigured",
    fields
  )
{
  /**
   * @since 0.1.0
   */
  readonly isRetryable: boolean = false
  /**
   * @since 0.1.0
   */
  readonly revokes: boolean = false
  /**
   * @since 0.1.0
   */
  override get message(): string {
    return formatMessage(this, retryDoesNotHelp)
  }
}

/**
 * Any error of reading secrets from a manager.
 *
 * @since 0.1.0
 * @category errors
 */
export type SecretSourceError =
  | ManagerUnreachable
  | ManagerUnavailable
  | ManagerRefused
  | SecretNotFound
  | SecretMalformed
  | SourceMisconfigured

/**
 * The schema of all errors, to encode and decode them.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SecretSourceError = Schema.Union(
  ManagerUnreachable,
  ManagerUnavailable,
  ManagerRefused,
  SecretNotFound,
  SecretMalformed,
  SourceMisconfigured
)

/**
 * Returns `true` if the value is a `SecretSourceError`.
 *
 * @since 0.1.0
 * @category guards
 */
export const isSecretSourceError: (u: unknown) => u is SecretSourceError = Schema.is(SecretSourceError)
