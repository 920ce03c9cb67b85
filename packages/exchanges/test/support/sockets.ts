import { type HttpClient, Socket } from "@effect/platform"
import { Effect, Layer } from "effect"

/** The times at which sockets were dialled, in epoch milliseconds by Effect's clock. */
export type Dials = Array<number>

/**
 * Provides sockets that can be manipulated: `dials` records when each was dialled and `sends` when each message was
 * sent, `redirect` may replace the URL, and `rewrite` changes the texts that arrive over an in-memory socket.
 */
export const interceptSockets = (
  { dials = [], redirect = (url) => url, rewrite, sends = [] }: {
    readonly dials?: Dials
    readonly sends?: Dials
    readonly redirect?: (url: string) => string
    readonly rewrite?: (text: string) => string
  }
) =>
<R>(inner: Layer.Layer<HttpClient.HttpClient | Socket.WebSocketConstructor | R>) =>
  Layer.provideMerge(
    Layer.effect(
      Socket.WebSocketConstructor,
      Effect.zipWith(Socket.WebSocketConstructor, Effect.clock, (make, clock) => (url: string) => {
        dials.push(clock.unsafeCurrentTimeMillis())
        const socket = make(redirect(url))
        const send = socket.send.bind(socket)
        socket.send = (data) => {
          sends.push(clock.unsafeCurrentTimeMillis())
          send(data)
        }
        if (rewrite === undefined) return socket
        // Affects only in-memory sockets: other sockets do not deliver messages through `dispatchEvent`.
        const dispatch = socket.dispatchEvent.bind(socket)
        socket.dispatchEvent = (event) =>
          dispatch(
            event instanceof MessageEvent ? new MessageEvent("message", { data: rewrite(String(event.data)) }) : event
          )
        return socket
      })
    ),
    inner
  )
