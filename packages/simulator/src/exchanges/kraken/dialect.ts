/**
 * Kraken Spot over REST, as its documentation of 2026-11 describes it: market data, account, keys and trading.
 *
 * Signatures are checked over the path, the nonce and the raw body; nonces must rise strictly for each key. Every
 * answer the exchange itself gives has status 200 and its errors inside. What the documentation leaves open is chosen
 * here: a post-only order that would cross is refused with `EOrder:Post only order` and leaves no order behind;
 * `cl_ord_id` is lower case; ten bad keys, signatures or nonces within a minute lock a caller out. Orders have no
 * expiry and no leverage.
 *
 * @since 0.1.0
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { createHash, createHmac } from "node:crypto"
import * as Dialect from "../../Dialect.js"
import * as Account from "../../engine/Account.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type * as Json from "../../internal/json.js"
import * as Limits from "./limits.js"
import * as MarketData from "./marketData.js"
import { assetNamed, findPair, listings } from "./markets.js"
import * as Orders from "./orders.js"
import { bodyFields, type Fields, nonceOf, queryFields, refuse, text } from "./params.js"
import * as Trading from "./trading.js"

interface State {
  readonly counters: Limits.Counters
  readonly callers: Limits.Callers
}

// --- signatures

/**
 * Whether an `API-Sign` is the key's: base64 HMAC-SHA512, keyed with the decoded secret, over the path and the SHA-256
 * of nonce and body.
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

const authenticate = (
  request: Dialect.SimulatedRequest,
  body: string,
  key: Account.ApiKey | undefined,
  caller: Limits.Caller
): Either.Either<bigint, string> => {
  if (key === undefined || key.enabled === false || key.verifier._tag !== "Hmac") return refuse("EAPI:Invalid key")
  const nonce = nonceOf(body)
  if (nonce === undefined || BigInt(nonce) >= largestNonce) return refuse("EAPI:Invalid nonce")
  const signature = request.headers["api-sign"] ?? ""
  if (!verifySignature(key.verifier.secret, Dialect.pathOf(request.target), nonce, body, signature)) {
    return refuse("EAPI:Invalid signature")
  }
  return BigInt(nonce) > caller.nonce ? Either.right(BigInt(nonce)) : refuse("EAPI:Invalid nonce")
}

// --- the account

const total = ({ free, locked }: Engine.Balance): BigDecimal.BigDecimal => BigDecimal.sum(free, locked)

const balances = (world: Dialect.World): Json.Json =>
  Object.fromEntries(
    Engine.balances(world.engine).map((balance) => {
      const { decimals, id } = assetNamed(balance.asset)
      return [id, Decimal.fixed(total(balance), decimals)]
    })
  )

const balancesAndHolds = (world: Dialect.World): Json.Json =>
  Object.fromEntries(
    Engine.balances(world.engine).map((balance) => {
      const { decimals, id } = assetNamed(balance.asset)
      return [id, {
        balance: Decimal.fixed(total(balance), decimals),
        hold_trade: Decimal.fixed(balance.locked, decimals)
      }]
    })
  )

const keyInfo = (key: Account.ApiKey, nonce: bigint, now: number): Json.Json => ({
  apiKeyName: "demo",
  apiKey: Redacted.value(key.id),
  nonce: String(nonce),
  nonceWindow: 0,
  permissions: [
    "query-funds",
    ...(key.permissions.includes("withdraw") ? ["withdraw-funds"] : []),
    "query-open-trades",
    ...(key.permissions.includes("trade") ? ["modify-trades"] : [])
  ],
  iban: "AA00 N000 0000 0000",
  validUntil: "0",
  queryFrom: "0",
  queryTo: "0",
  createdTime: "1698645219",
  modifiedTime: "1698645219",
  ipAllowlist: [],
  lastUsed: String(Math.floor(now / 1000))
})

// --- endpoints

type Public = (fields: Fields, world: Dialect.World) => Either.Either<Json.Json, string>

const publicEndpoints: Readonly<Record<string, Public>> = {
  Time: (_, world) => Either.right(MarketData.time(world.now)),
  SystemStatus: (_, world) => Either.right(MarketData.status(world.now)),
  Assets: MarketData.assetTable,
  AssetPairs: MarketData.pairTable,
  Ticker: MarketData.ticker,
  Depth: MarketData.depth,
  Trades: MarketData.trades,
  OHLC: MarketData.ohlc
}

interface Reading {
  readonly cost: number
  readonly answer: Public
}

const readings: Readonly<Record<string, Reading>> = {
  Balance: { cost: 1, answer: (_, world) => Either.right(balances(world)) },
  BalanceEx: { cost: 1, answer: (_, world) => Either.right(balancesAndHolds(world)) },
  TradeVolume: { cost: 1, answer: MarketData.tradeVolume },
  // Nothing is on margin.
  OpenPositions: { cost: 1, answer: () => Either.right({}) },
  OpenOrders: { cost: 1, answer: Orders.openOrders },
  ClosedOrders: { cost: 1, answer: Orders.closedOrders },
  QueryOrders: { cost: 1, answer: Orders.queryOrders },
  TradesHistory: { cost: 2, answer: Orders.tradesHistory }
}

const tradings: Readonly<Record<string, (fields: Fields, standing: Trading.Standing) => Trading.Answered>> = {
  AddOrder: Trading.addOrder,
  AddOrderBatch: Trading.addOrderBatch,
  AmendOrder: Trading.amendOrder,
  CancelOrder: Trading.cancelOrder,
  CancelOrderBatch: Trading.cancelOrderBatch,
  CancelAll: Trading.cancelAll
}

// --- the dialect

type Response = readonly [response: Dialect.SimulatedResponse, next: State, engine?: Engine.Engine | undefined]

const success = (result: Json.Json): Dialect.SimulatedResponse => Dialect.json(200, { error: [], result })

const failure = (error: string, status = 200): Dialect.SimulatedResponse => Dialect.json(status, { error: [error] })

const respond = (state: State, request: Dialect.SimulatedRequest, world: Dialect.World): Response => {
  const [, access, name = ""] = /^\/0\/(public|private)\/(\w+)$/.exec(Dialect.pathOf(request.target)) ?? []
  if (access === undefined) return [Dialect.html(404, "404 Not Found"), state]
  if (access === "public" && request.method === "GET") return answerPublic(state, name, request, world)
  if (access === "private" && request.method === "POST") return answerPrivate(state, name, request, world)
  return [failure("EGeneral:Unknown method"), state]
}

const answerPublic = (
  state: State,
  name: string,
  request: Dialect.SimulatedRequest,
  world: Dialect.World
): Response => {
  const endpoint = publicEndpoints[name]
  if (endpoint === undefined) return [failure("EGeneral:Unknown method"), state]
  const fields = queryFields(request)
  const address = `ip:${request.remoteAddress}`
  const apart = name === "Trades" || name === "OHLC"
  const scope = apart ? `${address}/${name}/${findPair(text(fields, "pair") ?? "")?.id ?? ""}` : address
  const counters = Limits.charge(state.counters, scope, Limits.publicRate, 1, world.now)
  if (counters === undefined) return [failure("EGeneral:Too many requests"), state]
  const response = Either.match(endpoint(fields, world), { onLeft: (error) => failure(error), onRight: success })
  return [response, { ...state, counters }]
}

const answerPrivate = (
  state: State,
  name: string,
  request: Dialect.SimulatedRequest,
  world: Dialect.World
): Response => {
  const body = new TextDecoder().decode(request.body)
  const place = world.keys.findIndex(({ id }) => Redacted.value(id) === request.headers["api-key"])
  const key = world.keys[place]
  const scope = key === undefined ? `ip:${request.remoteAddress}` : `key:${place}`
  const caller = state.callers.get(scope) ?? Limits.stranger
  const remember = (after: Limits.Caller): State => ({
    ...state,
    callers: new Map(state.callers).set(scope, after)
  })
  if (world.now < caller.lockedUntil) return [failure("EGeneral:Temporary lockout"), state]
  const identity = authenticate(request, body, key, caller)
  if (Either.isLeft(identity) || key === undefined) {
    const error = Either.isLeft(identity) ? identity.left : "EAPI:Invalid key"
    return [failure(error), remember(Limits.fail(caller, world.now))]
  }
  const known = remember({ ...caller, nonce: identity.right })
  const trading = tradings[name]
  if (trading !== undefined) return trade(known, trading, bodyFields(request, body), world, key)
  const counters = Limits.charge(known.counters, scope, Limits.privateRate, readings[name]?.cost ?? 1, world.now)
  if (counters === undefined) return [failure("EAPI:Rate limit exceeded"), known]
  const answer = name === "GetApiKeyInfo"
    ? Either.right(keyInfo(key, identity.right, world.now))
    : readings[name]?.answer(bodyFields(request, body), world) ?? refuse("EGeneral:Unknown method")
  return [Either.match(answer, { onLeft: (error) => failure(error), onRight: success }), { ...known, counters }]
}

const trade = (
  state: State,
  trading: (fields: Fields, standing: Trading.Standing) => Trading.Answered,
  fields: Fields,
  world: Dialect.World,
  key: Account.ApiKey
): Response => {
  if (!key.permissions.includes("trade")) return [failure("EGeneral:Permission denied"), state]
  const answered = trading(fields, { engine: world.engine, counters: state.counters, now: world.now })
  if (Either.isLeft(answered)) return [failure(answered.left), state]
  const [result, { counters, engine }] = answered.right
  return [success(result), { ...state, counters }, engine]
}

/**
 * The Kraken dialect.
 *
 * @since 0.1.0
 * @category dialects
 */
export const dialect: Dialect.Dialect = Dialect.make<State>({
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
  initial: { counters: new Map(), callers: new Map() },
  respond,
  usage: ({ callers, counters }, now) => Limits.usage(counters, callers, now),
  failures: {
    // Kraken has no status but 200: these come from the proxy in front of it.
    http500: Dialect.html(500, "500 Internal Server Error", { server: "cloudflare" }),
    http503: Dialect.html(503, "503 Service Temporarily Unavailable", { server: "cloudflare" }),
    http429: failure("EGeneral:Too many requests", 429)
  }
})
