/**
 * Binance Spot, following its documentation of 2026-07: market data, its streams, account, key permissions and trading.
 * It supports limit, post-only and market orders, but no trigger orders, no amending and no batches.
 *
 * Signatures are checked over the raw query and body, with HMAC-SHA256 and Ed25519. Request weight is limited per IP
 * address in windows aligned to the clock minute (6000, and a separate 12000 for `/sapi`). Unfilled orders are limited
 * per account (100 in ten seconds, 200000 a day).
 *
 * Where the documentation is silent, this simulator decides:
 *
 * - The eleventh request in a minute that is refused with 429 causes a ban. It lasts 2 minutes, and four times longer
 *   on each repetition, up to 3 days.
 * - An order counts as unfilled until it is completely filled.
 * - The public trades of a market go back a thousand.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Dialect from "../../Dialect.js"
import * as Account from "../../engine/Account.js"
import type { Engine } from "../../engine/Engine.js"
import * as Json from "../../internal/json.js"
import * as Keys from "../../internal/keys.js"
import * as Meters from "../../internal/meters.js"
import * as Table from "../../internal/table.js"
import * as Holdings from "./account.js"
import { authenticate, signedPayload } from "./authentication.js"
import * as Limits from "./limits.js"
import * as MarketData from "./marketData.js"
import { coin, listings } from "./markets.js"
import { type Answering, type Params, parseParams, type Read, type Refusal, shows } from "./params.js"
import { streaming } from "./stream.js"
import * as Trading from "./trading.js"

/** Public routes are not signed. */
interface Route extends Table.Permitted<Answering> {
  readonly weight: number | ((params: Params) => number)
  /** The known parameters. */
  readonly params: ReadonlyArray<string>
  /** The weight is refunded if the request is not refused. */
  readonly freeWhenAccepted?: boolean
  /** Whether the route is subject to the limits of unfilled orders. */
  readonly places?: boolean
}

const open = (weight: Route["weight"], params: string, answer: Answering): Route => ({
  weight,
  params: params.split(" ").filter((name) => name !== ""),
  answer
})

const signed = (needs: Account.Permission) => (weight: Route["weight"], params: string, answer: Answering): Route => ({
  ...open(weight, `timestamp recvWindow signature ${params}`, answer),
  needs
})

const read = signed("read")

const trade = (params: string, answer: Answering): Route => ({
  ...signed("trade")(1, params, answer),
  freeWhenAccepted: true
})

const orderParams = "symbol side type timeInForce quantity quoteOrderQty price newClientOrderId newOrderRespType " +
  "stopPrice selfTradePreventionMode"

const routes: Readonly<Record<string, Route>> = {
  "GET /api/v3/ping": open(1, "", shows({}, () => ({}))),
  "GET /api/v3/time": open(1, "", shows({}, (_, { now }) => ({ serverTime: now }))),
  "GET /sapi/v1/system/status": open(1, "", shows({}, () => ({ status: 0, msg: "normal" }))),
  "GET /fapi/v1/exchangeInfo": open(1, "", MarketData.contracts),
  "GET /dapi/v1/exchangeInfo": open(1, "", MarketData.contracts),
  "GET /api/v3/exchangeInfo": open(20, "symbol symbols showPermissionSets symbolStatus", MarketData.exchangeInfo),
  "GET /api/v3/ticker/24hr": open(MarketData.statisticsWeight, "symbol symbols type", MarketData.tickers),
  "GET /api/v3/ticker/price": open(MarketData.tickerWeight(2, 4), "symbol symbols", MarketData.prices),
  "GET /api/v3/ticker/bookTicker": open(MarketData.tickerWeight(2, 4), "symbol symbols", MarketData.bests),
  "GET /api/v3/depth": open(MarketData.depthWeight, "symbol limit", MarketData.depth),
  "GET /api/v3/trades": open(25, "symbol limit", MarketData.trades),
  "GET /api/v3/aggTrades": open(4, "symbol fromId startTime endTime limit", MarketData.aggregates),
  "GET /api/v3/klines": open(2, "symbol interval startTime endTime limit", MarketData.klines),
  "GET /api/v3/account": read(20, "omitZeroBalances", Holdings.account),
  "GET /sapi/v1/account/apiRestrictions": read(1, "", Holdings.restrictions),
  "GET /sapi/v1/capital/config/getall": read(10, "", Holdings.coins),
  "GET /sapi/v1/asset/tradeFee": read(1, "symbol", Holdings.fees),
  "GET /sapi/v1/margin/allPairs": read(1, "symbol", Holdings.nothing),
  "GET /sapi/v1/margin/isolated/allPairs": read(10, "symbol", Holdings.nothing),
  "GET /api/v3/rateLimit/order": read(40, "", Holdings.orderCounts),
  "GET /api/v3/order": read(4, "symbol orderId origClientOrderId", Holdings.one),
  "GET /api/v3/openOrders": read((params) => params["symbol"] !== undefined ? 6 : 80, "symbol", Holdings.open),
  "GET /api/v3/allOrders": read(20, "symbol orderId startTime endTime limit", Holdings.all),
  "GET /api/v3/myTrades": read(
    (params) => params["orderId"] !== undefined ? 5 : 20,
    "symbol orderId fromId startTime endTime limit",
    Holdings.fills
  ),
  "POST /api/v3/order": { ...trade(orderParams, Trading.place), places: true },
  "POST /api/v3/order/test": signed("trade")(1, orderParams, Trading.test),
  "DELETE /api/v3/order": trade(
    "symbol orderId origClientOrderId newClientOrderId cancelRestrictions",
    Trading.cancel
  ),
  "DELETE /api/v3/openOrders": trade("symbol", Trading.cancelAll)
}

interface Call {
  readonly method: string
  readonly isSapi: boolean
  readonly params: Read<Params>
}

type Headers = Readonly<Record<string, string>>

const retryAfter = (milliseconds: number): Headers => ({ "retry-after": String(Math.ceil(milliseconds / 1000)) })

const banned = (until: number, now: number): Refusal => ({
  status: 418,
  code: -1003,
  msg: `Way too much request weight used; IP banned until ${until}. ` +
    "Please use WebSocket Streams for live updates to avoid bans.",
  headers: retryAfter(until - now)
})

const tooMuch = (limit: number, wait: number): Refusal => ({
  status: 429,
  code: -1003,
  msg: `Too much request weight used; current limit is ${limit} request weight per 1 MINUTE. ` +
    "Please use WebSocket Streams for live updates to avoid polling the API.",
  headers: retryAfter(wait)
})

const tooManyOrders = ({ limit, milliseconds, words }: Limits.OrderLimit, now: number): Refusal => ({
  status: 429,
  code: -1015,
  msg: `Too many new orders; current limit is ${limit} orders per ${words}.`,
  headers: retryAfter(milliseconds - now % milliseconds)
})

const nowhere: Refusal = { status: 404, code: 0, msg: "404 Not Found" }

// Charges the weight to a meter, and returns the headers that report its usage.
const weigh = (
  { call: { isSapi }, request, world }: Table.Asked<Route, Call>,
  meters: Meters.Meters,
  cost: number
) => {
  const [scope, rule] = isSapi ? ["sapi-ip", Limits.sapiWeight] : ["ip", Limits.weight]
  const taken = Meters.take(meters, `${scope}:${request.remoteAddress}`, rule, world.now, cost)
  const used = String(taken.used)
  const headers: Headers = isSapi
    ? { "x-sapi-used-ip-weight-1m": used }
    : { "x-mbx-used-weight": used, "x-mbx-used-weight-1m": used }
  return { ...taken, headers, rule }
}

const costOf = ({ call, route }: Table.Asked<Route, Call>): number => {
  const { weight = 1 } = route ?? {}
  return typeof weight === "number" ? weight : weight(Either.getOrElse(call.params, (): Params => ({})))
}

const charge = (asked: Table.Asked<Route, Call>): Table.Charged<Refusal> => {
  const { meters, request, world: { now } } = asked
  const address = `ip:${request.remoteAddress}`
  const until = Meters.bannedUntil(meters, address, now)
  if (until !== undefined) return { meters, refusal: banned(until, now) }
  const { admitted, headers, meters: weighed, rule, wait } = weigh(asked, meters, costOf(asked))
  if (admitted) return { meters: weighed, headers }
  const offended = Meters.offend(weighed, address, Limits.ban, now)
  const since = Meters.bannedUntil(offended, address, now)
  return since === undefined
    ? { meters: offended, headers, refusal: tooMuch(rule.limit, wait) }
    : { meters: offended, refusal: banned(since, now) }
}

const orderCounts = (engine: Engine, now: number): Headers =>
  Object.fromEntries(
    Limits.orderLimits.map((limit) => [
      `x-mbx-order-count-${limit.header}`,
      String(Limits.unfilled(engine, limit, now))
    ])
  )

const unread = (params: Params, { params: known }: Route): Refusal | undefined => {
  const sent = Object.keys(params)
  const read = sent.filter((name) => known.includes(name)).length
  if (read === sent.length) return undefined
  const [code, msg] = known.length === 0
    ? [-1101, `Too many parameters; expected '0' and received '${sent.length}'.`]
    : [-1104, `Not all sent parameters were read; read '${read}' parameter(s) but was sent '${sent.length}'.`]
  return { status: 400, code, msg }
}

const failure = (refusal: Refusal): Dialect.SimulatedResponse => {
  const { code, headers, msg, status } = refusal
  return refusal === nowhere ? Dialect.html(status, msg) : Dialect.json(status, { code, msg }, headers)
}

/**
 * The Binance dialect.
 *
 * @since 0.1.0
 * @category dialects
 */
export const dialect: Dialect.Dialect = Table.dialect<Route, Call, Account.ApiKey | undefined, Refusal>({
  id: "binance",
  listings,
  demoKey: Account.hmacKey("binance", { key: 64, secret: 64 }),
  orderId: ({ id }) => String(id),
  routes,
  read: (request) => {
    const path = Dialect.pathOf(request.target)
    return { method: `${request.method} ${path}`, isSapi: path.startsWith("/sapi/"), params: parseParams(request) }
  },
  unknown: () => nowhere,
  identify: ({ call, request, route, world }) => {
    if (route === undefined) return Either.right(undefined)
    return Either.flatMap(
      call.params,
      (params) =>
        route.needs === undefined
          ? Either.right(undefined)
          : authenticate(request.headers["x-mbx-apikey"], params, signedPayload(request), world)
    )
  },
  charge,
  forbids: (route, key, { call, world }) => {
    const refusal = Either.isRight(call.params) ? unread(call.params.right, route) : undefined
    if (refusal !== undefined) return refusal
    if (route.needs !== undefined && !Keys.may(key, route.needs)) {
      return { status: 401, code: -2015, msg: "Invalid API-key, IP, or permissions for action." }
    }
    const full = route.places === true
      ? Limits.orderLimits.find((limit) => Limits.unfilled(world.engine, limit, world.now) >= limit.limit)
      : undefined
    return full && tooManyOrders(full, world.now)
  },
  answer: ({ answer }, { call, world }, key) => Either.flatMap(call.params, (params) => answer(params, world, key)),
  settle: (charged, outcome, asked) => {
    const { route, world } = asked
    if (Either.isLeft(outcome)) return charged
    const { headers, meters } = route?.freeWhenAccepted === true
      ? weigh(asked, charged.meters, -costOf(asked))
      : charged
    const counts = route?.places === true ? orderCounts(outcome.right[1] ?? world.engine, world.now) : {}
    return { meters, headers: { ...headers, ...counts } }
  },
  success: (body) => Dialect.json(200, Json.quoted(body, coin)),
  failure,
  streaming,
  failures: {
    http500: failure({ status: 500, code: -1000, msg: "An unknown error occurred while processing the request." }),
    http503: failure({
      status: 503,
      code: -1008,
      msg: "Server is currently overloaded with other requests. Please try again in a few minutes."
    }),
    http429: failure(tooMuch(Limits.weight.limit, 1000))
  }
})
