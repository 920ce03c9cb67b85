/**
 * An exchange that is gone says so in its own error, and the program moves on by asking another.
 */
import { MarketData } from "@effect-exchange/core"
import { Exchanges } from "@effect-exchange/exchanges"
import { Simulator } from "@effect-exchange/simulator"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"

const price = Effect.flatMap(MarketData.MarketData, (market) => market.price("BTC/USDT"))

const program = price.pipe(
  Effect.provide(Exchanges.marketData("bitmex")),
  Effect.catchTag("ExchangeClosed", (closed) =>
    Effect.zipRight(
      Console.log(closed.message),
      price.pipe(Effect.provide(Exchanges.marketData("binance")))
    )),
  Effect.flatMap(({ source }) => Console.log(`the price came from ${source}`))
)

const exchanges = Exchanges.layer({
  environment: (exchange) => exchange === "bitmex" ? "live" : Simulator.environment(exchange)
}).pipe(Layer.provide(Simulator.layer("binance")))

program.pipe(Effect.provide(exchanges), NodeRuntime.runMain)
