import { Effect, type Scope } from "effect"
import type { Simulator } from "../../../src/index.js"

/** A socket to a simulated exchange, and what came over it. */
export interface Client {
  readonly send: (message: unknown) => Effect.Effect<void>
  /** What was said since this was last asked: the values of JSON, or texts where they are none. */
  readonly said: () => ReadonlyArray<unknown>
  /** The code it was closed with. */
  readonly closed: () => number | undefined
}

const read = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Dials a path, which has to be one of a socket. */
export const dial = (simulator: Simulator.Simulator, target: string): Effect.Effect<Client, never, Scope.Scope> =>
  Effect.gen(function*() {
    let frames: Array<unknown> = []
    let code: number | undefined
    const peer = yield* simulator.connect(target, {
      send: (text) => frames.push(read(text)),
      close: (closed) => {
        code = closed
      }
    })
    if (peer === undefined) return yield* Effect.dieMessage(`there is no socket at ${target}`)
    return {
      send: (message) => peer.receive(typeof message === "string" ? message : JSON.stringify(message)),
      said: () => {
        const said = frames
        frames = []
        return said
      },
      closed: () => code
    }
  })

/** What stands at a path of names and places; `undefined` where there is nothing. */
export const at = (value: unknown, ...path: ReadonlyArray<string | number>): unknown =>
  path.reduce<unknown>(
    (found, name) => typeof found === "object" && found !== null ? Reflect.get(found, name) : undefined,
    value
  )
