import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import type { Connections, Peer } from "./connections.js"

/**
 * Returns a constructor of in-memory sockets to the given hosts. Effect's scheduler runs everything that they do.
 *
 * @internal
 */
export const webSockets = (
  hosts: ReadonlyMap<string, Pick<Connections, "connect">>
): Effect.Effect<(url: string) => globalThis.WebSocket, never, Scope.Scope> =>
  Effect.map(FiberSet.makeRuntime<never>(), (run) => (address) => {
    const url = new URL(address)
    const connections = url.protocol === "ws:" ? hosts.get(url.host) : undefined
    const socket = new MemorySocket(address, (effect) => {
      run(effect)
    })
    run(socket.live(connections, `${url.pathname}${url.search}`))
    return socket
  })

class MemorySocket extends EventTarget implements globalThis.WebSocket {
  readonly CONNECTING = 0
  readonly OPEN = 1
  readonly CLOSING = 2
  readonly CLOSED = 3
  readonly url: string
  readonly protocol = ""
  readonly extensions = ""
  readonly bufferedAmount = 0
  binaryType: "arraybuffer" | "blob" = "arraybuffer"
  onopen = null
  onmessage = null
  onerror = null
  onclose = null
  readyState: 0 | 1 | 2 | 3 = 0
  readonly #run: (effect: Effect.Effect<void>) => void
  readonly #ended = Deferred.unsafeMake<void>(FiberId.none)
  /** The messages that arrive before this end is open. */
  readonly #early: Array<string> = []
  #peer: Peer | undefined

  constructor(url: string, run: (effect: Effect.Effect<void>) => void) {
    super()
    this.url = url
    this.#run = run
  }

  /** Runs the connection from dialling until it closes. The other end is notified of the close immediately. */
  live(connections: Pick<Connections, "connect"> | undefined, target: string): Effect.Effect<void> {
    const sink = {
      send: (text: string) => this.#receive(text),
      close: (code: number, reason: string) => this.#closed(code, reason)
    }
    return Effect.scoped(Effect.gen(this, function*() {
      // The caller can add listeners only after the constructor has returned.
      yield* Effect.yieldNow()
      if (this.readyState !== 0) return
      const peer = connections === undefined ? undefined : yield* connections.connect(target, sink)
      if (this.readyState !== 0) return
      if (peer === undefined) return this.#refused()
      this.#peer = peer
      this.readyState = 1
      this.dispatchEvent(new Event("open"))
      for (const text of this.#early.splice(0)) this.#receive(text)
      yield* Deferred.await(this.#ended)
    }))
  }

  #receive(text: string): void {
    if (this.readyState === 0) this.#early.push(text)
    else if (this.readyState === 1) this.dispatchEvent(new MessageEvent("message", { data: text }))
  }

  #refused(): void {
    this.readyState = 3
    this.dispatchEvent(new Event("error"))
    this.dispatchEvent(closing(1006, ""))
  }

  #closed(code: number, reason: string): void {
    if (this.readyState === 3) return
    this.readyState = 3
    Deferred.unsafeDone(this.#ended, Effect.void)
    this.dispatchEvent(closing(code, reason))
  }

  send(text: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    const peer = this.#peer
    if (this.readyState === 1 && peer !== undefined && typeof text === "string") this.#run(peer.receive(text))
  }

  close(code = 1000, reason = ""): void {
    this.#closed(code, reason)
  }
}

// Node 20 has no CloseEvent.
const closing = (code: number, reason: string): Event =>
  Object.assign(new Event("close"), { code, reason, wasClean: true })
