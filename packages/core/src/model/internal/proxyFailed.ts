import * as Data from "effect/Data"
import * as Predicate from "effect/Predicate"

/**
 * The error of a proxy that did not connect to the exchange. `message` names the proxy and the remedy, without the user
 * name and the password of the proxy.
 *
 * @internal
 */
export class ProxyFailed extends Data.TaggedError("@effect-exchange/core/model/internal/proxyFailed")<{
  readonly message: string
  readonly code: string | undefined
}> {}

/**
 * The code of a proxy that refuses the user. It is never retried: a few wrong passwords can lock an account.
 *
 * @internal
 */
export const userRefused = "PROXY_407"

/**
 * Finds a `ProxyFailed` in an error or its causes. Socket events carry their cause under `error`.
 *
 * @internal
 */
export const proxyFailure = (error: unknown, depth = 0): ProxyFailed | undefined => {
  if (error instanceof ProxyFailed) return error
  if (!Predicate.isObject(error) || depth > 4) return undefined
  const { cause, error: inner }: { readonly cause?: unknown; readonly error?: unknown } = error
  return proxyFailure(cause, depth + 1) ?? proxyFailure(inner, depth + 1)
}
