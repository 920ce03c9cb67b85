import { OrderJournal, Trading } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, TestClock } from "effect"
import { Exchanges } from "../src/index.js"
import { far, isChange, recordRequests, type Sent, symbol } from "./support/exchanges.js"

/** An order worth 300 USDT, and its amendment to twice the amount. */
const { clientOrderId: _, ...worth300 } = far("")
const doubled = { amount: "0.02" }

const inTime = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.raceFirst(self, Effect.forever(TestClock.adjust("1 second")))

/** The total of the day, as the denial of an order above the limit states it. */
const total = (trading: Trading.Trading.Service) =>
  Effect.map(
    Effect.flip(trading.place({ ...worth300, amount: "0.1" })),
    ({ message }) => Number(/would be worth ([0-9.]+) USDT/.exec(message)?.[1]) - 3000
  )

describe("an amendment that is interrupted", () => {
  for (const id of Exchanges.ids.filter((id) => Exchanges.features(id).amend)) {
    const application = <A, E, R>(use: (trading: Trading.Trading.Service) => Effect.Effect<A, E, R>) =>
      inTime(
        Effect.flatMap(Trading.Trading, use).pipe(
          Effect.provide(Layer.fresh(Exchanges.layerTrading(id, {
            environment: Simulator.environment(id),
            credentials: Simulator.credentials(id),
            maxConcurrent: 2,
            guards: { maxNotionalPerDay: { USDT: "2000" } }
          })))
        )
      )

    it.effect(`counts what it adds unless it was still waiting to be sent: ${id}`, () => {
      const sent: Array<Sent> = []
      let isAnswered = true
      let onRead: Effect.Effect<void> = Effect.void
      const intercepted = recordRequests(
        sent,
        (answer, request) => isChange(request) ? isAnswered ? answer : Effect.never : Effect.tap(answer, () => onRead),
        Simulator.layer(id)
      )
      const changes = () => sent.filter(isChange).length
      return Effect.gen(function*() {
        yield* TestClock.setTime(Date.UTC(2026, 2, 1, 12, 34, 56))
        yield* application((trading) =>
          Effect.gen(function*() {
            const placed = yield* trading.place(worth300)
            const reference = { symbol, id: placed.id }
            isAnswered = false
            // Other calls take every slot while the amendment reads the order.
            const others: Array<Fiber.RuntimeFiber<unknown, unknown>> = []
            onRead = Effect.gen(function*() {
              if (others.length > 0) return
              for (let count = 0; count < 2; count++) others.push(yield* Effect.forkDaemon(trading.cancel(reference)))
              yield* Effect.sleep("1 second")
            })
            const waiting = yield* Effect.fork(trading.amend(reference, doubled))
            yield* Effect.sleep("3 seconds")
            const before = changes()
            assert.strictEqual(yield* total(trading), 600)
            yield* Fiber.interrupt(waiting)
            yield* Fiber.interruptAll(others)
            assert.strictEqual(changes(), before)
            assert.strictEqual(yield* total(trading), 300)
            const inFlight = yield* Effect.fork(trading.amend(reference, doubled))
            yield* Effect.sleep("3 seconds")
            assert.strictEqual(changes(), before + 1)
            yield* Fiber.interrupt(inFlight)
            assert.strictEqual(yield* total(trading), 600)
          })
        )
        assert.strictEqual(yield* application(total), 600)
      }).pipe(Effect.provide(Layer.merge(intercepted, OrderJournal.layerMemory)))
    })
  }
})
