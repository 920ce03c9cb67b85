import type { Verdict } from "./judge.js"
import type { Dial } from "./wire.js"

/**
 * The defaults of clients: the number of consecutive failures that open a circuit, and the shortest time that it then
 * stays open, in milliseconds.
 */
const failuresToOpen = 5
const leastOpen = 500

/** The largest number of dials of one address that is allowed within `atOnce` milliseconds. */
const mostAtOnce = 4
const burst = 100

/**
 * Checks the times of dials: spaced out after failures, and never while the circuit must be open.
 *
 * @internal
 */
export const judge = (dials: ReadonlyArray<Dial>): Verdict => {
  const closed = dials.find(({ code }) => code === 1008)
  if (closed !== undefined) {
    return { invariant: "budgets", detail: `${closed.url} was closed with 1008: the client sent too much` }
  }
  for (const [index, dial] of dials.entries()) {
    const before = dials.slice(0, index)
    const last = before.findLastIndex(({ openedAt }) => openedAt !== undefined)
    const failed = before.slice(last + 1).flatMap((each) => isFailure(each, before) ? each.endedAt ?? [] : [])
    const latest = Math.max(...failed)
    // A dial at the very instant of the failure may have started before it.
    if (failed.length >= failuresToOpen && dial.at > latest && dial.at < latest + leastOpen) {
      return {
        invariant: "circuit",
        detail: `${dial.url} was dialed ${dial.at - latest} ms after ${failed.length} consecutive failures`
      }
    }
    const near = before.filter(({ at, url }) => url === dial.url && at > dial.at - burst)
    if (near.length >= mostAtOnce) {
      return { invariant: "circuit", detail: `${dial.url} was dialed ${near.length + 1} times within ${burst} ms` }
    }
  }
  return undefined
}

// The replacement of a connection is abandoned when that connection is lost, so it counts neither as a success nor as a
// failure if it fails in the same instant.
const isFailure = ({ endedAt, openedAt, url }: Dial, dials: ReadonlyArray<Dial>): boolean =>
  openedAt === undefined &&
  !dials.some((other) => other.openedAt !== undefined && other.url === url && other.endedAt === endedAt)
