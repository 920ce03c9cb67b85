/**
 * Builds endpoints that the library does not cover from the input of the user.
 *
 * @since 0.1.0
 */
import type * as Endpoint from "@effect-exchange/core/engine/Endpoint"
import type { ExchangeId } from "@effect-exchange/exchanges/ExchangeId"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Struct from "effect/Struct"

/**
 * A request as the user typed it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Typed {
  readonly method: Endpoint.Prepared["method"]
  readonly path: string
  readonly query: ReadonlyArray<readonly [name: string, value: string]>
  readonly form: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: Option.Option<Endpoint.Parameter>
  readonly signed: boolean
}

/** Facts that hold for all endpoints of an exchange, including endpoints that the library does not cover. */
interface Facts {
  /** The minimum cost of an endpoint against the rate limits. */
  readonly cost: { readonly [C in Endpoint.Capability]: Endpoint.Cost }
  /** Matches the paths that only read although their method is not `GET`. */
  readonly reads?: RegExp | undefined
  /** Matches all paths that only read, for exchanges where a `GET` may change something. */
  readonly readsOnly?: RegExp | undefined
}

const same = (cost: Endpoint.Cost): Facts["cost"] => ({ marketData: cost, account: cost, trading: cost })

const facts = {
  binance: { cost: same({ ip: 1 }) },
  bitmex: { cost: { marketData: { ip: 1 }, account: { key: 1 }, trading: { key: 1, order: 1 } } },
  bybit: { cost: same({ ip: 1 }) },
  coinbase: { cost: { marketData: { ip: 1 }, account: { user: 1 }, trading: { user: 1 } } },
  deribit: {
    cost: { marketData: { ip: 1 }, account: { account: 1 }, trading: { matching: 1 } },
    // Deribit also trades by `GET`. Private endpoints that read are named `get_*`.
    readsOnly: /^\/api\/v2\/(?:public\/\w+|private\/get_\w+)$/
  },
  // OKX limits each endpoint separately, so an unknown endpoint has no known limit.
  okx: { cost: same({}) },
  kraken: {
    cost: { marketData: { public: 1 }, account: { key: 1 }, trading: { trading: 1 } },
    reads:
      /^\/0\/private\/(?:Balance|BalanceEx|CreditLines|TradeBalance|OpenOrders|ClosedOrders|QueryOrders|OrderAmends|TradesHistory|QueryTrades|OpenPositions|Ledgers|QueryLedgers|TradeVolume|GetApiKeyInfo|DepositStatus|WithdrawStatus)$/
  }
} satisfies { readonly [Id in ExchangeId]?: Facts }

const factsOf: ReadonlyMap<string, Facts> = new Map<string, Facts>(Struct.entries(facts))

/**
 * Returns `true` if a request may change something, which is assumed unless the endpoint is known to only read.
 * On an exchange without known facts, only a `GET` that is not signed is known to.
 *
 * @since 0.1.0
 * @category predicates
 */
export const changes = (
  exchange: string,
  { method, path, signed }: Pick<Typed, "method" | "path" | "signed">
): boolean => {
  const known = factsOf.get(exchange)
  if (known === undefined) return method !== "GET" || signed
  if (method !== "GET") return known.reads?.test(path) !== true
  return known.readsOnly?.test(path) === false
}

/**
 * Creates an endpoint from the input of the user. It decodes the response to its unchanged JSON. A request that reads
 * may be retried, and a request that may change something is sent once.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = <C extends Endpoint.Capability>(
  exchange: string,
  capability: C,
  typed: Typed
): Endpoint.Endpoint<C, {}, unknown> => {
  const { body, parameters } = bodyAndParameters(typed)
  return {
    capability,
    name: "call",
    method: typed.method,
    path: typed.path,
    body,
    auth: capability === "marketData" ? "none" : "signed",
    idempotency: capability === "trading" ? "once" : "safe",
    encode: () => Either.right(parameters),
    decode: Either.right,
    cost: () => factsOf.get(exchange)?.cost[capability] ?? {}
  }
}

const bodyAndParameters = (
  { body, form, query }: Typed
): { readonly body: Endpoint.Body; readonly parameters: Endpoint.Parameters } => {
  if (Option.isSome(body)) return { body: { whole: "body" }, parameters: { body: body.value } }
  return form.length > 0
    ? { body: "form", parameters: collected(form) }
    : { body: "none", parameters: collected(query) }
}

/** Collects the values of a repeated name into a list. */
const collected = (pairs: Typed["query"]): Endpoint.Parameters => {
  const values = new Map<string, ReadonlyArray<string>>()
  for (const [name, value] of pairs) values.set(name, [...values.get(name) ?? [], value])
  return Object.fromEntries(values)
}
