/**
 * Runs `PriceAlert.ts` on a simulated Binance whose price rises and falls, with a webhook that prints the messages.
 */
import { Binance } from "@effect-exchange/binance"
import { Decimal } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { HttpClient, HttpClientResponse } from "@effect/platform"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Redacted } from "effect"
import * as PriceAlert from "./PriceAlert.js"

const alert = { symbol: "BTC/USDT", level: Decimal.make("65000"), band: Decimal.make("0.001") }

/**
 * Sets the prices: two crossings, and in between a price that fluctuates around the level and must not trigger an
 * alert.
 */
const happens = Effect.gen(function*() {
  const binance = yield* Effect.flatMap(Simulator.Simulators, (simulators) => simulators.get("binance"))
  for (const price of ["64000", "66000", "64990", "65010", "63000"]) {
    yield* binance.setPrice("BTC/USDT", price)
    yield* Console.log(`the price is ${price}`)
    yield* Effect.sleep("2 seconds")
  }
})

// To post to a real webhook, use `NodeHttpClient.layerUndici`.
const printing = Layer.succeed(
  HttpClient.HttpClient,
  HttpClient.make((request) =>
    Effect.as(
      Console.log(`webhook: ${request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""}`),
      HttpClientResponse.fromWeb(request, new Response())
    )
  )
)

// To watch the real exchange, use `Binance.layerMarketData()` with `NodeExchange.layer`.
const simulated = Binance.layerMarketData({ environment: Simulator.environment("binance") }).pipe(
  Layer.provideMerge(Simulator.layer("binance"))
)

PriceAlert.run([alert], Redacted.make("https://hooks.example/T0/B0")).pipe(
  Effect.provide(printing),
  Effect.raceFirst(happens),
  Effect.provide(simulated),
  NodeRuntime.runMain
)
