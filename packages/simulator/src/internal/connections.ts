/**
 * The connections to a simulated exchange, the messages that they receive, and their disturbances.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as RegularExpression from "effect/RegExp"
import type * as Scope from "effect/Scope"
import type { Conversation, Frame, Streaming, Turn } from "../Streaming.js"
import type { World } from "../World.js"

/**
 * A disturbance of the sockets. It either affects all open sockets immediately, or lasts until `Calm`.
 *
 * - `Close`: the exchange closes all connections with a code. 1006 stands for a broken connection.
 * - `Refuse`: new connections are refused. `HalfOpen`: new connections open, but nothing is ever sent on them.
 * - `Silence`: nothing is sent any more. `Mute`: no data is sent any more, or none whose text contains a given text,
 *   such as the name of a channel; everything else continues.
 * - `Delist`: new subscriptions to a market, by the exchange's name for it, are refused as if it did not exist.
 *   Existing subscriptions continue.
 * - `Slow`: all messages arrive later by a number of milliseconds.
 * - `Gap`: the next data frame is lost. `Duplicate`: it arrives twice. `Reorder`: it arrives after the frame that
 *   follows it.
 * - `Checksum`, `Crossed`: the next book that allows it has a wrong checksum, or is crossed.
 * - `Garbage`: an invalid message arrives. `Giant`: a very large message arrives.
 * - `Notice`: the exchange announces that it will close the connections. `Expire`: all logins and tokens expire.
 *
 * @since 0.1.0
 * @category models
 */
export type Disturbance =
  | { readonly _tag: "Close"; readonly code: number; readonly reason?: string | undefined }
  | { readonly _tag: "Delist"; readonly market: string }
  | { readonly _tag: "Mute"; readonly containing?: string | undefined }
  | { readonly _tag: "Slow"; readonly delay: number }
  | { readonly _tag: Exclude<typeof disturbances[number], "Mute"> }

/** @internal The disturbances without parameters. */
export const disturbances = [
  "Refuse",
  "HalfOpen",
  "Silence",
  "Mute",
  "Gap",
  "Duplicate",
  "Reorder",
  "Checksum",
  "Crossed",
  "Garbage",
  "Giant",
  "Notice",
  "Expire",
  "Calm"
] as const

/**
 * The other end of a connection. The codes 1005 and 1006 stand for a broken connection.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sink {
  readonly send: (text: string) => void
  readonly close: (code: number, reason: string) => void
}

/** @internal */
export interface Connections {
  /** Accepts a connection until its scope closes. Returns `undefined` if no such socket exists, or if it is refused. */
  readonly connect: (target: string, sink: Sink) => Effect.Effect<Peer | undefined, never, Scope.Scope>
  readonly disturb: (disturbance: Disturbance) => Effect.Effect<void>
  /** Sends pending messages immediately, for example after a trade. */
  readonly flush: Effect.Effect<void>
  readonly count: Effect.Effect<number>
}

/**
 * This end of a connection, which receives the messages of the client.
 *
 * @since 0.1.0
 * @category models
 */
export interface Peer {
  readonly receive: (text: string) => Effect.Effect<void>
}

/** @internal Runs a pure turn on the current world, and updates the engine. */
export type RunTurn = (turn: (world: World) => Turn<Conversation>) => Effect.Effect<Turn<Conversation>>

interface Connection {
  conversation: Conversation
  readonly sink: Sink
  readonly scope: Scope.Scope
  isSilent: boolean
  /** Data whose text contains this is not sent. `""` mutes all data. */
  muted: string | undefined
  /** The delay of the messages in `late`, in milliseconds. */
  delay: number
  delayed: Array<string>
  /** The faults of the next data frames. */
  faults: Array<Disturbance["_tag"]>
  held: Frame | undefined
}

/** A prefix that turns the name of a market into an unknown one. */
const unknownPrefix = "NOPE"

/** @internal Creates the connections of an exchange, which checks every `beat` milliseconds for frames to send. */
export const make = (streaming: Streaming | undefined, runTurn: RunTurn, beat: number): Connections => {
  const connections = new Set<Connection>()
  const lasting = new Set<Disturbance["_tag"]>()
  const delisted = new Set<string>()

  const deliver = (connection: Connection, frame: Frame): void => {
    const isMuted = connection.muted !== undefined && frame.kind === "data" && frame.text.includes(connection.muted)
    if (connection.isSilent || isMuted) return
    if (frame.kind === "control") return transmit(connection, frame.text)
    const [fault] = connection.faults
    const corrupted = fault === "Checksum"
      ? frame.corrupted?.checksum
      : fault === "Crossed"
      ? frame.corrupted?.crossed
      : undefined
    // A frame that cannot be corrupted this way leaves the fault to the next one.
    const isSpent = fault !== undefined && ((fault !== "Checksum" && fault !== "Crossed") || corrupted !== undefined)
    if (isSpent) connection.faults = connection.faults.slice(1)
    const { held } = connection
    if (isSpent && fault === "Gap") return
    if (isSpent && fault === "Reorder") {
      connection.held = frame
      return
    }
    transmit(connection, corrupted ?? frame.text)
    if (isSpent && fault === "Duplicate") transmit(connection, frame.text)
    if (held !== undefined) {
      connection.held = undefined
      transmit(connection, held.text)
    }
  }

  const transmit = (connection: Connection, text: string): void => {
    if (connection.delay > 0) connection.delayed.push(text)
    else connection.sink.send(text)
  }

  /** Sends at most `count` delayed messages, in order. There may be fewer, because `Calm` sends all immediately. */
  const sendDelayed = (connection: Connection, count: number): void => {
    for (const text of connection.delayed.splice(0, count)) if (!connection.isSilent) connection.sink.send(text)
  }

  const run = (
    connection: Connection,
    turn: (conversation: Conversation, world: World) => Turn<Conversation>
  ): Effect.Effect<void> =>
    Effect.flatMap(runTurn((world) => turn(connection.conversation, world)), ({ close, frames, next }) => {
      const before = connection.delayed.length
      connection.conversation = next
      for (const frame of frames) deliver(connection, frame)
      if (close !== undefined && !connection.isSilent) connection.sink.close(close.code, close.reason)
      const late = connection.delayed.length - before
      if (late === 0) return Effect.void
      const arrival = Effect.delay(Effect.sync(() => sendDelayed(connection, late)), connection.delay)
      return Effect.asVoid(Effect.forkIn(Effect.interruptible(arrival), connection.scope))
    })

  /**
   * Passes a message to the exchange with the names of delisted markets replaced by unknown ones, and restores the
   * names in the frames that the exchange sends back.
   */
  const receive = (connection: Connection, text: string): Effect.Effect<void> =>
    run(connection, (one, world) => {
      if (delisted.size === 0) return one.receive(text, world)
      // Whole names only, not the beginning or the end of a longer name.
      const names = `(${[...delisted].map((market) => RegularExpression.escape(market)).join("|")})(?![-_/]?[a-z0-9])`
      const turn = one.receive(text.replaceAll(new RegExp(`(?<![a-z0-9])${names}`, "gi"), `${unknownPrefix}$&`), world)
      const prefixed = new RegExp(`${unknownPrefix}(?=${names})`, "gi")
      return { ...turn, frames: turn.frames.map((frame) => ({ ...frame, text: frame.text.replaceAll(prefixed, "") })) }
    })

  const each = (f: (connection: Connection) => Effect.Effect<void>): Effect.Effect<void> =>
    Effect.suspend(() => Effect.forEach([...connections], f, { discard: true }))

  const at = (connection: Connection, f: (connection: Connection) => void): Effect.Effect<void> =>
    Effect.sync(() => f(connection))

  return {
    flush: each((connection) => run(connection, (one, world) => one.poll(world))),
    count: Effect.sync(() => connections.size),
    connect: (target, sink) =>
      Effect.gen(function*() {
        const conversation = streaming?.open(target)
        if (conversation === undefined || lasting.has("Refuse")) return undefined
        const connection: Connection = {
          conversation,
          sink,
          scope: yield* Effect.scope,
          isSilent: lasting.has("HalfOpen"),
          muted: undefined,
          delay: 0,
          delayed: [],
          faults: [],
          held: undefined
        }
        yield* Effect.acquireRelease(
          Effect.sync(() => connections.add(connection)),
          () => Effect.sync(() => connections.delete(connection))
        )
        yield* run(connection, (one, world) => one.begin(world))
        const now = yield* Clock.currentTimeMillis
        // Aligned to the beat, so that all connections report the same instant, whenever they were opened.
        yield* Effect.forkScoped(Effect.zipRight(
          Effect.sleep(beat - (now % beat)),
          Effect.forever(Effect.zipRight(run(connection, (one, world) => one.poll(world)), Effect.sleep(beat)))
        ))
        return { receive: (text) => connection.isSilent ? Effect.void : receive(connection, text) }
      }),
    disturb: (disturbance) => {
      switch (disturbance._tag) {
        case "Close":
          return each((connection) =>
            at(connection, ({ sink }) => sink.close(disturbance.code, disturbance.reason ?? ""))
          )
        case "Refuse":
        case "HalfOpen":
          return Effect.sync(() => lasting.add(disturbance._tag))
        case "Delist":
          return Effect.sync(() => delisted.add(disturbance.market))
        case "Silence":
          return each((connection) => at(connection, (connection) => connection.isSilent = true))
        case "Mute":
          return each((connection) => at(connection, (connection) => connection.muted = disturbance.containing ?? ""))
        case "Slow":
          return each((connection) => at(connection, (connection) => connection.delay = disturbance.delay))
        case "Calm":
          return Effect.zipRight(
            Effect.sync(() => {
              lasting.clear()
              delisted.clear()
            }),
            each((connection) =>
              at(connection, (connection) => {
                connection.muted = undefined
                connection.delay = 0
                connection.faults = []
                sendDelayed(connection, connection.delayed.length)
              })
            )
          )
        case "Garbage":
          return each((connection) => at(connection, ({ sink }) => sink.send("{\"wat\":[1,2,")))
        case "Giant":
          return each((connection) =>
            at(connection, ({ sink }) => sink.send(JSON.stringify({ junk: "x".repeat(10_000_000) })))
          )
        case "Notice":
          return each((connection) => run(connection, (one, world) => one.notice?.(world) ?? { frames: [], next: one }))
        case "Expire":
          return each((connection) => run(connection, (one, world) => one.expire?.(world) ?? { frames: [], next: one }))
        default:
          return each((connection) =>
            at(connection, (connection) => connection.faults = [...connection.faults, disturbance._tag])
          )
      }
    }
  }
}
