/** A program for a test to kill: places an order for each client order id in its arguments. */
import { NodeFileSystem, NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { OrderJournal, Trading } from "../../src/index.js"
import { credentials } from "./exchange.js"
import * as Remote from "./remote.js"

const [origin = "", path = "", ...clientOrderIds] = process.argv.slice(2)

const layer = Remote.exchange.layer({ environment: Remote.environment(origin), credentials }).pipe(
  Layer.provide(OrderJournal.layerFile(path)),
  Layer.provide(NodeHttpClient.layerUndici),
  Layer.provide(NodeFileSystem.layer)
)

const program = Effect.gen(function*() {
  const trading = yield* Trading.Trading
  for (const clientOrderId of clientOrderIds) {
    yield* trading.place({
      type: "limit",
      symbol: "BTC/USDT",
      side: "buy",
      amount: "0.01",
      price: "60000",
      clientOrderId
    })
  }
})

NodeRuntime.runMain(Effect.provide(program, layer))
