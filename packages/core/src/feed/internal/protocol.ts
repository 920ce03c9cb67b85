/**
 * The protocol of an exchange's sockets, as data and pure functions: everything that the feed engine needs to know
 * about an exchange.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type { Effect } from "effect/Effect"
import type * as Either from "effect/Either"
import type { Cost } from "../../engine/Endpoint.js"
import type { ExchangeClient } from "../../engine/ExchangeClient.js"
import type { ErrorBody, Moment } from "../../engine/Protocol.js"
import type { AccountError } from "../../model/ExchangeError.js"
import type { Credentials } from "../../ports/Credentials.js"

/**
 * The topic of a subscription. `key` identifies its frames on the socket; the other fields are for the subscribe
 * message.
 *
 * @since 0.1.0
 */
export interface Topic {
  /** The name of the socket in {@link FeedProtocol.sockets}. */
  readonly socket: string
  readonly key: string
  readonly channel: string
  /** The exchange's own name of the market on this socket. */
  readonly market?: string | undefined
  readonly option?: string | undefined
  /** The id that the exchange gave to the subscription, if any. Only in topics to unsubscribe from. */
  readonly id?: string | undefined
}

/**
 * A message of the exchange, as read from a frame. A frame may contain several, and is an empty list if it contains
 * nothing of interest.
 *
 * - `Data`: `frame` belongs to the subscription `key`.
 * - `Acknowledged`: confirms the subscriptions of `request`, or those in `keys`. With both, it confirms those in `keys`
 *   and rejects the others of `request`. `id` is the exchange's own id for the only subscription in `keys`, such as a
 *   channel number: later messages on the connection may have it in place of the key.
 * - `Refused`: rejects the subscriptions of `request`, or those in `keys`. With both, it rejects those in `keys` that
 *   belong to `request`. With neither, it rejects the oldest request without a response. If the table of errors says
 *   that its code is retryable, the subscription is requested again; otherwise, its streams fail. Before the login is
 *   confirmed, it rejects the login.
 * - `Reply`: the exchange expects `message` in response.
 * - `Leaving`: the exchange will soon close the connection.
 * - `Ended`: the exchange has ended the subscriptions in `keys`, or, without `keys`, everything on the connection, for
 *   example because the login is no longer valid.
 *
 * @since 0.1.0
 */
export type Message =
  | { readonly _tag: "Data"; readonly key: string; readonly frame: unknown }
  | {
    readonly _tag: "Acknowledged"
    readonly request?: number | undefined
    readonly keys?: ReadonlyArray<string> | undefined
    readonly id?: string | undefined
  }
  | {
    readonly _tag: "Refused"
    readonly request?: number | undefined
    readonly keys?: ReadonlyArray<string> | undefined
    readonly error: ErrorBody
  }
  | { readonly _tag: "LoggedIn" }
  | { readonly _tag: "LoginRefused"; readonly error: ErrorBody }
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
  /** The URL in each environment that has the socket. */
  readonly at: { readonly [environment: string]: string | undefined }
  /** The path below a custom base URL. */
  readonly path: string
  /**
   * Requests the URL of a connection from the exchange, before each connection: for an exchange that issues a token for
   * it. It replaces `at` and `path`. `signed` is for the data of an account. The URL is a secret. If the exchange does not
   * issue it, the connection counts as failed.
   */
  readonly address?:
    | { readonly asked: (client: ExchangeClient<"marketData">) => () => Effect<string, AccountError> }
    | { readonly signed: (client: ExchangeClient<"account">) => () => Effect<string, AccountError> }
    | undefined
  /** Messages that are sent first, before any request. */
  readonly welcome?: ReadonlyArray<unknown> | undefined
  /** Creates the login messages, or describes what is wrong with the credentials without revealing them. */
  readonly login?:
    | ((credentials: Credentials, moment: Moment) => Either.Either<ReadonlyArray<unknown>, string>)
    | undefined
  /**
   * The token that every subscribe message must carry: created from the credentials, or requested from the exchange,
   * each time.
   */
  readonly token?:
    | { readonly made: (credentials: Credentials, moment: Moment) => Either.Either<string, string> }
    | { readonly asked: (client: ExchangeClient<"account">) => () => Effect<string, AccountError> }
    | undefined
  /** The maximum number of subscriptions per message, if it differs from that of the other sockets. */
  readonly batch?: number | undefined
  /** Creates a ping message, if it differs from that of the other sockets. */
  readonly ping?: ((request: number) => unknown) | undefined
}

/**
 * A request to subscribe or to unsubscribe. `request` is its number on this connection, counted from 1.
 *
 * @since 0.1.0
 */
export interface RequestContext {
  readonly request: number
  readonly token: string | undefined
}

/**
 * The sequence number of a frame within a series. The series may restart at a lower number if `begins` is `true`.
 *
 * @since 0.1.0
 */
export interface Numbered {
  readonly series: string
  readonly number: number
  readonly begins: boolean
}

/**
 * The protocol of a feed. Messages are values to be sent as JSON, or text to be sent as it is.
 *
 * @since 0.1.0
 */
export interface FeedProtocol {
  readonly sockets: { readonly [name: string]: SocketFacts }
  /** The maximum number of subscriptions per connection. */
  readonly most: number
  /** The maximum number of subscriptions per message. Defaults to that of a connection. */
  readonly batch?: number | undefined
  /** Creates the messages that subscribe to topics; none if the login did so already. */
  readonly subscribe: (topics: ReadonlyArray<Topic>, asking: RequestContext) => ReadonlyArray<unknown>
  readonly unsubscribe: (topics: ReadonlyArray<Topic>, asking: RequestContext) => ReadonlyArray<unknown>
  /**
   * Reads the messages of the exchange in a frame. Responses to unsubscribe messages count as no message, even if they
   * report that there was nothing to end. `frame` is parsed JSON, or text if it is not JSON. Returns `undefined` if the
   * frame is not understood.
   */
  readonly read: (frame: unknown) => ReadonlyArray<Message> | undefined
  /**
   * Returns the sequence number of a frame, if the exchange numbers the frames of a connection or of each series on it.
   * A skipped number means that a frame was lost.
   */
  readonly sequence?: ((frame: unknown) => number | Numbered | undefined) | undefined
  /** The rate limit cost of opening a connection, in scopes of the protocol. */
  readonly connects?: Cost | undefined
  /** The rate limit cost of a subscribe message, in scopes of the protocol. */
  readonly subscribes?: Cost | undefined
  /**
   * The rate limit cost of a message of any kind, in scopes of the protocol, if the exchange counts the messages of all
   * connections together.
   */
  readonly sends?: Cost | undefined
  /** The maximum number of messages per window on one connection. */
  readonly messages?: { readonly limit: number; readonly window: Duration.DurationInput } | undefined
  /**
   * The ping, sent when nothing was received for `after`, or every `after` if `always` is set. Something must be
   * received `within` that time after it. Leave it out if the exchange sends messages often on its own.
   */
  readonly ping?: {
    readonly message: (request: number) => unknown
    readonly after: Duration.DurationInput
    readonly within: Duration.DurationInput
    readonly always?: boolean | undefined
  } | undefined
  /** How long a connection may be silent before it is considered dead. */
  readonly silence: Duration.DurationInput
  /** The age at which a connection is replaced, because the exchange would close it. Defaults to no limit. */
  readonly maxAge?: Duration.DurationInput | undefined
}
