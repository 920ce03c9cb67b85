/**
 * Coinbase Advanced Trade over REST, following its documentation of 2026-11: market data, accounts, key permissions and
 * trading.
 *
 * Every private request carries a JWT. Its signature (EdDSA or ES256) and its claims are checked, and it must name the
 * method, the host and the path of the request. The response to a refused order has status 200.
 *
 * Where the documentation is silent, this simulator decides:
 *
 * - A post-only order that would cross is refused and does not create an order.
 * - A client order id is remembered forever.
 * - Cancels and edits take effect immediately.
 *
 * Good-til-date and stop orders are not supported.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Dialect from "../../Dialect.js"
import type * as Account from "../../engine/Account.js"
import { isInput, iso } from "../../internal/inputs.js"
import * as Json from "../../internal/json.js"
import * as Keys from "../../internal/keys.js"
import * as Meters from "../../internal/meters.js"
import * as Rest from "../../internal/rest.js"
import * as Table from "../../internal/table.js"
import * as Jwt from "./access.js"
import * as Holdings from "./account.js"
import * as MarketData from "./marketData.js"
import { listings } from "./markets.js"
import * as Orders from "./orders.js"
import { type Answering, type Refusal, refuse } from "./params.js"
import { streaming } from "./stream.js"
import * as Trading from "./trading.js"

/**
 * Returns `true` if the signature over the first two parts of a JWT matches a public key (SPKI, base64): `EdDSA` with
 * Ed25519, or `ES256` with P-256 as 64 raw bytes.
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

type Route = Table.Permitted<Answering>

const { open, read, trade } = Table.permitting<Answering>()

const v3 = "/api/v3/brokerage"

const routes: Readonly<Record<string, Route>> = {
  [`GET ${v3}/time`]: open((_, { now }) => Either.right([MarketData.time(now)])),
  [`GET ${v3}/market/products`]: open(MarketData.products),
  [`GET ${v3}/market/products/{id}`]: open(MarketData.product),
  [`GET ${v3}/market/products/{id}/ticker`]: open(MarketData.ticker),
  [`GET ${v3}/market/products/{id}/candles`]: open(MarketData.candles),
  [`GET ${v3}/market/product_book`]: open(MarketData.productBook),
  [`GET ${v3}/products`]: read(MarketData.products),
  [`GET ${v3}/products/{id}`]: read(MarketData.product),
  [`GET ${v3}/products/{id}/ticker`]: read(MarketData.ticker),
  [`GET ${v3}/products/{id}/candles`]: read(MarketData.candles),
  [`GET ${v3}/product_book`]: read(MarketData.productBook),
  [`GET ${v3}/best_bid_ask`]: read(MarketData.bestBidAsk),
  [`GET ${v3}/key_permissions`]: read(Holdings.permissions),
  [`GET ${v3}/accounts`]: read(Holdings.accounts),
  [`GET ${v3}/transaction_summary`]: read(Holdings.summary),
  [`GET ${v3}/orders/historical/batch`]: read(Orders.orders),
  [`GET ${v3}/orders/historical/fills`]: read(Orders.fills),
  [`GET ${v3}/orders/historical/{id}`]: read(Orders.order),
  [`POST ${v3}/orders`]: trade(Trading.place),
  [`POST ${v3}/orders/batch_cancel`]: trade(Trading.cancel),
  [`POST ${v3}/orders/edit`]: trade(Trading.edit),
  // A small part of the older API.
  "GET /v2/time": open((_, { now }) => Either.right([{ data: { iso: iso(now), epoch: Math.floor(now / 1000) } }])),
  "GET /v2/currencies": open(MarketData.currencies(true)),
  "GET /v2/currencies/crypto": open(MarketData.currencies(false)),
  "GET /v2/exchange-rates": open(MarketData.rates),
  "GET /v2/accounts": read(Holdings.wallets)
}

// Requests per second.
const [publicly, privately] = [Meters.bucket(10), Meters.bucket(30)]

const failed = (status: number, id: string, message: string): Refusal => ({
  status,
  body: { errors: [{ id, message }] }
})

const limited = failed(429, "rate_limit_exceeded", "Too many requests")

const failure = ({ body, status }: Refusal): Dialect.SimulatedResponse =>
  body === undefined ? Dialect.plain(status, "Unauthorized\n") : Dialect.json(status, body)

const forbidden: Refusal = {
  status: 403,
  body: { error: "PERMISSION_DENIED", error_details: "Missing required scopes", message: "Missing required scopes" }
}

const isPublic = (route: Route | undefined): boolean => route !== undefined && route.needs === undefined

/**
 * The Coinbase dialect.
 *
 * @since 0.1.0
 * @category dialects
 */
export const dialect: Dialect.Dialect = Table.dialect<Route, Rest.Call, Account.ApiKey | undefined, Refusal>({
  id: "coinbase",
  listings,
  demoKey: Jwt.demoKey,
  orderId: ({ id }) => Orders.ids.write(id),
  routes,
  read: Rest.reader(Object.keys(routes)),
  unknown: () => failed(404, "not_found", "Not found"),
  identify: ({ request, route, world }) =>
    isPublic(route) ? Either.right(undefined) : Either.mapLeft(
      Jwt.authenticate(request, world.keys, world.now),
      (refusal) =>
        refusal === "Expired" ? failed(401, "authentication_error", "request timestamp expired") : { status: 401 }
    ),
  charge: ({ meters, request, route, world }, caller) => {
    if (Either.isLeft(caller)) return { meters }
    const [scope, rule] = isPublic(route) ? [`ip:${request.remoteAddress}`, publicly] : ["account", privately]
    return Table.draw(meters, world, { scope, rule }, limited, ({ full, remaining }) => ({
      "x-ratelimit-limit": String(rule.limit),
      "x-ratelimit-remaining": String(remaining),
      "x-ratelimit-reset": String(Math.ceil(full / 1000))
    }))
  },
  forbids: ({ needs }, key) => needs === undefined || needs === "read" || Keys.may(key, needs) ? undefined : forbidden,
  answer: ({ answer, needs }, { call: { body, input }, world }, key) =>
    needs === "trade" && !isInput(body)
      ? refuse(400, "INVALID_ARGUMENT", "The request body is not a JSON object")
      : answer(input, world, key),
  success: (body) => Dialect.json(200, Json.quoted(body)),
  failure,
  streaming,
  failures: {
    http500: failure(failed(500, "internal_server_error", "Internal server error")),
    http503: Dialect.html(503, "503 Service Temporarily Unavailable", { server: "cloudflare" }),
    http429: failure(limited)
  }
})
