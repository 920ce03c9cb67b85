/**
 * Describes one endpoint of an exchange as data.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type { Capability, Cost, Endpoint, Idempotency } from "./internal/endpointModel.js"
import { fitting, namesIn } from "./internal/pathParameters.js"
import type { Body, Parameters } from "./internal/preparing.js"

export {
  type Costs,
  type Family,
  family,
  type Input,
  inputFrom,
  inputOf,
  isoTime,
  type Made,
  type Make,
  type MakeWrite,
  type Particulars,
  type Value,
  type WithInput
} from "./internal/endpointFamily.js"
export type { Capability, Cost, Endpoint, Idempotency } from "./internal/endpointModel.js"
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
 * The options of {@link make}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts<C extends Capability, I, IE extends Parameters, A, AE> {
  readonly capability: C
  readonly name: string
  /** The HTTP method. Defaults to `GET`. */
  readonly method?: "GET" | "POST" | "PUT" | "DELETE" | undefined
  readonly path: string
  /** Where parameters go. Defaults to `none`: into the query. */
  readonly body?: Body | undefined
  /** Defaults to `none` for market data and to `signed` otherwise. */
  readonly auth?: "none" | "signed" | undefined
  readonly input: Schema.Schema<I, IE>
  readonly response: Schema.Schema<A, AE>
  readonly cost: Cost | ((input: I) => Cost)
}

/**
 * Makes an endpoint. A `trading` endpoint must state its idempotency, which cannot be `safe`; otherwise it does not
 * compile.
 *
 * **Gotchas**
 *
 * For other capabilities, idempotency defaults to `safe` for `GET` and to `once` otherwise. For `trading` there is no
 * default, because some exchanges trade by `GET`: retrying such a call on account of its method would trade twice.
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

// For callers without type checks: a trading endpoint that claims to be `safe`, or states nothing, is sent once.
const repeated = (
  capability: Capability,
  method: string,
  stated: Idempotency | undefined
): Idempotency =>
  capability === "trading"
    ? stated === "idempotent" ? "idempotent" : "once"
    : stated ?? (method === "GET" ? "safe" : "once")

/**
 * The input of an endpoint that takes none.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NoInput: Schema.Schema<{}> = Schema.Struct({})
