import * as Predicate from "effect/Predicate"

/** How far a connection got before it failed, for errors of clients that watch their connectors. */
const marks = new WeakMap<object, "connecting" | "established">()

/**
 * Records whether an error occurred before a connection was established or after. The first record is kept.
 *
 * @internal
 */
export const mark = (error: object, stage: "connecting" | "established"): void => {
  if (!marks.has(error)) marks.set(error, stage)
}

/**
 * Returns `true` if a failed request cannot have been sent, because no connection was established. The error and its
 * causes are the evidence.
 *
 * A marked error is certain. Errors of other clients are judged by their system call (`connect` and `getaddrinfo`, but
 * not `read` or `write`), or by being an error of the TLS handshake, which precedes any request. A code that can occur
 * at any time, such as `ECONNRESET`, proves nothing.
 *
 * @internal
 */
export const neverConnected = (error: unknown, depth = 0): boolean => {
  if (!Predicate.isObject(error) || depth > 4) return false
  const stage = marks.get(error)
  if (stage !== undefined) return stage === "connecting"
  const failure: ErrorFields = error
  if (isHandshake(failure)) return true
  if (typeof failure.syscall === "string") return /^(?:connect|getaddrinfo|socket|bind|query\w*)$/.test(failure.syscall)
  // undici adds the addresses and byte counts of an established connection to its errors.
  if (Predicate.isObject(failure.socket)) return false
  if (typeof failure.code === "string" && beforeSending.has(failure.code)) return true
  // One error for each address family that was tried.
  if (Array.isArray(failure.errors) && failure.errors.length > 0) {
    return failure.errors.every((each) => neverConnected(each, depth + 1))
  }
  return neverConnected(failure.cause, depth + 1)
}

/**
 * Returns the code of an error or of its causes. `fetch` wraps the socket's error in one of its own.
 *
 * @internal
 */
export const codeOf = (error: unknown, depth = 0): string | undefined => {
  if (!Predicate.isObject(error) || depth > 4) return undefined
  const failure: ErrorFields = error
  if (typeof failure.code === "string") return failure.code
  return codeOf(failure.cause, depth + 1) ??
    (Array.isArray(failure.errors) ? codeOf(failure.errors[0], depth + 1) : undefined)
}

interface ErrorFields {
  readonly code?: unknown
  readonly syscall?: unknown
  readonly message?: unknown
  readonly socket?: unknown
  readonly errors?: unknown
  readonly cause?: unknown
}

const isHandshake = ({ code, message }: ErrorFields): boolean =>
  (typeof code === "string" && handshake.test(code)) ||
  (typeof message === "string" && /before secure TLS connection was established/.test(message))

// OpenSSL's reasons to refuse a certificate, a version or a cipher, all of which are settled before the first byte of a
// request. Its other errors (a bad record, a certificate requested later) come from established connections.
const handshake = new RegExp(
  [
    "EPROTO",
    "UND_ERR_PRX_TLS",
    "(?:UNABLE_TO_(?:GET|DECRYPT|DECODE|VERIFY)|CERT|CRL|ERROR_IN_C(?:ERT|RL))_\\w+",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "HOSTNAME_MISMATCH",
    "INVALID_(?:CA|PURPOSE)",
    "PATH_LENGTH_EXCEEDED",
    "ERR_TLS_(?:CERT_ALTNAME_\\w+|HANDSHAKE_TIMEOUT)",
    "ERR_SSL_(?:WRONG_VERSION_NUMBER|(?:UNSUPPORTED|UNKNOWN)_PROTOCOL|HTTP_REQUEST|NO_\\w+)",
    "ERR_SSL_[\\w/]*ALERT_(?:PROTOCOL_VERSION|HANDSHAKE_FAILURE|INSUFFICIENT_SECURITY|UNRECOGNIZED_NAME|UNKNOWN_CA)"
  ].map((code) => `^${code}$`).join("|")
)

// For errors without a system call. These codes occur only while a connection is made, or at other times only in errors
// that carry more information.
const beforeSending: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EAI_FAIL",
  "EAI_NODATA",
  "EAI_NONAME",
  "EADDRNOTAVAIL",
  "EMFILE",
  "ENFILE",
  "EPERM",
  "EACCES",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "UND_ERR_CONNECT_TIMEOUT",
  // Bun's codes.
  "ConnectionRefused",
  "FailedToOpenSocket"
])
