/**
 * A random walk with random access. The value at any second is computed from the seed alone, by halving the interval
 * between two anchors and displacing each midpoint. A distant instant therefore costs the same as the next one, which
 * matters when a test moves the clock by years. It also means that there is a history before the first request.
 *
 * Values are integers in parts per billion of the reference price, relative to that price.
 *
 * @internal
 */
import * as Hash from "./hash.js"

const anchorLevel = 17

// At this level and below, a midpoint stays between its neighbours, so the walk is monotonic within 64 seconds.
const gridLevel = 6

const anchorReach = 40_000_000

// The displacement of a midpoint shrinks by the square root of two per level, as in a Brownian path.
const reach: ReadonlyArray<number> = [
  12_000_000,
  8_485_281,
  6_000_000,
  4_242_640,
  3_000_000,
  2_121_320,
  1_500_000,
  1_060_660,
  750_000,
  530_330,
  375_000
]

/** @internal The seconds between two points of the grid on which volume is recorded. */
export const grid = 2 ** gridLevel

const pointsBetweenAnchors = 2 ** (anchorLevel - gridLevel)

/** @internal Returns the value at a second, which may be negative. */
export const at = (seed: number, second: number): number => {
  const point = Math.floor(second / grid)
  const anchor = Math.floor(point / pointsBetweenAnchors)
  const points = pointsAfter(seed, anchor)
  const index = point - anchor * pointsBetweenAnchors
  let start = point * grid
  let left = points[index] ?? 0
  let right = points[index + 1] ?? 0
  for (let level = gridLevel; level > 0 && second !== start; level--) {
    const half = start + 2 ** (level - 1)
    const middle = midpoint(seed, level, half, left, right)
    if (second < half) {
      right = middle
    } else {
      left = middle
      start = half
    }
  }
  return left
}

/** @internal Returns the lowest and the highest value between two seconds, both included. */
export const extremes = (seed: number, from: number, to: number): readonly [low: number, high: number] => {
  const ends = [at(seed, from), at(seed, to)]
  let low = Math.min(...ends)
  let high = Math.max(...ends)
  // Values between two points of the grid lie between the values at these points.
  forEachOnGrid(seed, Math.ceil(from / grid), Math.floor(to / grid), (value) => {
    if (value < low) low = value
    if (value > high) high = value
  })
  return [low, high]
}

/**
 * Visits the values at the points of the grid from `first` to `last`, both included. Point n is at second `n * grid`.
 *
 * @internal
 */
export const forEachOnGrid = (
  seed: number,
  first: number,
  last: number,
  visit: (value: number, point: number) => void
): void => {
  for (let anchor = Math.floor(first / pointsBetweenAnchors); anchor * pointsBetweenAnchors <= last; anchor++) {
    const start = anchor * pointsBetweenAnchors
    const points = pointsAfter(seed, anchor)
    const end = Math.min(last - start, pointsBetweenAnchors - 1)
    for (let index = Math.max(first - start, 0); index <= end; index++) visit(points[index] ?? 0, start + index)
  }
}

// Cached per pair of anchors: computing all points at once costs one midpoint each, and every second of a day reads
// that day again. The latest is kept apart as well, because most reads need it again, and making its key takes longer.
const kept = new Map<string, Int32Array>()
const mostKept = 256
let latest: { readonly seed: number; readonly anchor: number; readonly points: Int32Array } = {
  seed: 0,
  anchor: Number.NaN,
  points: new Int32Array()
}

/** Returns the points of the grid from an anchor to the next anchor, which is the last point. */
const pointsAfter = (seed: number, anchor: number): Int32Array => {
  if (latest.anchor === anchor && latest.seed === seed) return latest.points
  const key = `${seed}/${anchor}`
  let points = kept.get(key)
  if (points === undefined) {
    if (kept.size === mostKept) kept.clear()
    points = pointsBetween(seed, anchor)
    kept.set(key, points)
  }
  latest = { seed, anchor, points }
  return points
}

const pointsBetween = (seed: number, anchor: number): Int32Array => {
  const points = new Int32Array(pointsBetweenAnchors + 1)
  points[0] = anchorValue(seed, anchor)
  points[pointsBetweenAnchors] = anchorValue(seed, anchor + 1)
  for (let level = anchorLevel; level > gridLevel; level--) {
    const step = 2 ** (level - gridLevel)
    for (let start = 0; start < pointsBetweenAnchors; start += step) {
      const half = start + step / 2
      const second = (anchor * pointsBetweenAnchors + half) * grid
      points[half] = midpoint(seed, level, second, points[start] ?? 0, points[start + step] ?? 0)
    }
  }
  return points
}

const anchorValue = (seed: number, anchor: number): number =>
  Hash.between(Hash.pair(seed, anchorLevel + 1, anchor), -anchorReach, anchorReach)

const midpoint = (seed: number, level: number, second: number, left: number, right: number): number => {
  const hash = Hash.pair(seed, level, second)
  if (level <= gridLevel) {
    return Hash.between(hash, Math.min(left, right), Math.max(left, right))
  }
  const distance = reach[anchorLevel - level] ?? 0
  return Math.floor((left + right) / 2) + Hash.between(hash, -distance, distance)
}
