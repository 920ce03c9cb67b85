import type * as Effect from "effect/Effect"
import type { AccountError } from "../../model/ExchangeError.js"
import type { FeedProtocol, SocketFacts, Topic } from "./protocol.js"
import type * as SocketSession from "./socketSession.js"

/**
 * The settings that all connections to one kind of socket share. `address`, `login` and `token` fail with the reason
 * why the connection cannot continue.
 *
 * @internal
 */
export interface SocketSettings {
  readonly protocol: FeedProtocol
  readonly socket: SocketFacts
  /** The URL of the next connection. It may be a secret. */
  readonly address: Effect.Effect<string, Stopped>
  readonly rules: SocketSession.Rules
  readonly topic: (key: string) => Topic | undefined
  /** Opens a socket. */
  readonly constructor: (url: string) => globalThis.WebSocket
  /** Waits for the rate limit of new connections or of subscribe messages. */
  readonly charge: (kind: "connects" | "subscribes") => Effect.Effect<void, Stopped>
  /** Creates the effect that one connection waits for before each of its messages. */
  readonly pacer: Effect.Effect<Effect.Effect<void, Stopped>>
  /** Removes secrets from a frame, before anything else sees it. */
  readonly redact: (text: string) => string
  /** Called when something was received (epoch milliseconds), once per batch of frames. */
  readonly onReceived?: ((at: number) => void) | undefined
  readonly login: Effect.Effect<ReadonlyArray<unknown>, Stopped>
  readonly token: Effect.Effect<string | undefined, Stopped>
}

/**
 * Why the client ends a connection. If there is an `error`, another connection would end the same way, so the consumers
 * fail with it.
 *
 * @internal
 */
export interface Stopped {
  readonly because: string
  readonly error?: AccountError | undefined
}
