import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, Either, FastCheck, Fiber, TestClock } from "effect"
import { runs } from "../../resilience/test/support/sample.js"
import { Decimal, OrderJournal, type Trading } from "../src/index.js"
import * as Acme from "./support/exchange.js"

const Fate = FastCheck.constantFrom<Array<Acme.Fate>>(
  "answered",
  "acknowledged",
  "refused",
  "lost before it arrived",
  "lost after it was carried out"
)

const Call = FastCheck.record({
  what: FastCheck.constantFrom<Array<"place" | "amend" | "cancel" | "reconcile" | "restart">>(
    "place",
    "amend",
    "cancel",
    "reconcile",
    "restart"
  ),
  fate: Fate,
  /** How long a write waits before it is sent, in milliseconds. */
  queuedFor: FastCheck.constantFrom(0, 0, 500),
  /** After how many milliseconds the caller interrupts the call, if it does. */
  interruptedAfter: FastCheck.option(FastCheck.integer({ min: 0, max: 1500 })),
  /** Whether the journal fails to write outcomes. */
  isDiskFull: FastCheck.boolean()
})
type Call = typeof Call extends FastCheck.Arbitrary<infer A> ? A : never

const limit = { type: "limit", symbol: "BTC/USDT", side: "buy", price: "60000" } as const

describe("the total of the guards after random calls, refusals, losses, interruptions, restarts and full disks", () => {
  it.effect.prop(
    "is the worth of the orders that exist, once all others are reconciled",
    [FastCheck.array(Call, { minLength: 1, maxLength: 8 })],
    ([calls]) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        const inner = yield* OrderJournal.OrderJournal
        let isDiskFull = false
        const journal: OrderJournal.OrderJournal["Type"] = {
          ...inner,
          append: (entry) =>
            Effect.suspend(() =>
              isDiskFull && entry._tag !== "Intent"
                ? new OrderJournal.JournalFailed({ path: "journal", detail: "the disk is full" })
                : Effect.uninterruptible(Effect.zipRight(Effect.sleep("20 millis"), inner.append(entry)))
            )
        }
        let number = 0
        /** Whether an amendment may have been counted that was never carried out. */
        let isDoubtful = false
        const carryOut = (call: Call, trading: Trading.Trading.Service): Effect.Effect<unknown> => {
          switch (call.what) {
            case "restart":
              return Effect.void
            case "place":
              return Effect.ignore(trading.place({ ...limit, amount: "0.01", clientOrderId: `order-${++number}` }))
            case "amend": {
              const order = store.orders.findLast(({ status }) => status === "open")
              if (order?.amount === undefined) return Effect.void
              const amount = Decimal.format(BigDecimal.sum(order.amount, Decimal.make("0.005")))
              return Effect.either(trading.amend({ symbol: "BTC/USDT", id: order.id }, { amount })).pipe(
                Effect.tap((result) =>
                  Effect.sync(() => {
                    isDoubtful ||= Either.isLeft(result) && result.left.outcome === "Unknown"
                  })
                ),
                Effect.onInterrupt(() => Effect.sync(() => isDoubtful = true))
              )
            }
            case "cancel":
              return Effect.ignore(trading.cancel({ symbol: "BTC/USDT", clientOrderId: `order-${number}` }))
            case "reconcile":
              return Effect.ignore(trading.reconcile)
          }
        }
        const options = { journal, guards: { maxNotionalPerDay: { USDT: "10000" } } }
        // As the denial of an order above the limit states it.
        const total = (trading: Trading.Trading.Service) =>
          Effect.map(Effect.flip(trading.place({ ...limit, amount: "0.2" })), ({ message }) =>
            Number(/would be worth ([0-9.]+) USDT/.exec(message)?.[1]) - 12_000)
        const session = (calls: ReadonlyArray<Call>) => (trading: Trading.Trading.Service) =>
          Effect.gen(function*() {
            for (const call of calls) {
              store.queuedFor = call.queuedFor
              store.fates = [call.fate]
              isDiskFull = call.isDiskFull
              const fiber = yield* Effect.fork(carryOut(call, trading))
              if (call.interruptedAfter !== null) {
                yield* Effect.sleep(call.interruptedAfter)
                yield* Fiber.interrupt(fiber)
              } else yield* Fiber.join(fiber)
            }
            store.queuedFor = 0
            store.fates = []
            isDiskFull = false
          })
        const everything = Effect.gen(function*() {
          const sessions: Array<Array<Call>> = [[]]
          for (const call of calls) {
            if (call.what === "restart") {
              sessions.push([])
            } else sessions.at(-1)?.push(call)
          }
          const last = sessions.pop() ?? []
          yield* Effect.forEach(sessions, (calls) =>
            Acme.trade(store, session(calls), options))
          const live = yield* Acme.trade(
            store,
            (trading) =>
              Effect.gen(function*() {
                yield* session(last)(trading)
                const before = yield* total(trading)
                yield* trading.reconcile
                return [before, yield* total(trading)] as const
              }),
            options
          )
          return { live, restarted: yield* Acme.trade(store, total, options), open: yield* inner.open }
        })
        const fiber = yield* Effect.fork(everything)
        yield* TestClock.adjust("1 hour")
        const { live: [before, after], open, restarted } = yield* Fiber.join(fiber)
        const worth = store.orders.reduce(
          (sum, { amount }) => sum + BigDecimal.unsafeToNumber(amount ?? Decimal.make("0")) * 60_000,
          0
        )
        assert.deepStrictEqual(open, [])
        for (const counted of [before, after, restarted]) assert.isAtLeast(counted + 0.001, worth)
        if (!isDoubtful) {
          assert.approximately(after, worth, 0.001)
          assert.approximately(restarted, worth, 0.001)
        }
      }).pipe(Effect.provide(OrderJournal.layerMemory)),
    { fastCheck: { numRuns: runs(60) } }
  )
})
