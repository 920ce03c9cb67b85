/**
 * Moves a program from BitMEX, which has closed, to Deribit: only the Layer changes.
 */
import { BitMex } from "@effect-exchange/bitmex"
import { MarketData } from "@effect-exchange/core"
import { Deribit } from "@effect-exchange/deribit"
import { Simulator } from "@effect-exchange/simulator"
import { NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"

/**
 * Reads the price of a perpetual contract that both exchanges have, settled in bitcoin. It depends on neither exchange.
 */
const price = Effect.flatMap(MarketData.MarketData, (market) => market.price("BTC/USD:BTC"))

const before = BitMex.layerMarketData().pipe(Layer.provide(NodeHttpClient.layerUndici))

const after = Deribit.layerMarketData({ environment: Simulator.environment("deribit") }).pipe(
  Layer.provide(Simulator.layer("deribit"))
)

const program = price.pipe(
  Effect.provide(before),
  // A closed exchange fails with its own error, and no request is sent.
  Effect.catchTag(
    "ExchangeClosed",
    (closed) => Effect.zipRight(Console.log(closed.message), Effect.provide(price, after))
  ),
  Effect.flatMap(({ source }) => Console.log(`the price came from ${source}`))
)

NodeRuntime.runMain(program)
