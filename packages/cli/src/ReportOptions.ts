/**
 * Options of `exchange contract` and `exchange record`.
 *
 * @since 0.1.0
 */
import * as Options from "@effect/cli/Options"
import type * as Option from "effect/Option"

/**
 * `--trading`: place small orders as well.
 *
 * @since 0.1.0
 * @category options
 */
export const trading: Options.Options<boolean> = Options.boolean("trading").pipe(
  Options.withDescription(
    "Also place small orders, of which a few are filled and the rest canceled; never on a live exchange."
  )
)

/**
 * `--account`: read the account as well.
 *
 * @since 0.1.0
 * @category options
 */
export const account: Options.Options<boolean> = Options.boolean("account").pipe(
  Options.withDescription(
    "Also read the account. The files will contain its balances and orders, but no keys or signatures."
  )
)

/**
 * `--output report.md`: the file for the report.
 *
 * @since 0.1.0
 * @category options
 */
export const reportFile: Options.Options<Option.Option<string>> = Options.text("output").pipe(
  Options.withPseudoName("file"),
  Options.withDescription("The file to write the report to, as Markdown; an existing file is overwritten."),
  Options.optional
)

/**
 * `--output test/fixtures`: the directory for the files.
 *
 * @since 0.1.0
 * @category options
 */
export const directory: Options.Options<string> = Options.text("output").pipe(
  Options.withPseudoName("directory"),
  Options.withDescription("Where to write the files, in one directory per exchange; existing files are kept.")
)
