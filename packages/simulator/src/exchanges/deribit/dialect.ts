/**
 * Deribit v2 over HTTP, following its documentation of 2026: spot, perpetuals and futures, linear and inverse.
 *
 * Methods are called by GET with a query or by POST with a JSON-RPC body. Errors have their own HTTP status, and no
 * `id` unless the request had one. Signatures, tokens and scopes are checked.
 *
 * Where the documentation is silent, this simulator decides:
 *
 * - An IP address without a key has as many credits as an account.
 * - Spot has the same fees as contracts, charged in the received currency.
 * - The id of a spot order begins with its quote currency.
 * - Areas that a scope does not name have the permission of the key.
 *
 * These are not simulated:
 *
 * - Options, expired instruments, trigger orders, `good_til_day`, amounts in `contracts`, and limits on prices.
 * - Basic credentials, `refresh_token` and named sessions: a client logs in again instead.
 * - The separate rate limit for trading spot: it shares that of contracts.
 * - All methods that are not listed in `routes`, which are refused as unknown, and many fields of those that are.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Dialect from "../../Dialect.js"
import { hmacKey } from "../../engine/Account.js"
import * as JsonRpc from "../../internal/jsonRpc.js"
import * as Table from "../../internal/table.js"
import * as Access from "./access.js"
import * as Account from "./account.js"
import * as MarketData from "./marketData.js"
import { listings } from "./markets.js"
import { limits, type Refusal, response, type Route, tooMany } from "./params.js"
import { streaming } from "./stream.js"
import * as Trading from "./trading.js"

const routes: Readonly<Record<string, Route>> = {
  "public/auth": {
    meter: "ordinary",
    answer: (...asked) => Either.map(Access.grant(...asked), (granted) => [granted])
  },
  ...MarketData.routes,
  ...Account.routes,
  ...Trading.routes
}

const nowhere: Refusal = { code: 404, message: "Not Found" }

// All other errors have status 400.
const statuses = new Map([[10000, 401], [13009, 401], [13021, 403], [10028, 429], [11094, 500], [11051, 503]])

const failure = (refusal: Refusal, id?: JsonRpc.Call["id"], now?: number): Dialect.SimulatedResponse =>
  refusal === nowhere
    ? Dialect.html(404, "404 Not Found")
    : Dialect.json(statuses.get(refusal.code) ?? 400, response(id, Either.left(refusal), now))

/**
 * The Deribit dialect.
 *
 * @since 0.1.0
 * @category dialects
 */
export const dialect: Dialect.Dialect = Table.dialect<Route, JsonRpc.Call, string | undefined, Refusal>({
  id: "deribit",
  listings,
  demoKey: hmacKey("deribit", { key: 8, secret: 43 }),
  orderId: Account.idOf,
  streaming,
  failures: {
    http500: failure({ code: 11094, message: "internal_server_error" }),
    http503: failure({ code: 11051, message: "system_maintenance" }),
    http429: failure(tooMany)
  },
  routes,
  read: (request) => {
    const path = /^\/api\/v2(?:\/((?:public|private)\/\w+))?$/.exec(Dialect.pathOf(request.target))
    return path === null ? JsonRpc.faulty(nowhere) : JsonRpc.read(request, path[1] ?? "")
  },
  unknown: ({ call }) => call.fault ?? JsonRpc.unknownMethod,
  identify: ({ request, route, world }) =>
    route === undefined ? Either.right(undefined) : Access.identify(request, world),
  charge: ({ meters, request, route, world }, scope) => {
    if (route === undefined) return { meters }
    const isKnown = Either.isRight(scope) && scope.right !== undefined
    const owner = isKnown ? "account" : `ip:${request.remoteAddress}`
    return Table.draw(meters, world, { scope: `${owner}/${route.meter}`, ...limits[route.meter] }, tooMany)
  },
  forbids: ({ needs }, scope) => {
    if (needs === undefined) return undefined
    if (scope === undefined) return { code: 10000, message: "authorization_required" }
    return Access.allows(scope, needs) ? undefined : { code: 13021, message: "forbidden" }
  },
  answer: ({ answer }, { call, world }) => answer(call.params, world),
  success: (result, { call: { id }, world }) => Dialect.json(200, response(id, Either.right(result), world.now)),
  failure: (refusal, { call, world }) => failure(refusal, call.id, world.now)
})
