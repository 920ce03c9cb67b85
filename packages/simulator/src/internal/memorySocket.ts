import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import * as Scope from "effect/Scope"
import type { Peer, Peers } from "./peers.js"

/**
 * A constructor of sockets in memory that knows the given hosts. Nothing passes but through Effect's scheduler.
 *
 * @internal
 */
export const webSockets = (
  hosts: ReadonlyMap<string, Pick<Peers, "connect">>
): Effect.Effect<(url: string) => globalThis.WebSocket, never, Scope.Scope> =>
  Effect.map(FiberSet.makeRuntime<never>(), (run) => (address) => {
    const url = new URL(address)
    const peers = url.protocol === "ws:" ? hosts.get(url.host) : undefined
    return new MemorySocket(address, peers, `${url.pathname}${url.search}`, (effect) => {
      run(effect)
    })
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
  readonly #scope: Scope.CloseableScope
  #peer: Peer | undefined

  constructor(
    url: string,
    peers: Pick<Peers, "connect"> | undefined,
    target: string,
    run: (effect: Effect.Effect<void>) => void
  ) {
    super()
    this.url = url
    this.#run = run
    this.#scope = Effect.runSync(Scope.make())
    run(this.#connect(peers, target))
  }

  #connect(peers: Pick<Peers, "connect"> | undefined, target: string): Effect.Effect<void> {
    if (peers === undefined) return Effect.sync(() => this.#fail())
    const sink = {
      send: (text: string) => {
        if (this.readyState === 1) this.dispatchEvent(new MessageEvent("message", { data: text }))
      },
      close: (code: number, reason: string) => this.#closed(code, reason)
    }
    // The other end hears of it only when this one has: what is said first comes after the opening.
    return Effect.suspend(() => {
      if (this.readyState !== 0) return Effect.void
      this.readyState = 1
      return Scope.extend(peers.connect(target, sink), this.#scope).pipe(
        Effect.map((peer) => {
          this.#peer = peer
          if (peer === undefined) this.#fail()
        })
      )
    })
  }

  #fail(): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.dispatchEvent(new Event("error"))
    this.dispatchEvent(closing(1006, ""))
  }

  #closed(code: number, reason: string): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.#run(Scope.close(this.#scope, Exit.void))
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
