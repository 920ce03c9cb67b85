import { randomInt } from "node:crypto"

/**
 * Files named `*.sampled.test.ts` run in full in `npm run test:slow`. In `npm test`, which should stay fast, they run a
 * fixed sample. With `TEST_SAMPLE`, as in CI, they run a larger sample of their tables, another one each time.
 */

/** Whether the tests run in full, except for their long tables if there is a `TEST_SAMPLE`. */
export const isWhole = process.env["TEST_WHOLE"] !== undefined

const isDrawn = isWhole && process.env["TEST_SAMPLE"] !== undefined
const drawn = randomInt(1_000_000)

/**
 * Returns all items if the tests run in full, or else every `step`-th item from the index `first`. Four times as many if
 * the sample is drawn.
 */
export const everyNth = <A>(step: number, items: ReadonlyArray<A>, first = 0): ReadonlyArray<A> => {
  if (isWhole && !isDrawn) return items
  const every = isDrawn ? Math.ceil(step / 4) : step
  const from = isDrawn ? drawn % every : first
  return items.filter((_, index) => index % every === from)
}

/** Returns a number of runs if the tests run in full, or else a quarter of it. */
export const runs = (whole: number): number => isWhole ? whole : Math.ceil(whole / 4)
