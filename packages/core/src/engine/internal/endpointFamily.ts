/**
 * Families of endpoints, which share a capability and defaults, and the inputs of their endpoints.
 *
 * @since 0.1.0
 */
import type * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { Limits } from "../Limit.js"
import type { Capability, Endpoint, Idempotency } from "./endpointModel.js"
import { fitting, namesIn } from "./pathParameters.js"
import type { Body } from "./preparing.js"
import { type Decimals, printed } from "./printing.js"

/**
 * A value in an input. Decimals are printed in plain notation at any depth.
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
 * Declares the type of an endpoint's input, as in `inputOf<{ symbol: string }>()`. The caller builds the input, and it
 * is sent as it is.
 *
 * @since 0.1.0
 * @category constructors
 */
export const inputOf = <I extends { readonly [K in keyof I]: Value | undefined }>(): Input<
  { readonly [K in keyof I]: I[K] },
  never
> => ({ make: (input: never) => input })

/**
 * Declares the function that builds an endpoint's input from the arguments of a service method, as in
 * `inputFrom(newOrder)`. A property of the input that may be `undefined` may also be left out.
 *
 * @since 0.1.0
 * @category constructors
 */
export const inputFrom = <
  Args extends ReadonlyArray<unknown>,
  I extends { readonly [K in keyof I]: Value | undefined }
>(
  make: (...args: Args) => I
): Input<I, Args> => ({ make })

/**
 * Formats epoch milliseconds as ISO 8601. Returns `undefined` if there is no instant.
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
 * The input that a function builds, in which a property that may be `undefined` may also be left out.
 *
 * @since 0.1.0
 * @category models
 */
export type Made<I> =
  & { readonly [K in keyof I as undefined extends I[K] ? never : K]: I[K] }
  & { readonly [K in keyof I as undefined extends I[K] ? K : never]?: I[K] }

/**
 * The input of an endpoint, and the function that builds it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input<out I, in Args extends ReadonlyArray<unknown>> {
  readonly make: (...args: Args) => I
}

/**
 * An endpoint of a family, with the function that builds its input.
 *
 * @since 0.1.0
 * @category models
 */
export interface WithInput<out C extends Capability, in out I, out A, in Args extends ReadonlyArray<unknown>>
  extends Endpoint<C, I | Made<I>, A>
{
  readonly make: (...args: Args) => I
}

/**
 * The capability and the defaults that the endpoints of a family share.
 *
 * @since 0.1.0
 * @category models
 */
export interface Family<C extends Capability, Scope extends string> {
  readonly capability: C
  /** The limits of the exchange. Their names are the keys of costs. */
  readonly limits: Limits<Scope>
  /** The HTTP method. Defaults to `GET`. */
  readonly method?: "GET" | "POST" | "PUT" | "DELETE" | undefined
  /** The prefix of every path. Defaults to none. */
  readonly root?: string | undefined
  /** Where parameters go. Defaults to `none`: into the query. */
  readonly body?: Body | undefined
  /** The path of the result in every response, as names separated by dots. Defaults to the whole response. */
  readonly within?: string | undefined
  readonly cost?: Costs<Scope> | undefined
  /**
   * Whether a call also costs 1 of the limit that has the name of its endpoint. An endpoint with its own `cost` ignores
   * this. Defaults to `false`.
   */
  readonly own?: boolean | undefined
  /**
   * How decimals are printed: as text, as text without trailing zeros (`shortest`), or as JSON numbers, which few
   * exchanges want. Defaults to `text`.
   */
  readonly decimals?: Decimals | undefined
}

/**
 * The cost of a call in each scope. A scope that does not exist does not compile.
 *
 * @since 0.1.0
 * @category models
 */
export type Costs<Scope extends string> = { readonly [S in Scope]?: number }

/**
 * The options of one endpoint of a family.
 *
 * @since 0.1.0
 * @category models
 */
export interface Particulars<Scope extends string, I, Args extends ReadonlyArray<unknown>, A, AE> {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE" | undefined
  readonly body?: Body | undefined
  readonly auth?: "none" | "signed" | undefined
  /** The signing scheme for this endpoint, if the protocol has several. Defaults to the first. */
  readonly scheme?: string | undefined
  /** Whether a successful response is secret and must not appear in errors and `RawAnswers`. Defaults to `false`. */
  readonly isSecret?: boolean | undefined
  /** Defaults to no input. */
  readonly input?: Input<I, Args> | undefined
  readonly answer: Schema.Schema<A, AE>
  /** The path of the result in the response. Defaults to that of the family; `""` is the whole response. */
  readonly within?: string | undefined
  readonly cost?: Costs<Scope> | ((input: NoInfer<I | Made<I>>) => Costs<Scope>) | undefined
}

/**
 * Makes an endpoint from its name, path and options. The path defaults to the name.
 *
 * @since 0.1.0
 * @category models
 */
export interface Make<C extends Capability, Scope extends string> {
  <A, AE, I extends object = {}, Args extends ReadonlyArray<unknown> = []>(
    name: string,
    facts: Particulars<NoInfer<Scope>, I, Args, A, AE>
  ): WithInput<C, I, A, Args>
  <A, AE, I extends object = {}, Args extends ReadonlyArray<unknown> = []>(
    name: string,
    path: string,
    facts: Particulars<NoInfer<Scope>, I, Args, A, AE>
  ): WithInput<C, I, A, Args>
}

/**
 * Makes write endpoints: `once` those that must not be repeated, `idempotent` those that change nothing when they are
 * repeated.
 *
 * @since 0.1.0
 * @category models
 */
export type MakeWrite<Scope extends string> = {
  readonly [I in Exclude<Idempotency, "safe">]: Make<"trading", Scope>
}

/**
 * Makes a constructor of the endpoints of a family: `const read = Endpoint.family({ ... })`, then `read("openOrders",
 * "/orders/open", { ... })`. Trading endpoints must state whether they may be repeated: `write.once("place", ...)`,
 * `write.idempotent("cancel", ...)`.
 *
 * **Gotchas**
 *
 * Reads are `safe` whatever their method, because some exchanges read by `POST`.
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
  // For callers without type checks: a write that does not state its idempotency is sent once.
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
): WithInput<C, object, A, Args> => {
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
    isSecret: facts.isSecret,
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
