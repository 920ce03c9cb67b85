/**
 * A brand on effects that may safely happen twice, without which nothing is retried or hedged.
 *
 * Nothing can tell from an effect whether it may be repeated: a person has to say so, in one place, with {@link mark}.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Predicate from "effect/Predicate"

/**
 * The key under which an effect carries the brand.
 *
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: TypeId = "~@effect-exchange/resilience/Idempotent"

/**
 * The type of {@link TypeId}.
 *
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = "~@effect-exchange/resilience/Idempotent"

/**
 * What makes an effect {@link Idempotent}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Brand {
  readonly [TypeId]: TypeId
}

/**
 * An effect of which two runs, one after the other or at once, do no more than one: a read, a cancel by id, an order
 * under an id that the exchange deduplicates.
 *
 * Whatever is made of it is a plain effect again (`Effect.map` may add a side effect), except by those combinators of
 * this package that say that they keep the brand, and through {@link keep}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Idempotent<out A, out E = never, out R = never> extends Effect.Effect<A, E, R>, Brand {}

/**
 * What a combinator takes that keeps the brand of its effect and takes any other effect too: `I` is the brand, or
 * `never`.
 *
 * @since 0.1.0
 * @category models
 */
export type Input<A, E, R, I> = Effect.Effect<A, E, R> & { readonly [TypeId]?: I }

/**
 * What a combinator gives back for an {@link Input}: {@link Idempotent} for an idempotent effect, a plain effect for
 * any other.
 *
 * @since 0.1.0
 * @category models
 */
export type Output<A, E, R, I> = Effect.Effect<A, E, R> & ([I] extends [never] ? unknown : Brand)

/**
 * Says that the effect may safely happen twice. Nobody checks it; a marked effect is the same effect.
 *
 * @example
 * import { Idempotent, Retry } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * // Without the mark it does not compile: what is repeated might be done twice.
 * const program = Effect.succeed("64000.5").pipe(Idempotent.mark, Retry.retry())
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category constructors
 */
export const mark = <A, E, R>(self: Effect.Effect<A, E, R>): Idempotent<A, E, R> =>
  isIdempotent(self) ? self : new Marked(self)

/**
 * Applies a combinator that takes the brand away, and gives it back: `Idempotent.keep(Effect.map(f))`,
 * `Idempotent.keep(Effect.withSpan("price"))`. Nobody checks that it may; what is added must not mind happening twice.
 *
 * @example
 * import { Idempotent, Retry } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const price = Idempotent.mark(Effect.succeed("64000.5"))
 *
 * export const program = price.pipe(
 *   Idempotent.keep(Effect.map(Number)),
 *   Idempotent.keep(Effect.withSpan("price")),
 *   Retry.retry()
 * )
 *
 * @since 0.1.0
 * @category combinators
 */
export const keep =
  <A, E, R, A2, E2, R2>(combinator: (self: Effect.Effect<A, E, R>) => Effect.Effect<A2, E2, R2>) =>
  (self: Idempotent<A, E, R>): Idempotent<A2, E2, R2> => mark(combinator(self))

/**
 * Whether the effect carries the brand.
 *
 * @since 0.1.0
 * @category refinements
 */
export const isIdempotent = <A, E, R>(self: Effect.Effect<A, E, R>): self is Idempotent<A, E, R> =>
  Predicate.hasProperty(self, TypeId)

class Marked<A, E, R> extends Effectable.Class<A, E, R> implements Idempotent<A, E, R> {
  readonly [TypeId]: TypeId = TypeId
  readonly effect: Effect.Effect<A, E, R>
  constructor(effect: Effect.Effect<A, E, R>) {
    super()
    this.effect = effect
  }
  commit(): Effect.Effect<A, E, R> {
    return this.effect
  }
}
