/**
 * The result of a check: a pass, or a problem and its remedy.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import type { Tone } from "./Table.js"
import * as Table from "./Table.js"

/**
 * The result of a check.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Finding = Schema.Struct({
  /** What was checked, such as `configuration` or the name of an exchange. */
  about: Schema.String,
  status: Schema.Literal("pass", "warn", "fail"),
  /** A sentence. */
  detail: Schema.String,
  /** A sentence that says what to do. Missing if the check passed. */
  remedy: Schema.optional(Schema.String)
})

/**
 * The type of {@link Finding}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Finding extends Schema.Schema.Type<typeof Finding> {}

/**
 * Creates a finding that reports no problem.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pass = (about: string, detail: string): Finding => ({ about, status: "pass", detail })

/**
 * Creates a finding that warns.
 *
 * @since 0.1.0
 * @category constructors
 */
export const warn = (about: string, detail: string, remedy: string): Finding => ({
  about,
  status: "warn",
  detail,
  remedy
})

/**
 * Creates a finding that reports a failure.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fail = (about: string, detail: string, remedy: string): Finding => ({
  about,
  status: "fail",
  detail,
  remedy
})

const tones: { readonly [S in Finding["status"]]: Tone } = { pass: "good", warn: "plain", fail: "bad" }

/**
 * Formats findings as lines, each with its remedy below it.
 *
 * @since 0.1.0
 * @category formatting
 */
export const list = (findings: ReadonlyArray<Finding>, colors: boolean): string =>
  findings.flatMap(({ about, detail, remedy, status }) => [
    `${Table.paint(status, tones[status], colors)}  ${printable(`${about}: ${detail}`)}`,
    ...remedy === undefined ? [] : [Table.paint(`      ${printable(remedy)}`, "faint", colors)]
  ]).join("\n")

// Control characters in the text of an exchange or in a file name must not move the cursor.
const printable = (text: string): string => text.replace(/\p{Cc}+/gu, " ")
