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
 * When a connection was opened, and when each side last sent something on it. Before a side has sent something, its time
 * is that of the opening. All times are milliseconds since the epoch by the exchange's clock.
 *
 * @since 0.1.0
 * @category models
 */
export interface Times {
  readonly openedAt: number
  /** When the client last sent a message. In `receive`, this is the message that is received. */
  readonly receivedAt: number
  /** When the exchange last sent a frame. */
  readonly sentAt: number
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
  readonly receive: (state: State, text: string, world: World, times: Times) => Turn<State>
  readonly poll: (state: State, world: World, times: Times) => Turn<State>
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
  const at = (state: State, times: Times): Conversation => {
    const turned = ({ next, ...turn }: Turn<State>, { now }: World, since = times): Turn<Conversation> => ({
      ...turn,
      next: at(next, turn.frames.length === 0 ? since : { ...since, sentAt: now })
    })
    const { begin, expire, notice } = definition
    return {
      begin: (world) => {
        const { now } = world
        const turn = begin === undefined ? { frames: [], next: state } : begin(state, world)
        return turned(turn, world, { openedAt: now, receivedAt: now, sentAt: now })
      },
      receive: (text, world) => {
        const since = { ...times, receivedAt: world.now }
        return turned(definition.receive(state, text, world, since), world, since)
      },
      poll: (world) => turned(definition.poll(state, world, times), world),
      ...notice === undefined ? {} : { notice: (world: World) => turned(notice(state, world), world) },
      ...expire === undefined ? {} : { expire: (world: World) => turned(expire(state, world), world) }
    }
  }
  return at(definition.initial, { openedAt: 0, receivedAt: 0, sentAt: 0 })
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
