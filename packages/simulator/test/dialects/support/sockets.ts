import { Effect } from "effect"
import type { Simulator } from "../../../src/index.js"

/** A connection to a socket at a path: what was said on it, and how it was closed. */
export const dial = (simulator: Simulator.Simulator, target: string) =>
  Effect.gen(function*() {
    const frames: Array<unknown> = []
    const closes: Array<number> = []
    const peer = yield* simulator.connect(target, {
      send: (text) => frames.push(JSON.parse(text)),
      close: (code) => closes.push(code)
    })
    return {
      isOpen: peer !== undefined,
      closes,
      /** What was said since the last time. */
      heard: () => frames.splice(0),
      say: (message: unknown) =>
        peer?.receive(typeof message === "string" ? message : JSON.stringify(message)) ?? Effect.void
    }
  })
