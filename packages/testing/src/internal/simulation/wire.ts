import type { Health } from "@effect-exchange/core"
import { InFlight } from "@effect-exchange/core/adapter"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Socket from "@effect/platform/Socket"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Wire } from "../../SimulationWorld.js"

/**
 * The traffic between a client and its exchange. All instants are by Effect's clock.
 *
 * @internal
 */
export interface Watched {
  readonly wire: Context.Context<Wire>
  readonly dials: ReadonlyArray<Dial>
  /** Returns and removes the frames from the exchange since the last call. */
  readonly takeFrames: () => ReadonlyArray<string>
  /** Requests that the client sent while their circuit was open. */
  readonly forbidden: ReadonlyArray<string>
}

/** @internal A socket that the client asked for, and how it ended. */
export interface Dial {
  readonly at: number
  readonly url: string
  openedAt: number | undefined
  endedAt: number | undefined
  /** The close code that the exchange sent. */
  code: number | undefined
}

/** @internal Wraps the wire to record its traffic. `health` reports which circuits are open. */
export const watch = (
  inner: Context.Context<Wire>,
  health: Health.Health.Service
): Effect.Effect<Watched> =>
  Effect.map(Effect.clock, (clock) => {
    const dials: Array<Dial> = []
    const forbidden: Array<string> = []
    let frames: Array<string> = []

    const client = HttpClient.transform(Context.get(inner, HttpClient.HttpClient), (answer) =>
      Effect.gen(function*() {
        const { exchanges } = yield* health.report
        const about = yield* InFlight.InFlight
        const open = Option.filter(about, ({ circuit }) =>
          exchanges.some(({ breakers }) =>
            breakers.some(({ capability, state }) => capability === circuit && state === "Open")
          ))
        if (Option.isSome(open)) {
          forbidden.push(`${open.value.operation} (${open.value.circuit})`)
        }
        return yield* answer
      }))

    const dial = Context.get(inner, Socket.WebSocketConstructor)
    const watched = (url: string, protocols?: string | Array<string>): globalThis.WebSocket => {
      const now = () =>
        clock.unsafeCurrentTimeMillis()
      const one: Dial = { at: now(), url, openedAt: undefined, endedAt: undefined, code: undefined }
      dials.push(one)
      const socket = dial(url, protocols)
      socket.addEventListener("open", () => {
        one.openedAt = now()
      })
      socket.addEventListener("close", (event) => {
        one.endedAt = now()
        one.code = event.code
      })
      socket.addEventListener("message", ({ data }) => {
        if (typeof data === "string") frames.push(data)
      })
      return socket
    }

    return {
      dials,
      forbidden,
      takeFrames: () => {
        const taken = frames
        frames = []
        return taken
      },
      wire: Context.make(HttpClient.HttpClient, client).pipe(Context.add(Socket.WebSocketConstructor, watched))
    }
  })
