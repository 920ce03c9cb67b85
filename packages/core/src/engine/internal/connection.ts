import * as Predicate from "effect/Predicate"

/**
 * How far a connection came before it failed, for the errors of clients that watch their connectors.
 */
const marks = new WeakMap<object, "connecting" | "established">()

/**
 * Remembers of an error that no connection stood when it happened, or that one did. The first mark stays.
 *
 * @internal
 */
export const mark = (error: object, stage: "connecting" | "established"): void => {
  if (!marks.has(error)) marks.set(error, stage)
}

/**
 * Whether a failed request can never have left, as no connection stood that it could have left by: judged by what the error
 * and its causes say of where it happened.
 *
 * What was marked is known exactly. Of other clients' errors the system call tells (`connect`, `getaddrinfo`, but not `read`
 * or `write`), or an error of the handshake, which comes before anything is sent. A code that says nothing of the moment, as
 * `ECONNRESET`, proves nothing.
 *
 * @internal
 */
export const neverStood = (error: unknown, depth = 0): boolean => {
  if (!Predicate.isObject(error) || depth > 4) return false
  const stage = marks.get(error)
  if (stage !== undefined) return stage === "connecting"
  const said: Said = error
  if (isHandshake(said)) return true
  if (typeof said.syscall === "string") return /^(?:connect|getaddrinfo|socket|bind|query\w*)$/.test(said.syscall)
  // undici's errors of an established connection tell its addresses and counts.
  if (Predicate.isObject(said.socket)) return false
  if (typeof said.code === "string" && beforeSending.has(said.code)) return true
  // Both families of addresses were tried.
  if (Array.isArray(said.errors) && said.errors.length > 0) {
    return said.errors.every((each) => neverStood(each, depth + 1))
  }
  return neverStood(said.cause, depth + 1)
}

/**
 * The code of an error or of what caused it: `fetch` wraps the socket's error in one of its own.
 *
 * @internal
 */
export const codeOf = (error: unknown, depth = 0): string | undefined => {
  if (!Predicate.isObject(error) || depth > 4) return undefined
  const said: Said = error
  if (typeof said.code === "string") return said.code
  return codeOf(said.cause, depth + 1) ?? (Array.isArray(said.errors) ? codeOf(said.errors[0], depth + 1) : undefined)
}

interface Said {
  readonly code?: unknown
  readonly syscall?: unknown
  readonly message?: unknown
  readonly socket?: unknown
  readonly errors?: unknown
  readonly cause?: unknown
}

const isHandshake = ({ code, message }: Said): boolean =>
  (typeof code === "string" && handshake.test(code)) ||
  (typeof message === "string" && /before secure TLS connection was established/.test(message))

// Certificates are verified, versions and ciphers agreed upon, before the first byte of a request: OpenSSL's reasons for
// refusing either. Others of its errors (a bad record, a certificate demanded later) come from connections that stood.
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

// For errors without a system call: these codes are of making a connection, as there is no other moment for them, or none in
// which a client would not have said more.
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
  // Bun's.
  "ConnectionRefused",
  "FailedToOpenSocket"
])
