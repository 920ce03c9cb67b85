import * as Duration from "effect/Duration"

/**
 * Throws a `RangeError` that states the allowed values, unless `holds` is `true`.
 *
 * @internal
 */
export const requireThat = (
  what: string,
  value: number | string | Duration.Duration,
  holds: boolean,
  wanted: string
): void => {
  if (!holds) {
    throw new RangeError(
      `${what} must be ${wanted}, got ${Duration.isDuration(value) ? Duration.format(value) : value}`
    )
  }
}

/** @internal */
export const requireWhole = (what: string, value: number, least: number, most: number): void =>
  requireThat(
    what,
    value,
    Number.isInteger(value) && value >= least && value <= most,
    `a whole number from ${least} to ${most}`
  )

/**
 * Requires a number of attempts: a whole number of at least 1, or infinity for no limit.
 *
 * @internal
 */
export const requireAttempts = (what: string, attempts: number | undefined): void => {
  if (attempts !== undefined && attempts !== Infinity) requireWhole(what, attempts, 1, Number.MAX_SAFE_INTEGER)
}
