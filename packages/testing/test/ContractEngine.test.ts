import { Decimal, Endpoint, Exchange, ExchangeSymbol, type Market, type Protocol } from "@effect-exchange/core"
import { describe, it } from "@effect/vitest"
import { BigDecimal, Context, Effect, Layer, Schema } from "effect"
import { Contract, type ContractCase, ScriptedHttp } from "../src/index.js"

/** An exchange with next to no protocol: what is judged is the engine under every exchange, over a scripted wire. */
class ToyMarketData extends Context.Tag("ToyMarketData")<ToyMarketData, Exchange.MarketDataService>() {}
class ToyAccount extends Context.Tag("ToyAccount")<ToyAccount, Exchange.AccountService>() {}

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
  sign: (request) => ({ ...request, signature: "" }),
  classify: () => undefined,
  usage: () => [],
  serverTime
}

const marketOf = (text: string): Market.Market => {
  const symbol = ExchangeSymbol.make(text)
  const [base = "", quote = ""] = symbol.split("/")
  return { symbol, id: symbol, kind: "spot", status: "open", base, quote, tickSize: BigDecimal.fromBigInt(1n) }
}

const toy = Exchange.define({
  protocol,
  marketDataTag: ToyMarketData,
  accountTag: ToyAccount,
  marketData: (client) => {
    const ticker = (market: Market.Market) =>
      Effect.map(client.request(last, { symbol: market.id }), (answer) => ({ ...answer, exchange: "toy" }))
    return {
      markets: Effect.map(client.request(lists, {}), (symbols) => symbols.map(marketOf)),
      ticker,
      tickers: (markets) => Effect.forEach(markets, ticker)
    }
  },
  account: () => ({ balances: Effect.succeed([]), keyPermissions: Effect.dieMessage("not asked for") })
})

const now = Date.UTC(2026, 0, 1)

const prices: { readonly [symbol: string]: string } = { "BTC/USDT": "64000.5", "ETH/USDT": "3100" }

const answer = (request: ScriptedHttp.Request): ScriptedHttp.Step => {
  const url = new URL(request.url)
  if (url.pathname === "/time") return ScriptedHttp.json(now)
  if (url.pathname === "/markets") return ScriptedHttp.json(Object.keys(prices))
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
