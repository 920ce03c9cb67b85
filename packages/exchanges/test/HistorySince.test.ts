import { Account, type Order, Trading } from "@effect-exchange/core"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, TestClock } from "effect"
import { Exchanges } from "../src/index.js"
import { recordRequests, type Sent, symbol, trading } from "./support/exchanges.js"

/** Runs the body a minute after an order was filled. */
const afterOrder = <E, E2>(
  layer: Layer.Layer<Account.Account | Trading.Trading, E>,
  body: (account: Account.Account.Service, order: Order.Order) => Effect.Effect<void, E2>
) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(Date.UTC(2026, 2, 1, 12, 34, 56))
    const { place } = yield* Trading.Trading
    const order = yield* place({ type: "market", symbol, side: "buy", amount: "0.01" })
    yield* TestClock.adjust("1 minute")
    yield* body(yield* Account.Account, order)
  }).pipe(
    Effect.raceFirst(Effect.forever(TestClock.adjust("1 second"))),
    Effect.provide(layer)
  )

/** An instant in a request that has a part of a millisecond. Kraken's instants are in seconds. */
const partOfMillisecond = /\d{13}\.\d|\d{10}\.\d{4}/

describe("a history since an instant between two milliseconds begins with the next millisecond", () => {
  for (const id of Exchanges.ids) {
    const sent: Array<Sent> = []
    const layer = Layer.provide(trading(id), recordRequests(sent, (answer) => answer, Simulator.layer(id)))
    it.effect(id, () =>
      afterOrder(layer, ({ fills, orderHistory }, order) =>
        Effect.gen(function*() {
          const [fill] = yield* fills(symbol)
          assert(fill !== undefined)
          assert.strictEqual(fill.orderId, order.id)
          sent.length = 0
          const found = [
            yield* fills(symbol, { since: fill.at - 0.5 }),
            yield* fills(symbol, { since: fill.at + 0.5 }),
            yield* orderHistory(symbol, { since: fill.at - 0.5 })
          ]
          assert.deepStrictEqual(found.map(({ length }) => length), [1, 0, 1])
          assert.notStrictEqual(sent.length, 0)
          assert.deepStrictEqual(sent.filter(({ query }) => partOfMillisecond.test(query)), [])
          assert.deepStrictEqual(sent.filter(({ body }) => partOfMillisecond.test(body)), [])
        })))
  }
})

describe("a history since an instant includes the latest rows, although the local clock is three hours", () => {
  const skews: ReadonlyArray<readonly [string, Faults.ClockSkew]> = [
    ["behind", { ahead: "3 hours" }],
    ["ahead", { behind: "3 hours" }]
  ]
  for (const [name, clockSkew] of skews) {
    for (const id of Exchanges.ids) {
      const layer = Layer.provide(trading(id), Simulator.layer(id, { faults: Faults.make({ clockSkew }) }))
      it.effect(`${name}: ${id}`, () =>
        afterOrder(layer, ({ fills, orderHistory }, order) =>
          Effect.gen(function*() {
            const since = order.createdAt
            assert(since !== undefined)
            const [fill] = yield* fills(symbol, { since, limit: 1000 })
            assert.strictEqual(fill?.orderId, order.id)
            const [found] = yield* orderHistory(symbol, { since, limit: 1000 })
            assert.strictEqual(found?.id, order.id)
          })))
    }
  }
})
