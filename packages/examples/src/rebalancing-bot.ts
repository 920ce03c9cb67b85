/**
 * Runs `RebalancingBot.ts` on a simulated Binance: logs the planned orders, and places them with `--send`.
 */
import { Binance } from "@effect-exchange/binance"
import { Decimal, OrderJournal } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { FileSystem } from "@effect/platform"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import * as RebalancingBot from "./RebalancingBot.js"

const portfolio = {
  cash: "USDT",
  targets: { BTC: Decimal.make("0.5"), ETH: Decimal.make("0.3") },
  tolerance: Decimal.make("0.01"),
  fee: Decimal.make("0.001")
}

const program = Effect.gen(function*() {
  if (!process.argv.includes("--send")) {
    yield* RebalancingBot.dryRun(portfolio)
    return yield* Console.log("no orders were sent; use --send to send them")
  }
  const placed = yield* RebalancingBot.round(portfolio)
  yield* Console.log(`orders placed: ${placed.length}`)
})

// Temporary here. To settle the orders of earlier runs, use a permanent file: `OrderJournal.layerFile("orders.jsonl")`.
const journal = Layer.unwrapScoped(
  Effect.map(
    Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped({ prefix: "orders-" })),
    (directory) => OrderJournal.layerFile(`${directory}/orders.jsonl`)
  )
).pipe(Layer.provide(NodeContext.layer))

// To trade on the testnet of the exchange, use `environment: "testnet"` with `NodeExchange.layer`.
const simulated = Binance.layer({
  environment: Simulator.environment("binance"),
  credentials: Simulator.credentials("binance"),
  guards: RebalancingBot.guards(portfolio, "1000000")
}).pipe(
  Layer.provide(journal),
  Layer.provide(Simulator.layer("binance"))
)

program.pipe(Effect.provide(simulated), NodeRuntime.runMain)
