/**
 * Reads a price that no single exchange can falsify: the median of four exchanges, one of which reports a wrong price
 * and one of which is down.
 */
import { Composite, Decimal, MarketData } from "@effect-exchange/core"
import { Exchanges } from "@effect-exchange/exchanges"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"

const program = Effect.gen(function*() {
  const simulators = yield* Simulator.Simulators
  yield* Effect.flatMap(simulators.get("bybit"), (bybit) => bybit.setPrice("BTC/USDT", "99999"))
  yield* Effect.flatMap(simulators.get("kraken"), (kraken) => kraken.setFaults(Faults.make({ http500: 1 })))

  const market = yield* MarketData.MarketData
  const price = yield* market.price("BTC/USDT")
  yield* Console.log(`${price.basis}: ${Decimal.format(price.amount)} ${price.currency}`)
  for (const { amount, source } of price.sources ?? []) yield* Console.log(`  ${source} ${Decimal.format(amount)}`)
  for (const { reason, source } of price.rejected ?? []) yield* Console.log(`  without ${source}: ${reason}`)
})

const source = (id: Exchanges.ExchangeId) =>
  Exchanges.layerMarketData(id, { environment: Simulator.environment(id), retry: { attempts: 1 } })

const median = Composite.median({
  sources: [source("binance"), source("okx"), source("bybit"), source("kraken")],
  minimumSources: 2,
  maximumAge: "1 minute",
  maximumDeviation: "0.05"
}).pipe(Layer.provideMerge(Simulator.layer(["binance", "okx", "bybit", "kraken"])))

program.pipe(Effect.provide(median), NodeRuntime.runMain)
