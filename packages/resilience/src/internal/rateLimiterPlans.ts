/**
 * Predicts when waiting calls will be admitted, for each lane together with the lanes before it. A prediction is kept
 * as long as it is valid.
 *
 * @internal
 */
import type * as rateLimiterQueue from "./rateLimiterQueue.js"
import type { Cost, Forecast, RateLimiterStore } from "./rateLimiterStoreModel.js"
import { later } from "./time.js"

/** @internal */
export interface Plans {
  /**
   * Returns when a call that joined the queue now would be admitted. `at` is the instant that the store reported, for a
   * store that cannot look ahead.
   */
  readonly foresee: (costs: ReadonlyArray<Cost>, lane: number, at: bigint | undefined, now: bigint) => bigint
  /** Must be called when a call has joined at the end of its lane. */
  readonly joined: (costs: ReadonlyArray<Cost>, lane: number, now: bigint) => void
  /** Must be called when a call has left its lane. */
  readonly left: (lane: number) => void
}

/** @internal */
export const make = <A>(store: RateLimiterStore, queue: rateLimiterQueue.Queue<A>): Plans => {
  const plans: Array<{ readonly forecast: Forecast; readonly stamp: number } | undefined> = []
  // Incremented for a lane whenever the order up to its end changes in any way other than by one more call at its end.
  const stamps = queue.order.map(() => 0)

  const reorder = (from: number): void => {
    for (let lane = from; lane < stamps.length; lane++) stamps[lane] = (stamps[lane] ?? 0) + 1
  }

  return {
    foresee: (costs, lane, at, now) => {
      const stamp = stamps[lane] ?? 0
      const known = plans[lane]
      if (known !== undefined && known.stamp === stamp && known.forecast.isCurrent(now)) {
        return known.forecast.peek(costs, lane === 0, now)
      }
      const forecast = store.forecast?.()
      if (forecast === undefined) return later(at ?? now, now)
      for (const before of queue.order.slice(0, lane + 1)) {
        for (let place = before.head; place !== undefined; place = place.next) {
          forecast.add(place.value.costs, place.value.lane === 0, now)
        }
      }
      plans[lane] = { forecast, stamp }
      return forecast.peek(costs, lane === 0, now)
    },
    joined: (costs, lane, now) => {
      if (plans[lane]?.stamp === stamps[lane]) plans[lane]?.forecast.add(costs, lane === 0, now)
      reorder(lane + 1)
    },
    left: reorder
  }
}
