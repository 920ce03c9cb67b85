import { Duration, Either, Redacted, Schema } from "effect"
import { Endpoint, type Protocol, Signature } from "../../src/adapter.js"
import { ExchangeError } from "../../src/index.js"

/** An exchange that does not exist, with one endpoint of each kind. Its error bodies name the error they stand for. */
const Answer = Schema.Struct({ value: Schema.Number })

export const serverTime = Endpoint.make({
  capability: "marketData",
  name: "serverTime",
  path: "/time",
  input: Endpoint.NoInput,
  response: Schema.Struct({ now: Schema.Number }).pipe(Schema.pluck("now")),
  cost: { ip: 1 }
})

export const value = Endpoint.make({
  capability: "marketData",
  name: "value",
  path: "/value",
  input: Endpoint.NoInput,
  response: Answer,
  cost: { ip: 10 }
})

/** Takes part of its path from the caller. */
export const named = Endpoint.make({
  capability: "marketData",
  name: "named",
  path: "/named/{name}/value",
  input: Schema.Struct({ name: Schema.String, note: Schema.optional(Schema.String) }),
  response: Answer,
  cost: { ip: 1 }
})

/** Refuses what is not a symbol. */
export const quote = Endpoint.make({
  capability: "marketData",
  name: "quote",
  path: "/quote",
  input: Schema.Struct({ symbol: Schema.String.pipe(Schema.pattern(/^[A-Z]{3,6}$/)) }),
  response: Answer,
  cost: { ip: 10 }
})

export const balance = Endpoint.make({
  capability: "account",
  name: "balance",
  path: "/balance",
  input: Endpoint.NoInput,
  response: Answer,
  cost: { ip: 1, key: 1 }
})

/** Private data whose keys the exchange chooses. */
export const holdings = Endpoint.make({
  capability: "account",
  name: "holdings",
  path: "/holdings",
  input: Endpoint.NoInput,
  response: Schema.Record({ key: Schema.String, value: Schema.Number }),
  cost: { ip: 1 }
})

export const cancel = Endpoint.make({
  capability: "trading",
  name: "cancel",
  method: "DELETE",
  path: "/order/{id}",
  idempotency: "idempotent",
  input: Schema.Struct({ id: Schema.String }),
  response: Answer,
  cost: { ip: 1 }
})

export const order = Endpoint.make({
  capability: "trading",
  name: "order",
  method: "POST",
  path: "/order",
  body: "json",
  idempotency: "once",
  input: Schema.Struct({ amount: Schema.Number }),
  response: Answer,
  cost: { ip: 1 }
})

const Refusal = Schema.Struct({ error: Schema.String, message: Schema.optional(Schema.String) })
const isRefusal = Schema.is(Refusal)

/** The errors without fields of their own. */
const plain = {
  InvalidRequest: ExchangeError.InvalidRequest,
  SymbolNotFound: ExchangeError.SymbolNotFound,
  OrderNotFound: ExchangeError.OrderNotFound,
  DuplicateOrder: ExchangeError.DuplicateOrder,
  InsufficientFunds: ExchangeError.InsufficientFunds,
  OrderRejected: ExchangeError.OrderRejected,
  PermissionDenied: ExchangeError.PermissionDenied,
  AuthenticationFailed: ExchangeError.AuthenticationFailed,
  ClockSkew: ExchangeError.ClockSkew,
  RequestTimedOut: ExchangeError.RequestTimedOut,
  MalformedResponse: ExchangeError.MalformedResponse,
  BulkheadFull: ExchangeError.BulkheadFull,
  RateLimiterFull: ExchangeError.RateLimiterFull,
  DeadlineExceeded: ExchangeError.DeadlineExceeded
}

const inQuestion = {
  order: { symbol: "BTC/USDT", clientOrderId: "mine-1" },
  cause: new ExchangeError.RequestTimedOut({ exchange: "acme", operation: "order", detail: "the connection was lost" })
}

/** An error of each class, as a protocol would make it. */
export const errorOf = (
  tag: ExchangeError.ExchangeError["_tag"],
  about: ExchangeError.About,
  now = 0
): ExchangeError.ExchangeError => {
  switch (tag) {
    case "RateLimited":
      return new ExchangeError.RateLimited({ ...about, retryAfter: Duration.seconds(2) })
    case "Banned":
      return new ExchangeError.Banned({ ...about, until: now + 60_000 })
    case "ExchangeUnavailable":
      return new ExchangeError.ExchangeUnavailable({ ...about, outcome: "Unknown" })
    case "TransportFailed":
      return new ExchangeError.TransportFailed({ ...about, outcome: "Unknown" })
    case "CircuitOpen":
      return new ExchangeError.CircuitOpen({ ...about, state: "Open", retryAfter: Duration.seconds(1) })
    case "ExchangeClosed":
      return new ExchangeError.ExchangeClosed({ ...about, since: "2026-01-01" })
    case "Unsupported":
      return new ExchangeError.Unsupported({ ...about, alternative: "do without" })
    case "OrderDenied":
      return new ExchangeError.OrderDenied({ ...about, guard: "symbols" })
    case "KeyRefused":
      return new ExchangeError.KeyRefused({ ...about, permission: "withdraw" })
    case "NotPlaced":
      return new ExchangeError.NotPlaced({ ...about, ...inQuestion })
    case "OutcomeUnknown":
      return new ExchangeError.OutcomeUnknown({ ...about, ...inQuestion })
    default:
      return new plain[tag](about)
  }
}

const isTag = (tag: string): tag is ExchangeError.ExchangeError["_tag"] => tag in ExchangeError.policies

const protocolClassify: Protocol.Protocol["classify"] = ({ about, clean, json, now }) => {
  if (!isRefusal(json)) return undefined
  const detail = clean(json.message ?? "refused")
  const [tag = "", outcome] = json.error.split(".")
  if (tag === "ExchangeUnavailable" && (outcome === "Rejected" || outcome === "NotSent")) {
    return new ExchangeError.ExchangeUnavailable({ ...about, detail, outcome })
  }
  return isTag(tag) ? errorOf(tag, { ...about, detail }, now) : undefined
}

export const protocol: Protocol.Protocol = {
  exchange: "acme",
  live: { _tag: "Open", baseUrl: "https://acme.example" },
  testnet: { _tag: "Closed", since: "2026-01-01", detail: "its testnet is gone; use the live exchange" },
  limits: [
    { scope: "ip", limit: 100, window: "10 seconds" },
    { scope: "key", limit: 10, window: "10 seconds" }
  ],
  sign: (request, { key, secret }, { now }) => {
    const query = `${request.query}${request.query === "" ? "" : "&"}timestamp=${now}`
    const signature = Signature.hmacSha256Hex(
      secret,
      `${request.method}${request.path}?${query}${request.body}`
    )
    return Either.right({
      ...request,
      query: `${query}&signature=${signature}`,
      headers: { ...request.headers, "x-acme-key": Redacted.value(key) },
      signature
    })
  },
  classify: protocolClassify,
  learn: ({ headers }) => {
    const used = headers["x-used-ip"]
    return used === undefined ? {} : { usage: [{ scope: "ip", used: Number(used) }] }
  },
  serverTime
}
