/**
 * What the constructors of a rate limiter and of a group of them have in common.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { CallOptions, Limit, Meter, QueueOptions } from "../RateLimiter.js"
import * as RateLimiterStore from "../RateLimiterStore.js"
import * as internal from "./rateLimiterShell.js"
import { requireThat } from "./requireWhole.js"

/** @internal */
export type Refuse<out Full> = internal.Config<Full>["refuse"]

/** @internal */
export interface Opened<Full> {
  readonly shell: internal.Shell<Full>
  readonly request: (
    costs: ReadonlyArray<RateLimiterStore.Cost>,
    call: CallOptions<string> | undefined
  ) => internal.Request
  readonly meter: (scope: string, limit: number) => Meter
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
    const limits = scopes.map(([scope, { limit, window }]) => ({ scope, limit, window: Duration.decode(window) }))
    for (const { limit, scope, window } of limits) {
      const passes = Duration.isFinite(window) && Duration.greaterThan(window, Duration.zero)
      requireThat(`RateLimiter "${scope}": limit`, limit, limit > 0, "a number above 0")
      requireThat(`RateLimiter "${scope}": window`, Duration.format(window), passes, "a finite time above 0")
    }
    const { maxQueue = 1000 } = options
    requireThat(`RateLimiter "${options.name}": maxQueue`, maxQueue, maxQueue >= 0, "a number from 0")
    const lanes = options.lanes === undefined || options.lanes.length === 0 ? undefined : options.lanes
    const maxWait = toNanos(options.maxWait)
    return Effect.map((options.store ?? RateLimiterStore.memory)(limits), (store): Opened<Full> => {
      const shell = internal.make({
        name: options.name,
        limits,
        lanes: lanes?.length ?? 1,
        maxQueue,
        refuse
      }, store)
      return {
        shell,
        request: (costs, call) => ({
          costs,
          lane: laneOf(lanes, call?.lane),
          maxWait: call?.maxWait === undefined ? maxWait : toNanos(call.maxWait)
        }),
        meter: (scope, limit) => ({
          name: scope,
          pauseUntil: (epochMillis) => shell.change(store.ban(scope, epochMillis)),
          sync: (used, window = {}) => shell.change(store.sync(scope, used, window)),
          available: Effect.map(store.usage(scope), ({ used }) => Math.max(0, limit - used)),
          queued: Effect.sync(() => shell.queued(scope)),
          usage: Effect.map(store.usage(scope), ({ used }) => used / limit),
          pausedUntil: Effect.map(store.usage(scope), ({ bannedUntil }) => bannedUntil)
        })
      }
    })
  })

/** The place of a lane; the last one for a call that says nothing, or a name that the types did not catch. */
const laneOf = (lanes: ReadonlyArray<string> | undefined, lane: string | undefined): number => {
  const index = lane === undefined || lanes === undefined ? -1 : lanes.indexOf(lane)
  return index === -1 ? (lanes?.length ?? 1) - 1 : index
}

const toNanos = (duration: Duration.DurationInput | undefined): bigint | undefined =>
  duration === undefined ? undefined : Option.getOrUndefined(Duration.toNanos(duration))
