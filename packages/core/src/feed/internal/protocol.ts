/**
 * How an exchange speaks over its sockets, as data and pure functions: everything the feed engine has to know about it.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type { Effect } from "effect/Effect"
import type * as Either from "effect/Either"
import type { Cost } from "../../engine/Endpoint.js"
import type { ExchangeClient } from "../../engine/ExchangeClient.js"
import type { Moment, Said as Refused } from "../../engine/Protocol.js"
import type { AccountError } from "../../model/ExchangeError.js"
import type { Credentials } from "../../ports/Credentials.js"

/**
 * What is subscribed to: `key` is what its frames are recognised by on its socket, and the rest is for the message that asks
 * for it.
 *
 * @since 0.1.0
 */
export interface Topic {
  /** The name of the socket, of {@link FeedProtocol.sockets}. */
  readonly socket: string
  readonly key: string
  readonly channel: string
  /** As the exchange calls it there. */
  readonly market?: string | undefined
  readonly option?: string | undefined
}

/**
 * What the exchange says in one frame. A frame may say several things, and one that says nothing to us is an empty list.
 *
 * - `Data`: `frame` belongs to the subscription `key`.
 * - `Acknowledged`: of all that `request` asked for; of `keys`; or of those keys and not of the others that `request` asked for.
 * - `Refused`: of all that `request` asked for; of `keys`; of those of the keys that it asked for; and where neither is said, of
 *   what was asked for first of all that is not answered.
 * - `Reply`: wants `message` said.
 * - `Leaving`: it will close the connection soon.
 * - `Ended`: it has ended these subscriptions, or what the login allowed.
 *
 * @since 0.1.0
 */
export type Said =
  | { readonly _tag: "Data"; readonly key: string; readonly frame: unknown }
  | {
    readonly _tag: "Acknowledged"
    readonly request?: number | undefined
    readonly keys?: ReadonlyArray<string> | undefined
  }
  | {
    readonly _tag: "Refused"
    readonly request?: number | undefined
    readonly keys?: ReadonlyArray<string> | undefined
    readonly said: Refused
  }
  | { readonly _tag: "LoggedIn" }
  | { readonly _tag: "LoginRefused"; readonly said: Refused }
  | { readonly _tag: "Pong" }
  | { readonly _tag: "Reply"; readonly message: unknown }
  | { readonly _tag: "Leaving" }
  | { readonly _tag: "Ended"; readonly keys?: ReadonlyArray<string> | undefined; readonly because: string }

/**
 * A kind of socket.
 *
 * @since 0.1.0
 */
export interface SocketFacts {
  /** Where it is in each environment that has one. */
  readonly at: { readonly [environment: string]: string | undefined }
  /** Its path at a base URL of one's own. */
  readonly path: string
  /** What is said first, before anything is asked for. */
  readonly welcome?: ReadonlyArray<unknown> | undefined
  /** How to log in: the messages, or what is wrong with the credentials, without a word of them. */
  readonly login?:
    | ((credentials: Credentials, moment: Moment) => Either.Either<ReadonlyArray<unknown>, string>)
    | undefined
  /**
   * What every message that subscribes has to carry: made of the credentials, or asked of the exchange, each time anew.
   */
  readonly token?:
    | { readonly made: (credentials: Credentials, moment: Moment) => Either.Either<string, string> }
    | { readonly asked: (client: ExchangeClient<"account">) => () => Effect<string, AccountError> }
    | undefined
  /** How many subscriptions one message asks for, where it is not what holds for the others. */
  readonly batch?: number | undefined
  /** What a ping says, where it is not what holds for the others. */
  readonly ping?: ((request: number) => unknown) | undefined
}

/**
 * A request to subscribe or to unsubscribe: `request` is its number on this connection, from 1 on.
 *
 * @since 0.1.0
 */
export interface Asking {
  readonly request: number
  readonly token: string | undefined
}

/**
 * The number of a frame among those of the same series, which may begin again with a lower one where it `begins`.
 *
 * @since 0.1.0
 */
export interface Numbered {
  readonly series: string
  readonly number: number
  readonly begins: boolean
}

/**
 * Messages are values to be sent as JSON, or texts to be sent as they are.
 *
 * @since 0.1.0
 */
export interface FeedProtocol {
  readonly sockets: { readonly [name: string]: SocketFacts }
  /** How many subscriptions one connection holds. */
  readonly most: number
  /** How many subscriptions one message asks for. Defaults to as many as a connection holds. */
  readonly batch?: number | undefined
  /** The messages that ask for subscriptions: none where the login did. */
  readonly subscribe: (topics: ReadonlyArray<Topic>, asking: Asking) => ReadonlyArray<unknown>
  readonly unsubscribe: (topics: ReadonlyArray<Topic>, asking: Asking) => ReadonlyArray<unknown>
  /**
   * What a frame says. Answers to requests that unsubscribe say nothing, also where they say that there was nothing to end.
   * `frame` is the value of its JSON, or its text where it is none; `undefined` is for what is not understood.
   */
  readonly read: (frame: unknown) => ReadonlyArray<Said> | undefined
  /**
   * The number of a frame, where those of a connection, or those of each series on it, are counted: a number left out means
   * that something was lost.
   */
  readonly sequence?: ((frame: unknown) => number | Numbered | undefined) | undefined
  /** What an opened connection costs, in scopes of the protocol. */
  readonly connects?: Cost | undefined
  /** What a message that subscribes costs, in scopes of the protocol. */
  readonly subscribes?: Cost | undefined
  /** The most messages on one connection. */
  readonly messages?: { readonly limit: number; readonly window: Duration.DurationInput } | undefined
  /**
   * Sent when nothing was heard for `after`, or always after it: something has to be heard `within`. Leave it out where the
   * exchange speaks often by itself.
   */
  readonly ping?: {
    readonly message: (request: number) => unknown
    readonly after: Duration.DurationInput
    readonly within: Duration.DurationInput
    readonly always?: boolean | undefined
  } | undefined
  /** After how long without a frame a connection is dead. */
  readonly silence: Duration.DurationInput
  /** When a connection has to be replaced, as the exchange would close it. Defaults to never. */
  readonly maxAge?: Duration.DurationInput | undefined
}
