import * as Effect from "effect/Effect"

/**
 * Removes elements that a list does not need to fail: halves, then quarters, down to single elements. It stops when no
 * element can be removed, or after `most` tries. The returned list fails.
 *
 * @internal
 */
export const shrink = <A, E, R>(
  all: ReadonlyArray<A>,
  fails: (some: ReadonlyArray<A>) => Effect.Effect<boolean, E, R>,
  most: number
): Effect.Effect<ReadonlyArray<A>, E, R> =>
  Effect.gen(function*() {
    let left = all
    let size = Math.ceil(all.length / 2)
    let tries = 0
    while (size >= 1 && left.length > 1) {
      let isShorter = false
      let from = 0
      while (from < left.length && tries < most) {
        const without = left.toSpliced(from, size)
        tries++
        if (yield* fails(without)) {
          left = without
          isShorter = true
        } else from += size
      }
      if (tries >= most) return left
      // Repeats the pass over single elements for as long as it removes one.
      if (size > 1) size = Math.ceil(size / 2)
      else if (!isShorter) return left
    }
    return left
  })
