import { Decimal, type Order, OrderJournal } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { type BigDecimal, Duration, Effect, Fiber, Layer, TestClock } from "effect"
import { BitMex } from "../src/index.js"
import { now } from "./utils.js"

const environment = Simulator.environment("bitmex")

const client = (options: Partial<Exchange.TradingOptions> = {}) =>
  BitMex.layer({ credentials: Simulator.credentials("bitmex"), ...options, environment, trading: undefined }).pipe(
    Layer.provideMerge(OrderJournal.layerMemory)
  )

type Services = Layer.Layer.Success<ReturnType<typeof client>> | Simulator.Simulators

export const simulated = <A, E>(
  effect: Effect.Effect<A, E, Services>,
  options?: Partial<Exchange.TradingOptions>,
  simulator: Simulator.Options = {}
) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(now)
    for (const market of ["XBT_USDT", "XBTUSDT", "XBTUSD"]) yield* setPrice(market, "60000")
    return yield* effect
  }).pipe(
    Effect.provide(Layer.provideMerge(client(options), Simulator.layer("bitmex", simulator)))
  )

export const simulator = Effect.flatMap(Simulator.Simulators, ({ get }) => get("bitmex"))

export const setPrice = (market: string, price: string) =>
  Effect.flatMap(simulator, ({ setPrice }) => Effect.zipRight(setPrice(market, price), TestClock.adjust("1 second")))

export const fault = (path: string, method: string, faults: Faults.Options) =>
  Effect.flatMap(
    simulator,
    ({ setFaults }) => setFaults(Faults.make({ routes: [{ path, method, faults: Faults.make(faults) }] }))
  )

export const clearFaults = Effect.flatMap(simulator, ({ setFaults }) => setFaults(Faults.none))

export const place = (request: Order.Request) => Effect.flatMap(BitMex.Trading, (trading) => trading.place(request))

/** Runs an effect to its end, and advances the clock by a second at a time. */
export const elapsing = <A, E, R>(effect: Effect.Effect<A, E, R>, duration: Duration.DurationInput = "70 seconds") =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(effect)
    for (let second = 0; second < Duration.toSeconds(duration); second++) yield* TestClock.adjust("1 second")
    return yield* Fiber.join(fiber)
  })

export const text = (decimal: BigDecimal.BigDecimal | undefined) =>
  decimal === undefined ? undefined : Decimal.format(decimal)

/** Far from the market, so that it stays open. */
export const resting = { type: "limit", symbol: "BTC/USDT:USDT", side: "buy", amount: "0.01", price: "50000" } as const

export const sent = (method: string) =>
  Effect.flatMap(
    simulator,
    ({ requests }) => Effect.map(requests, (requests) => requests.filter((request) => request.method === method).length)
  )
