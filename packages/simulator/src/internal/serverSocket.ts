import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type { WebSocket } from "ws"
import type { Simulator } from "../Simulator.js"

/**
 * Speaks with a client over a socket until either closes it. What it sends before the exchange has begun is kept.
 *
 * @internal
 */
export const converse = (
  { connect }: Pick<Simulator, "connect">,
  socket: WebSocket,
  target: string
): Effect.Effect<void> =>
  Effect.gen(function*() {
    const inbox = yield* Queue.unbounded<string>()
    const closed = yield* Deferred.make<void>()
    socket.on("message", (data) => Queue.unsafeOffer(inbox, String(data)))
    socket.on("close", () => Deferred.unsafeDone(closed, Effect.void))
    // A close follows.
    socket.on("error", () => undefined)
    const peer = yield* connect(target, {
      send: (text) => socket.send(text),
      close: (code, reason) => isSendable(code) ? socket.close(code, reason) : socket.terminate()
    })
    if (peer === undefined) return socket.terminate()
    const talk = Effect.forever(Effect.flatMap(Queue.take(inbox), peer.receive))
    yield* Effect.raceFirst(Deferred.await(closed), talk)
  }).pipe(
    Effect.ensuring(Effect.sync(() => socket.terminate())),
    Effect.scoped
  )

/** 1005 and 1006 say that no code came, and cannot be sent: the line is cut. */
const isSendable = (code: number): boolean =>
  code === 1000 || code >= 3000 || (code >= 1001 && code <= 1014 && !reserved.has(code))

const reserved: ReadonlySet<number> = new Set([1004, 1005, 1006])
