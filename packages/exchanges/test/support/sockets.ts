import { type HttpClient, Socket } from "@effect/platform"
import { Effect, Layer } from "effect"

/** The times at which sockets were dialled, in epoch milliseconds by Effect's clock. */
export type Dials = Array<number>

/**
 * Provides sockets that can be manipulated: `dials` records when each was dialled, `dial` may replace the URL, and
 * `hear` changes the texts that arrive over an in-memory socket.
 */
export const meddled = (
  { dial = (url) => url, dials = [], hear }: {
    readonly dials?: Dials
    readonly dial?: (url: string) => string
    readonly hear?: (text: string) => string
  }
) =>
<R>(inner: Layer.Layer<HttpClient.HttpClient | Socket.WebSocketConstructor | R>) =>
  Layer.provideMerge(
    Layer.effect(
      Socket.WebSocketConstructor,
      Effect.zipWith(Socket.WebSocketConstructor, Effect.clock, (make, clock) => (url: string) => {
        dials.push(clock.unsafeCurrentTimeMillis())
        const socket = make(dial(url))
        if (hear === undefined) return socket
        // Affects only in-memory sockets: other sockets do not deliver messages through `dispatchEvent`.
        const dispatch = socket.dispatchEvent.bind(socket)
        socket.dispatchEvent = (event) =>
          dispatch(
            event instanceof MessageEvent ? new MessageEvent("message", { data: hear(String(event.data)) }) : event
          )
        return socket
      })
    ),
    inner
  )
