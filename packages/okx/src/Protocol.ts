/**
 * OKX v5, as the request engine needs to know it.
 *
 * @since 0.1.0
 */
import type { Credentials } from "@effect-exchange/core"
import { type Endpoint, type Protocol, Signature } from "@effect-exchange/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { serverTime } from "./Endpoints.js"
import { classify } from "./Errors.js"
import { amendOrder, placeOrder, placeOrders } from "./TradingEndpoints.js"

/**
 * How long after it was signed a new order or a change of one may still reach the matching engine, in milliseconds:
 * what comes later is refused, so that an order which is not there by then never will be.
 *
 * @since 0.1.0
 * @category constants
 */
export const orderLifetime = 5000

const expiring: ReadonlySet<string> = new Set([placeOrder.path, placeOrders.path, amendOrder.path])

/**
 * The request with its key, passphrase, timestamp and signature in headers: the base64 HMAC-SHA256 of timestamp, method,
 * path with query, and body, as they are sent. New orders and changes carry the instant from which on they are refused.
 *
 * @since 0.1.0
 * @category signing
 */
export const sign = (
  request: Endpoint.Prepared,
  { key, passphrase, secret }: Credentials.Credentials,
  { now }: Pick<Protocol.Moment, "now">
): Either.Either<Protocol.Signed, string> => {
  if (passphrase === undefined) {
    return Either.left("OKX's keys come with a passphrase, and there is none beside the key and the secret")
  }
  const timestamp = DateTime.formatIso(DateTime.unsafeMake(now))
  const target = request.query === "" ? request.path : `${request.path}?${request.query}`
  const signature = Signature.hmacSha256Base64(secret, `${timestamp}${request.method}${target}${request.body}`)
  return Either.right({
    ...request,
    headers: {
      ...request.headers,
      "ok-access-key": Redacted.value(key),
      "ok-access-sign": signature,
      "ok-access-timestamp": timestamp,
      "ok-access-passphrase": Redacted.value(passphrase),
      ...request.method === "POST" && expiring.has(request.path) ? { exptime: String(now + orderLifetime) } : {}
    },
    signature
  })
}

// OKX counts in rolling windows of 2 seconds by its own clock: a little more keeps requests that travel at different
// speeds from meeting in one.
const window = "2100 millis"

/**
 * Orders are metered for each instrument by itself, the list of instruments for each type; here they are for all
 * together, which never allows more. The limit of 1000 new or changed orders of an account in 2 seconds cannot be reached
 * below these.
 *
 * @since 0.1.0
 * @category protocols
 */
export const protocol: Protocol.Protocol = {
  exchange: "okx",
  live: { _tag: "Open", baseUrl: "https://www.okx.com" },
  testnet: { _tag: "Open", baseUrl: "https://www.okx.com", headers: { "x-simulated-trading": "1" } },
  // Its tests differ from the real thing by a header alone, on every one of its hosts.
  testHosts: [],
  limits: [
    { scope: "time", limit: 10, window },
    { scope: "status", limit: 1, window: "5100 millis" },
    { scope: "instruments", limit: 20, window },
    { scope: "ticker", limit: 20, window },
    { scope: "tickers", limit: 20, window },
    { scope: "books", limit: 40, window },
    { scope: "booksFull", limit: 10, window },
    { scope: "trades", limit: 100, window },
    { scope: "candles", limit: 40, window },
    { scope: "historyCandles", limit: 20, window },
    { scope: "accountConfig", limit: 5, window, per: "key" },
    { scope: "balance", limit: 10, window, per: "key" },
    { scope: "positions", limit: 10, window, per: "key" },
    { scope: "order", limit: 60, window, per: "key" },
    { scope: "ordersPending", limit: 60, window, per: "key" },
    { scope: "ordersHistory", limit: 40, window, per: "key" },
    { scope: "ordersHistoryArchive", limit: 20, window, per: "key" },
    { scope: "fills", limit: 60, window, per: "key" },
    { scope: "fillsHistory", limit: 10, window, per: "key" },
    { scope: "placeOrder", limit: 60, window, per: "key" },
    { scope: "placeOrders", limit: 300, window, per: "key" },
    { scope: "cancelOrder", limit: 60, window, per: "key" },
    { scope: "cancelOrders", limit: 300, window, per: "key" },
    { scope: "amendOrder", limit: 60, window, per: "key" }
  ],
  passphrase: true,
  sign,
  classify,
  // OKX says nothing of what has been used.
  usage: () => [],
  serverTime,
  tolerance: "30 seconds"
}
