/**
 * An exchange, as data and pure functions: everything the request engine has to know about it.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Either from "effect/Either"
import type { Credentials } from "./Credentials.js"
import type { Cost, Endpoint, Prepared } from "./Endpoint.js"
import type { About, ExchangeError } from "./ExchangeError.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Protocol {
  /** The exchange's key in logs, metrics, errors and configuration: lower case letters. */
  readonly exchange: string
  readonly live: Host
  readonly testnet: Host
  /**
   * The hosts at which no order costs real money, the testnet's among them: names in lower case without ports. Trading at
   * any other host is trading on the live exchange (see `Environment.isLive`). A host that tells tests from the real thing
   * by a header is none of them. Defaults to none.
   */
  readonly testHosts?: ReadonlyArray<string> | undefined
  /** What the exchange meters. Endpoints say what they cost in each scope. */
  readonly limits: ReadonlyArray<Limit>
  /** The signed form of a request, or what is wrong with the credentials that they cannot sign, without a word of them. */
  readonly sign: (
    request: Prepared,
    credentials: Credentials,
    moment: Moment
  ) => Either.Either<Signed, string>
  /**
   * `ordered` where the exchange wants the nonces of a key in rising order: signed requests then go out one at a time.
   * Defaults to `any`.
   */
  readonly nonces?: "any" | "ordered" | undefined
  /** Whether a key comes with a passphrase. Defaults to `false`. */
  readonly passphrase?: boolean | undefined
  /** The error an answer stands for, or `undefined` when the protocol has nothing special to say about it. */
  readonly classify: (answer: Answer) => ExchangeError | undefined
  /**
   * What the exchange says has been used of its limits, in the headers of an answer to a signed request or another. `cost`
   * is what the request was taken to cost, for exchanges that do not name the meter they speak of.
   */
  readonly usage: (headers: Headers, auth: "none" | "signed", cost: Cost) => ReadonlyArray<Usage>
  /** The exchange's clock in epoch milliseconds, to correct timestamps by. */
  readonly serverTime: Endpoint<"marketData", {}, number>
}

/**
 * Where an environment is and which headers every request there carries, that it is gone for good, or that the exchange
 * never had one.
 *
 * @since 0.1.0
 * @category models
 */
export type Host =
  | {
    readonly _tag: "Open"
    readonly baseUrl: string
    readonly headers?: { readonly [name: string]: string } | undefined
  }
  | { readonly _tag: "Closed"; readonly since: string; readonly detail: string }
  | { readonly _tag: "None"; readonly alternative: string }

/**
 * The circumstances of one signature: `now` in epoch milliseconds by the exchange's clock; `nonce` in microseconds,
 * rising with every signature of a client and never twice the same; `host` as the request will name it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Moment {
  readonly now: number
  readonly nonce: bigint
  readonly host: string
}

/**
 * One of the exchange's meters, named by its `scope`: a window or a bucket.
 *
 * @since 0.1.0
 * @category models
 */
export type Limit = Meter & (Window | Bucket)

/**
 * Which meter it is, whose, and what of it is kept for trading.
 *
 * @since 0.1.0
 * @category models
 */
export interface Meter {
  readonly scope: string
  /** Whether the exchange counts by address, or by API key or account. Defaults to `"address"`. */
  readonly per?: "address" | "key" | undefined
  /**
   * How much of it only calls of `trading` may take, so that a cancel leaves while everything else is spent by reads.
   * Worth having where reads and trading share the meter. Defaults to 0.
   */
  readonly reserved?: number | undefined
}

/**
 * At most `limit` in any `window`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Window {
  readonly limit: number
  readonly window: Duration.DurationInput
}

/**
 * At most `burst` at once, which comes back by `perSecond` all the time: in any `t` seconds at most
 * `burst + perSecond * t`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Bucket {
  readonly burst: number
  readonly perSecond: number
}

/**
 * What has been used of a limit in the exchange's own window. `windowEnd` is when what was used has come back: when that
 * window ends or the bucket is full, in epoch milliseconds by the exchange's clock, where it is known.
 *
 * @since 0.1.0
 * @category models
 */
export interface Usage {
  readonly scope: string
  readonly used: number
  readonly windowEnd?: number | undefined
}

/**
 * Response headers, their names in lower case.
 *
 * @since 0.1.0
 * @category models
 */
export type Headers = { readonly [name: string]: string | undefined }

/**
 * A request ready to be sent. `signature` is here to be looked for and removed wherever the answer echoes it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Signed extends Prepared {
  readonly signature: string
}

/**
 * An answer as it came. `json` is `undefined` when the body is not JSON, and `text` is the body either way; `now` is epoch
 * milliseconds; `about` is ready to be spread into an error. Whatever text of the exchange's goes into one passes through
 * `clean` first.
 *
 * @since 0.1.0
 * @category models
 */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly json: unknown
  readonly text?: string | undefined
  readonly now: number
  readonly about: Omit<About, "detail">
  /** The text without control characters and secrets, cut to 200 characters. */
  readonly clean: (text: string) => string
}
