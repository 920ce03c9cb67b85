/**
 * The WebSocket protocol of an exchange: a pure function from the state of a connection, a message and the world to
 * frames and the next state.
 *
 * @since 0.1.0
 */
import type { Engine } from "./engine/Engine.js"
import * as Json from "./internal/json.js"
import type { World } from "./World.js"

/**
 * A frame that the exchange sends. A disturbance can lose, repeat or spoil frames of kind `data` only.
 *
 * @since 0.1.0
 * @category models
 */
export interface Frame {
  readonly kind: "control" | "data"
  readonly text: string
  /** Variants of the frame with a wrong checksum and with a crossed book, where the frame can have them. */
  readonly corrupted?: { readonly [H in "checksum" | "crossed"]?: string | undefined } | undefined
}

/**
 * The next action of the exchange on a connection: frames to send, the next state, and optionally a close or a new
 * engine.
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
 * The state of one connection at an instant.
 *
 * @since 0.1.0
 * @category models
 */
export interface Conversation {
  /** Returns the frames that the exchange sends first. */
  readonly begin: (world: World) => Turn<Conversation>
  readonly receive: (text: string, world: World) => Turn<Conversation>
  /** Returns the frames that the exchange sends when time has passed or something has happened. */
  readonly poll: (world: World) => Turn<Conversation>
  /** Returns the frames that the exchange sends before it closes for maintenance, if it announces that. */
  readonly notice?: ((world: World) => Turn<Conversation>) | undefined
  /** Returns the reaction of the exchange to the expiry of a token or a login. */
  readonly expire?: ((world: World) => Turn<Conversation>) | undefined
}

/**
 * The WebSockets of an exchange.
 *
 * @since 0.1.0
 * @category models
 */
export interface Streaming {
  /** Returns the conversation at a path with its query, or `undefined` if there is no socket at that path. */
  readonly open: (target: string) => Conversation | undefined
}

/**
 * The definition of one kind of socket by a dialect, with its own state.
 *
 * @since 0.1.0
 * @category models
 */
export interface Definition<State> {
  readonly initial: State
  readonly begin?: ((state: State, world: World) => Turn<State>) | undefined
  readonly receive: (state: State, text: string, world: World) => Turn<State>
  readonly poll: (state: State, world: World) => Turn<State>
  readonly notice?: ((state: State, world: World) => Turn<State>) | undefined
  readonly expire?: ((state: State, world: World) => Turn<State>) | undefined
}

/**
 * Creates a conversation from its pure definition.
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
      poll: (world) => turned(definition.poll(state, world)),
      ...notice === undefined ? {} : { notice: (world: World) => turned(notice(state, world)) },
      ...expire === undefined ? {} : { expire: (world: World) => turned(expire(state, world)) }
    }
  }
  return at(definition.initial)
}

/**
 * Creates a turn that sends nothing and closes the connection.
 *
 * @since 0.1.0
 * @category constructors
 */
export const closing = <State>(next: State, code: number, reason: string): Turn<State> => ({
  frames: [],
  next,
  close: { code, reason }
})

/**
 * Creates a JSON frame that responds to a request or controls the connection.
 *
 * @since 0.1.0
 * @category constructors
 */
export const control = (json: Json.Json): Frame => ({ kind: "control", text: Json.encode(json) })
