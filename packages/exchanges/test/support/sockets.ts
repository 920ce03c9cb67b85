import { type HttpClient, Socket } from "@effect/platform"
import { Effect, Layer } from "effect"

/** When a socket was dialled, by Effect's clock. */
export type Dials = Array<number>

/**
 * The sockets in reach, with a word in what passes: `dial` may turn to another address, and `hear` changes the texts that
 * come over a socket in memory.
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
        // Only those in memory, as others are told by callbacks.
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
