import type { Verdict } from "./judge.js"
import type { Dial } from "./wire.js"

/** After so many failures in a row a circuit opens, and stays open at least so long, in milliseconds: what clients have by default. */
const failuresToOpen = 5
const leastOpen = 500

/** So many dials of one address within so many milliseconds are not spaced out. */
const mostAtOnce = 4
const atOnce = 100

/**
 * Judges when sockets were asked for: spaced out after failures, never while the circuit has to be open.
 *
 * @internal
 */
export const judge = (dials: ReadonlyArray<Dial>): Verdict => {
  const closed = dials.find(({ code }) => code === 1008)
  if (closed !== undefined) {
    return { invariant: "budgets", detail: `${closed.url} was closed with 1008: too much was sent` }
  }
  for (const [index, dial] of dials.entries()) {
    const before = dials.slice(0, index)
    const last = before.findLastIndex(({ openedAt }) => openedAt !== undefined)
    const failed = before.slice(last + 1).flatMap(({ failedAt }) => failedAt === undefined ? [] : [failedAt])
    const latest = Math.max(...failed)
    // At the very instant of the failure it may have been on its way.
    if (failed.length >= failuresToOpen && dial.at > latest && dial.at < latest + leastOpen) {
      return {
        invariant: "circuit",
        detail: `${dial.url} was dialled ${dial.at - latest} ms after the ${failed.length}th failure in a row`
      }
    }
    const near = before.filter(({ at, url }) => url === dial.url && at > dial.at - atOnce)
    if (near.length >= mostAtOnce) {
      return { invariant: "circuit", detail: `${dial.url} was dialled ${near.length + 1} times within ${atOnce} ms` }
    }
  }
  return undefined
}
