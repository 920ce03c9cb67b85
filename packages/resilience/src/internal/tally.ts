/** Counters over a window of calls, with constant time per call and no allocation, whatever the size of the window. */
import * as Duration from "effect/Duration"
import type * as Window from "../Window.js"
import type * as Trip from "./tripModel.js"

/** @internal */
export interface Tally {
  readonly calls: number
  readonly failures: number
  readonly slow: number
  /** Removes the calls that are too old at `now`, in milliseconds, from the window. */
  readonly advance: (now: number) => void
  /** Counts one call as ended at the instant last passed to `advance`. */
  readonly record: (failed: boolean, slow: boolean) => void
}

/** @internal */
export const make = (window: Window.Window): Tally =>
  window._tag === "Count"
    ? new CountTally(window.size)
    : new TimeTally(Duration.toMillis(window.duration) / window.buckets, window.buckets)

/**
 * Returns the counts of a tally as methods of a `Window`.
 *
 * @internal
 */
export const counts = (tally: Tally): Pick<Trip.Window, "calls" | "failures"> => {
  const at = (now: number | undefined): Tally => {
    if (now !== undefined) tally.advance(now)
    return tally
  }
  return { calls: (now) => at(now).calls, failures: (now) => at(now).failures }
}

const failedBit = 1
const slowBit = 2

class CountTally implements Tally {
  failures = 0
  slow = 0
  private next = 0
  private full = false
  private readonly ring: Uint8Array

  constructor(size: number) {
    this.ring = new Uint8Array(size)
  }

  get calls(): number {
    return this.full ? this.ring.length : this.next
  }

  advance(): void {}

  record(failed: boolean, slow: boolean): void {
    const { next, ring } = this
    // Unwritten slots contain 0, so the value that leaves the ring is right from the first call on.
    const left = ring[next] ?? 0
    const entered = (failed ? failedBit : 0) | (slow ? slowBit : 0)
    // Usually a success replaces a success.
    if (left !== entered) {
      this.failures += (entered & failedBit) - (left & failedBit)
      this.slow += ((entered & slowBit) - (left & slowBit)) / slowBit
      ring[next] = entered
    }
    this.next = next + 1
    if (this.next === ring.length) {
      this.next = 0
      this.full = true
    }
  }
}

class TimeTally implements Tally {
  calls = 0
  failures = 0
  slow = 0
  /** The number of the current bucket, counted from time zero. */
  private bucket = Number.NEGATIVE_INFINITY
  /** The index of the current bucket in the rings. */
  private at = 0
  private readonly width: number
  private readonly callsOf: Uint32Array
  private readonly failuresOf: Uint32Array
  private readonly slowOf: Uint32Array

  constructor(width: number, buckets: number) {
    this.width = width
    this.callsOf = new Uint32Array(buckets)
    this.failuresOf = new Uint32Array(buckets)
    this.slowOf = new Uint32Array(buckets)
  }

  advance(now: number): void {
    const bucket = Math.floor(now / this.width)
    // A clock that steps back changes nothing.
    if (bucket <= this.bucket) return
    const { callsOf, failuresOf, slowOf } = this
    const passed = Math.min(bucket - this.bucket, callsOf.length)
    this.bucket = bucket
    for (let i = 0; i < passed; i++) {
      const at = this.at + 1 === callsOf.length ? 0 : this.at + 1
      this.calls -= callsOf[at] ?? 0
      this.failures -= failuresOf[at] ?? 0
      this.slow -= slowOf[at] ?? 0
      callsOf[at] = 0
      failuresOf[at] = 0
      slowOf[at] = 0
      this.at = at
    }
  }

  record(failed: boolean, slow: boolean): void {
    const { at } = this
    this.callsOf[at] = (this.callsOf[at] ?? 0) + 1
    this.calls++
    if (failed) {
      this.failuresOf[at] = (this.failuresOf[at] ?? 0) + 1
      this.failures++
    }
    if (slow) {
      this.slowOf[at] = (this.slowOf[at] ?? 0) + 1
      this.slow++
    }
  }
}
