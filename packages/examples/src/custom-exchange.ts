/**
 * An exchange of one's own in one file, by the public API: Tulip, which trades tulip bulbs. What is here is all that is
 * particular to it; pacing, signing in time, retries, breakers, checks, lost answers and telemetry are the library's.
 * `docs/adding-an-exchange.md` walks through it.
 */
import {
  type Credentials,
  Decimal,
  ExchangeError,
  ExchangeSymbol,
  type Market,
  type Order
} from "@effect-exchange/core"
import { ClientOrderId, Endpoint, Exchange, type Protocol, Signature } from "@effect-exchange/core/adapter"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import { Clock, Context, Effect, Either, Option, Redacted, Schema } from "effect"

// --- the wire: what Tulip answers, as its documents say

const Bulb = Schema.Struct({ id: Schema.String, tick: Decimal.FromString, step: Decimal.FromString })
const Quote = Schema.Struct({ last: Decimal.FromString, bid: Decimal.FromString, ask: Decimal.FromString })
const Level = Schema.Tuple(Decimal.FromString, Decimal.FromString)
const Book = Schema.Struct({ bids: Schema.Array(Level), asks: Schema.Array(Level) })
const amounts = { price: Decimal.FromString, size: Decimal.FromString }
const NewOrder = Schema.Struct({ ...amounts, bulb: Schema.String, ref: Schema.String, side: Schema.String })
const Row = Schema.Struct({
  ...amounts,
  id: Schema.NonEmptyString,
  ref: Schema.NonEmptyString,
  side: Schema.Literal("buy", "sell"),
  done: Decimal.FromString,
  state: Schema.Literal("open", "filled", "canceled"),
  at: Schema.NonNegativeInt
})
const Refusal = Schema.Struct({ refused: Schema.Literal("signature", "unknown", "funds", "duplicate") })

// --- the endpoints: what may be asked, what it costs, whether it may be repeated

const cost = { calls: 1 }
const text = Schema.optional(Schema.String)
const Which = Schema.Struct({ bulb: text, ref: text, id: text })

const get = <C extends "marketData" | "account", A, AE>(capability: C, path: string, response: Schema.Schema<A, AE>) =>
  Endpoint.make({ capability, name: path.split("/")[1] ?? "", path, input: Which, response, cost })

const time = get("marketData", "/time", Schema.pluck(Schema.Struct({ now: Schema.NonNegativeInt }), "now"))
const bulbs = get("marketData", "/bulbs", Schema.Array(Bulb))
const quote = get("marketData", "/quote/{bulb}", Quote)
const book = get("marketData", "/book/{bulb}", Book)
const purse = get("account", "/purse", Schema.Array(Schema.Tuple(Schema.NonEmptyString, Decimal.FromString)))
const orders = get("account", "/orders", Schema.Array(Row))

const write = { capability: "trading", path: "/orders", response: Row, cost } as const
const place = Endpoint.make({
  ...write,
  name: "place",
  method: "POST",
  body: "json",
  idempotency: "once",
  input: NewOrder
})
const cancel = Endpoint.make({
  ...write,
  name: "cancel",
  method: "DELETE",
  idempotency: "idempotent",
  input: Which
})

// --- the protocol: where it is, how it is paced, how a request is signed, what an error means

const sign = (request: Endpoint.Prepared, { key, secret }: Credentials.Credentials, { now }: Protocol.Moment) => {
  const signature = Signature.hmacSha256Hex(secret, `${now}${request.method}${request.path}?${request.query}`)
  const headers = { ...request.headers, "tulip-key": Redacted.value(key), "tulip-time": String(now) }
  return Either.right({ ...request, headers: { ...headers, "tulip-signature": signature }, signature })
}

const errors = {
  signature: ExchangeError.AuthenticationFailed,
  unknown: ExchangeError.OrderNotFound,
  funds: ExchangeError.InsufficientFunds,
  duplicate: ExchangeError.DuplicateOrder
}

const classify = ({ about, json }: Protocol.Answer): ExchangeError.ExchangeError | undefined =>
  Schema.is(Refusal)(json)
    ? new errors[json.refused]({ ...about, code: json.refused, detail: `Tulip refused: ${json.refused}` })
    : undefined

const protocol: Protocol.Protocol = {
  exchange: "tulip",
  live: { _tag: "Open", baseUrl: "https://tulip.example" },
  testnet: { _tag: "None", alternative: "use a base URL of your own" },
  limits: [{ scope: "calls", limit: 10, window: "1 second" }],
  sign,
  classify,
  usage: () => [],
  serverTime: time
}

// --- the mapping: Tulip's words in ours

const listing = ({ id, step, tick }: typeof Bulb.Type): Market.Market => ({
  symbol: ExchangeSymbol.make(`${id}/NLG`),
  id,
  kind: "spot",
  status: "open",
  base: id,
  quote: "NLG",
  tickSize: tick,
  lotSize: step
})

const order = (symbol: ExchangeSymbol.ExchangeSymbol, row: typeof Row.Type): Order.Order => ({
  exchange: "tulip",
  symbol,
  id: row.id,
  clientOrderId: row.ref,
  side: row.side,
  type: "limit",
  status: row.state,
  price: row.price,
  amount: row.size,
  filled: row.done,
  createdAt: row.at
})

const levels = (rows: ReadonlyArray<typeof Level.Type>) => rows.map(([price, amount]) => ({ price, amount }))

const without = (operation: string, alternative: string) => () =>
  new ExchangeError.Unsupported({ exchange: "tulip", operation, detail: "Tulip has none", alternative })

// --- the exchange: its tags, what it can do, and its three capabilities

export class MarketData extends Context.Tag("Tulip/MarketData")<MarketData, Exchange.MarketDataService>() {}
export class Account
  extends Context.Tag("Tulip/Account")<Account, Omit<Exchange.AccountService, "positions" | "fills">>()
{}
export class Trading
  extends Context.Tag("Tulip/Trading")<Trading, Omit<Exchange.TradingService, "amend" | "placeBatch">>()
{}

export const { layer, layerAccount, layerMarketData } = Exchange.make({
  protocol,
  features: {
    name: "Tulip",
    kinds: ["spot"],
    testnet: false,
    candles: [],
    positions: false,
    timeInForce: ["GTC"],
    reduceOnly: false,
    amend: false,
    batch: 0,
    deduplicates: "always"
  },
  tags: {
    marketData: (service) => Context.make(MarketData, service),
    account: (service) => Context.make(Account, service),
    trading: (service) => Context.make(Trading, service)
  },
  marketData: ({ request }) => {
    const ticker = ({ id, symbol }: Market.Market) =>
      Effect.zipWith(
        request(quote, { bulb: id }),
        Clock.currentTimeMillis,
        (prices, at) => ({ exchange: "tulip", symbol, ...prices, at })
      )
    return {
      markets: Effect.map(request(bulbs, {}), (all) => all.map(listing)),
      ticker,
      tickers: (markets) => Concurrent.forEach(markets, ticker, { concurrency: 4 }),
      orderBook: ({ id, symbol }) =>
        Effect.zipWith(request(book, { bulb: id }), Clock.currentTimeMillis, ({ asks, bids }, at) => ({
          exchange: "tulip",
          symbol,
          bids: levels(bids),
          asks: levels(asks),
          at
        })),
      trades: without("trades", "read the ticker instead"),
      candles: { page: 1, read: without("candles", "keep the prices you read") },
      status: Effect.map(request(time, {}), (at) => ({ exchange: "tulip", status: "operational", at }))
    }
  },
  account: ({ request }) => {
    const all = (market: Market.Market, which: typeof Which.Type) =>
      Effect.map(request(orders, which), (rows) => rows.map((row) => order(market.symbol, row)))
    return {
      balances: Effect.map(
        request(purse, {}),
        (coins) => coins.map(([asset, total]) => ({ asset, free: total, total }))
      ),
      keyPermissions: Effect.succeed({ read: true, trade: "unknown", withdraw: "unknown", ipRestricted: "unknown" }),
      openOrders: (market) =>
        market === undefined
          ? without("openOrders", "name a symbol")()
          : Effect.map(all(market, {}), (rows) => rows.filter(({ status }) => status === "open")),
      order: ({ clientOrderId, id, market }) =>
        Effect.flatMap(all(market, { ref: clientOrderId, id }), ([found]) =>
          found === undefined
            ? new ExchangeError.OrderNotFound({ exchange: "tulip", operation: "order", detail: "no such order" })
            : Effect.succeed(found)),
      orderHistory: (market) => all(market, {}),
      fills: without("fills", "read what an order has filled")
    }
  },
  trading: ({ request }, { account }) => ({
    clientOrderId: { pattern: /^[0-9a-f-]{36}$/, described: "a UUID in lower case", make: ClientOrderId.asUuid },
    absentAfter: "10 seconds",
    place: ({ amount, clientOrderId, market, price, side }) =>
      price === undefined
        ? without("place", "give a limit price")()
        : Effect.map(
          request(place, { bulb: market.id, ref: clientOrderId, side, price, size: amount }),
          (row) => ({ _tag: "Order", order: order(market.symbol, row) })
        ),
    cancel: ({ clientOrderId, id, market }) =>
      Effect.map(request(cancel, { ref: clientOrderId, id }), (row) => Option.some(order(market.symbol, row))),
    cancelAll: (market) =>
      Effect.flatMap(
        account.openOrders(market),
        Effect.forEach(({ id }) => Effect.as(request(cancel, { id }), id))
      )
  })
})
