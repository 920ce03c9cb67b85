import { Candle, Decimal, ExchangeSymbol, type Market } from "@effect-exchange/core"
import { Endpoint, Exchange, type Protocol } from "@effect-exchange/core/adapter"
import { describe, it } from "@effect/vitest"
import { BigDecimal, Clock, Context, Effect, Either, Layer, Schema } from "effect"
import { Contract, type ContractCase, Mock, ScriptedHttp } from "../src/index.js"

/** An exchange with next to no protocol: what is judged is the engine under every exchange, over a scripted wire. */
class ToyMarketData extends Context.Tag("ToyMarketData")<ToyMarketData, Exchange.MarketDataService>() {}
class ToyAccount extends Context.Tag("ToyAccount")<ToyAccount, Exchange.AccountService>() {}
class ToyTrading extends Context.Tag("ToyTrading")<ToyTrading, Exchange.TradingService>() {}

const serverTime = Endpoint.make({
  capability: "marketData",
  name: "serverTime",
  path: "/time",
  input: Endpoint.NoInput,
  response: Schema.Number,
  cost: {}
})

const lists = Endpoint.make({
  capability: "marketData",
  name: "markets",
  path: "/markets",
  input: Endpoint.NoInput,
  response: Schema.Array(Schema.String),
  cost: {}
})

const last = Endpoint.make({
  capability: "marketData",
  name: "ticker",
  path: "/ticker",
  input: Schema.Struct({ symbol: Schema.String }),
  response: Schema.Struct({ symbol: ExchangeSymbol.ExchangeSymbol, last: Decimal.FromString, at: Schema.Number }),
  cost: {}
})

const protocol: Protocol.Protocol = {
  exchange: "toy",
  live: { _tag: "Open", baseUrl: "https://toy.example" },
  testnet: { _tag: "Open", baseUrl: "https://testnet.toy.example" },
  limits: [],
  sign: (request) => Either.right({ ...request, signature: "" }),
  classify: () => undefined,
  usage: () => [],
  serverTime
}

const marketOf = (text: string): Market.Market => {
  const symbol = ExchangeSymbol.make(text)
  const [base = "", quote = ""] = symbol.split("/")
  return { symbol, id: symbol, kind: "spot", status: "open", base, quote, tickSize: BigDecimal.fromBigInt(1n) }
}

const bars = Endpoint.make({
  capability: "marketData",
  name: "candles",
  path: "/bars",
  input: Schema.Struct({ symbol: Schema.String, length: Schema.Number, from: Schema.Number, to: Schema.Number }),
  response: Schema.Array(Schema.Number),
  cost: {}
})

const one = BigDecimal.fromBigInt(1n)

const features = { ...Mock.features, name: "Toy", candles: ["1m", "1h"] as const }

const unasked = Effect.dieMessage("not asked for")

const toy = Exchange.make({
  protocol,
  features,
  tags: {
    marketData: (service) => Context.make(ToyMarketData, service),
    account: (service) => Context.make(ToyAccount, service),
    trading: (service) => Context.make(ToyTrading, service)
  },
  marketData: (client) => {
    const ticker = (market: Market.Market) =>
      Effect.map(client.request(last, { symbol: market.id }), (answer) => ({ ...answer, exchange: "toy" }))
    return {
      markets: Effect.map(client.request(lists, {}), (symbols) => symbols.map(marketOf)),
      ticker,
      tickers: (markets) => Effect.forEach(markets, ticker),
      orderBook: (market) =>
        Effect.map(ticker(market), ({ at, exchange, last, symbol }) => ({
          exchange,
          symbol,
          bids: [{ price: last, amount: one }],
          asks: [{ price: BigDecimal.sum(last, one), amount: one }],
          at
        })),
      trades: (market) =>
        Effect.map(ticker(market), ({ at, exchange, last, symbol }) =>
          [3, 1, 2].map((age) => ({
            exchange,
            symbol,
            id: String(age),
            side: "buy",
            price: last,
            amount: one,
            at: at - age
          }))),
      candles: {
        page: 200,
        read: (market, interval, { from, to }) =>
          Effect.map(
            client.request(bars, { symbol: market.id, length: Candle.millis(interval), from, to }),
            (opens) => opens.map((openTime) => ({ openTime, open: one, high: one, low: one, close: one, volume: one }))
          )
      },
      status: Effect.map(Clock.currentTimeMillis, (at) => ({ exchange: "toy", status: "operational", at }))
    }
  },
  account: () => ({
    balances: unasked,
    keyPermissions: unasked,
    openOrders: () => unasked,
    order: () => unasked,
    orderHistory: () => unasked,
    fills: () => unasked
  }),
  trading: () => ({
    clientOrderId: { pattern: /^\w+$/, described: "letters and digits", make: (hex) => hex },
    absentAfter: "1 second",
    place: () => unasked,
    cancel: () => unasked,
    cancelAll: () => unasked
  })
})

const now = Date.UTC(2026, 0, 1, 12, 34, 56)

const prices: { readonly [symbol: string]: string } = { "BTC/USDT": "64000.5", "ETH/USDT": "3100" }

const answer = (request: ScriptedHttp.Request): ScriptedHttp.Step => {
  const url = new URL(request.url)
  if (url.pathname === "/time") return ScriptedHttp.json(now)
  if (url.pathname === "/markets") return ScriptedHttp.json(Object.keys(prices))
  if (url.pathname === "/bars") {
    const [from = 0, to = 0, length = 1] = ["from", "to", "length"].map((name) => Number(url.searchParams.get(name)))
    // Backwards, and one too many at either end: what exchanges do.
    const count = Math.round((to - from) / length) + 2
    return ScriptedHttp.json(Array.from({ length: count }, (_, index) => to - index * length))
  }
  const symbol = url.searchParams.get("symbol") ?? ""
  return ScriptedHttp.json({ symbol, last: prices[symbol], at: now })
}

const observer = Effect.map(ScriptedHttp.ScriptedHttp, (script): ContractCase.Observer => ({
  sent: Effect.map(script.requests, (requests) => requests.length),
  inFlight: script.inFlight
}))

const over = (script: (request: ScriptedHttp.Request, index: number) => ScriptedHttp.Step) => ({
  layer: toy.layerMarketData().pipe(Layer.provideMerge(ScriptedHttp.layer(script))),
  observer,
  features,
  clock: "test" as const
})

describe("the engine", () => {
  Contract.register(it, { name: "in order", ...over(answer) })
  Contract.register(it, { name: "slow", ...over((request) => ScriptedHttp.delayed(answer(request), "50 millis")) })
  Contract.register(it, {
    name: "flaky",
    ...over((request, index) => index % 5 === 4 ? ScriptedHttp.reset : answer(request))
  })
})
