/**
 * Options of the commands that read accounts.
 *
 * @since 0.1.0
 */
import * as Options from "@effect/cli/Options"

/**
 * `--all`: include orders that have ended.
 *
 * @since 0.1.0
 * @category options
 */
export const ended: Options.Options<boolean> = Options.boolean("all").pipe(
  Options.withDescription("Also show the latest ended orders of the market.")
)
