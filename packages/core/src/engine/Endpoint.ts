/**
 * One endpoint of an exchange, as data.
 *
 * @since 0.1.0
 */
import type * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import type { Body, Parameters } from "./internal/preparing.js"
import { type Decimals, printed } from "./internal/printing.js"
import type { Limits } from "./Limit.js"

export {
  type Body,
  encodeQuery,
  type Parameter,
  type Parameters,
  percentEncode,
  prepare,
  type Prepared
} from "./internal/preparing.js"

/**
 * @since 0.1.0
 * @category models
 */
export type Capability = "marketData" | "account" | "trading"

/**
 * What an endpoint costs, by scope of the protocol's limits.
 *
 * @since 0.1.0
 * @category models
 */
export type Cost = { readonly [scope: string]: number }

/**
 * Whether a call may be repeated whose answer was lost: `safe` is a read, `idempotent` a write of which a second one
 * changes nothing more, and `once` everything else.
 *
 * @since 0.1.0
 * @category models
 */
export type Idempotency = "safe" | "idempotent" | "once"

/**
 * An endpoint: `name` is the operation in logs, metrics and errors. Parameters named in the path template (`/order/{id}`)
 * go there, the others where `body` says.
 *
 * `auth` is `signed` where the exchange wants a signature.
 *
 * @since 0.1.0
 * @category models
 */
export interface Endpoint<out C extends Capability, in I, out A> {
  readonly capability: C
  readonly name: string
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  readonly path: string
  readonly body: Body
  readonly auth: "none" | "signed"
  /** Which of the protocol's signing schemes signs it, where there are several. */
  readonly scheme?: string | undefined
  readonly idempotency: Idempotency
  /** Whether a success is a secret, of which errors and `RawAnswers` show nothing. Defaults to `false`. */
  readonly isSecret?: boolean | undefined
  /** Parameters from the input, or why the input cannot be sent. */
  readonly encode: (input: I) => Either.Either<Parameters, ParseResult.ParseError>
  readonly decode: (body: unknown) => Either.Either<A, ParseResult.ParseError>
  readonly cost: (input: I) => Cost
}

/**
 * What {@link make} has to be told of an endpoint.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts<C extends Capability, I, IE extends Parameters, A, AE> {
  readonly capability: C
  readonly name: string
  /** Defaults to `GET`. */
  readonly method?: "GET" | "POST" | "PUT" | "DELETE" | undefined
  readonly path: string
  /** Defaults to `none`: parameters travel in the query. */
  readonly body?: Body | undefined
  /** Defaults to `none` for market data and to `signed` otherwise. */
  readonly auth?: "none" | "signed" | undefined
  readonly input: Schema.Schema<I, IE>
  readonly response: Schema.Schema<A, AE>
  readonly cost: Cost | ((input: I) => Cost)
}

/**
 * Makes an endpoint of its facts. One of `trading` that does not state its idempotency does not compile, and none of them
 * is `safe`.
 *
 * **Gotchas**
 *
 * Elsewhere idempotency defaults to `safe` for `GET` and to `once` otherwise. For `trading` there is no default, as some
 * exchanges trade by `GET`: what is repeated there because of its method is traded twice.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: {
  <C extends Exclude<Capability, "trading">, I, IE extends Parameters, A, AE>(
    facts: Facts<C, I, IE, A, AE> & { readonly idempotency?: Idempotency | undefined }
  ): Endpoint<C, I, A>
  <I, IE extends Parameters, A, AE>(
    facts: Facts<"trading", I, IE, A, AE> & { readonly idempotency: Exclude<Idempotency, "safe"> }
  ): Endpoint<"trading", I, A>
} = <C extends Capability, I, IE extends Parameters, A, AE>(
  facts: Facts<C, I, IE, A, AE> & { readonly idempotency?: Idempotency | undefined }
): Endpoint<C, I, A> => {
  const { cost } = facts
  const method = facts.method ?? "GET"
  const encode = Schema.encodeEither(facts.input)
  const inPath = namesIn(facts.path)
  const decode = Schema.decodeUnknownEither(facts.response)
  return {
    capability: facts.capability,
    name: facts.name,
    method,
    path: facts.path,
    body: facts.body ?? "none",
    auth: facts.auth ?? (facts.capability === "marketData" ? "none" : "signed"),
    idempotency: repeated(facts.capability, method, facts.idempotency),
    encode: (input) => Either.flatMap(encode(input), (parameters) => fitting(facts.input.ast, inPath, parameters)),
    decode: (body) => decode(body),
    cost: typeof cost === "function" ? cost : () => cost
  }
}

// Where no compiler has seen to it: a change that claims to be a read, or says nothing, is sent once.
const repeated = (
  capability: Capability,
  method: string,
  stated: Idempotency | undefined
): Idempotency =>
  capability === "trading"
    ? stated === "idempotent" ? "idempotent" : "once"
    : stated ?? (method === "GET" ? "safe" : "once")

const namesIn = (path: string): ReadonlyArray<string> =>
  Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = ""]) => name)

// URL parsers resolve `.` and `..` even when percent-encoded, and an empty segment is another path: no encoding keeps
// these in their place.
const fitting = (
  ast: SchemaAST.AST,
  inPath: ReadonlyArray<string>,
  parameters: Parameters
): Either.Either<Parameters, ParseResult.ParseError> => {
  const misfit = inPath.find((name) => ["", ".", "..", "undefined"].includes(String(parameters[name])))
  if (misfit === undefined) return Either.right(parameters)
  const issue = new ParseResult.Type(ast, parameters[misfit], "expected text that can stand in a path")
  return Either.left(new ParseResult.ParseError({ issue: new ParseResult.Pointer(misfit, parameters, issue) }))
}

/**
 * What an input may hold: decimals are printed plainly, wherever they stand.
 *
 * @since 0.1.0
 * @category models
 */
export type Value =
  | string
  | number
  | boolean
  | BigDecimal.BigDecimal
  | ReadonlyArray<Value>
  | { readonly [name: string]: Value | undefined }

/**
 * Names the type of an endpoint's input, which is only read and printed as it stands: `takes<{ symbol: string }>()`. Whoever asks
 * says how it is made.
 *
 * @since 0.1.0
 * @category constructors
 */
export const takes = <I extends { readonly [K in keyof I]: Value | undefined }>(): Input<
  { readonly [K in keyof I]: I[K] },
  never
> => ({ make: (input: never) => input })

/**
 * Says how an endpoint is asked, by the function that makes its input of what is asked in our words: `madeBy(newOrder)`. What may
 * be `undefined` in it may be left out.
 *
 * @since 0.1.0
 * @category constructors
 */
export const madeBy = <Args extends ReadonlyArray<unknown>, I extends { readonly [K in keyof I]: Value | undefined }>(
  make: (...args: Args) => I
): Input<I, Args> => ({ make })

/**
 * Writes an instant (epoch milliseconds) as ISO 8601 does: nothing where there is none.
 *
 * @since 0.1.0
 * @category values
 */
export const isoTime = (at: number | undefined): string | undefined =>
  Option.fromNullable(at).pipe(
    Option.flatMap(DateTime.make),
    Option.map(DateTime.formatIso),
    Option.getOrUndefined
  )

/**
 * An input as a function makes it, with what may be `undefined` left out or not.
 *
 * @since 0.1.0
 * @category models
 */
export type Made<I> =
  & { readonly [K in keyof I as undefined extends I[K] ? never : K]: I[K] }
  & { readonly [K in keyof I as undefined extends I[K] ? K : never]?: I[K] }

/**
 * The input of an endpoint, and how it is made of what is asked.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input<out I, in Args extends ReadonlyArray<unknown>> {
  readonly make: (...args: Args) => I
}

/**
 * An endpoint of a family, and how its input is made of what is asked.
 *
 * @since 0.1.0
 * @category models
 */
export interface Asked<out C extends Capability, in out I, out A, in Args extends ReadonlyArray<unknown>>
  extends Endpoint<C, I | Made<I>, A>
{
  readonly make: (...args: Args) => I
}

/**
 * What the endpoints of a family share: whose they are, and what goes without saying in them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Family<C extends Capability, Scope extends string> {
  readonly capability: C
  /** The limits of the exchange: costs are keyed by their names. */
  readonly limits: Limits<Scope>
  /** Defaults to `GET`. */
  readonly method?: "GET" | "POST" | "PUT" | "DELETE" | undefined
  /** Stands before the path of each. Defaults to nothing. */
  readonly root?: string | undefined
  /** Defaults to `none`: parameters travel in the query. */
  readonly body?: Body | undefined
  /** Where what was asked for stands in every answer. Defaults to the whole. */
  readonly within?: string | undefined
  readonly cost?: Costs<Scope> | undefined
  /** Whether each is metered by itself as well: it costs one of the limit of its name, too. Defaults to `false`. */
  readonly own?: boolean | undefined
  /**
   * How decimals are printed: as text, as text without zeros at the end (`shortest`), or as JSON numbers, as few exchanges want
   * them. Defaults to `text`.
   */
  readonly decimals?: Decimals | undefined
}

/**
 * What a call costs in each scope. One that does not exist does not compile.
 *
 * @since 0.1.0
 * @category models
 */
export type Costs<Scope extends string> = { readonly [S in Scope]?: number }

/**
 * What is particular to an endpoint of a family.
 *
 * @since 0.1.0
 * @category models
 */
export interface Particulars<Scope extends string, I, Args extends ReadonlyArray<unknown>, A, AE> {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE" | undefined
  readonly body?: Body | undefined
  readonly auth?: "none" | "signed" | undefined
  /** Which of the protocol's signing schemes signs it, where there are several. Defaults to the first. */
  readonly scheme?: string | undefined
  /** Defaults to none. */
  readonly input?: Input<I, Args> | undefined
  readonly answer: Schema.Schema<A, AE>
  /** Where what was asked for stands in the answer. Defaults to that of the family; `""` is the whole. */
  readonly within?: string | undefined
  readonly cost?: Costs<Scope> | ((input: NoInfer<I | Made<I>>) => Costs<Scope>) | undefined
}

/**
 * Makes an endpoint of its name, its path and its particulars. Without a path it is its name.
 *
 * @since 0.1.0
 * @category models
 */
export interface Make<C extends Capability, Scope extends string> {
  <A, AE, I extends object = {}, Args extends ReadonlyArray<unknown> = []>(
    name: string,
    facts: Particulars<NoInfer<Scope>, I, Args, A, AE>
  ): Asked<C, I, A, Args>
  <A, AE, I extends object = {}, Args extends ReadonlyArray<unknown> = []>(
    name: string,
    path: string,
    facts: Particulars<NoInfer<Scope>, I, Args, A, AE>
  ): Asked<C, I, A, Args>
}

/**
 * Makes endpoints that change something: `once` those that may be sent once, `idempotent` those of which a second one changes
 * nothing more.
 *
 * @since 0.1.0
 * @category models
 */
export type MakeWrite<Scope extends string> = {
  readonly [I in Exclude<Idempotency, "safe">]: Make<"trading", Scope>
}

/**
 * Makes the endpoints of a family, each of its name, its path and its particulars: `const read = Endpoint.family({ ... })`,
 * then `read("openOrders", "/orders/open", { ... })`. Of what trades it has to be said whether it may be sent again:
 * `write.once("place", ...)`, `write.idempotent("cancel", ...)`.
 *
 * **Gotchas**
 *
 * Reads are `safe` whatever their method, as some exchanges read by `POST`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const family: {
  <const Scope extends string>(shared: Family<"trading", Scope>): MakeWrite<Scope>
  <const C extends Exclude<Capability, "trading">, const Scope extends string>(shared: Family<C, Scope>): Make<C, Scope>
} = <C extends Capability, Scope extends string>(
  shared: Family<C, Scope>
): Make<C, Scope> & { readonly [I in Exclude<Idempotency, "safe">]: Make<C, Scope> } =>
  // Where no compiler has seen to it: a change of which nothing is said is sent once.
  Object.assign(maker(shared, shared.capability === "trading" ? "once" : "safe"), {
    once: maker(shared, "once"),
    idempotent: maker(shared, "idempotent")
  })

const maker = <C extends Capability, Scope extends string>(
  shared: Family<C, Scope>,
  idempotency: Idempotency
): Make<C, Scope> =>
<A, AE, Args extends ReadonlyArray<unknown>>(
  name: string,
  ...rest:
    | readonly [Particulars<Scope, object, Args, A, AE>]
    | readonly [path: string, facts: Particulars<Scope, object, Args, A, AE>]
): Asked<C, object, A, Args> => {
  const [path, facts] = rest.length === 1 ? [name, ...rest] : rest
  const { capability, decimals = "text" } = shared
  const usual = shared.own === true ? { ...shared.cost, [name]: 1 } : shared.cost
  const { answer, cost = usual, input = noInput, within = shared.within ?? "" } = facts
  const whole = `${shared.root ?? ""}${path}`
  const inPath = namesIn(whole)
  const decode = Schema.decodeUnknownEither(answer)
  const steps = within === "" ? [] : within.split(".")
  return {
    capability,
    name,
    method: facts.method ?? shared.method ?? "GET",
    path: whole,
    body: facts.body ?? shared.body ?? "none",
    auth: facts.auth ?? (capability === "marketData" ? "none" : "signed"),
    scheme: facts.scheme,
    idempotency,
    make: input.make,
    encode: (input) =>
      Either.flatMap(printed(input, decimals), (parameters) => fitting(answer.ast, inPath, parameters)),
    decode: (body) => decode(steps.reduce(property, body)),
    cost: (input) => ({ ...typeof cost === "function" ? cost(input) : cost })
  }
}

const noInput: Input<object, ReadonlyArray<unknown>> = { make: () => ({}) }

const property = (value: unknown, name: string): unknown =>
  Predicate.isReadonlyRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined

/**
 * The input of an endpoint that takes none.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NoInput: Schema.Schema<{}> = Schema.Struct({})
