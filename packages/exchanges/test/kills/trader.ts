/** The process that is killed. Places an order for each client order id in its arguments, one after the other. */
import { OrderJournal, Trading } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import { Simulator } from "@effect-exchange/simulator"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Effect, Layer, Schema } from "effect"
import { Exchanges } from "../../src/index.js"
import { far } from "../support/exchanges.js"

const [exchange, baseUrl = "", path = "", ...clientOrderIds] = process.argv.slice(2)

const program = Effect.gen(function*() {
  const id = yield* Schema.decodeUnknown(Exchanges.ExchangeId)(exchange)
  const layer = Exchanges.layerTrading(id, {
    environment: { name: "killed", baseUrl },
    credentials: Simulator.credentials(id)
  }).pipe(
    Layer.provide(OrderJournal.layerFile(path)),
    Layer.provide(NodeExchange.layer),
    Layer.provide(NodeFileSystem.layer)
  )
  yield* Effect.flatMap(
    Trading.Trading,
    ({ place }) => Effect.forEach(clientOrderIds, (clientOrderId) => place(far(clientOrderId)), { discard: true })
  ).pipe(
    Effect.provide(layer)
  )
})

void Effect.runPromise(program)
