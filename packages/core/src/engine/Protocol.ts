/**
 * Describes an exchange as data and pure functions: everything that the request engine has to know about it.
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
 * The protocol of an exchange, made by {@link make}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Protocol<out Region extends string = string> {
  /** The key of the exchange in logs, metrics, errors and configuration, in lower case letters. */
  readonly exchange: string
  readonly live: Host
  readonly testnet: Host
  /**
   * The other hosts of the exchange by name: hosts for one country, and demo hosts, which count as test environments.
   */
  readonly regions?: { readonly [name: string]: RegionHost } | undefined
  /** A phantom type: the names of the regions, and `testnet` if the exchange has one. */
  readonly _Region?: (() => Region) | undefined
  /**
   * The hosts at which no order costs real money, including the testnet: host names in lower case, without ports.
   * Trading at any other host counts as trading on the live exchange (see `Environment.isLive`). Do not list a host
   * that separates test from live trading by a header. Defaults to none.
   */
  readonly testHosts?: ReadonlyArray<string> | undefined
  /** The limits that the exchange meters. Endpoints declare their cost in each scope. */
  readonly limits: ReadonlyArray<Limit>
  readonly sign: Sign
  /** The session whose token signed requests carry. Defaults to a signature on each request. */
  readonly session?: Session | undefined
  /**
   * `ordered` if the exchange requires that the nonces of a key arrive in rising order; signed requests are then sent
   * one at a time. Defaults to `any`.
   */
  readonly nonces?: "any" | "ordered" | undefined
  /** Whether an API key has a passphrase. Defaults to `false`. */
  readonly passphrase?: boolean | undefined
  /**
   * Returns the error that a response stands for, or `undefined` for a success and for a response that is not in the
   * exchange's error format.
   *
   * Every failure in the exchange's own format has an error, even if its code is not known (see `UnlistedError`). A
   * failing status without that format is classified by the engine: as an outage, or by what the status itself proves.
   */
  readonly classify: (answer: Answer) => ExchangeError | undefined
  /** Returns the error of one row of a batch, in which other rows may have been carried out. */
  readonly ofRow?: ((body: ErrorBody, circumstances: Circumstances) => TradingError) | undefined
  /** Reads the usage of limits and the exchange's clock from a response. */
  readonly learn: (facts: ResponseFacts) => Observations
  /**
   * The endpoint that returns the exchange's clock in epoch milliseconds, by which timestamps are corrected. For an
   * exchange without such an endpoint, any cheap request whose answer is read as `undefined`: the clock is then that of
   * the `Date` headers of its responses.
   */
  readonly serverTime: Endpoint<"marketData", {}, number | undefined>
  /** The resolution of `serverTime` in milliseconds. Defaults to 1. */
  readonly serverTimeStep?: number | undefined
  /**
   * How far the timestamp of a signed request may be from the exchange's clock. If a key is refused and the clock used
   * for signing was off by more than this, the error is `ClockSkew` instead of `AuthenticationFailed`. Leave it out if
   * requests carry no timestamp.
   */
  readonly tolerance?: Duration.DurationInput | undefined
}

/**
 * Signs a request. Left is the reason why the credentials cannot sign it, and must not contain any part of them.
 *
 * @since 0.1.0
 * @category models
 */
export type Sign = (request: Prepared, credentials: Credentials, moment: Moment) => Either.Either<Signed, string>

/**
 * The error code and text that the exchange sent.
 *
 * @since 0.1.0
 * @category models
 */
export interface ErrorBody {
  readonly code: string
  readonly text: string
}

/**
 * The facts about a response other than its error code and text.
 *
 * @since 0.1.0
 * @category models
 */
export type Circumstances = Pick<Answer, "about" | "headers" | "now" | "signedLate" | "skew" | "status">

/**
 * The options of {@link make}: a protocol with its limits by name and its errors as a table.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts<Scope extends string, Region extends string>
  extends
    Omit<Protocol, "live" | "testnet" | "regions" | "limits" | "sign" | "classify" | "ofRow" | "learn" | "_Region">
{
  /**
   * The other hosts by name. A region may have other limits under the same names; limits that it leaves out are those
   * of the exchange.
   */
  readonly regions?:
    | {
      readonly [R in Region]: Omit<RegionHost, "limits"> & {
        readonly limits?: Partial<Limits<NoInfer<Scope>>> | undefined
      }
    }
    | undefined

  /** The hosts of the exchange. Defaults to no testnet. */
  readonly hosts: { readonly live: Host; readonly testnet?: Host | undefined }
  readonly limits: Limits<Scope>
  /** Signs requests: one function, or several by scheme name. An endpoint that names no scheme uses the first. */
  readonly sign: Sign | { readonly [scheme: string]: Sign }
  readonly errors: Pick<Protocol, "classify" | "ofRow">
  /** Reads the usage of limits and the exchange's clock from a response. Defaults to learning nothing. */
  readonly learn?: Protocol["learn"] | undefined
}

/**
 * Makes a protocol.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <
  Scope extends string,
  const Region extends string = never,
  const Hosts extends Facts<Scope, Region>["hosts"] = { readonly live: Host }
>(
  facts: Facts<Scope, Region> & { readonly hosts: Hosts }
): Protocol<
  Region | (Hosts extends { readonly testnet: { readonly _tag: "None" } } ? never : Extract<keyof Hosts, "testnet">)
> => {
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
 * Returns the limits at an origin: those of the region at that origin if it has its own, otherwise those of the
 * exchange.
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
      ? Either.left(`unknown signing scheme ${moment.scheme}`)
      : sign(request, credentials, moment)
  }
}

/**
 * Adds the signature and the headers that carry it to a request.
 *
 * @since 0.1.0
 * @category signing
 */
export const signed = (
  { body, headers: own, method, path, query }: Prepared,
  signature: string,
  headers: { readonly [name: string]: string }
): Either.Either<Signed> =>
  // Without a spread, which takes V8 a microsecond for each property that follows it.
  Either.right({ method, path, query, body, headers: Object.assign({}, own, headers), signature })

/**
 * Returns the path of a request with its query, as they are sent.
 *
 * @since 0.1.0
 * @category signing
 */
export const target = ({ path, query }: Prepared): string => query === "" ? path : `${path}?${query}`

/**
 * Reads a whole number of at most `digits` digits. Returns `undefined` for anything else.
 *
 * @since 0.1.0
 * @category limits
 */
export const count = (header: string | undefined, digits: number): number | undefined =>
  header !== undefined && /^\d+$/.test(header) && header.length <= digits ? Number(header) : undefined

/**
 * Converts the remaining amount of a limit to its usage, with the end of the window if it is known. Returns no usage if
 * `remaining` is `undefined`.
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
 * Makes a host that is in service.
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
 * The host of an environment. `Open` has a base URL and the headers that every request there carries. `Closed` has been
 * shut down for good. `None` says that the exchange never had such an environment.
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
 * The host of a region. `isTest` says that no order there costs real money.
 *
 * @since 0.1.0
 * @category models
 */
export interface RegionHost {
  readonly baseUrl: string
  readonly headers?: { readonly [name: string]: string } | undefined
  readonly isTest?: boolean | undefined
  /** The limits at this host, if they differ from those of the exchange. */
  readonly limits?: ReadonlyArray<Limit> | undefined
}

/**
 * The inputs of one signature. `now` is epoch milliseconds by the exchange's clock. `nonce` is in microseconds and
 * strictly increasing for each key. `host` is the host name that the request will carry.
 *
 * @since 0.1.0
 * @category models
 */
export interface Moment {
  readonly now: number
  readonly nonce: bigint
  readonly host: string
  /** The signing scheme that the endpoint names, if any. */
  readonly scheme?: string | undefined
  /** The cryptographic primitives for `Signature`. Defaults to those of the platform (`Crypto.platform`). */
  readonly crypto?: Primitives | undefined
}

/**
 * A limit that the exchange meters under the name `scope`: at most `limit` in any `window`, or a bucket of `burst` that
 * refills by `perSecond`. `reserved` is kept for trading calls; set it on every scope that they share with reads.
 *
 * `per` is `key` if the exchange counts by API key or account. Defaults to `address`.
 *
 * @since 0.1.0
 * @category models
 */
export type Limit = RateLimiter.Limit & { readonly scope: string; readonly per?: "address" | "key" | undefined }

/**
 * A response to learn from. `auth` says whether the request was signed. `cost` is what the request was charged, for
 * exchanges whose usage headers do not name the limit that they describe.
 *
 * @since 0.1.0
 * @category models
 */
export interface ResponseFacts extends Pick<Answer, "headers" | "json"> {
  readonly auth: "none" | "signed"
  readonly cost: Cost
}

/**
 * The usage and the clock that a response reports.
 *
 * **Gotchas**
 *
 * The time is ignored if the response came from a cache, or if it is more than a day off.
 *
 * @since 0.1.0
 * @category models
 */
export interface Observations {
  /** How much of each limit is used. */
  readonly usage?: ReadonlyArray<Usage> | undefined
  /** The exchange's clock at the time of the response, in epoch milliseconds and exact to the millisecond. */
  readonly serverTime?: number | undefined
}

/**
 * How much of a limit is used in the exchange's own window. `windowEnd`, if known, is when all of it is available
 * again: when the window ends or the bucket is full, in epoch milliseconds by the exchange's clock.
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
 * The response headers, with names in lower case.
 *
 * @since 0.1.0
 * @category models
 */
export type Headers = { readonly [name: string]: string | undefined }

/**
 * A request that is ready to be sent. `signature` is kept so that it can be redacted wherever the response echoes it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Signed extends Prepared {
  readonly signature: string
}

/**
 * A response as received, except that:
 *
 * - in the response to a signed request, every secret that the exchange echoes is replaced by `Credentials.redacted`;
 * - a `date` header that is malformed, that is from a cached response or that is more than a day off is removed;
 * - a `retry-after` header that is a date is converted to seconds by the exchange's clock, and an invalid one is
 *   removed.
 *
 * `json` is `undefined` if the body is not JSON; `text` is the body in either case. `now` is epoch milliseconds by our
 * clock, and `skew` is the exchange's clock minus ours. `signedLate` is by how many milliseconds the clock that the
 * request was signed with was behind the exchange's, as far as the response shows; negative if it was ahead. `about` has
 * the fields to spread into an error.
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
  readonly signedLate?: number | undefined
  readonly about: Omit<About, "detail">
  /** Removes control and invisible characters from a text and cuts it to 200 characters. */
  readonly clean: (text: string) => string
}
