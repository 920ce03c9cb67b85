import { Account, Trading } from "@effect-exchange/core"
import { Engine, Simulator } from "@effect-exchange/simulator"
import { HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Layer, Schedule, TestClock } from "effect"
import { Exchanges } from "../src/index.js"
import { far, isChange, recordRequests, symbol, trading } from "./support/exchanges.js"

const { clientOrderId: _, ...order } = far("")

const inTime = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.raceFirst(self, Effect.forever(TestClock.adjust("5 seconds")))

const unavailable = ({ request }: HttpClientResponse.HttpClientResponse) =>
  HttpClientResponse.fromWeb(request, new Response("down", { status: 503 }))

describe("while the circuit of an account is open, because its reads failed", () => {
  for (const id of Exchanges.ids) {
    it.effect(`orders are canceled and amended on ${id}`, () => {
      let fails = false
      const intercepted = recordRequests(
        [],
        (answer, request) =>
          fails && !isChange(request)
            ? Effect.map(answer, unavailable)
            : answer,
        Simulator.layer(id)
      )
      return inTime(Effect.gen(function*() {
        yield* TestClock.setTime(Date.UTC(2026, 2, 1, 12, 34, 56))
        const { amend, cancel, cancelAll, place } = yield* Trading.Trading
        const { fills } = yield* Account.Account
        const { see } = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get(id))
        const first = yield* place(order)
        yield* place(order)
        yield* place(order)
        fails = true
        yield* Effect.repeatN(Effect.flip(fills(symbol)), 4)
        fails = false
        assert.strictEqual((yield* Effect.flip(fills(symbol)))._tag, "CircuitOpen")
        if (Exchanges.features(id).amend) yield* amend({ symbol, id: first.id }, { price: "30001" })
        yield* cancel({ symbol, clientOrderId: first.clientOrderId ?? "" })
        assert.lengthOf(yield* cancelAll(symbol), 2)
        assert.lengthOf(yield* see(({ engine }) => Engine.openOrders(engine)), 0)
        assert.strictEqual((yield* Effect.flip(fills(symbol)))._tag, "CircuitOpen")
      })).pipe(
        Effect.provide(
          Layer.provideMerge(
            trading(id, { retry: { attempts: 1 }, breaker: { openFor: Schedule.spaced("1 minute") } }),
            intercepted
          )
        )
      )
    })
  }
})

describe("cancelAll while no read of an account is answered", () => {
  for (const id of Exchanges.ids) {
    const needsNoRead = ["binance", "bitmex", "bybit", "deribit"].includes(id)

    const whileDown = (since: "before" | "the first cancel") => {
      let isDown = false
      const intercepted = recordRequests(
        [],
        (answer, request) => {
          if (isChange(request)) {
            return Effect.tap(answer, () => {
              isDown ||= /cancel/i.test(request.path) || request.method === "DELETE"
            })
          }
          return isDown ? Effect.map(answer, unavailable) : answer
        },
        Simulator.layer(id)
      )
      return inTime(Effect.gen(function*() {
        yield* TestClock.setTime(Date.UTC(2026, 2, 1, 12, 34, 56))
        const { cancelAll, place } = yield* Trading.Trading
        const { see } = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get(id))
        yield* place(order)
        yield* place(order)
        isDown = since === "before"
        const canceled = yield* Effect.either(cancelAll(symbol))
        return { canceled, open: yield* see(({ engine }) => Engine.openOrders(engine).length) }
      })).pipe(Effect.provide(Layer.provideMerge(trading(id), intercepted)))
    }

    it.effect(`sends ${needsNoRead ? "its request" : "nothing, and says so,"} on ${id}`, () =>
      Effect.gen(function*() {
        const { canceled, open } = yield* whileDown("before")
        assert.strictEqual(open, needsNoRead ? 0 : 2)
        assert.strictEqual(
          Either.isLeft(canceled) ? canceled.left.outcome : "canceled",
          needsNoRead ? "canceled" : "NotSent"
        )
      }))

    it.effect(`leaves no order open that it could list before on ${id}`, () =>
      Effect.gen(function*() {
        const { canceled, open } = yield* whileDown("the first cancel")
        assert.strictEqual(open, 0)
        assert.strictEqual(Either.isRight(canceled), needsNoRead)
      }))
  }
})
