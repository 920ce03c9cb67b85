/**
 * The queue of callers that wait for a probe permit, or for the decision of the probes, in order of arrival.
 *
 * A breaker has one queue for its lifetime. Every transition empties the queue, so all callers in it arrived in the
 * current half-open state.
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
  /** Adds a place at the end of the queue, or returns `undefined` if the queue is full. */
  readonly join: () => Place | undefined
  /** Leaves the queue. Returns `false` if the caller had already been woken, for a permit or for the decision. */
  readonly leave: (place: Place) => boolean
  /**
   * Wakes the first caller in the queue, which then holds the permit that was returned. Returns `false` if the queue is
   * empty.
   */
  readonly handOver: () => boolean
  /** Wakes all callers, in order. */
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
      while (handOver()) { /* wakes all callers */ }
    }
  }
}
