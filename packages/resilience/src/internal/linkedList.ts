/**
 * A doubly linked list: appending, removing any node and reading the head all take O(1).
 *
 * An array removes from its middle in O(n), and a `Set` keeps holes that its iterator walks again on each read of the
 * head. Both make the cost of a long queue quadratic.
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
  /** The list that contains this node, or `undefined`. It makes membership known without a search. */
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
 * Inserts a node that is in no list after a node of the list, or at the head.
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
 * Removes a node from its list; does nothing if it is in none.
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
