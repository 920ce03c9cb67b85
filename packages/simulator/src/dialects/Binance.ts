/**
 * Binance Spot over REST, as its documentation of 2026-07 describes it: market data, account and key permissions.
 *
 * Signatures are checked over the raw query and body, HMAC-SHA256 and Ed25519. Request weight is metered per IP in
 * windows aligned to the clock minute (6000; `/sapi` has its own counter of 12000). What the documentation leaves
 * open is chosen here: the eleventh request refused with 429 in one minute brings the ban, which lasts 2 minutes and
 * four times longer on each repetition, up to 3 days.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { createHmac, createPublicKey, verify } from "node:crypto"
import type { ApiKey } from "../Account.js"
import * as Dialect from "../Dialect.js"
import * as Limits from "../internal/binance/limits.js"
import { type BinanceListing, coin, listings, market } from "../internal/binance/markets.js"
import {
  flag,
  illegal,
  missing,
  type Params,
  parseParams,
  type Refusal,
  refuse,
  select,
  type Selection
} from "../internal/binance/params.js"
import { quoteOf, statistics } from "../internal/binance/tickers.js"
import type * as Json from "../internal/json.js"

// --- signatures

const authenticate = (
  request: Dialect.SimulatedRequest,
  params: Params,
  world: Dialect.World
): Either.Either<ApiKey, Refusal> => {
  const id = request.headers["x-mbx-apikey"]
  if (id === undefined || !/^[A-Za-z0-9]{64}$/.test(id)) return refuse(-2014, "API-key format invalid.", 401)
  const timestamp = params.get("timestamp") ?? ""
  if (timestamp === "") return missing("timestamp")
  if (!/^\d{1,20}$/.test(timestamp)) return illegal("timestamp", "^[0-9]{1,20}$")
  const signature = params.get("signature") ?? ""
  if (signature === "") return missing("signature")
  const recvWindow = params.get("recvWindow") ?? "5000"
  if (!/^\d{1,5}(\.\d{1,3})?$/.test(recvWindow)) return illegal("recvWindow", "^\\d{1,5}(\\.\\d{1,3})?$")
  if (Number(recvWindow) > 60_000) return refuse(-1131, "'recvWindow' must be less than 60000.")
  // Sixteen digits or more are microseconds.
  const sent = timestamp.length > 15 ? Number(timestamp) / 1000 : Number(timestamp)
  if (sent >= world.now + 1000) {
    return refuse(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
  }
  if (world.now - sent > Number(recvWindow)) {
    return refuse(-1021, "Timestamp for this request is outside of the recvWindow.")
  }
  const key = world.keys.find((key) => Redacted.value(key.id) === id)
  if (key === undefined || key.enabled === false) {
    return refuse(-2015, "Invalid API-key, IP, or permissions for action.", 401)
  }
  if (key.verifier._tag === "Hmac" && !/^[A-Fa-f0-9]{64}$/.test(signature)) {
    return illegal("signature", "^[A-Fa-f0-9]{64}$")
  }
  return verifySignature(key, signedPayload(request), signature)
    ? Either.right(key)
    : refuse(-1022, "Signature for this request is not valid.")
}

/**
 * What a request's signature covers: the raw query and body, joined without a separator, without the `signature`
 * parameter that must come last.
 *
 * @since 0.1.0
 * @category signatures
 */
export const signedPayload = (request: Pick<Dialect.SimulatedRequest, "target" | "body">): string =>
  unsigned(Dialect.queryOf(request.target)) + unsigned(decoder.decode(request.body))

const unsigned = (part: string): string => part.replace(/(^|&)signature=[^&]*$/, "")

/**
 * Whether a signature over a payload is the key's: hex for HMAC-SHA256, base64 for Ed25519.
 *
 * @since 0.1.0
 * @category signatures
 */
export const verifySignature = (key: ApiKey, payload: string, signature: string): boolean => {
  if (key.verifier._tag === "Hmac") {
    const expected = createHmac("sha256", Redacted.value(key.verifier.secret)).update(payload).digest("hex")
    return expected === signature.toLowerCase()
  }
  const publicKey = createPublicKey({
    key: Buffer.from(key.verifier.publicKey, "base64"),
    format: "der",
    type: "spki"
  })
  return verify(null, Buffer.from(payload), publicKey, Buffer.from(signature, "base64"))
}

// --- endpoints

interface Endpoint {
  readonly params: ReadonlyArray<string>
  readonly weight: (params: Params) => number
  readonly signed?: boolean
  readonly answer: (params: Params, world: Dialect.World, key: ApiKey | undefined) => Either.Either<Json.Json, Refusal>
}

// A request whose symbols cannot be read is refused later; it costs as much as a small one.
const requested = (params: Params): Selection =>
  Either.getOrElse(select(params), (): Selection => ({ kind: "one", listings: [] }))

const tickerWeight = (one: number, more: number) => (params: Params): number =>
  requested(params).kind === "one" ? one : more

const statisticsWeight = (params: Params): number => {
  const { kind, listings } = requested(params)
  if (kind === "all" || listings.length > 100) return 80
  return listings.length > 20 ? 40 : 2
}

const each = (
  params: Params,
  row: (listing: BinanceListing) => Json.Json
): Either.Either<Json.Json, Refusal> =>
  Either.map(select(params), (selection): Json.Json => {
    const rows = selection.listings.map(row)
    return selection.kind === "one" ? rows[0] ?? null : rows
  })

const signedParams = ["timestamp", "recvWindow", "signature"]

const endpoints: Readonly<Record<string, Endpoint>> = {
  "GET /api/v3/ping": { params: [], weight: () => 1, answer: () => Either.right({}) },
  "GET /api/v3/time": {
    params: [],
    weight: () => 1,
    answer: (_, world) => Either.right({ serverTime: world.now })
  },
  "GET /sapi/v1/system/status": {
    params: [],
    weight: () => 1,
    answer: () => Either.right({ status: 0, msg: "normal" })
  },
  "GET /api/v3/exchangeInfo": {
    params: ["symbol", "symbols", "showPermissionSets", "symbolStatus"],
    weight: () => 20,
    answer: (params, world) => exchangeInfo(params, world)
  },
  "GET /api/v3/ticker/24hr": {
    params: ["symbol", "symbols", "type"],
    weight: statisticsWeight,
    answer: (params, world) => {
      const type = params.get("type") ?? "FULL"
      if (type !== "FULL" && type !== "MINI") return refuse(-1139, "Invalid ticker type.")
      return each(params, (listing) => statistics(listing, world, type === "FULL"))
    }
  },
  "GET /api/v3/ticker/price": {
    params: ["symbol", "symbols"],
    weight: tickerWeight(2, 4),
    answer: (params, world) =>
      each(params, (listing) => ({ symbol: listing.id, price: coin(quoteOf(listing, world).last) }))
  },
  "GET /api/v3/ticker/bookTicker": {
    params: ["symbol", "symbols"],
    weight: tickerWeight(2, 4),
    answer: (params, world) =>
      each(params, (listing) => {
        const { ask, askSize, bid, bidSize } = quoteOf(listing, world)
        return {
          symbol: listing.id,
          bidPrice: coin(bid),
          bidQty: coin(bidSize),
          askPrice: coin(ask),
          askQty: coin(askSize)
        }
      })
  },
  "GET /api/v3/account": {
    params: ["omitZeroBalances"],
    weight: () => 20,
    signed: true,
    answer: (params, world) => Either.map(flag(params, "omitZeroBalances", false), (omit) => account(world, omit))
  },
  "GET /sapi/v1/account/apiRestrictions": {
    params: [],
    weight: () => 1,
    signed: true,
    answer: (_, __, key) => Either.right(restrictions(key?.permissions ?? []))
  }
}

const exchangeInfo = (params: Params, world: Dialect.World): Either.Either<Json.Json, Refusal> =>
  Either.gen(function*() {
    const status = params.get("symbolStatus")
    const selection = yield* select(params)
    const showSets = yield* flag(params, "showPermissionSets", true)
    if (status !== undefined && selection.kind !== "all") {
      return yield* refuse(-1128, "Combination of optional parameters invalid.")
    }
    if (status !== undefined && !["TRADING", "HALT", "BREAK"].includes(status)) {
      return yield* refuse(-1122, "Invalid symbolStatus.")
    }
    return {
      timezone: "UTC",
      serverTime: world.now,
      rateLimits: [
        { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: Limits.weightLimit },
        { rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, limit: 100 },
        { rateLimitType: "ORDERS", interval: "DAY", intervalNum: 1, limit: 200_000 },
        { rateLimitType: "RAW_REQUESTS", interval: "MINUTE", intervalNum: 5, limit: 300_000 }
      ],
      exchangeFilters: [],
      symbols: selection.listings
        .filter((listing) => status === undefined || listing.status === status)
        .map((listing) => market(listing, showSets))
    }
  })

const account = (world: Dialect.World, omitZero: boolean): Json.Json => ({
  makerCommission: 10,
  takerCommission: 10,
  buyerCommission: 0,
  sellerCommission: 0,
  commissionRates: { maker: "0.00100000", taker: "0.00100000", buyer: "0.00000000", seller: "0.00000000" },
  canTrade: true,
  canWithdraw: true,
  canDeposit: true,
  brokered: false,
  requireSelfTradePrevention: false,
  preventSor: false,
  updateTime: world.now,
  accountType: "SPOT",
  balances: world.balances
    .filter(({ free, locked }) => !omitZero || free.value !== 0n || locked.value !== 0n)
    .map(({ asset, free, locked }) => ({ asset, free: coin(free), locked: coin(locked) })),
  permissions: ["SPOT"],
  uid: 354_937_868
})

const restrictions = (permissions: ApiKey["permissions"]): Json.Json => ({
  ipRestrict: false,
  createTime: 1_698_645_219_000,
  enableReading: true,
  enableSpotAndMarginTrading: permissions.includes("trade"),
  enableWithdrawals: permissions.includes("withdraw"),
  enableInternalTransfer: false,
  permitsUniversalTransfer: false,
  enableMargin: false,
  enableFutures: false,
  enableVanillaOptions: false,
  enableFixApiTrade: false,
  enableFixReadOnly: true,
  enablePortfolioMarginTrading: false
})

// --- the dialect

const answer = (
  endpoint: Endpoint,
  request: Dialect.SimulatedRequest,
  world: Dialect.World
): Either.Either<Json.Json, Refusal> =>
  Either.gen(function*() {
    const params = yield* parseParams(request)
    const key = endpoint.signed === true ? yield* authenticate(request, params, world) : undefined
    const known = endpoint.signed === true ? [...endpoint.params, ...signedParams] : endpoint.params
    const read = [...params.keys()].filter((name) => known.includes(name)).length
    if (read < params.size) {
      return yield* known.length === 0
        ? refuse(-1101, `Too many parameters; expected '0' and received '${params.size}'.`)
        : refuse(
          -1104,
          `Not all sent parameters were read; read '${read}' parameter(s) but was sent '${params.size}'.`
        )
    }
    return yield* endpoint.answer(params, world, key)
  })

const error = (refusal: Refusal, headers: Readonly<Record<string, string>> = {}): Dialect.SimulatedResponse =>
  Dialect.json(refusal.status, { code: refusal.code, msg: refusal.msg }, headers)

const respond = (
  state: Limits.Meters,
  request: Dialect.SimulatedRequest,
  world: Dialect.World
): readonly [Dialect.SimulatedResponse, Limits.Meters] => {
  const path = Dialect.pathOf(request.target)
  const sapi = path.startsWith("/sapi/")
  const endpoint = endpoints[`${request.method} ${path}`]
  const params = Either.getOrElse(parseParams(request), (): Params => new Map())
  const [verdict, meter] = Limits.charge(
    state.get(request.remoteAddress) ?? Limits.idle,
    world.now,
    sapi,
    endpoint?.weight(params) ?? 1
  )
  const next = new Map(state).set(request.remoteAddress, meter)
  const used: Readonly<Record<string, string>> = sapi
    ? { "x-sapi-used-ip-weight-1m": String(meter.sapiWeight) }
    : { "x-mbx-used-weight": String(meter.weight), "x-mbx-used-weight-1m": String(meter.weight) }
  if (verdict === "banned") {
    const msg = `Way too much request weight used; IP banned until ${meter.bannedUntil}. ` +
      "Please use WebSocket Streams for live updates to avoid bans."
    return [error({ status: 418, code: -1003, msg }, retryAfter(meter.bannedUntil - world.now)), next]
  }
  if (verdict === "limited") {
    const wait = Limits.minute - world.now % Limits.minute
    return [error(tooMuch(sapi ? Limits.sapiLimit : Limits.weightLimit), { ...used, ...retryAfter(wait) }), next]
  }
  if (endpoint === undefined) return [Dialect.html(404, "404 Not Found", used), next]
  const response = Either.match(answer(endpoint, request, world), {
    onLeft: (refusal) => error(refusal, used),
    onRight: (body) => Dialect.json(200, body, used)
  })
  return [response, next]
}

const retryAfter = (milliseconds: number): Readonly<Record<string, string>> => ({
  "retry-after": String(Math.ceil(milliseconds / 1000))
})

const tooMuch = (limit: number): Refusal => ({
  status: 429,
  code: -1003,
  msg: `Too much request weight used; current limit is ${limit} request weight per 1 MINUTE. ` +
    "Please use WebSocket Streams for live updates to avoid polling the API."
})

const decoder = new TextDecoder()

/**
 * The Binance dialect.
 *
 * @since 0.1.0
 * @category dialects
 */
export const dialect: Dialect.Dialect = Dialect.make<Limits.Meters>({
  id: "binance",
  listings,
  credentials: { key: 64, secret: 64 },
  initial: new Map(),
  respond,
  usage: Limits.usage,
  failure: (kind) => {
    switch (kind) {
      case "http500":
        return error({
          status: 500,
          code: -1000,
          msg: "An unknown error occurred while processing the request."
        })
      case "http503":
        return error({
          status: 503,
          code: -1008,
          msg: "Server is currently overloaded with other requests. Please try again in a few minutes."
        })
      case "http429":
        return error(tooMuch(Limits.weightLimit), { "retry-after": "1" })
    }
  }
})
