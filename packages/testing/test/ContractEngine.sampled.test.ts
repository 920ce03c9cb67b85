import { ExchangeSymbol, type Market } from "@effect-exchange/core"
import { Endpoint, Errors, Exchange, Protocol, Question, Wire } from "@effect-exchange/core/adapter"
import { describe, it } from "@effect/vitest"
import { BigDecimal, Effect, Either, Layer, Schema } from "effect"
import { isWhole } from "../../resilience/test/support/sample.js"
import { Contract, type ContractCase, ScriptedHttp } from "../src/index.js"

const { ask } = Question
const { at, decimal, millis, text } = Wire

const open = Endpoint.family({ capability: "marketData", limits: {}, root: "/" })

const serverTime = open("serverTime", "time", { answer: Schema.Number })
const listMarkets = open("markets", "markets", { answer: Schema.Array(Schema.String) })
const last = open("ticker", "ticker", {
  input: Endpoint.inputOf<{ readonly symbol: string }>(),
  answer: Wire.answer({ symbol: at("symbol", text), last: at("last", decimal), at: at("at", millis) })
})
const bars = open("candles", "bars", {
  input: Endpoint.inputOf<
    { readonly symbol: string; readonly length: number; readonly from: number; readonly to: number }
  >(),
  answer: Schema.Array(Schema.Number)
})

const marketOf = (text: string): Market.Market => {
  const symbol = ExchangeSymbol.make(text)
  const [base = "", quote = ""] = symbol.split("/")
  return { symbol, id: symbol, kind: "spot", status: "open", base, quote, tickSize: one }
}

const one = BigDecimal.fromBigInt(1n)

const lengths = { "1m": "60000", "1h": "3600000" } as const

/** An exchange with a minimal protocol: the suite tests the engine that all exchanges share, over scripted HTTP. */
const toy = Exchange.definePublic({
  name: "Toy",
  protocol: Protocol.make({
    exchange: "toy",
    hosts: { live: Protocol.open("https://toy.example"), testnet: Protocol.open("https://testnet.toy.example") },
    limits: {},
    sign: (request) => Either.right({ ...request, signature: "" }),
    errors: Errors.table({ readError: () => undefined, codes: {} }),
    serverTime
  }),
  kinds: ["spot"],
  marketData: {
    listings: [ask(listMarkets, () => ({}), (symbols) => symbols.map(marketOf))],
    ticker: ask(last, ({ id }) => ({ symbol: id }), ({ at, last }) => ({ at, last })),
    book: {
      depths: 1,
      read: ask(last, ({ id }) => ({ symbol: id }), ({ at, last }) => ({
        bids: [{ price: last, amount: one }],
        asks: [{ price: BigDecimal.sum(last, one), amount: one }],
        at
      }))
    },
    trades: {
      most: 3,
      order: "oldest first",
      read: ask(
        last,
        ({ id }) => ({ symbol: id }),
        ({ at, last }) =>
          [3, 1, 2].map((age) => ({ id: String(age), side: "buy" as const, price: last, amount: one, at: at - age }))
      )
    },
    candles: {
      words: lengths,
      page: 200,
      read: ask(
        bars,
        ({ id }, length, { from, to }) => ({ symbol: id, length: Number(length), from, to }),
        (opens) => opens.map((openTime) => ({ openTime, open: one, high: one, low: one, close: one, volume: one }))
      )
    },
    status: () => () => Effect.succeed({ status: "operational" })
  }
})

const now = Date.UTC(2026, 0, 1, 12, 34, 56)

const prices: { readonly [symbol: string]: string } = { "BTC/USDT": "64000.5", "ETH/USDT": "3100" }

const respond = (request: ScriptedHttp.Request): ScriptedHttp.Step => {
  const url = new URL(request.url)
  if (url.pathname === "/time") return ScriptedHttp.json(now)
  if (url.pathname === "/markets") return ScriptedHttp.json(Object.keys(prices))
  if (url.pathname === "/bars") {
    const [from = 0, to = 0, length = 1] = ["from", "to", "length"].map((name) => Number(url.searchParams.get(name)))
    // Newest first and with one candle too many at either end, as some exchanges return them.
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
  features: toy.features,
  clock: "test" as const
})

describe("the contract suite against the engine", () => {
  Contract.register(it, { name: "in order", ...over(respond) })
  Contract.register(it, { name: "slow", ...over((request) => ScriptedHttp.delayed(respond(request), "50 millis")) })
  if (isWhole) {
    Contract.register(it, {
      name: "flaky",
      ...over((request, index) => index % 5 === 4 ? ScriptedHttp.reset : respond(request))
    })
  }
})
