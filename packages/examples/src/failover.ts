/**
 * Reads prices from two exchanges with failover: when the first exchange goes down, the second one answers. Each price
 * names its source.
 */
import { Composite, Decimal, MarketData } from "@effect-exchange/core"
import { Exchanges } from "@effect-exchange/exchanges"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"

const program = Effect.gen(function*() {
  const market = yield* MarketData.MarketData
  const announce = Effect.flatMap(
    market.price("BTC/USDT"),
    (price) => Console.log(`${price.source}: ${Decimal.format(price.amount)} ${price.currency}`)
  )
  yield* announce
  const simulators = yield* Simulator.Simulators
  const kraken = yield* simulators.get("kraken")
  yield* kraken.setFaults(Faults.make({ refused: 1 }))
  yield* Console.log("kraken goes down")
  yield* announce
})

const source = (id: Exchanges.ExchangeId) =>
  Exchanges.layerMarketData(id, { environment: Simulator.environment(id), retry: { attempts: 1 } })

const either = Composite.failover([source("kraken"), source("binance")], { maximumAge: "1 minute" }).pipe(
  Layer.provideMerge(Simulator.layer(["kraken", "binance"]))
)

program.pipe(Effect.provide(either), NodeRuntime.runMain)
