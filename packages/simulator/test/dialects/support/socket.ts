import { Effect, type Scope } from "effect"
import type { Simulator } from "../../../src/index.js"

/** A client of a socket of a simulated exchange, which records the messages it receives. */
export interface Client {
  readonly send: (message: unknown) => Effect.Effect<void>
  /** The messages received since the last call, parsed as JSON where possible. */
  readonly received: () => ReadonlyArray<unknown>
  /** The close code, once the socket is closed. */
  readonly closeCode: () => number | undefined
}

const read = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Connects to the socket at a path, and dies if there is none. */
export const dial = (simulator: Simulator.Simulator, target: string): Effect.Effect<Client, never, Scope.Scope> =>
  Effect.gen(function*() {
    let frames: Array<unknown> = []
    let code: number | undefined
    const peer = yield* simulator.connect(target, {
      send: (text) => frames.push(read(text)),
      close: (closeCode) => {
        code = closeCode
      }
    })
    if (peer === undefined) return yield* Effect.dieMessage(`there is no socket at ${target}`)
    return {
      send: (message) => peer.receive(typeof message === "string" ? message : JSON.stringify(message)),
      received: () => {
        const received = frames
        frames = []
        return received
      },
      closeCode: () => code
    }
  })

/** The value at a path of property names and indices, or `undefined`. */
export const at = (value: unknown, ...path: ReadonlyArray<string | number>): unknown =>
  path.reduce<unknown>(
    (found, name) => typeof found === "object" && found !== null ? Reflect.get(found, name) : undefined,
    value
  )
