import * as Data from "effect/Data"
import * as Predicate from "effect/Predicate"

/**
 * The proxy on the way to an exchange made no connection to it: who that is and what to do, without its user and password.
 *
 * @internal
 */
export class ProxyFailed extends Data.TaggedError("@effect-exchange/core/model/internal/proxyFailed")<{
  readonly message: string
  readonly code: string | undefined
}> {}

/**
 * The code of a proxy that does not let this user through. Not tried again: a few wrong passwords close an account.
 *
 * @internal
 */
export const userRefused = "PROXY_407"

/**
 * What a proxy is at fault of in an error or what caused it: the events of sockets have it under `error`.
 *
 * @internal
 */
export const proxyFailure = (error: unknown, depth = 0): ProxyFailed | undefined => {
  if (error instanceof ProxyFailed) return error
  if (!Predicate.isObject(error) || depth > 4) return undefined
  const { cause, error: inner }: { readonly cause?: unknown; readonly error?: unknown } = error
  return proxyFailure(cause, depth + 1) ?? proxyFailure(inner, depth + 1)
}
