/**
 * Files named `*.sampled.test.ts` run in full in `npm run test:slow`. In `npm test`, which should stay fast, they run a
 * fixed sample.
 */

/** Whether the tests run in full. */
export const isWhole = process.env["TEST_WHOLE"] !== undefined

/** Returns all items if the tests run in full, or else every `step`-th item from the index `first`. */
export const everyNth = <A>(step: number, items: ReadonlyArray<A>, first = 0): ReadonlyArray<A> =>
  isWhole ? items : items.filter((_, index) => index % step === first)

/** Returns a number of runs if the tests run in full, or else a quarter of it. */
export const runs = (whole: number): number => isWhole ? whole : Math.ceil(whole / 4)
