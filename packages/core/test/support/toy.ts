import { Either } from "effect"
import { Endpoint, Errors, Limit, Protocol, Wire } from "../../src/adapter.js"
import { ExchangeSymbol, type Market } from "../../src/index.js"

export const limits = { ip: Limit.window(1000, "1 second") }
export const open = Endpoint.family({ capability: "marketData", limits, cost: { ip: 1 } })
export const read = Endpoint.family({ capability: "account", limits, cost: { ip: 1 } })

export const time = open("time", "/time", { answer: Wire.within("now", Wire.millis) })

/** The protocol of a fictitious exchange. */
export const protocol = Protocol.make({
  exchange: "toy",
  hosts: {
    live: Protocol.open("https://toy.example"),
    testnet: { _tag: "None", alternative: "use a base URL of your own" }
  },
  limits,
  sign: (request) => Either.right({ ...request, signature: "" }),
  errors: Errors.table({ readError: () => undefined, codes: { InsufficientFunds: "poor", OrderRejected: "frozen" } }),
  serverTime: time
})

export const spot: Market.Market = {
  symbol: ExchangeSymbol.make("BTC/USD"),
  id: "XBTUSD",
  kind: "spot",
  status: "open",
  base: "BTC",
  quote: "USD"
}
