/**
 * The common part of the constructors of a rate limiter and of a group.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as RateLimiterStore from "../RateLimiterStore.js"
import { requireNanos } from "./duration.js"
import type { CallOptions, Limit, Meter, QueueOptions } from "./rateLimiterModel.js"
import * as rateLimiterShell from "./rateLimiterShell.js"
import { requireThat } from "./requireWhole.js"

/** @internal */
export type Refuse<out Full> = rateLimiterShell.Config<Full>["refuse"]

/** @internal */
export interface Opened<out Full> {
  readonly shell: rateLimiterShell.Shell<Full>
  readonly request: (
    costs: ReadonlyArray<RateLimiterStore.Cost>,
    call: CallOptions<string> | undefined
  ) => rateLimiterShell.Request
  readonly meter: (scope: string) => Meter
}

/**
 * Opens the store and puts a queue in front of it.
 *
 * @internal
 */
export const open = <Full>(
  options: QueueOptions<string>,
  scopes: ReadonlyArray<readonly [scope: string, limit: Limit]>,
  refuse: Refuse<Full>
): Effect.Effect<Opened<Full>> =>
  Effect.suspend(() => {
    const maxPause = Duration.decode(options.maxPause ?? defaultMaxPause)
    requireTime(`RateLimiter "${options.name}": maxPause`, maxPause)
    const lanes = options.lanes === undefined || options.lanes.length === 0 ? undefined : options.lanes
    const decode = (scope: string, limit: Limit): RateLimiterStore.Limit =>
      validateLimit(scope, limit, maxPause, lanes?.length ?? 1)
    const limits = scopes.map(([scope, limit]) => decode(scope, limit))
    const { maxQueue = 1000 } = options
    requireThat(`RateLimiter "${options.name}": maxQueue`, maxQueue, maxQueue >= 0, "at least 0")
    const nanosOf = (maxWait: Duration.DurationInput | undefined): bigint | undefined =>
      requireNanos(`RateLimiter "${options.name}": maxWait`, maxWait)
    const maxWait = nanosOf(options.maxWait)
    return Effect.map((options.store ?? RateLimiterStore.memory)(limits), (store): Opened<Full> => {
      const shell = rateLimiterShell.make({
        name: options.name,
        limits,
        lanes: lanes?.length ?? 1,
        maxQueue,
        refuse
      }, store)
      const usage = (scope: string) =>
        Effect.suspend(() => Effect.map(store.usage(scope), ({ used }) => used / shell.limit(scope)))
      return {
        shell,
        request: (costs, call) => ({
          costs,
          lane: laneOf(lanes, call?.lane),
          maxWait: call?.maxWait === undefined ? maxWait : nanosOf(call.maxWait)
        }),
        meter: (scope) => ({
          name: scope,
          pauseUntil: (epochMillis) =>
            isValid(epochMillis) ? shell.change(store.pauseUntil(scope, epochMillis)) : Effect.void,
          // Created when they run, because few ever do.
          resume: Effect.suspend(() => shell.change(store.resume(scope))),
          sync: (used, window) => isValid(used) ? shell.sync(scope, used, validWindow(window)) : usage(scope),
          unsafeSync: (clock, used, window) =>
            isValid(used) ? shell.trySync(clock, scope, used, validWindow(window)) : undefined,
          setLimit: (limit) => Effect.suspend(() => shell.setLimit(decode(scope, limit))),
          available: Effect.suspend(() =>
            Effect.map(store.usage(scope), ({ used }) => Math.max(0, shell.limit(scope) - used))
          ),
          queued: Effect.sync(() => shell.queued(scope)),
          usage: usage(scope),
          pausedUntil: Effect.suspend(() => Effect.map(store.usage(scope), ({ pausedUntil }) => pausedUntil))
        })
      }
    })
  })

const defaultMaxPause = Duration.hours(1)

const validateLimit = (
  scope: string,
  limit: Limit,
  maxPause: Duration.Duration,
  lanes: number
): RateLimiterStore.Limit => {
  const { reserved = 0 } = limit
  const what = (option: string): string => `RateLimiter "${scope}": ${option}`
  const requireReserve = (of: number): void => {
    requireThat(what("reserved"), reserved, reserved >= 0 && reserved < of, "at least 0 and less than the limit")
    requireThat(what("reserved"), reserved, reserved === 0 || lanes > 1, "0 in a limiter with fewer than two lanes")
  }
  if ("burst" in limit) {
    const { burst, perSecond } = limit
    requireThat(what("burst"), burst, burst > 0, "greater than 0")
    requireThat(what("perSecond"), perSecond, perSecond > 0 && perSecond < Infinity, "finite and greater than 0")
    requireReserve(burst)
    return { scope, burst, perSecond, reserved, maxPause }
  }
  const window = Duration.decode(limit.window)
  requireThat(what("limit"), limit.limit, limit.limit > 0, "greater than 0")
  requireTime(what("window"), window)
  requireReserve(limit.limit)
  return { scope, limit: limit.limit, window, reserved, maxPause }
}

const requireTime = (what: string, time: Duration.Duration): void =>
  requireThat(
    what,
    time,
    Duration.isFinite(time) && Duration.greaterThan(time, Duration.zero),
    "finite and longer than 0"
  )

/** Returns `true` if a number from a server is finite and not negative. */
const isValid = (value: number | undefined): value is number =>
  value !== undefined && Number.isFinite(value) && value >= 0

const validWindow = ({ epoch, windowEnd }: RateLimiterStore.ServerWindow = {}): RateLimiterStore.ServerWindow => ({
  windowEnd: isValid(windowEnd) ? windowEnd : undefined,
  epoch: isValid(epoch) ? epoch : undefined
})

/**
 * Returns the index of a lane; the last one for a call without a lane, or with an unknown name that bypassed the types.
 */
const laneOf = (lanes: ReadonlyArray<string> | undefined, lane: string | undefined): number => {
  const index = lane === undefined || lanes === undefined ? -1 : lanes.indexOf(lane)
  return index === -1 ? (lanes?.length ?? 1) - 1 : index
}
