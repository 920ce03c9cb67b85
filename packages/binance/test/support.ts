import { OrderJournal } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { Effect, Fiber, Layer, TestClock } from "effect"
import { Binance } from "../src/index.js"
import { documented, fixture, now, requestLog } from "./utils.js"

type Services = Layer.Layer.Success<ReturnType<typeof Binance.layer>>

/** Runs a program with a trader's key and a journal on a simulated Binance. Bitcoin costs 60,000. */
export const simulated = <A, E>(
  effect: Effect.Effect<A, E, Services | Simulator.Simulators | OrderJournal.OrderJournal>,
  options: Partial<Exchange.AccountOptions> = {},
  simulator: Simulator.Options = {}
) =>
  Effect.zipRight(
    TestClock.setTime(now),
    Effect.zipRight(setPrice("60000"), effect).pipe(
      Effect.provide(
        Binance.layer({
          credentials: Simulator.credentials("binance"),
          ...options,
          environment: Simulator.environment("binance")
        }).pipe(
          Layer.provideMerge(OrderJournal.layerMemory),
          Layer.provideMerge(Simulator.layer("binance", simulator))
        )
      )
    )
  )

export const simulator = Effect.flatMap(Simulator.Simulators, ({ get }) => get("binance"))

export const setPrice = (last: string, market = "BTC/USDT") =>
  Effect.flatMap(simulator, (binance) => binance.setPrice(market, last))

/** Faults of requests to `/api/v3/order` with one method. */
export const faulty = (method: string, faults: Faults.Options): Faults.Faults =>
  Faults.make({ routes: [{ path: "/api/v3/order", method, faults: Faults.make(faults) }] })

/** Runs an effect to its end, and advances the clock by 100 milliseconds at a time. */
export const elapsing = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(effect)
    for (let step = 0; step < 1200 && fiber.unsafePoll() === null; step++) yield* TestClock.adjust("100 millis")
    return yield* Fiber.join(fiber)
  })

/** The requests to the simulated exchange that change something. */
export const writes = Effect.map(
  requestLog,
  (requests) => requests.filter((request) => /^(?:POST|DELETE) /.test(request))
)

export const openIntents = Effect.flatMap(OrderJournal.OrderJournal, ({ open }) => open)

/** Provides all services over scripted responses. The markets default to those of the fixtures. */
export const scripted = (
  answers: (
    request: { readonly method: string; readonly path: string; readonly query: URLSearchParams }
  ) => ScriptedHttp.Step,
  options: {
    readonly environment?: Exchange.TradingOptions<"testnet" | "demo" | "us">["environment"]
    readonly listing?: string
    readonly journal?: Layer.Layer<OrderJournal.OrderJournal>
  } = {}
) =>
<A, E>(effect: Effect.Effect<A, E, Services | ScriptedHttp.ScriptedHttp>) =>
  Effect.zipRight(
    TestClock.setTime(now),
    Effect.provide(
      effect,
      Binance.layer({
        environment: options.environment ?? { name: "scripted", baseUrl: "http://scripted.localhost" },
        trading: "enabled",
        credentials: documented
      }).pipe(
        Layer.provide(options.journal ?? OrderJournal.layerNone),
        Layer.provideMerge(ScriptedHttp.layer(({ method, url }) => {
          const { pathname, searchParams } = new URL(url)
          return pathname === "/api/v3/exchangeInfo"
            ? ScriptedHttp.text(options.listing ?? fixture("exchangeInfo"))
            : answers({ method, path: pathname, query: searchParams })
        }))
      )
    )
  )

/** The requests except the listing: the method, the path and the parameters without the signature. */
export const sent = Effect.map(
  Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests),
  (requests) =>
    requests
      .map(({ method, url }) => `${method} ${new URL(url).pathname}${new URL(url).search}`)
      .filter((request) => !request.includes("/exchangeInfo"))
      .map((request) => request.replace(/[?&]recvWindow=.*$/, ""))
)
