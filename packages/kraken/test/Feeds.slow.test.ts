import { MarketData } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import { Simulator, SimulatorServer } from "@effect-exchange/simulator"
import { expect, it } from "@effect/vitest"
import { Chunk, Effect, Layer, Stream } from "effect"
import { registerSlow } from "../../exchanges/test/support/feeds.js"
import { Kraken } from "../src/index.js"
import { subject } from "./feeds.js"

const environment = Effect.flatMap(SimulatorServer.SimulatorServer, ({ environment }) => environment("kraken"))

it.live("an order book is streamed over a real socket, and again after the connection was lost", () =>
  Effect.gen(function*() {
    const market = yield* MarketData.MarketData
    const { get } = yield* Simulator.Simulators
    const simulator = yield* get("kraken")
    const items = yield* market.streamOrderBook("BTC/USD").pipe(
      Stream.tap((item) => item._tag === "Connected" ? simulator.disturb({ _tag: "Close", code: 1006 }) : Effect.void),
      Stream.takeUntil(({ _tag }) => _tag === "Resynced"),
      Stream.runCollect
    )
    expect(Chunk.toReadonlyArray(items).map(({ _tag }) => _tag).filter((tag) => tag !== "Data")).toEqual([
      "Connected",
      "Reconnecting",
      "Resynced"
    ])
  }).pipe(Effect.provide(
    Layer.unwrapEffect(Effect.map(environment, (environment) => Kraken.layerMarketData({ environment }))).pipe(
      Layer.provide(NodeExchange.layer),
      Layer.provideMerge(SimulatorServer.layer("kraken"))
    )
  )))

registerSlow(subject)
