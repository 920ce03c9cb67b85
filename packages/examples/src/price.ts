/**
 * Reads the price of a bitcoin from a simulated Binance. This is the smallest program.
 */
import { Binance } from "@effect-exchange/binance"
import { Decimal, MarketData } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"

const program = Effect.gen(function*() {
  const market = yield* MarketData.MarketData
  const price = yield* market.price("BTC/USDT")
  yield* Console.log(`${price.source}: ${Decimal.format(price.amount)} ${price.currency}`)
})

// To read from the real exchange, use `Binance.layerMarketData()` with `NodeExchange.layer`.
const simulated = Binance.layerMarketData({ environment: Simulator.environment("binance") }).pipe(
  Layer.provide(Simulator.layer("binance"))
)

program.pipe(Effect.provide(simulated), NodeRuntime.runMain)
