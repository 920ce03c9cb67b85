/**
 * Describes the limits that an exchange meters, by name. Endpoints declare what they cost in each.
 *
 * @since 0.1.0
 */
import * as RateLimiter from "@effect-exchange/resilience/RateLimiter"
import type * as Duration from "effect/Duration"

/**
 * A limit. `per` says what it is counted by: `key` for the API key or account, or `address`. Defaults to `address`.
 *
 * @since 0.1.0
 * @category models
 */
export type Limit = RateLimiter.Limit & Pick<Options, "per">

/**
 * The limits of an exchange by the names of their scopes.
 *
 * @since 0.1.0
 * @category models
 */
export type Limits<Scope extends string> = { readonly [S in Scope]: Limit }

/**
 * The options of a limit.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** What the limit is counted by: the address, or the API key or account. Defaults to `"address"`. */
  readonly per?: "address" | "key" | undefined
  /** The part kept for trading calls. Set it on every scope that they share with reads. Defaults to none. */
  readonly reserved?: number | undefined
}

/**
 * Makes a limit of `limit` in any window of the given length.
 *
 * @since 0.1.0
 * @category constructors
 */
export const window = (
  limit: number,
  window: Duration.DurationInput,
  options: Options = {}
): RateLimiter.WindowLimit & Options => ({
  ...RateLimiter.window(limit, window),
  ...options
})

/**
 * Makes a limit that refills at a steady rate: up to `burst` at once, and `perSecond` from then on.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bucket = (
  limit: { readonly burst: number; readonly perSecond: number },
  options: Options = {}
): Limit => ({
  ...RateLimiter.bucket(limit),
  ...options
})

/**
 * Makes one separate limit for each name, all of them equal, for endpoints that the exchange meters alike but
 * individually.
 *
 * @since 0.1.0
 * @category constructors
 */
export function each<const Scope extends string, L extends Limit>(
  names: ReadonlyArray<Scope>,
  limit: L
): { readonly [S in Scope]: L }
export function each(names: ReadonlyArray<string>, limit: Limit): Limits<string> {
  return Object.fromEntries(names.map((name) => [name, limit]))
}
