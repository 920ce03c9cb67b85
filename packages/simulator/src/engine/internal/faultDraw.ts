import { type Faults, type Kind, kinds } from "../Faults.js"
import * as Hash from "./hash.js"

/**
 * The outcome of drawing the faults of one request.
 *
 * @internal
 */
export interface Draw {
  /** The fault of the request, if any. */
  readonly kind: Kind | undefined
  /** Milliseconds until the response. */
  readonly latency: number
  /** A number in `[0, 1)` that selects among the variants of a fault. */
  readonly variant: number
}

/**
 * Returns the faults that apply to a request `elapsed` milliseconds after the start, with phases and routes resolved.
 *
 * @internal
 */
export const at = (faults: Faults, elapsed: number, method: string, path: string): Faults => {
  const phase = faults.phases.find(({ from, to }) => from <= elapsed && elapsed < to)
  if (phase !== undefined) return at(phase.faults, elapsed, method, path)
  const route = faults.routes.find((route) =>
    (route.method === undefined || route.method === method) &&
    (path === route.path || path.startsWith(`${route.path.replace(/\/$/, "")}/`))
  )
  return route === undefined ? faults : at(route.faults, elapsed, method, path)
}

/**
 * Draws the outcome of the request with the given number. The same seed and number always give the same outcome.
 *
 * @internal
 */
export const draw = (faults: Faults, seed: string, sequence: number): Draw => {
  const base = Hash.text(seed)
  const chance = Hash.unit(Hash.pair(base, 1, sequence))
  let limit = 0
  const kind = kinds.find((kind) => {
    limit += faults.rates[kind]
    return chance < limit
  })
  const { max, min } = faults.latency
  return {
    kind,
    latency: Math.round(min + Hash.unit(Hash.pair(base, 2, sequence)) * Math.max(0, max - min)),
    variant: Hash.unit(Hash.pair(base, 3, sequence))
  }
}
