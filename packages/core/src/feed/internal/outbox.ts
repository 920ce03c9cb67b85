/**
 * Sends the messages of a connection: subscriptions and logins in order, and beside them pings and replies.
 *
 * @internal
 */
import type * as PlatformSocket from "@effect/platform/Socket"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type { SocketSettings, Stopped } from "./connectionModel.js"
import type { Topic } from "./protocol.js"
import type * as SocketSession from "./socketSession.js"

type Failure = PlatformSocket.SocketError | Stopped

/**
 * What a session wants to be sent.
 *
 * @internal
 */
export type Message = Extract<
  SocketSession.Output,
  { readonly _tag: "Login" | "Ping" | "Send" | "Subscribe" | "Unsubscribe" }
>

/** @internal */
export interface Outbox {
  readonly offer: (message: Message) => void
  /** Sends the messages with which the exchange expects a connection to begin. */
  readonly welcome: Effect.Effect<void, Failure>
  /** Sends what is offered until the scope closes. */
  readonly run: Effect.Effect<void, never, Scope.Scope>
}

/**
 * Creates the outbox of one connection. `requested` is called after the messages of a subscription, and `failed` when
 * something cannot be sent.
 *
 * @internal
 */
export const make = (
  settings: SocketSettings,
  { failed, requested, write }: {
    readonly write: (text: string) => Effect.Effect<void, PlatformSocket.SocketError>
    readonly requested: (event: SocketSession.Event) => void
    readonly failed: (error: Failure) => Effect.Effect<unknown>
  }
): Effect.Effect<Outbox> =>
  Effect.gen(function*() {
    const { protocol, socket } = settings
    const pace = yield* settings.pacer
    const inOrder = yield* Queue.unbounded<Message>()
    // Pings and replies must not wait while a subscribe message waits for its token or for the rate limit.
    const prompt = yield* Queue.unbounded<Message>()

    const send = (messages: ReadonlyArray<unknown>) =>
      Effect.forEach(
        messages,
        (message) => Effect.zipRight(pace, write(typeof message === "string" ? message : JSON.stringify(message))),
        { discard: true }
      )

    const topicsOf = (keys: ReadonlyArray<string>): ReadonlyArray<Topic> =>
      keys.flatMap((key) => settings.topic(key) ?? [])

    const carryOut = (message: Message): Effect.Effect<void, Failure> =>
      Effect.gen(function*() {
        switch (message._tag) {
          case "Login":
            return yield* send(yield* settings.login)
          case "Ping": {
            const ping = socket.ping ?? protocol.ping?.message
            return yield* send([ping?.(message.request) ?? "ping"])
          }
          case "Send":
            return yield* send([message.message])
          case "Subscribe": {
            const { keys, request } = message
            const token = yield* settings.token
            yield* settings.charge("subscribes")
            const messages = protocol.subscribe(topicsOf(keys), { request, token })
            yield* send(messages)
            return requested(messages.length === 0 ? { _tag: "Acknowledged", request } : { _tag: "Sent", request })
          }
          case "Unsubscribe": {
            const { request, topics } = message
            // A failure to unsubscribe is not reported to the consumers: the connection ends, and the subscription with
            // it.
            const token = yield* Effect.mapError(settings.token, ({ because }): Stopped => ({ because }))
            const identified = topics.flatMap(({ id, key }) => topicsOf([key]).map((topic) => ({ ...topic, id })))
            return yield* send(protocol.unsubscribe(identified, { request, token }))
          }
        }
      })

    const sendAll = (queue: Queue.Dequeue<Message>) =>
      Effect.forkScoped(
        Effect.forever(Effect.flatMap(Queue.take(queue), (message) => Effect.catchAll(carryOut(message), failed)))
      )

    return {
      offer: (message) => {
        Queue.unsafeOffer(message._tag === "Ping" || message._tag === "Send" ? prompt : inOrder, message)
      },
      welcome: send(socket.welcome ?? []),
      run: Effect.asVoid(Effect.zipRight(sendAll(inOrder), sendAll(prompt)))
    }
  })
