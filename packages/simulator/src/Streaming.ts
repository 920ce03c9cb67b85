/**
 * How an exchange speaks over a socket: a pure function from what it remembers of a connection, a message and the world to frames
 * and what it remembers next.
 *
 * @since 0.1.0
 */
import type { Engine } from "./engine/Engine.js"
import * as Json from "./internal/json.js"
import type { World } from "./World.js"

/**
 * What the exchange sends. Only data can be lost, repeated or spoilt on its way by a disturbance.
 *
 * @since 0.1.0
 * @category models
 */
export interface Frame {
  readonly kind: "control" | "data"
  readonly text: string
  /** The frame with a wrong checksum, or with a book that is crossed, where it can be either. */
  readonly spoilt?: { readonly [H in "checksum" | "crossed"]?: string } | undefined
}

/**
 * What the exchange does next.
 *
 * @since 0.1.0
 * @category models
 */
export interface Turn<S> {
  readonly frames: ReadonlyArray<Frame>
  readonly next: S
  readonly close?: { readonly code: number; readonly reason: string } | undefined
  readonly engine?: Engine | undefined
}

/**
 * One connection at an instant.
 *
 * @since 0.1.0
 * @category models
 */
export interface Conversation {
  /** What the exchange says first. */
  readonly begin: (world: World) => Turn<Conversation>
  readonly receive: (text: string, world: World) => Turn<Conversation>
  /** What it says when time has passed or something has happened. */
  readonly pass: (world: World) => Turn<Conversation>
  /** What it says before it closes for maintenance, where it says something. */
  readonly notice?: ((world: World) => Turn<Conversation>) | undefined
  /** What it does when a token or a login has run out. */
  readonly expire?: ((world: World) => Turn<Conversation>) | undefined
}

/**
 * The sockets of an exchange.
 *
 * @since 0.1.0
 * @category models
 */
export interface Streaming {
  /** The conversation at a path with its query, if there is a socket. */
  readonly open: (target: string) => Conversation | undefined
}

/**
 * What a dialect says of one kind of socket, with a state of its own.
 *
 * @since 0.1.0
 * @category models
 */
export interface Definition<State> {
  readonly initial: State
  readonly begin?: ((state: State, world: World) => Turn<State>) | undefined
  readonly receive: (state: State, text: string, world: World) => Turn<State>
  readonly pass: (state: State, world: World) => Turn<State>
  readonly notice?: ((state: State, world: World) => Turn<State>) | undefined
  readonly expire?: ((state: State, world: World) => Turn<State>) | undefined
}

/**
 * A conversation from its pure definition.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <State>(definition: Definition<State>): Conversation => {
  const at = (state: State): Conversation => {
    const turned = ({ next, ...turn }: Turn<State>): Turn<Conversation> => ({ ...turn, next: at(next) })
    const { begin, expire, notice } = definition
    return {
      begin: (world) => turned(begin === undefined ? { frames: [], next: state } : begin(state, world)),
      receive: (text, world) => turned(definition.receive(state, text, world)),
      pass: (world) => turned(definition.pass(state, world)),
      ...notice === undefined ? {} : { notice: (world: World) => turned(notice(state, world)) },
      ...expire === undefined ? {} : { expire: (world: World) => turned(expire(state, world)) }
    }
  }
  return at(definition.initial)
}

/**
 * A frame of JSON that answers something.
 *
 * @since 0.1.0
 * @category constructors
 */
export const control = (json: Json.Json): Frame => ({ kind: "control", text: Json.encode(json) })

/**
 * A frame of JSON with data.
 *
 * @since 0.1.0
 * @category constructors
 */
export const data = (
  json: Json.Json,
  spoilt: { readonly [H in "checksum" | "crossed"]?: Json.Json | undefined } = {}
): Frame => ({
  kind: "data",
  text: Json.encode(json),
  spoilt: {
    ...spoilt.checksum === undefined ? {} : { checksum: Json.encode(spoilt.checksum) },
    ...spoilt.crossed === undefined ? {} : { crossed: Json.encode(spoilt.crossed) }
  }
})
