import type { ExchangeError } from "@effect-exchange/core"
import * as Deadline from "@effect-exchange/resilience/Deadline"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { TradingCase } from "../ContractCase.js"
import { about } from "./defineCase.js"
import { type Broken, ensure } from "./judging.js"
import { define, farRequest, placeFar, type Scene } from "./scene.js"

type Call = readonly [name: string, run: Effect.Effect<unknown, ExchangeError.ExchangeError>]

const callsOf = (scene: Scene): Effect.Effect<ReadonlyArray<Call>, ExchangeError.ExchangeError | Broken> =>
  Effect.gen(function*() {
    const { account, data, market: { symbol }, trading } = scene
    const far = yield* farRequest(scene)
    const { id } = yield* placeFar(scene)
    const now = yield* data.serverTime
    const { price } = far
    return [
      ["price", data.price(symbol)],
      ["prices", data.prices([symbol])],
      ["ticker", data.ticker(symbol)],
      ["tickers", data.tickers([symbol])],
      ["orderBook", data.orderBook(symbol)],
      ["trades", data.trades(symbol)],
      ["candles", Stream.runDrain(data.candles(symbol, "1h", { from: now - 86_400_000 }))],
      ["status", data.status],
      ["serverTime", data.serverTime],
      ["balances", account.balances],
      ["openOrders", account.openOrders(symbol)],
      ["order", account.order({ symbol, id })],
      ["orderHistory", account.orderHistory(symbol)],
      ["fills", account.fills(symbol)],
      ["positions", account.positions],
      ["keyPermissions", account.keyPermissions],
      ["place", trading.place(far)],
      ["placeBatch", trading.placeBatch([far, far])],
      ["cancel", trading.cancel({ symbol, id })],
      ["cancelAll", trading.cancelAll(symbol)],
      ["amend", trading.amend({ symbol, id }, { price })]
    ]
  })

/** Regions that cannot be interrupted from outside. */
const places: {
  readonly [name: string]: (call: Effect.Effect<unknown, ExchangeError.ExchangeError>) => Effect.Effect<void>
} = {
  "in a finalizer": (call) => Effect.scoped(Effect.addFinalizer(() => Effect.ignore(call))),
  "while acquiring a resource": (call) => Effect.scoped(Effect.acquireRelease(Effect.ignore(call), () => Effect.void))
}

// Shorter than the default deadline of any call, so that the case is fast over real sockets.
const deadline = Duration.seconds(5)
const patience = Duration.seconds(15)

const endings = (calls: ReadonlyArray<Call>): Effect.Effect<void, Broken> =>
  Effect.forEach(
    Object.entries(places).flatMap(([where, place]) =>
      calls.map(([name, call]) => ({ name, where, run: place(Deadline.within(call, deadline)) }))
    ),
    ({ name, run, where }) =>
      Effect.gen(function*() {
        // A daemon, because a call that hangs in an uninterruptible region never ends, and no fiber may wait for it.
        const fiber = yield* Effect.forkDaemon(run)
        const ended = yield* Effect.timeoutOption(Fiber.await(fiber), patience)
        yield* ensure(
          Option.isSome(ended),
          () => `${name} ${where} had not ended ${Duration.format(patience)} after the call`
        )
      }),
    { concurrency: "unbounded", discard: true }
  )

/** @internal */
export const endingCases: ReadonlyArray<TradingCase> = [
  define(
    about(
      "ER-04",
      "every call ends by its deadline while the exchange does not respond, even in a finalizer or while acquiring",
      ["faults"]
    ),
    (scene) =>
      Effect.flatMap(callsOf(scene), (calls) => {
        const { silence } = scene.subject.faults ?? {}
        return silence === undefined ? Effect.void : silence(endings(calls))
      })
  )
]
