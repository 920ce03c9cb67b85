/**
 * A brand for effects that may safely run twice. Retries and hedges accept only effects with this brand.
 *
 * Nothing in an effect shows whether it may be repeated: a developer has to declare it with {@link mark}, in one place.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Predicate from "effect/Predicate"

/**
 * The key of the brand on an effect.
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
 * The brand of an {@link Idempotent} effect.
 *
 * @since 0.1.0
 * @category models
 */
export interface Brand {
  readonly [TypeId]: TypeId
}

/**
 * An effect whose second run, after or concurrent with the first, has no further effect: a read, a cancel by id, or an
 * order with an id that the exchange deduplicates.
 *
 * An effect derived from it is a plain effect again, because a combinator such as `Effect.map` may add a side effect.
 * Exceptions are the combinators of this package that are documented to keep the brand, and {@link keep}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Idempotent<out A, out E = never, out R = never> extends Effect.Effect<A, E, R>, Brand {}

/**
 * The input of a combinator that accepts any effect and keeps its brand: `I` is the brand, or `never`.
 *
 * @since 0.1.0
 * @category models
 */
export type Input<A, E, R, I> = Effect.Effect<A, E, R> & { readonly [TypeId]?: I }

/**
 * The output of a combinator for an {@link Input}: {@link Idempotent} for an idempotent effect, a plain effect for any
 * other.
 *
 * @since 0.1.0
 * @category models
 */
export type Output<A, E, R, I> = Effect.Effect<A, E, R> & ([I] extends [never] ? unknown : Brand)

/**
 * Declares that the effect may safely run twice. This is not checked. A marked effect behaves like the original.
 *
 * @example
 * import { Idempotent, Retry } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * // Does not compile without the mark, because a retried effect may run twice.
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
 * Applies a combinator that drops the brand, and restores the brand: `Idempotent.keep(Effect.map(f))`,
 * `Idempotent.keep(Effect.withSpan("price"))`. This is not checked: whatever the combinator adds must also be safe to
 * run twice.
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
 * Returns `true` if the effect has the brand.
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
