import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type { WebSocket } from "ws"
import type { Simulator } from "../Simulator.js"

/**
 * Serves a client over a socket until either side closes it. Keeps the messages that arrive before the exchange begins.
 *
 * @internal
 */
export const serveClient = (
  { connect }: Pick<Simulator, "connect">,
  socket: WebSocket,
  target: string
): Effect.Effect<void> =>
  Effect.gen(function*() {
    const inbox = yield* Queue.unbounded<string>()
    const closed = yield* Deferred.make<void>()
    socket.on("message", (data) => Queue.unsafeOffer(inbox, String(data)))
    socket.on("close", () => Deferred.unsafeDone(closed, Effect.void))
    // A `close` event follows.
    socket.on("error", () => undefined)
    const peer = yield* connect(target, {
      send: (text) => socket.send(text),
      close: (code, reason) => isSendable(code) ? socket.close(code, reason) : socket.terminate()
    })
    if (peer === undefined) return socket.terminate()
    const forward = Effect.forever(Effect.flatMap(Queue.take(inbox), peer.receive))
    // Not a race: those of effect 3.22 hang if they are interrupted just where their fiber yields.
    yield* Effect.forkScoped(Effect.intoDeferred(forward, closed))
    yield* Deferred.await(closed)
  }).pipe(
    Effect.ensuring(Effect.sync(() => socket.terminate())),
    Effect.scoped
  )

/**
 * Returns whether a code may be sent in a close frame. Codes 1005 and 1006 mean that no code was received; they cannot
 * be sent, so the connection is terminated instead.
 */
const isSendable = (code: number): boolean =>
  code === 1000 || code >= 3000 || (code >= 1001 && code <= 1014 && !reserved.has(code))

const reserved: ReadonlySet<number> = new Set([1004, 1005, 1006])
