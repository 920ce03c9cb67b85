/**
 * An exchange, as data and pure functions: everything the request engine has to know about it.
 *
 * @since 0.1.0
 */
import type * as RateLimiter from "@effect-exchange/resilience/RateLimiter"
import type * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Record from "effect/Record"
import type { About, ExchangeError, TradingError } from "../model/ExchangeError.js"
import type { Credentials } from "../ports/Credentials.js"
import type { Primitives } from "./Crypto.js"
import type { Cost, Endpoint, Prepared } from "./Endpoint.js"
import type { Limits } from "./Limit.js"
import type { Session } from "./Session.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Protocol<out Region extends string = string> {
  /** The exchange's key in logs, metrics, errors and configuration: lower case letters. */
  readonly exchange: string
  readonly live: Host
  readonly testnet: Host
  /** Its other hosts by their names: those of a country, and those for demonstrations, which are tests. */
  readonly regions?: { readonly [name: string]: RegionHost } | undefined
  /** Keeps the names of regions apart, for the compiler alone. */
  readonly _Region?: (() => Region) | undefined
  /**
   * The hosts at which no order costs real money, the testnet's among them: names in lower case without ports. Trading at
   * any other host is trading on the live exchange (see `Environment.isLive`). A host that tells tests from the real thing
   * by a header is none of them. Defaults to none.
   */
  readonly testHosts?: ReadonlyArray<string> | undefined
  /** What the exchange meters. Endpoints say what they cost in each scope. */
  readonly limits: ReadonlyArray<Limit>
  readonly sign: Sign
  /** Where signed requests carry a token that is opened before. Defaults to a signature on each. */
  readonly session?: Session | undefined
  /**
   * `ordered` where the exchange wants the nonces of a key in rising order: signed requests then go out one at a time.
   * Defaults to `any`.
   */
  readonly nonces?: "any" | "ordered" | undefined
  /** Whether a key comes with a passphrase. Defaults to `false`. */
  readonly passphrase?: boolean | undefined
  /**
   * The error an answer stands for, or `undefined` for a success and for whatever is not in the exchange's own words.
   *
   * Every failure in the exchange's own form has an error, also one whose code is not known (see `UnlistedError`). A
   * status without it is judged by the engine: as an outage, or by what the status itself proves.
   */
  readonly classify: (answer: Answer) => ExchangeError | undefined
  /** The error of one row among several, each with words of its own: of which some may have been carried out. */
  readonly ofRow?: ((said: Said, circumstances: Circumstances) => TradingError) | undefined
  /** What an answer tells beside what was asked for: of the limits, and of the exchange's clock. */
  readonly learn: (heard: Heard) => Learnt
  /** The exchange's clock in epoch milliseconds, to correct timestamps by. */
  readonly serverTime: Endpoint<"marketData", {}, number>
  /** The step of `serverTime` in milliseconds. Defaults to 1. */
  readonly serverTimeStep?: number | undefined
  /**
   * How far the timestamp of a signed request may be from the exchange's clock. A key that is refused while the clocks are
   * further apart was refused for that. Leave it out where requests carry no timestamp.
   */
  readonly tolerance?: Duration.DurationInput | undefined
}

/**
 * The signed form of a request, or what is wrong with the credentials that they cannot sign, without a word of them.
 *
 * @since 0.1.0
 * @category models
 */
export type Sign = (request: Prepared, credentials: Credentials, moment: Moment) => Either.Either<Signed, string>

/**
 * What the exchange said in its own words.
 *
 * @since 0.1.0
 * @category models
 */
export interface Said {
  readonly code: string
  readonly text: string
}

/**
 * What is known of an answer beside its words.
 *
 * @since 0.1.0
 * @category models
 */
export type Circumstances = Pick<Answer, "about" | "headers" | "now" | "skew" | "status">

/**
 * What {@link make} has to be told: a protocol whose limits stand under their names, and whose errors are a table.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts<Scope extends string, Region extends string>
  extends
    Omit<Protocol, "live" | "testnet" | "regions" | "limits" | "sign" | "classify" | "ofRow" | "learn" | "_Region">
{
  /** A region may have other numbers under the names of the limits: those it leaves out are the exchange's. */
  readonly regions?:
    | {
      readonly [R in Region]: Omit<RegionHost, "limits"> & {
        readonly limits?: Partial<Limits<NoInfer<Scope>>> | undefined
      }
    }
    | undefined

  /** Defaults to no testnet. */
  readonly hosts: { readonly live: Host; readonly testnet?: Host | undefined }
  readonly limits: Limits<Scope>
  /** How requests are signed, or several ways by their names: endpoints that name none are signed by the first. */
  readonly sign: Sign | { readonly [scheme: string]: Sign }
  readonly errors: Pick<Protocol, "classify" | "ofRow">
  /** Defaults to an exchange whose answers tell no more than what was asked for. */
  readonly learn?: Protocol["learn"] | undefined
}

/**
 * Makes a protocol.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <Scope extends string, const Region extends string = never>(
  facts: Facts<Scope, Region>
): Protocol<Region> => {
  const { errors, hosts: { live, testnet = noTestnet }, learn = () => ({}), limits, regions, sign, ...rest } = facts
  const metered = (limits: Limits<Scope>): ReadonlyArray<Limit> =>
    Record.collect(limits, (scope, limit) => ({ ...limit, scope }))
  return {
    ...rest,
    live,
    testnet,
    ...errors,
    limits: metered(limits),
    regions: regions && Record.map(regions, (region): RegionHost => ({
      ...region,
      limits: region.limits && metered({ ...limits, ...region.limits })
    })),
    sign: typeof sign === "function" ? sign : byScheme(sign),
    learn
  }
}

/**
 * What is metered at an address: by itself where a region says so, and otherwise as at the exchange's.
 *
 * @since 0.1.0
 * @category limits
 */
export const limitsAt = ({ limits, regions = {} }: Protocol, origin: string): ReadonlyArray<Limit> =>
  Object.values(regions).find(({ baseUrl }) => baseUrl === origin)?.limits ?? limits

const noTestnet: Host = { _tag: "None", alternative: "use the simulator, or another exchange's testnet" }

const byScheme = (schemes: { readonly [scheme: string]: Sign }): Sign => {
  const [first = ""] = Object.keys(schemes)
  return (request, credentials, moment) => {
    const sign = schemes[moment.scheme ?? first]
    return sign === undefined
      ? Either.left(`there is no signing scheme ${moment.scheme}`)
      : sign(request, credentials, moment)
  }
}

/**
 * Adds its signature to a request, and the headers that carry it.
 *
 * @since 0.1.0
 * @category signing
 */
export const signed = (
  request: Prepared,
  signature: string,
  headers: { readonly [name: string]: string }
): Either.Either<Signed> => Either.right({ ...request, headers: { ...request.headers, ...headers }, signature })

/**
 * The path of a request with its query, as they are sent.
 *
 * @since 0.1.0
 * @category signing
 */
export const target = ({ path, query }: Prepared): string => query === "" ? path : `${path}?${query}`

/**
 * Reads a whole number of at most that many digits; `undefined` where it is none.
 *
 * @since 0.1.0
 * @category limits
 */
export const count = (header: string | undefined, digits: number): number | undefined =>
  header !== undefined && /^\d+$/.test(header) && header.length <= digits ? Number(header) : undefined

/**
 * Makes of what is left of a limit how much of it is used, and until when where that is known: nothing where it is not said what
 * is left.
 *
 * @since 0.1.0
 * @category limits
 */
export const used = (
  scope: string,
  limit: number,
  remaining: number | undefined,
  windowEnd?: number
): ReadonlyArray<Usage> =>
  remaining === undefined
    ? []
    : [{ scope, used: Math.max(0, limit - remaining), ...windowEnd === undefined ? {} : { windowEnd } }]

/**
 * Makes a host of an address that serves.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = (baseUrl: string, headers?: { readonly [name: string]: string }): Host => ({
  _tag: "Open",
  baseUrl,
  ...headers === undefined ? {} : { headers }
})

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
 * Where a region is. `isTest` where no order costs real money.
 *
 * @since 0.1.0
 * @category models
 */
export interface RegionHost {
  readonly baseUrl: string
  readonly headers?: { readonly [name: string]: string } | undefined
  readonly isTest?: boolean | undefined
  /** What is metered at its address, where that is not what is metered elsewhere. */
  readonly limits?: ReadonlyArray<Limit> | undefined
}

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
  /** The scheme that the endpoint asks for, if it names one. */
  readonly scheme?: string | undefined
  /** What the platform signs by, for `Signature`. Defaults to JavaScript alone. */
  readonly crypto?: Primitives | undefined
}

/**
 * What the exchange meters under the name `scope`: at most `limit` in any `window`, or a bucket of `burst` that fills by
 * `perSecond`. `reserved` of it is kept for calls that trade, and belongs wherever these share a scope with reads.
 *
 * `per` is `key` where the exchange counts by API key or account, and defaults to `address`.
 *
 * @since 0.1.0
 * @category models
 */
export type Limit = RateLimiter.Limit & { readonly scope: string; readonly per?: "address" | "key" | undefined }

/**
 * An answer as it is learnt from: to a signed request or another, and to one that was taken to cost so much, for exchanges
 * that do not name the meter they speak of.
 *
 * @since 0.1.0
 * @category models
 */
export interface Heard extends Pick<Answer, "headers" | "json"> {
  readonly auth: "none" | "signed"
  readonly cost: Cost
}

/**
 * What an answer tells beside what was asked for.
 *
 * **Gotchas**
 *
 * The time is not believed of an answer that was stored on its way, nor one that is more than a day off.
 *
 * @since 0.1.0
 * @category models
 */
export interface Learnt {
  /** What has been used of the limits. */
  readonly usage?: ReadonlyArray<Usage> | undefined
  /** The exchange's clock when it answered, in epoch milliseconds and as exact as that. */
  readonly serverTime?: number | undefined
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
 * An answer as it came, apart from what nobody may see or believe: of a signed request all that was secret is replaced by
 * `Credentials.redacted`, wherever the exchange repeats it; a `date` that is malformed, of a cached answer or more than a day
 * off is left out; a `retry-after` that is a date is turned into seconds, by the exchange's clock.
 *
 * `json` is `undefined` when the body is not JSON, and `text` is the body either way; `now` is epoch milliseconds by our
 * clock, and `skew` the exchange's clock minus ours; `about` is ready to be spread into an error.
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
  readonly skew?: number | undefined
  readonly about: Omit<About, "detail">
  /** The text without control and invisible characters, cut to 200 characters. */
  readonly clean: (text: string) => string
}
