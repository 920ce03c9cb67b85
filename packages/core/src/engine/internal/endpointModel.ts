/**
 * The type of an endpoint.
 *
 * @since 0.1.0
 */
import type * as Either from "effect/Either"
import type * as ParseResult from "effect/ParseResult"
import type { Body, Parameters } from "./preparing.js"

/**
 * A group of endpoints: public market data, private account data, or trading.
 *
 * @since 0.1.0
 * @category models
 */
export type Capability = "marketData" | "account" | "trading"

/**
 * The cost of a call, by scope of the protocol's limits.
 *
 * @since 0.1.0
 * @category models
 */
export type Cost = { readonly [scope: string]: number }

/**
 * Whether a call may be repeated if its response was lost. `safe` is a read. `idempotent` is a write that changes
 * nothing when it is repeated. `once` is any other write.
 *
 * @since 0.1.0
 * @category models
 */
export type Idempotency = "safe" | "idempotent" | "once"

/**
 * An endpoint. `name` is the operation in logs, metrics and errors. Parameters that the path template names
 * (`/order/{id}`) go into the path, all others where `body` says.
 *
 * `auth` is `signed` if the exchange requires a signature.
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
  /** The signing scheme for this endpoint, if the protocol has several. */
  readonly scheme?: string | undefined
  readonly idempotency: Idempotency
  /** Whether a successful response is secret and must not appear in errors and `RawAnswers`. Defaults to `false`. */
  readonly isSecret?: boolean | undefined
  /** Converts the input to parameters. Left says why the input cannot be sent. */
  readonly encode: (input: I) => Either.Either<Parameters, ParseResult.ParseError>
  readonly decode: (body: unknown) => Either.Either<A, ParseResult.ParseError>
  readonly cost: (input: I) => Cost
}
