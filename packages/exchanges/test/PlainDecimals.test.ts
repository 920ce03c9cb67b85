import { Account, MarketData, Trading } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, Layer, Stream, TestClock } from "effect"
import { Exchanges } from "../src/index.js"
import { symbol, trading } from "./support/exchanges.js"

/** Returns the paths of the decimals in a value that do not print in plain notation. */
const notPlain = (value: unknown, path: string): ReadonlyArray<string> =>
  BigDecimal.isBigDecimal(value)
    ? JSON.stringify(value) === `"${String(value)}"` ? [] : [path]
    : typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => notPlain(inner, `${path}.${key}`))
    : []

describe("every decimal prints in plain notation, also one that is computed", () => {
  for (const id of Exchanges.ids) {
    it.effect(id, () =>
      Effect.gen(function*() {
        const market = yield* MarketData.MarketData
        const account = yield* Account.Account
        const { cancel, place } = yield* Trading.Trading
        const markets = yield* market.markets
        yield* place({ type: "market", symbol, side: "buy", amount: "0.01" })
        const open = yield* place({ type: "limit", symbol, side: "buy", amount: "0.01", price: "30000" })
        const found = {
          markets,
          tickers: yield* market.tickers(markets.filter(({ status }) => status === "open").map(({ symbol }) => symbol)),
          book: yield* market.orderBook(symbol),
          trades: yield* market.trades(symbol),
          candles: [...(yield* Stream.runCollect(market.candles(symbol, "1h", { from: 0 })))],
          open,
          canceled: yield* cancel(open),
          history: yield* account.orderHistory(symbol),
          fills: yield* account.fills(symbol),
          balances: yield* account.balances,
          positions: yield* Effect.catchTag(account.positions, "Unsupported", () => Effect.succeed([]))
        }
        assert.deepStrictEqual(Object.entries(found).flatMap(([name, value]) => notPlain(value, name)), [])
      }).pipe(
        Effect.raceFirst(Effect.forever(TestClock.adjust("1 second"))),
        Effect.provide(Layer.provide(trading(id), Simulator.layer(id)))
      ))
  }
})
