/**
 * What an exchange meters, each under a name: endpoints say what they cost in it.
 *
 * @since 0.1.0
 */
import * as RateLimiter from "@effect-exchange/resilience/RateLimiter"
import type * as Duration from "effect/Duration"

/**
 * A limit, and whom it is counted for: `key` where the exchange counts by API key or account; `address` unless said.
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
 * `reserved` of a limit is kept for calls that trade: it belongs wherever these share a scope with reads.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly per?: "address" | "key" | undefined
  readonly reserved?: number | undefined
}

/**
 * Makes a limit of so much in any window of that length.
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
 * Makes a limit that refills at a steady rate: so much at once, then as much as comes back.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bucket = (burst: number, perSecond: number, options: Options = {}): Limit => ({
  ...RateLimiter.bucket({ burst, perSecond }),
  ...options
})

/**
 * Gives each of several names the same limit, each one of its own: endpoints that the exchange meters alike and one by one.
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
