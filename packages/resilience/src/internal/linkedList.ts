/**
 * A doubly linked list: appending, removing any node and reading the head are all O(1).
 *
 * An array removes from its middle in O(n), and a `Set` keeps holes that its iterator walks again on each peek
 * at the head; both make a long queue quadratic.
 *
 * @internal
 */
export interface LinkedList<A> {
  head: Node<A> | undefined
  tail: Node<A> | undefined
  size: number
}

/** @internal */
export interface Node<A> {
  readonly value: A
  /** The list that holds this node, or `undefined`: membership is known without a search. */
  list: LinkedList<A> | undefined
  previous: Node<A> | undefined
  next: Node<A> | undefined
}

/** @internal */
export const make = <A>(): LinkedList<A> => ({ head: undefined, tail: undefined, size: 0 })

/** @internal */
export const node = <A>(value: A): Node<A> => ({ value, list: undefined, previous: undefined, next: undefined })

/**
 * Appends a node that is in no list.
 *
 * @internal
 */
export const append = <A>(list: LinkedList<A>, node: Node<A>): void => insertAfter(list, list.tail, node)

/**
 * Puts a node that is in no list behind another one that is in this one, or before all others.
 *
 * @internal
 */
export const insertAfter = <A>(list: LinkedList<A>, previous: Node<A> | undefined, node: Node<A>): void => {
  const next = previous === undefined ? list.head : previous.next
  node.list = list
  node.previous = previous
  node.next = next
  if (previous === undefined) {
    list.head = node
  } else {
    previous.next = node
  }
  if (next === undefined) {
    list.tail = node
  } else {
    next.previous = node
  }
  list.size += 1
}

/**
 * Takes a node out of its list; does nothing if it is in none.
 *
 * @internal
 */
export const remove = <A>(node: Node<A>): void => {
  const list = node.list
  if (list === undefined) {
    return
  }
  if (node.previous === undefined) {
    list.head = node.next
  } else {
    node.previous.next = node.next
  }
  if (node.next === undefined) {
    list.tail = node.previous
  } else {
    node.next.previous = node.previous
  }
  node.list = undefined
  node.previous = undefined
  node.next = undefined
  list.size -= 1
}
