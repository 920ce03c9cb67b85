/**
 * BitMEX closed, and Deribit is where its users went: the same program, on another Layer.
 */
import { BitMex } from "@effect-exchange/bitmex"
import { MarketData } from "@effect-exchange/core"
import { Deribit } from "@effect-exchange/deribit"
import { Simulator } from "@effect-exchange/simulator"
import { NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"

/** Knows no exchange: the perpetual contract that both have, settled in bitcoin. */
const price = Effect.flatMap(MarketData.MarketData, (market) => market.price("BTC/USD:BTC"))

const before = BitMex.layerMarketData().pipe(Layer.provide(NodeHttpClient.layerUndici))

const after = Deribit.layerMarketData({ environment: Simulator.environment("deribit") }).pipe(
  Layer.provide(Simulator.layer("deribit"))
)

const program = price.pipe(
  Effect.provide(before),
  // An exchange that is gone says so in its own error, and nothing is sent.
  Effect.catchTag(
    "ExchangeClosed",
    (closed) => Effect.zipRight(Console.log(closed.message), Effect.provide(price, after))
  ),
  Effect.flatMap(({ source }) => Console.log(`the price came from ${source}`))
)

NodeRuntime.runMain(program)
