/**
 * Kraken Spot over REST, following its documentation of 2026-11: market data, account, keys and trading.
 *
 * Signatures are checked over the path, the nonce and the raw body. The nonces of a key must strictly increase.
 * Responses of the exchange itself have status 200, with errors inside.
 *
 * Where the documentation is silent, this simulator decides:
 *
 * - A post-only order that would cross is refused with `EOrder:Post only order` and does not create an order.
 * - `cl_ord_id` is lower case.
 * - Ten invalid keys, signatures or nonces within a minute lock a caller out.
 * - Orders have no expiry and no leverage.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { createHash, createHmac } from "node:crypto"
import * as Dialect from "../../Dialect.js"
import * as Account from "../../engine/Account.js"
import { type Input, text, textOf } from "../../internal/inputs.js"
import * as Keys from "../../internal/keys.js"
import * as Meters from "../../internal/meters.js"
import * as Table from "../../internal/table.js"
import * as Holdings from "./account.js"
import * as MarketData from "./marketData.js"
import { findPair, listings } from "./markets.js"
import * as Orders from "./orders.js"
import { type Answering, type Caller, inputOf, nonceOf, type Read, refuse } from "./params.js"
import { streaming } from "./stream.js"
import * as Trading from "./trading.js"

/**
 * Returns `true` if an `API-Sign` matches the secret: base64 HMAC-SHA512, keyed with the decoded secret, over the path
 * and the SHA-256 of nonce and body.
 *
 * @since 0.1.0
 * @category signatures
 */
export const verifySignature = (
  secret: Redacted.Redacted,
  path: string,
  nonce: string,
  body: string,
  signature: string
): boolean =>
  createHmac("sha512", Buffer.from(Redacted.value(secret), "base64"))
    .update(path)
    .update(createHash("sha256").update(nonce + body).digest())
    .digest("base64") === signature

const largestNonce = 2n ** 64n

const authenticate = (request: Dialect.SimulatedRequest, world: Dialect.World, last: bigint): Read<Caller> => {
  const key = Keys.named(world, request.headers["api-key"])
  const secret = key && Keys.secretOf(key)
  if (key === undefined || secret === undefined) return refuse("EAPI:Invalid key")
  const body = textOf(request.body)
  const digits = nonceOf(body)
  if (digits === undefined || BigInt(digits) >= largestNonce) return refuse("EAPI:Invalid nonce")
  if (!verifySignature(secret, Dialect.pathOf(request.target), digits, body, request.headers["api-sign"] ?? "")) {
    return refuse("EAPI:Invalid signature")
  }
  const nonce = BigInt(digits)
  return nonce > last ? Either.right({ key, nonce }) : refuse("EAPI:Invalid nonce")
}

/** Trading routes are metered by the endpoint itself. */
interface Route extends Table.Permitted<Answering> {
  readonly cost: number
  /** Each pair has its own rate limit. */
  readonly isPerPair?: boolean
}

const open = (answer: Answering, isPerPair = false): Route => ({ cost: 1, isPerPair, answer })
const read = (answer: Answering, cost = 1): Route => ({ needs: "read", cost, answer })
const trade = (answer: Answering): Route => ({ needs: "trade", cost: 0, answer })

const routes: Readonly<Record<string, Route>> = {
  "GET /0/public/Time": open(MarketData.time),
  "GET /0/public/SystemStatus": open(MarketData.status),
  "GET /0/public/Assets": open(MarketData.assetTable),
  "GET /0/public/AssetPairs": open(MarketData.pairTable),
  "GET /0/public/Ticker": open(MarketData.ticker),
  "GET /0/public/Depth": open(MarketData.depth),
  "GET /0/public/Trades": open(MarketData.trades, true),
  "GET /0/public/OHLC": open(MarketData.ohlc, true),
  "POST /0/private/GetApiKeyInfo": read(Holdings.keyInfo),
  "POST /0/private/Balance": read(Holdings.balances),
  "POST /0/private/BalanceEx": read(Holdings.balancesAndHolds),
  "POST /0/private/TradeVolume": read(MarketData.tradeVolume),
  // There is no margin trading.
  "POST /0/private/OpenPositions": read(() => Either.right([{}])),
  "POST /0/private/GetWebSocketsToken": read(Holdings.webSocketsToken),
  "POST /0/private/OpenOrders": read(Orders.openOrders),
  "POST /0/private/ClosedOrders": read(Orders.closedOrders),
  "POST /0/private/QueryOrders": read(Orders.queryOrders),
  "POST /0/private/TradesHistory": read(Orders.tradesHistory, 2),
  "POST /0/private/AddOrder": trade(Trading.addOrder),
  "POST /0/private/AddOrderBatch": trade(Trading.addOrderBatch),
  "POST /0/private/AmendOrder": trade(Trading.amendOrder),
  "POST /0/private/CancelOrder": trade(Trading.cancelOrder),
  "POST /0/private/CancelOrderBatch": trade(Trading.cancelOrderBatch),
  "POST /0/private/CancelAll": trade(Trading.cancelAll)
}

// The account is of the Intermediate tier. Kraken publishes no limit for public calls, but says that one call per
// second is fine. The burst of ten calls is this simulator's choice.
const [publicly, privately] = [Meters.bucket(10, 1), Meters.bucket(20, 0.5)]

// The documentation only says "repeated". Here it means ten within a minute.
const lockout: Meters.Penalty = { allowance: Meters.rolling(9, 60_000), lasts: () => 15 * 60_000 }

interface Call {
  readonly method: string
  readonly isPrivate: boolean
  readonly input: Input
}

type Asked = Table.Asked<Route, Call>

// Keys of the account are scoped by their index, unknown keys by the IP address.
const scopeOf = ({ call, request, world }: Asked): string => {
  const place = world.keys.findIndex(({ id }) => Redacted.value(id) === request.headers["api-key"])
  return !call.isPrivate || place === -1 ? `ip:${request.remoteAddress}` : `key:${place}`
}

const charge = (asked: Asked, caller: Read<Caller | undefined>): Table.Charged<string> => {
  const { call, meters, route, world } = asked
  const scope = scopeOf(asked)
  if (!call.isPrivate) {
    if (route === undefined) return { meters }
    const name = call.method.replace(/.*\//, "")
    const apart = route.isPerPair === true ? `/${name}/${findPair(text(call.input, "pair") ?? "")?.id ?? ""}` : ""
    const draw = { scope: scope + apart, rule: publicly, cost: route.cost }
    return Table.draw(meters, world, draw, "EGeneral:Too many requests")
  }
  if (Meters.bannedUntil(meters, scope, world.now) !== undefined) {
    return { meters, refusal: "EGeneral:Temporary lockout" }
  }
  if (Either.isLeft(caller)) return { meters: Meters.offend(meters, scope, lockout, world.now) }
  const known = Meters.noted(meters, scope, caller.right?.nonce ?? 0n)
  const { cost = 1, needs } = route ?? {}
  if (needs === "trade") return { meters: known }
  return Table.draw(known, world, { scope, rule: privately, cost }, "EAPI:Rate limit exceeded")
}

const nowhere = "404 Not Found"

const failure = (error: string, status = 200): Dialect.SimulatedResponse =>
  error === nowhere ? Dialect.html(404, nowhere) : Dialect.json(status, { error: [error] })

/**
 * The Kraken dialect.
 *
 * @since 0.1.0
 * @category dialects
 */
export const dialect: Dialect.Dialect = Table.dialect<Route, Call, Caller | undefined, string>({
  id: "kraken",
  listings,
  demoKey: (permission) => {
    const id = Redacted.make(Account.derive(`kraken/${permission}/key`, 56))
    const bytes = Account.deriveBytes(`kraken/${permission}/secret`, 64)
    const secret = Redacted.make(Buffer.from(bytes).toString("base64"))
    return {
      credentials: { key: id, secret },
      key: { id, verifier: { _tag: "Hmac", secret }, permissions: Account.granted(permission) }
    }
  },
  orderId: ({ id }) => Orders.txid("O", id),
  routes,
  read: (request) => {
    const path = Dialect.pathOf(request.target)
    const isPrivate = request.method === "POST" && /^\/0\/private\/\w+$/.test(path)
    return { method: `${request.method} ${path}`, isPrivate, input: inputOf(request) }
  },
  unknown: ({ request }) =>
    /^\/0\/(public|private)\/\w+$/.test(Dialect.pathOf(request.target)) ? "EGeneral:Unknown method" : nowhere,
  identify: (asked) =>
    asked.call.isPrivate
      ? authenticate(asked.request, asked.world, asked.meters.nonces.get(scopeOf(asked)) ?? -1n)
      : Either.right(undefined),
  charge,
  forbids: ({ needs }, caller) =>
    needs === "trade" && !Keys.may(caller?.key, needs) ? "EGeneral:Permission denied" : undefined,
  answer: ({ answer }, { call, meters, world }, caller) => answer(call.input, world, meters, caller),
  success: (result) => Dialect.json(200, { error: [], result }),
  failure: (error) => failure(error),
  streaming,
  failures: {
    // Kraken itself only sends status 200. These responses come from the proxy in front of it.
    http500: Dialect.html(500, "500 Internal Server Error", { server: "cloudflare" }),
    http503: Dialect.html(503, "503 Service Temporarily Unavailable", { server: "cloudflare" }),
    http429: failure("EGeneral:Too many requests", 429)
  }
})
