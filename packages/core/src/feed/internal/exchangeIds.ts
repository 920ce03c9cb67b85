/**
 * The ids that an exchange gives to the subscriptions of a connection, such as channel numbers, and the subscriptions
 * that must be ended by them.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import type { State } from "./socketSessionModel.js"

/** @internal Schedules an unsubscribe message, and forgets the id of the subscription. */
export const leave = (state: State, key: string): State => ({
  ...withoutId(state, key),
  leaving: [...state.leaving, { key, id: idOf(state, key) }]
})

const idOf = ({ keyOfId }: State, key: string): string | undefined =>
  Arr.findFirst(keyOfId, ([, each]) => each === key).pipe(
    Option.map(([id]) => id),
    Option.getOrUndefined
  )

/** @internal Forgets the id of a subscription. */
export const withoutId = (state: State, key: string): State =>
  state.keyOfId.size === 0
    ? state
    : { ...state, keyOfId: new Map([...state.keyOfId].filter(([, each]) => each !== key)) }

/** @internal Returns the keys of subscriptions that the exchange named by key or by its own id. */
export const keysOf = ({ keyOfId }: State, names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.map((name) => keyOfId.get(name) ?? name)

/**
 * Remembers the exchange's id for a subscription. If the subscription is no longer wanted, or is about to be requested
 * again, it is ended instead: the earlier unsubscribe message could not name it. The same holds for the second of two
 * requests that were both confirmed.
 *
 * @internal
 */
export const identified = (state: State, key: string, id: string): State => {
  const known = idOf(state, key)
  if (known === id) return state
  return state.topics.get(key)?.phase === "live" && known === undefined
    ? { ...state, keyOfId: new Map(state.keyOfId).set(id, key) }
    : { ...state, leaving: [...state.leaving, { key, id }] }
}
