import * as BigDecimal from "effect/BigDecimal"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { reason, taking, type Unread, unread } from "./wireReading.js"

/**
 * A reader that takes one value from a row of the exchange.
 *
 * @since 0.1.0
 * @category models
 */
export interface Field<out A> {
  /**
   * Returns the value, or `unread` if it is missing or cannot be decoded. It is called for every row, so it must be
   * fast.
   */
  readonly take: (row: unknown) => A | Unread
  /** Explains why no value can be taken from a row. */
  readonly why: (row: unknown) => ParseResult.ParseIssue
}

/**
 * The path of a value in a row: a property name, an index in a tuple, or several of them from the outside in. Dots
 * in a string separate nested property names.
 *
 * @since 0.1.0
 * @category models
 */
export type Path = string | number | ReadonlyArray<string | number>

/**
 * Reads the value at a path.
 *
 * @since 0.1.0
 * @category fields
 */
export const at = <A, I>(path: Path, schema: Schema.Schema<A, I>): Field<A> => {
  const steps = stepsOf(path)
  const [first = "", ...others] = steps
  const step = stepOf(steps)
  const take = taking(schema)
  return {
    take: others.length === 0 ? (row) => take(step(row, first)) : (row) => take(steps.reduce(step, row)),
    why: (row) =>
      steps.reduceRight(
        (issue, step) => new ParseResult.Pointer(step, row, issue),
        reason(schema, steps.reduce(step, row))
      )
  }
}

/**
 * Reads `undefined` from every row, for a value that the exchange does not send.
 *
 * @since 0.1.0
 * @category fields
 */
export const none: Field<undefined> = { take: () => undefined, why: (row) => unexplained(row) }

/**
 * Reads the given value from every row.
 *
 * @since 0.1.0
 * @category fields
 */
export const always = <const A>(value: A): Field<A> => ({ take: () => value, why: unexplained })

/**
 * Creates the same field under several names: `each(["bid", "ask"], none)` for an exchange that sends neither.
 *
 * @since 0.1.0
 * @category fields
 */
export function each<const Name extends string, A>(
  names: ReadonlyArray<Name>,
  field: Field<A>
): { readonly [N in Name]: Field<A> }
export function each<A>(names: ReadonlyArray<string>, field: Field<A>): { readonly [name: string]: Field<A> } {
  return Object.fromEntries(names.map((name) => [name, field]))
}

/**
 * Combines several values into one.
 *
 * @since 0.1.0
 * @category fields
 */
export const all = <const F extends { readonly [name: string]: Field<unknown> }, B>(
  fields: F,
  f: (values: Values<F>) => B
): Field<B> => map(record(fields), f)

/**
 * Converts a value.
 *
 * @since 0.1.0
 * @category fields
 */
export const map = <A, B>(field: Field<A>, f: (value: A) => B): Field<B> => ({
  take: (row) => {
    const value = field.take(row)
    return value === unread ? unread : f(value)
  },
  why: field.why
})

/**
 * Reads `true` if any of the fields reads `true`, and `false` otherwise.
 *
 * @since 0.1.0
 * @category fields
 */
export const anyOf = (...fields: ReadonlyArray<Field<boolean | undefined>>): Field<boolean> =>
  fields.reduce<Field<boolean>>(
    (one, other) => all({ one, other }, ({ one, other }) => one || other === true),
    always(false)
  )

/**
 * Reads two numbers and adds them, such as a free and a held amount.
 *
 * @since 0.1.0
 * @category fields
 */
export const sum = (
  one: Field<BigDecimal.BigDecimal>,
  other: Field<BigDecimal.BigDecimal>
): Field<BigDecimal.BigDecimal> => all({ one, other }, ({ one, other }) => BigDecimal.sum(one, other))

/**
 * Reads several numbers and subtracts the others from the first, such as the held amount from the total.
 *
 * @since 0.1.0
 * @category fields
 */
export const minus = (
  whole: Field<BigDecimal.BigDecimal>,
  ...parts: ReadonlyArray<Field<BigDecimal.BigDecimal>>
): Field<BigDecimal.BigDecimal> =>
  parts.reduce((one, other) => all({ one, other }, ({ one, other }) => BigDecimal.subtract(one, other)), whole)

/**
 * Reads the first field, or the second where the first is `undefined`.
 *
 * @since 0.1.0
 * @category fields
 */
export const orElse = <A, B>(one: Field<A | undefined>, other: Field<B>): Field<A | B> => ({
  take: (row) => one.take(row) ?? other.take(row),
  why: (row) => (one.take(row) === unread ? one : other).why(row)
})

/**
 * The type that a row or a field reads.
 *
 * @since 0.1.0
 * @category models
 */
export type Type<R> = R extends Field<infer A> ? A : never

/**
 * Reads a field only in rows where `condition` reads the given value, and `undefined` in the others.
 *
 * @since 0.1.0
 * @category fields
 */
export const when = <A, B>(condition: Field<A>, value: NoInfer<A>, field: Field<B>): Field<B | undefined> =>
  where(condition, (found) => found === value, field)

/**
 * Reads a field only in rows where `condition` reads another value than the given one, and `undefined` in the others.
 *
 * @since 0.1.0
 * @category fields
 */
export const unless = <A, B>(condition: Field<A>, value: NoInfer<A>, field: Field<B>): Field<B | undefined> =>
  where(condition, (found) => found !== value, field)

const where = <A, B>(condition: Field<A>, holds: (found: A) => boolean, field: Field<B>): Field<B | undefined> => ({
  take: (row) => {
    const found = condition.take(row)
    if (found === unread) return unread
    return holds(found) ? field.take(row) : undefined
  },
  why: (row) => (condition.take(row) === unread ? condition : field).why(row)
})

/**
 * The types that fields read, by their names.
 *
 * @since 0.1.0
 * @category models
 */
export type Values<F> = { readonly [K in keyof F]: F[K] extends Field<infer A> ? A : never }

/**
 * Reads each of the fields, and fails with the first one that is missing or cannot be decoded.
 *
 * @since 0.1.0
 * @category fields
 */
export const record = <F extends { readonly [name: string]: Field<unknown> }>(fields: F): Field<Values<F>> => {
  const entries = Object.entries(fields)
  const isWhole = (values: { readonly [name: string]: unknown } | undefined): values is Values<F> =>
    values !== undefined
  const valuesOf = (row: unknown): { readonly [name: string]: unknown } | undefined => {
    const values: { [name: string]: unknown } = {}
    for (const [name, field] of entries) {
      const value = field.take(row)
      if (value === unread) return undefined
      values[name] = value
    }
    return values
  }
  return {
    take: (row) => {
      const values = valuesOf(row)
      return isWhole(values) ? values : unread
    },
    why: (row) => entries.find(([, field]) => field.take(row) === unread)?.[1].why(row) ?? unexplained(row)
  }
}

const unexplained = (row: unknown): ParseResult.ParseIssue => new ParseResult.Type(Schema.Unknown.ast, row)

const stepsOf = (path: Path): ReadonlyArray<string | number> =>
  typeof path === "string" ? path.split(".") : typeof path === "number" ? [path] : path

const isObject = (value: unknown): value is { readonly [name: string | number]: unknown } =>
  typeof value === "object" && value !== null

const step = (value: unknown, step: string | number): unknown => isObject(value) ? value[step] : undefined

const ownStep = (value: unknown, step: string | number): unknown =>
  isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined

/**
 * Checking for an own property costs as much as reading it, so it is only done where a row could inherit a property of
 * that name.
 */
const stepOf = (steps: ReadonlyArray<string | number>) => steps.some((step) => step in Array.prototype) ? ownStep : step
