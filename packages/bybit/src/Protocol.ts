/**
 * Bybit v5, as the request engine needs to know it.
 *
 * @since 0.1.0
 */
import type { Credentials } from "@effect-exchange/core"
import { type Endpoint, type Protocol, Signature } from "@effect-exchange/core/adapter"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { serverTime } from "./Endpoints.js"
import { classify } from "./Errors.js"

/**
 * How long after its timestamp a signed request is still accepted, in milliseconds.
 *
 * @since 0.1.0
 * @category constants
 */
export const recvWindow = 5000

/**
 * How far behind the exchange's clock requests are dated, in milliseconds: one dated a second ahead is refused, one dated
 * five seconds back is not.
 *
 * @since 0.1.0
 * @category constants
 */
export const caution = 500

/**
 * The request with the key, a timestamp, the receive window and their signature in headers: the HMAC-SHA256 of timestamp,
 * key, window and the query or the body as they are sent ("Integration Guidance", "Authentication"). Keys of RSA are
 * refused.
 *
 * @since 0.1.0
 * @category signing
 */
export const sign = (
  request: Endpoint.Prepared,
  { key, secret }: Credentials.Credentials,
  { now }: Protocol.Moment
): Either.Either<Protocol.Signed, string> => {
  if (Signature.isPem(secret)) {
    return Either.left("keys of RSA are not supported; make one that Bybit generates the secret of")
  }
  const timestamp = String(Math.max(0, now - caution))
  const payload = request.method === "GET" ? request.query : request.body
  const signature = Signature.hmacSha256Hex(secret, timestamp + Redacted.value(key) + recvWindow + payload)
  return Either.right({
    ...request,
    headers: {
      ...request.headers,
      "x-bapi-api-key": Redacted.value(key),
      "x-bapi-timestamp": timestamp,
      "x-bapi-recv-window": String(recvWindow),
      "x-bapi-sign": signature
    },
    signature
  })
}

const perSecond = (scope: string, limit: number): Extract<Protocol.Limit, { readonly limit: number }> => ({
  scope,
  limit,
  window: "1 second",
  per: "key"
})

/**
 * What Bybit meters: requests of an address, and each endpoint of an account by itself.
 *
 * @since 0.1.0
 * @category limits
 */
export const limits: ReadonlyArray<Extract<Protocol.Limit, { readonly limit: number }>> = [
  // 600 are allowed, and one too many costs ten minutes: requests that leave evenly may arrive in a bunch.
  { scope: "ip", limit: 500, window: "5 seconds", reserved: 40 },
  perSecond("key", 10),
  perSecond("wallet", 50),
  perSecond("positions", 50),
  perSecond("orders", 50),
  perSecond("history", 50),
  perSecond("executions", 50),
  perSecond("create", 10),
  perSecond("create.spot", 20),
  perSecond("amend", 10),
  perSecond("amend.spot", 10),
  perSecond("cancel", 10),
  perSecond("cancel.spot", 20),
  perSecond("cancelAll", 10),
  perSecond("cancelAll.spot", 20)
]

/**
 * What is left of the second's calls of the endpoint that was called, seen from our limit, as accounts differ in theirs;
 * the headers do not say which endpoint that is. They say when it is back only where nothing is left.
 *
 * @since 0.1.0
 * @category limits
 */
export const usage = (
  headers: Protocol.Headers,
  auth: "none" | "signed",
  cost: Endpoint.Cost
): ReadonlyArray<Protocol.Usage> => {
  const remaining = headers["x-bapi-limit-status"]
  const meters = limits.filter(({ scope }) => scope !== "ip" && scope in cost)
  const [meter] = meters
  if (auth === "none" || meters.length !== 1 || meter === undefined) return []
  if (remaining === undefined || !/^\d{1,6}$/.test(remaining)) return []
  const reset = headers["x-bapi-limit-reset-timestamp"]
  const known = Number(remaining) === 0 && reset !== undefined && /^\d{13}$/.test(reset)
  return [{
    scope: meter.scope,
    used: Math.max(0, meter.limit - Number(remaining)),
    ...known ? { windowEnd: Number(reset) } : {}
  }]
}

/**
 * The environments beside `live` and `testnet`: the sites of regions, by the country of their host, and demo trading.
 *
 * @since 0.1.0
 * @category models
 */
export type Region = "ae" | "demo" | "eu" | "ge" | "id" | "kz" | "nl" | "tr"

/**
 * Bybit's hosts and those of its regions, its limits, signature and errors.
 *
 * @since 0.1.0
 * @category protocols
 */
export const protocol: Protocol.Protocol<Region> = {
  exchange: "bybit",
  live: { _tag: "Open", baseUrl: "https://api.bybit.com" },
  testnet: { _tag: "Open", baseUrl: "https://api-testnet.bybit.com" },
  // A key works on the site it was made on, and on no other.
  regions: {
    ae: { baseUrl: "https://api.bybit.ae" },
    eu: { baseUrl: "https://api.bybit.eu" },
    ge: { baseUrl: "https://api.bybitgeorgia.ge" },
    id: { baseUrl: "https://api.bybit.id" },
    kz: { baseUrl: "https://api.bybit.kz" },
    nl: { baseUrl: "https://api.bybit.nl" },
    tr: { baseUrl: "https://api.bybit.tr" },
    demo: { baseUrl: "https://api-demo.bybit.com", isTest: true }
  },
  testHosts: ["api-testnet.bybit.com", "api-demo.bybit.com", "api-testnet.manepa.jp"],
  limits,
  sign,
  classify,
  usage,
  serverTime,
  tolerance: recvWindow
}
