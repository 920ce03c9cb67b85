/**
 * The pings of a connection.
 *
 * @internal
 */
import type { Rules, State, Step } from "./socketSessionModel.js"

/** @internal Returns `true` if nothing was received since the last ping. */
export const isUnanswered = ({ pinged }: State, lastReceivedAt: number): boolean =>
  pinged !== undefined && lastReceivedAt < pinged

/** @internal Returns when the next ping is due, or when the last one must have been answered (epoch milliseconds). */
export const due = (ping: NonNullable<Rules["ping"]>, state: State, lastReceivedAt: number): number => {
  const { opened, pinged = 0 } = state
  if (isUnanswered(state, lastReceivedAt)) return pinged + ping.within
  return Math.max(opened, ping.always ? pinged : Math.max(lastReceivedAt, pinged)) + ping.after
}

/** @internal */
export const send = (state: State, now: number): Step => [
  { ...state, pinged: now, next: state.next + 1 },
  [{ _tag: "Ping", request: state.next }]
]
