/**
 * WebSockets that record when they are dialled and written to, and whose URL and messages can be changed.
 *
 * @since 0.1.0
 */
import * as Socket from "@effect/platform/Socket"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * Instants in epoch milliseconds by Effect's clock.
 *
 * @since 0.1.0
 * @category models
 */
export type Instants = Array<number>

/**
 * The options of {@link layer}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Gets the instant at which each socket is dialled. */
  readonly dials?: Instants | undefined
  /** Gets the instant at which each message is sent. */
  readonly sends?: Instants | undefined
  /** Replaces the URL of a socket. Defaults to the same URL. */
  readonly redirect?: ((url: string) => string) | undefined
  /** Changes each message that arrives over an in-memory socket. Sockets of the network are not affected. */
  readonly rewrite?: ((text: string) => string) | undefined
}

/**
 * Intercepts the WebSockets of the context.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  { dials = [], redirect = (url) => url, rewrite, sends = [] }: Options
): Layer.Layer<Socket.WebSocketConstructor, never, Socket.WebSocketConstructor> =>
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
      // Sockets of the network do not deliver messages through `dispatchEvent`.
      const dispatch = socket.dispatchEvent.bind(socket)
      socket.dispatchEvent = (event) =>
        dispatch(
          event instanceof MessageEvent ? new MessageEvent("message", { data: rewrite(String(event.data)) }) : event
        )
      return socket
    })
  )
