/**
 * Coinbase Advanced Trade over REST, as its documentation of 2026-11 describes it: market data, accounts, key
 * permissions and trading.
 *
 * Every private request carries a JWT, which is checked: its signature (EdDSA or ES256), its claims, and that it was
 * made for this method, host and path. A refused order is answered with status 200. What the documentation leaves
 * open is chosen here: a post-only order that would cross is refused and leaves no order behind; a client order id is
 * remembered for ever; cancels and edits take effect at once. Good-til-date and stop orders are not offered.
 *
 * @since 0.1.0
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Dialect from "../../Dialect.js"
import type * as Account from "../../engine/Account.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { fromBody, type Input, isInput } from "../../internal/inputs.js"
import type * as Json from "../../internal/json.js"
import { matcher } from "../../internal/rest.js"
import * as Jwt from "./access.js"
import * as Limits from "./limits.js"
import * as MarketData from "./marketData.js"
import { currencies, currencyNamed, listings, makerFee, takerFee } from "./markets.js"
import * as Orders from "./orders.js"
import { type Answer, iso, page, type Refusal, refuse } from "./params.js"
import * as Trading from "./trading.js"

// --- signatures

/**
 * Whether a JWT's signature over its first two parts is that of a public key (SPKI, base64): `EdDSA` with Ed25519, or
 * `ES256` with P-256 as 64 raw bytes.
 *
 * @since 0.1.0
 * @category signatures
 */
export const verifySignature = (
  publicKey: string,
  algorithm: string,
  signingInput: string,
  signature: string
): boolean => Jwt.verifyToken(Jwt.publicKeyOf(publicKey), algorithm, signingInput, signature)

// --- the account

const accounts = (query: URLSearchParams, world: Dialect.World): Answer =>
  Either.map(page(Engine.balances(world.engine), query, 49, 250), ({ cursor, rows }) => ({
    accounts: rows.map(accountRow),
    has_next: cursor !== "",
    cursor,
    size: rows.length
  }))

const accountRow = ({ asset, free, locked }: Engine.Balance): Json.Json => ({
  uuid: accountUuid(asset),
  name: `${asset} Wallet`,
  currency: asset,
  available_balance: { value: Decimal.plain(free), currency: asset },
  default: true,
  active: true,
  created_at: "2021-05-31T09:59:59Z",
  updated_at: "2024-01-15T10:30:00Z",
  deleted_at: null,
  type: currencyNamed(asset).fiat ? "ACCOUNT_TYPE_FIAT" : "ACCOUNT_TYPE_CRYPTO",
  ready: true,
  hold: { value: Decimal.plain(locked), currency: asset },
  retail_portfolio_id: Orders.portfolio
})

const accountUuid = (asset: string): string => Jwt.uuid(`account/${asset}`)

// The older API beside it, of which there is little.

const named = (fiat: boolean): Answer =>
  Either.right({
    data: currencies.filter((currency) => currency.fiat === fiat).map(({ id, name }) =>
      fiat ? { id, name, min_size: "0.01" } : { asset_id: Jwt.uuid(`asset/${id}`), code: id, name, type: "crypto" }
    )
  })

const rates = (world: Dialect.World): Answer => {
  const priced = listings.filter(({ quote, status }) => quote === "USD" && status === "online")
  const ratios = priced.map((listing) => [
    listing.base,
    Decimal.plain(Decimal.ratio(Decimal.literal("1"), world.quote(listing).last, 16))
  ])
  return Either.right({ data: { currency: "USD", rates: { USD: "1.0", USDT: "1.0", ...Object.fromEntries(ratios) } } })
}

const wallets = (world: Dialect.World): Answer =>
  Either.right({
    pagination: { ending_before: null, starting_after: null, limit: 100, order: "desc", next_uri: null },
    data: Engine.balances(world.engine).map(({ asset, free, locked }) => ({
      id: accountUuid(asset),
      name: `${asset} Wallet`,
      primary: true,
      type: currencyNamed(asset).fiat ? "fiat" : "wallet",
      currency: { code: asset, name: currencyNamed(asset).name },
      balance: { amount: Decimal.plain(BigDecimal.sum(free, locked)), currency: asset }
    }))
  })

const permissions = (key: Account.ApiKey): Json.Json => ({
  can_view: key.permissions.includes("read"),
  can_trade: key.permissions.includes("trade"),
  can_transfer: key.permissions.includes("withdraw"),
  portfolio_uuid: Orders.portfolio,
  portfolio_type: "DEFAULT"
})

const summary = (world: Dialect.World): Json.Json => {
  const volume = BigDecimal.sumAll(
    Engine.fills(world.engine).map(({ amount, price }) => BigDecimal.multiply(amount, price))
  )
  return {
    total_volume: Number(Decimal.plain(volume)),
    total_fees: 0,
    fee_tier: {
      pricing_tier: "Intro 1",
      taker_fee_rate: Decimal.plain(takerFee),
      maker_fee_rate: Decimal.plain(makerFee)
    }
  }
}

// --- endpoints

type Reading = (id: string, query: URLSearchParams, world: Dialect.World) => Answer

const product: Reading = (id, _, world) => MarketData.product(id, world)

const publicReadings: Readonly<Record<string, Reading>> = {
  "/time": (_, __, world) => Either.right(MarketData.time(world.now)),
  "/market/products": (_, query, world) => MarketData.products(query, world),
  "/market/products/{id}": product,
  "/market/products/{id}/ticker": MarketData.ticker,
  "/market/products/{id}/candles": MarketData.candles,
  "/v2/time": (_, __, world) => Either.right({ data: { iso: iso(world.now), epoch: Math.floor(world.now / 1000) } }),
  "/v2/currencies": () => named(true),
  "/v2/currencies/crypto": () => named(false),
  "/v2/exchange-rates": (_, __, world) => rates(world),
  "/market/product_book": (_, query, world) => MarketData.productBook(query, world)
}

const privateReadings: Readonly<Record<string, Reading>> = {
  "/products": (_, query, world) => MarketData.products(query, world),
  "/products/{id}": product,
  "/products/{id}/ticker": MarketData.ticker,
  "/products/{id}/candles": MarketData.candles,
  "/product_book": (_, query, world) => MarketData.productBook(query, world),
  "/best_bid_ask": (_, query, world) => MarketData.bestBidAsk(query, world),
  "/v2/accounts": (_, __, world) => wallets(world),
  "/accounts": (_, query, world) => accounts(query, world),
  "/transaction_summary": (_, __, world) => Either.right(summary(world)),
  "/orders/historical/batch": (_, query, world) => Orders.orders(query, world),
  "/orders/historical/fills": (_, query, world) => Orders.fills(query, world),
  "/orders/historical/{id}": (id, _, world) => Orders.order(id, world)
}

const tradings: Readonly<Record<string, (input: Input, engine: Engine.Engine, now: number) => Trading.Answered>> = {
  "/orders": Trading.place,
  "/orders/batch_cancel": Trading.cancel,
  "/orders/edit": Trading.edit
}

const routeOf = matcher([...Object.keys(publicReadings), ...Object.keys(privateReadings)])

// --- the dialect

type Response = readonly [
  response: Dialect.SimulatedResponse,
  next: Limits.Buckets,
  engine?: Engine.Engine | undefined
]

const prefix = "/api/v3/brokerage"

const notFound: Refusal = { status: 404, body: { errors: [{ id: "not_found", message: "Not found" }] } }

const expired: Refusal = {
  status: 401,
  body: { errors: [{ id: "authentication_error", message: "request timestamp expired" }] }
}

const limited: Refusal = {
  status: 429,
  body: { errors: [{ id: "rate_limit_exceeded", message: "Too many requests" }] }
}

const forbidden = refuse(403, "PERMISSION_DENIED", "Missing required scopes")

const unauthorized: Dialect.SimulatedResponse = {
  status: 401,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body: new TextEncoder().encode("Unauthorized\n")
}

type Headers = Readonly<Record<string, string>>

const refused = ({ body, status }: Refusal, headers: Headers = {}): Dialect.SimulatedResponse =>
  Dialect.json(status, body, headers)

const answered = (answer: Answer, headers: Headers): Dialect.SimulatedResponse =>
  Either.match(answer, {
    onLeft: (refusal) => refused(refusal, headers),
    onRight: (body) => Dialect.json(200, body, headers)
  })

const respond = (
  state: Limits.Buckets,
  request: Dialect.SimulatedRequest,
  world: Dialect.World
): Response => {
  const target = Dialect.pathOf(request.target)
  const path = target.startsWith(`${prefix}/`) ? target.slice(prefix.length) : target.startsWith("/v2/") ? target : ""
  const [route, { id = "" }] = routeOf(path)
  const query = new URLSearchParams(Dialect.queryOf(request.target))
  const open = request.method === "GET" ? publicReadings[route] : undefined
  if (open !== undefined) {
    const scope = `ip:${request.remoteAddress}`
    const [admitted, headers, next] = Limits.take(state, scope, Limits.publicLimit, world.now)
    return [admitted ? answered(open(id, query, world), headers) : refused(limited, headers), next]
  }
  const identity = Jwt.authenticate(request, world.keys, world.now)
  if (Either.isLeft(identity)) return [identity.left === "Expired" ? refused(expired) : unauthorized, state]
  const [admitted, headers, next] = Limits.take(state, "account", Limits.privateLimit, world.now)
  if (!admitted) return [refused(limited, headers), next]
  const key = identity.right
  if (request.method === "POST") {
    const trading = tradings[route]
    const traded = trading === undefined ? Either.left(notFound) : trade(trading, request, world, key)
    return Either.isLeft(traded)
      ? [refused(traded.left, headers), next]
      : [Dialect.json(200, traded.right[0], headers), next, traded.right[1]]
  }
  const reading = request.method === "GET" ? privateReadings[route] : undefined
  const answer = route === "/key_permissions" && request.method === "GET"
    ? Either.right(permissions(key))
    : reading?.(id, query, world) ?? Either.left(notFound)
  return [answered(answer, headers), next]
}

const trade = (
  trading: (input: Input, engine: Engine.Engine, now: number) => Trading.Answered,
  request: Dialect.SimulatedRequest,
  world: Dialect.World,
  key: Account.ApiKey
): Trading.Answered => {
  if (!key.permissions.includes("trade")) return forbidden
  const input = fromBody(request.body)
  return isInput(input)
    ? trading(input, world.engine, world.now)
    : refuse(400, "INVALID_ARGUMENT", "The request body is not a JSON object")
}

/**
 * The Coinbase dialect.
 *
 * @since 0.1.0
 * @category dialects
 */
export const dialect: Dialect.Dialect = Dialect.make<Limits.Buckets>({
  id: "coinbase",
  listings,
  demoKey: Jwt.demoKey,
  orderId: ({ id }) => Orders.orderUuid(id),
  initial: new Map(),
  respond,
  usage: Limits.usage,
  failures: {
    http500: refused({
      status: 500,
      body: { errors: [{ id: "internal_server_error", message: "Internal server error" }] }
    }),
    http503: Dialect.html(503, "503 Service Temporarily Unavailable", { server: "cloudflare" }),
    http429: refused(limited)
  }
})
