/**
 * The callers that wait for a probe's permit, or for the probes to be decided, first come, first served.
 *
 * One queue serves a breaker all its life: each change of state empties it, so whoever is in it came under the
 * present, half-open state.
 *
 * @internal
 */
import * as List from "./linkedList.js"
import * as Waiting from "./waiting.js"

/** @internal */
export type Place = List.Node<Waiting.Waiter>

/** @internal */
export interface Queue {
  readonly size: () => number
  /** A place at the end of the queue, or `undefined` if it is full. */
  readonly join: () => Place | undefined
  /** Gives up a place; `false` if its turn had come already, be it for a permit or for the decision. */
  readonly leave: (place: Place) => boolean
  /** Wakes the first in the queue, who now holds the permit that somebody had to give; `false` if there is none. */
  readonly handOver: () => boolean
  /** Wakes everybody, in order. */
  readonly dismiss: () => void
}

/** @internal */
export const make = (capacity: number): Queue => {
  const places = List.make<Waiting.Waiter>()

  const handOver = (): boolean => {
    const place = places.head
    if (place === undefined) return false
    List.remove(place)
    Waiting.wake(place.value)
    return true
  }

  return {
    size: () => places.size,
    join: () => {
      if (places.size >= capacity) return undefined
      const place = List.node(Waiting.make())
      List.append(places, place)
      return place
    },
    leave: (place) => {
      if (place.list === undefined) return false
      List.remove(place)
      return true
    },
    handOver,
    dismiss: () => {
      while (handOver()) { /* everybody */ }
    }
  }
}
