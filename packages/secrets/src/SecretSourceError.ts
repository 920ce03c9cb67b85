/**
 * Everything that can go wrong when secrets are read from a manager, as a closed union whose members answer for themselves:
 *
 * - `error.isRetryable`: whether the same read may succeed a little later, with nothing mended.
 * - `error.revokes`: whether the manager has decided that the secrets are not for us. None that was kept is used then.
 *
 * No error carries a secret, a token, a signature, or a word of the manager's own: its answers may repeat what it was sent.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const about = {
  /** Which manager: `Vault` or `AWS Secrets Manager`. */
  source: Schema.String,
  /** What happened and what to do about it, in our own words. */
  detail: Schema.String,
  /** The HTTP status of the answer, where there was one. */
  status: Schema.optional(Schema.Number),
  /** The manager's own code, where it is one that we know, or that of the failed connection. */
  code: Schema.optional(Schema.String)
}

interface About {
  readonly source: string
  readonly detail: string
  readonly status?: number | undefined
  readonly code?: string | undefined
}

const sentence = ({ code, detail, source, status }: About, again: string): string => {
  const marks = [...code === undefined ? [] : [code], ...status === undefined ? [] : [`status ${status}`]]
  return `${source}: ${detail}${marks.length === 0 ? "" : ` (${marks.join(", ")})`}. ${again}`
}

const soon = "Retrying may help."
const mended = "Retrying does not help until this is fixed."

/**
 * No answer came: no connection, or none in time. Look to the address and the network.
 *
 * @since 0.1.0
 * @category errors
 */
export class ManagerUnreachable
  extends Schema.TaggedError<ManagerUnreachable>("@effect-exchange/secrets/SecretSourceError/ManagerUnreachable")(
    "ManagerUnreachable",
    about
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
    return sentence(this, soon)
  }
}

/**
 * It answered that it cannot serve now: sealed, too busy, an error of its own. `retryAfter` is how long it asks to be left
 * alone, if it said so.
 *
 * @since 0.1.0
 * @category errors
 */
export class ManagerUnavailable
  extends Schema.TaggedError<ManagerUnavailable>("@effect-exchange/secrets/SecretSourceError/ManagerUnavailable")(
    "ManagerUnavailable",
    { ...about, retryAfter: Schema.optional(Schema.Duration) }
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
    return sentence(this, soon)
  }
}

/**
 * It knows us and does not let us, or does not know us: a token that has ended, a policy, a role, a key.
 *
 * @since 0.1.0
 * @category errors
 */
export class ManagerRefused
  extends Schema.TaggedError<ManagerRefused>("@effect-exchange/secrets/SecretSourceError/ManagerRefused")(
    "ManagerRefused",
    about
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
    return sentence(this, mended)
  }
}

/**
 * There is no such secret, or it was deleted.
 *
 * @since 0.1.0
 * @category errors
 */
export class SecretNotFound
  extends Schema.TaggedError<SecretNotFound>("@effect-exchange/secrets/SecretSourceError/SecretNotFound")(
    "SecretNotFound",
    about
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
    return sentence(this, mended)
  }
}

/**
 * What came is no object of names to texts, or not what the manager answers.
 *
 * @since 0.1.0
 * @category errors
 */
export class SecretMalformed
  extends Schema.TaggedError<SecretMalformed>("@effect-exchange/secrets/SecretSourceError/SecretMalformed")(
    "SecretMalformed",
    about
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
    return sentence(this, mended)
  }
}

/**
 * What we were told of the manager, or of how to be known to it, cannot be right: a file that cannot be read, an address
 * that redirects, a request that it does not understand.
 *
 * @since 0.1.0
 * @category errors
 */
export class SourceMisconfigured
  extends Schema.TaggedError<SourceMisconfigured>("@effect-exchange/secrets/SecretSourceError/SourceMisconfigured")(
    "SourceMisconfigured",
    about
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
    return sentence(this, mended)
  }
}

/**
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
 * All of them as one schema, for errors that travel.
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
 * @since 0.1.0
 * @category guards
 */
export const isSecretSourceError: (u: unknown) => u is SecretSourceError = Schema.is(SecretSourceError)
