/**
 * Runs `CandleArchive.ts` on a simulated Binance. The first run archives the last day of two markets and reports an
 * error for a third that does not exist. The second run continues where the first one ended. The files go to the
 * directory in the first argument, or to a temporary one.
 */
import { Binance } from "@effect-exchange/binance"
import { Simulator } from "@effect-exchange/simulator"
import { FileSystem } from "@effect/platform"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Clock, Console, Effect, Layer } from "effect"
import * as CandleArchive from "./CandleArchive.js"

const day = 86_400_000

const program = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  const directory = process.argv[2] ?? (yield* files.makeTempDirectoryScoped({ prefix: "candles-" }))
  const options: CandleArchive.Options = {
    directory,
    symbols: ["BTC/USDT", "ETH/USDT", "NO/SUCH"],
    interval: "1m",
    from: (yield* Clock.currentTimeMillis) - day
  }
  for (const _ of ["the first run", "the second"]) {
    for (const each of yield* CandleArchive.run(options)) yield* Console.log(CandleArchive.described(each))
  }
}).pipe(Effect.scoped)

// To archive candles of the real exchange, use `Binance.layerMarketData()` with `NodeExchange.layer`.
const simulated = Binance.layerMarketData({ environment: Simulator.environment("binance") }).pipe(
  Layer.provide(Simulator.layer("binance"))
)

program.pipe(Effect.provide([simulated, NodeContext.layer]), NodeRuntime.runMain)
