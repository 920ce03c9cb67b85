/**
 * What a check found: that all is well, or what is wrong and what to do about it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import type { Tone } from "./Table.js"
import * as Table from "./Table.js"

/**
 * @since 0.1.0
 * @category schemas
 */
export const Finding = Schema.Struct({
  /** What was looked at, such as `configuration` or an exchange. */
  about: Schema.String,
  status: Schema.Literal("pass", "warn", "fail"),
  /** A sentence. */
  detail: Schema.String,
  /** What to do, a sentence; none where all is well. */
  remedy: Schema.optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Finding extends Schema.Schema.Type<typeof Finding> {}

/**
 * @since 0.1.0
 * @category constructors
 */
export const pass = (about: string, detail: string): Finding => ({ about, status: "pass", detail })

/**
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
 * Findings as lines, each with its remedy below it.
 *
 * @since 0.1.0
 * @category formatting
 */
export const list = (findings: ReadonlyArray<Finding>, colors: boolean): string =>
  findings.flatMap(({ about, detail, remedy, status }) => [
    `${Table.paint(status, tones[status], colors)}  ${printable(`${about}: ${detail}`)}`,
    ...remedy === undefined ? [] : [Table.paint(`      ${printable(remedy)}`, "faint", colors)]
  ]).join("\n")

// What an exchange or a file name says must not move the cursor.
const printable = (text: string): string => text.replace(/\p{Cc}+/gu, " ")
