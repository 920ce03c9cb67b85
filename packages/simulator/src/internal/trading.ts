/**
 * Steps that trade: each takes the engine of a world, and returns the next one or a refusal in the words of an exchange.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Engine from "../engine/Engine.js"
import type { World } from "../World.js"

/** @internal The reason why the engine refuses a step. */
export type Refusal = Engine.Refusal | Engine.CancelRefusal

/** @internal The result of a step and the next engine, or a refusal. */
export type Done<R, A = Engine.Order> = Either.Either<readonly [result: A, next: Engine.Engine], R>

type At = Pick<World, "engine" | "now">

/** @internal Creates the steps of the engine. `explain` says why a step is refused. */
export const steps = <R>(explain: (refusal: Refusal) => Either.Either<never, R>) => ({
  place: ({ engine, now }: At, order: Engine.NewOrder): Done<R> =>
    Either.orElse(Engine.place(engine, order, now), explain),
  amend: ({ engine, now }: At, id: number, change: Parameters<typeof Engine.amend>[2]): Done<R> =>
    Either.orElse(Engine.amend(engine, id, change, now), explain),
  cancel: ({ engine, now }: At, id: number): Done<R> => Either.orElse(Engine.cancel(engine, id, now), explain)
})

/** @internal Runs a step for each item, one after another. A refused one does not affect the others. */
export const each = <Item, W extends At, A, R>(
  items: ReadonlyArray<Item>,
  world: W,
  step: (item: Item, world: W) => Done<R, A>
): readonly [outcomes: ReadonlyArray<Either.Either<A, R>>, next: Engine.Engine] => {
  const [next, outcomes] = Arr.mapAccum(items, world.engine, (engine, item) => {
    const done = step(item, { ...world, engine })
    return [Either.isRight(done) ? done.right[1] : engine, Either.map(done, ([result]) => result)]
  })
  return [outcomes, next]
}
