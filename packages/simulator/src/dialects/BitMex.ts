/**
 * BitMEX over REST, as its documentation described it until the exchange closed: instruments, margin, wallet, keys.
 *
 * Signatures are checked over verb, raw target, expiry and raw body. Requests are metered by token buckets: 120 a
 * minute with a key, 30 without. Fifty errors within a minute ban the IP for an hour, and for a week the next time.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { createHmac } from "node:crypto"
import type { ApiKey } from "../Account.js"
import * as Dialect from "../Dialect.js"
import { type Instrument, instruments, iso, row } from "../internal/bitmex/instruments.js"
import * as Limits from "../internal/bitmex/limits.js"
import * as Decimal from "../internal/decimal.js"
import * as Json from "../internal/json.js"

interface Refusal {
  readonly status: number
  readonly message: string
  readonly name: string
}

const refuse = (status: number, message: string, name = "HTTPError"): Either.Either<never, Refusal> =>
  Either.left({ status, message, name })

// --- signatures

/**
 * Whether a request's `api-signature` is the key's: hex HMAC-SHA256 over verb, target, expiry and body, byte for byte.
 *
 * @since 0.1.0
 * @category signatures
 */
export const verifySignature = (
  secret: Redacted.Redacted,
  request: Pick<Dialect.SimulatedRequest, "method" | "target" | "body">,
  expires: string,
  signature: string
): boolean =>
  createHmac("sha256", Redacted.value(secret))
    .update(request.method.toUpperCase() + request.target + expires)
    .update(request.body)
    .digest("hex") === signature.toLowerCase()

// Nothing sent means an anonymous request; anything sent must be right, also where no key is needed.
const authenticate = (
  request: Dialect.SimulatedRequest,
  world: Dialect.World
): Either.Either<ApiKey | undefined, Refusal> => {
  const { "api-expires": expires, "api-key": id, "api-signature": signature } = request.headers
  if (id === undefined && expires === undefined && signature === undefined) return Either.right(undefined)
  if (id === undefined || expires === undefined || signature === undefined) {
    return refuse(401, "Authorization Required")
  }
  if (!/^\d{1,15}$/.test(expires) || Number(expires) * 1000 <= world.now) {
    const current = Math.floor(world.now / 1000)
    return refuse(400, `This request has expired - \`expires\` is in the past. Current time: ${current}`)
  }
  const key = world.keys.find((key) => Redacted.value(key.id) === id)
  if (key === undefined || key.verifier._tag !== "Hmac") return refuse(401, "Invalid API Key.")
  if (!verifySignature(key.verifier.secret, request, expires, signature)) return refuse(401, "Signature not valid.")
  return key.enabled === false ? refuse(403, "This key is disabled.") : Either.right(key)
}

// --- tables

type Row = { readonly [column: string]: Json.Json | undefined }

const integer = (
  params: URLSearchParams,
  name: string,
  otherwise: number,
  largest: number
): Either.Either<number, Refusal> => {
  const text = params.get(name) ?? String(otherwise)
  return /^\d{1,9}$/.test(text) && Number(text) <= largest
    ? Either.right(Number(text))
    : refuse(400, `\`${name}\` must be an integer between 0 and ${largest}`, "ValidationError")
}

const isRecord = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === "object" && json !== null && !Array.isArray(json)

const filterOf = (params: URLSearchParams): Either.Either<Readonly<Record<string, unknown>>, Refusal> => {
  const text = params.get("filter")
  const filter = text === null || text === "" ? {} : Json.parse(text)
  return isRecord(filter) ? Either.right(filter) : refuse(400, "`filter` must be a JSON object", "ValidationError")
}

const columnsOf = (params: URLSearchParams): Either.Either<ReadonlyArray<string> | undefined, Refusal> => {
  const text = params.get("columns")
  if (text === null || text === "") return Either.right(undefined)
  const columns = text.startsWith("[") ? Json.parse(text) : text.split(",")
  return Array.isArray(columns) && columns.every((column) => typeof column === "string")
    ? Either.right(columns)
    : refuse(400, "`columns` must be a JSON array of column names", "ValidationError")
}

const matches = (filter: Readonly<Record<string, unknown>>) => (row: Row): boolean =>
  Object.entries(filter).every(([column, wanted]) => {
    const value: unknown = Json.parse(Json.encode(row[column] ?? null))
    return Array.isArray(wanted) ? wanted.includes(value) : wanted === value
  })

// `XBT` is the first contract of that root, `XBT:perpetual` its perpetuals; case does not matter.
const named = (symbol: string): ReadonlyArray<Instrument> => {
  const wanted = symbol.toUpperCase()
  const exact = instruments.filter((instrument) => instrument.id === wanted)
  if (exact.length > 0) return exact
  const [root, series] = wanted.split(":")
  const family = instruments.filter((instrument) => instrument.root === root && instrument.typ.startsWith("FF"))
  if (series === undefined) return family.slice(0, 1)
  return family.filter((instrument) => series === "PERPETUAL" && instrument.typ === "FFWCSX")
}

const table = (
  params: URLSearchParams,
  selected: ReadonlyArray<Instrument>,
  world: Dialect.World
): Either.Either<Json.Json, Refusal> =>
  Either.gen(function*() {
    const filter = yield* filterOf(params)
    const columns = yield* columnsOf(params)
    const count = yield* integer(params, "count", 100, 500)
    const start = yield* integer(params, "start", 0, 999_999_999)
    const rows = selected
      .map((instrument): Row => row(instrument, world.quote(instrument), world.now))
      .filter(matches(filter))
    const ordered = params.get("reverse") === "true" ? rows.toReversed() : rows
    return ordered.slice(start, start + count).map((row) => project(row, columns))
  })

const project = (row: Row, columns: ReadonlyArray<string> | undefined): Row =>
  columns === undefined
    ? row
    : Object.fromEntries(Object.entries(row).filter(([column]) => column === "symbol" || columns.includes(column)))

// --- the account

// Only what BitMEX could settle in; the codes are of minor units and case-sensitive.
const currencies: Readonly<Record<string, { readonly code: string; readonly scale: number }>> = {
  BTC: { code: "XBt", scale: 8 },
  USDT: { code: "USDt", scale: 6 },
  ETH: { code: "Gwei", scale: 9 }
}

const account = 395_724

const perCurrency = (
  params: URLSearchParams,
  world: Dialect.World,
  row: (code: string, total: bigint, free: bigint) => Row
): Either.Either<Json.Json, Refusal> => {
  const wanted = params.get("currency") ?? "XBt"
  const rows = world.balances.flatMap(({ asset, free, locked }) => {
    const currency = currencies[asset]
    if (currency === undefined || (wanted !== "all" && wanted !== currency.code)) return []
    const available = Decimal.minor(free, currency.scale)
    return [row(currency.code, available + Decimal.minor(locked, currency.scale), available)]
  })
  const [only] = rows
  if (wanted === "all") return Either.right(rows)
  return only === undefined ? refuse(400, "Invalid currency", "ValidationError") : Either.right(only)
}

const margin = (now: number) => (currency: string, total: bigint, free: bigint): Row => ({
  account,
  currency,
  amount: total,
  walletBalance: total,
  marginBalance: total,
  availableMargin: free,
  withdrawableMargin: free,
  excessMargin: free,
  initMargin: total - free,
  maintMargin: total - free,
  realisedPnl: 0,
  unrealisedPnl: 0,
  marginLeverage: 0,
  marginUsedPcnt: Number(total === 0n ? 0n : (total - free) * 10_000n / total) / 10_000,
  timestamp: iso(now)
})

const wallet = (now: number) => (currency: string, total: bigint): Row => ({
  account,
  currency,
  deposited: total,
  withdrawn: 0,
  transferIn: 0,
  transferOut: 0,
  amount: total,
  pendingCredit: 0,
  pendingDebit: 0,
  confirmedDebit: 0,
  timestamp: iso(now)
})

const keyRow = (key: ApiKey): Row => ({
  id: Redacted.value(key.id),
  name: "demo",
  nonce: 0,
  cidr: "0.0.0.0/0",
  cidrs: ["0.0.0.0/0"],
  permissions: [
    ...(key.permissions.includes("trade") ? ["order"] : []),
    ...(key.permissions.includes("withdraw") ? ["withdraw"] : [])
  ],
  enabled: key.enabled ?? true,
  userId: account,
  created: "2024-01-15T08:30:00.000Z"
})

// --- endpoints

interface Endpoint {
  readonly signed?: boolean
  readonly answer: (params: URLSearchParams, world: Dialect.World) => Either.Either<Json.Json, Refusal>
}

const root: Endpoint = {
  answer: (_, world) => Either.right({ name: "BitMEX API", version: "2.0.0", timestamp: world.now })
}

const endpoints: Readonly<Record<string, Endpoint>> = {
  "GET /api/v1": root,
  "GET /api/v1/": root,
  "GET /api/v1/instrument": {
    answer: (params, world) => {
      const symbol = params.get("symbol")
      return table(params, symbol === null || symbol === "" ? instruments : named(symbol), world)
    }
  },
  "GET /api/v1/instrument/active": {
    answer: (params, world) => table(params, instruments.filter((instrument) => instrument.state === "Open"), world)
  },
  "GET /api/v1/announcement/urgent": { answer: () => Either.right([]) },
  "GET /api/v1/user/margin": {
    signed: true,
    answer: (params, world) => perCurrency(params, world, margin(world.now))
  },
  "GET /api/v1/user/wallet": {
    signed: true,
    answer: (params, world) => perCurrency(params, world, wallet(world.now))
  },
  "GET /api/v1/apiKey": { signed: true, answer: (_, world) => Either.right(world.keys.map(keyRow)) }
}

// --- the dialect

const error = (
  refusal: Refusal,
  headers: Readonly<Record<string, string>> = {}
): Dialect.SimulatedResponse =>
  Dialect.json(refusal.status, { error: { message: refusal.message, name: refusal.name } }, headers)

const limited = (seconds: number): Refusal => ({
  status: 429,
  message: `Rate limit exceeded, retry in ${seconds} seconds.`,
  name: "RateLimitError"
})

const answer = (
  request: Dialect.SimulatedRequest,
  world: Dialect.World,
  key: ApiKey | undefined
): Either.Either<Json.Json, Refusal> => {
  const endpoint = endpoints[`${request.method} ${Dialect.pathOf(request.target)}`]
  if (endpoint === undefined) return refuse(404, "Not Found")
  if (endpoint.signed === true && key === undefined) return refuse(401, "Authorization Required")
  return endpoint.answer(new URLSearchParams(Dialect.queryOf(request.target)), world)
}

const respond = (
  state: Limits.Limits,
  request: Dialect.SimulatedRequest,
  world: Dialect.World
): readonly [Dialect.SimulatedResponse, Limits.Limits] => {
  const address = request.remoteAddress
  if (Limits.bannedUntil(state, address, world.now) !== undefined) {
    return [Dialect.html(403, "403 Forbidden", { server: "awselb/2.0" }), state]
  }
  const identity = authenticate(request, world)
  const known = Either.isRight(identity) && identity.right !== undefined
  const [verdict, metered] = known
    ? Limits.take(state, "account", Limits.authenticated, world.now)
    : Limits.take(state, `ip:${address}`, Limits.anonymous, world.now)
  const response = verdict.admitted
    ? Either.match(Either.flatMap(identity, (key) => answer(request, world, key)), {
      onLeft: (refusal) => error(refusal, verdict.headers),
      onRight: (body) => Dialect.json(200, body, verdict.headers)
    })
    : error(limited(verdict.retryAfter), { ...verdict.headers, "retry-after": String(verdict.retryAfter) })
  return [response, response.status < 400 ? metered : Limits.offend(metered, address, world.now)]
}

/**
 * The BitMEX dialect.
 *
 * @since 0.1.0
 * @category dialects
 */
export const dialect: Dialect.Dialect = Dialect.make<Limits.Limits>({
  id: "bitmex",
  listings: instruments,
  credentials: { key: 24, secret: 48 },
  initial: Limits.initial,
  respond,
  usage: Limits.usage,
  failure: (kind) => {
    switch (kind) {
      case "http500":
        return error({ status: 500, message: "Internal Server Error", name: "HTTPError" })
      case "http503":
        return error({
          status: 503,
          message: "The system is currently overloaded. Please try again later.",
          name: "HTTPError"
        })
      case "http429":
        return error(limited(1), { "retry-after": "1" })
    }
  }
})
