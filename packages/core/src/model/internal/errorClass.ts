import type * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { type Outcome, policies } from "./errorPolicy.js"
import { printable } from "./text.js"

/** @internal */
export const about = {
  exchange: Schema.String,
  operation: Schema.String,
  detail: Schema.String,
  code: Schema.optional(Schema.String),
  status: Schema.optional(Schema.Number)
}

/** @internal */
export interface Answers extends Cause.YieldableError {
  readonly outcome: Outcome
  readonly isRetryable: boolean
  readonly retryAfter: Duration.Duration | undefined
}

/** @internal */
export interface ErrorClass<Self, Tag extends string, Fields extends Schema.Struct.Fields> extends
  Schema.Class<
    Self,
    { readonly _tag: Schema.tag<Tag> } & Fields,
    Schema.Struct.Encoded<{ readonly _tag: Schema.tag<Tag> } & Fields>,
    Schema.Struct.Context<Fields>,
    Schema.Struct.Constructor<Fields>,
    {},
    Answers
  >
{
  readonly _tag: Tag
}

/**
 * Creates the base class of an error: a `Schema.TaggedError` with the fields common to all errors plus its own. Its
 * instances take `outcome`, `isRetryable` and `retryAfter` from the policy table, and clean all text they are created
 * with.
 *
 * The prototype provides the values that an instance does not have. A field given as `undefined` counts as left out.
 *
 * @internal
 */
export function errorClass<Self>(): <Tag extends keyof typeof policies, Fields extends Schema.Struct.Fields = {}>(
  tag: Tag,
  fields?: Fields
) => ErrorClass<Self, Tag, typeof about & Fields>
// `extends` requires a class whose members are statically known. A class over generic fields is not, hence the
// signature above.
export function errorClass() {
  return (tag: keyof typeof policies, fields: Schema.Struct.Fields = {}): unknown => {
    const Class = Schema.TaggedError<unknown>(`@effect-exchange/core/ExchangeError/${tag}`)(tag, {
      ...about,
      ...fields
    })
    const { outcome, retry } = policies[tag]
    const answers: { readonly [Name in Exclude<keyof Answers, keyof Cause.YieldableError>]: unknown } = {
      outcome: outcome === "stated" ? "Unknown" : outcome,
      isRetryable: retry === "unlessUnknown" || retry === "afterDelay",
      retryAfter: undefined
    }
    for (const [name, value] of Object.entries(answers)) {
      // Writable if it is a field, so that the value of an instance overrides that of its class.
      Object.defineProperty(Class.prototype, name, { value, writable: name in fields })
    }
    return cleaning(Class)
  }
}

/**
 * Wraps the class in a proxy, because the constructor of a `Schema` class must stay as it is. Decoding calls the
 * constructor too, so decoded errors are cleaned as well.
 */
const cleaning = <C extends Function>(Class: C): C => {
  Object.defineProperty(Class.prototype, "message", {
    configurable: true,
    get(this: ErrorFields): string {
      return sentence(this)
    }
  })
  return new Proxy(Class, {
    construct: (target, [props, ...rest], newTarget): object =>
      Reflect.construct(target, [Predicate.isObject(props) ? cleanAll(props) : props, ...rest], newTarget)
  })
}

interface ErrorFields {
  readonly exchange: string
  readonly operation: string
  readonly detail: string
  readonly code?: string | undefined
  readonly status?: number | undefined
  readonly alternative?: string | undefined
}

const sentence = ({ alternative, code, detail, exchange, operation, status }: ErrorFields): string => {
  const native = [
    status === undefined ? undefined : `status ${status}`,
    code === undefined ? undefined : `code ${code}`
  ].filter((part) => part !== undefined).join(", ")
  const what = alternative === undefined ? detail : `${detail}; ${alternative}`
  return `${exchange}.${operation}: ${what}${native === "" ? "" : ` (${native})`}`
}

const sentences: ReadonlySet<string> = new Set(["detail", "reason", "alternative"])

const cleanAll = (props: object): object =>
  Object.fromEntries(
    Object.entries(props).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, cleanValue(value, sentences.has(name) ? 1000 : 200)]]
    )
  )

const cleanValue = (value: unknown, length: number): unknown => {
  if (typeof value === "string") return printable(value, length)
  if (Array.isArray(value)) return value.map((each) => cleanValue(each, length))
  return isPlain(value) ? cleanAll(value) : value
}

const isPlain = (value: unknown): value is object =>
  Predicate.isObject(value) && Object.getPrototypeOf(value) === Object.prototype
