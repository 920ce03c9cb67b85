/**
 * Places an order whose response is lost: the library looks the order up instead of sending it again. At the start,
 * `reconcile` settles orders that an earlier run left open in the journal because it was killed.
 */
import { Binance } from "@effect-exchange/binance"
import { Account, OrderJournal, Trading } from "@effect-exchange/core"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { FileSystem } from "@effect/platform"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"

const program = Effect.gen(function*() {
  const trading = yield* Trading.Trading
  for (const { _tag, intent } of yield* trading.reconcile) {
    yield* Console.log(`an order left open by an earlier run, ${intent.clientOrderId}: ${_tag}`)
  }

  // From here on the exchange accepts the order, but the connection breaks before the response arrives.
  const simulators = yield* Simulator.Simulators
  const binance = yield* simulators.get("binance")
  yield* binance.setFaults(Faults.make({
    routes: [{ method: "POST", path: "/api/v3/order", faults: Faults.make({ reset: 1 }) }]
  }))
  const order = yield* trading.place({
    type: "limit",
    symbol: "BTC/USDT",
    side: "buy",
    amount: "0.001",
    price: "30000",
    postOnly: true
  })
  yield* binance.setFaults(Faults.none)
  yield* Console.log(`the response was lost; the order ${order.id} is ${order.status}`)

  const account = yield* Account.Account
  const open = yield* account.openOrders("BTC/USDT")
  yield* Console.log(`open orders: ${open.length}`)
  const canceled = yield* trading.cancel({ symbol: "BTC/USDT", id: order.id })
  yield* Console.log(`the order is ${canceled.status}`)
})

const journal = Layer.unwrapEffect(
  Effect.map(
    Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectory({ prefix: "orders-" })),
    (directory) => OrderJournal.layerFile(`${directory}/orders.jsonl`)
  )
).pipe(Layer.provide(NodeContext.layer))

const simulated = Binance.layer({
  environment: Simulator.environment("binance"),
  credentials: Simulator.credentials("binance"),
  guards: { symbols: ["BTC/USDT"], maxNotionalPerOrder: { USDT: "100" } }
}).pipe(Layer.provide(journal), Layer.provideMerge(Simulator.layer("binance")))

program.pipe(Effect.provide(simulated), NodeRuntime.runMain)
