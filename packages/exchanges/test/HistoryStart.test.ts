import { Account, Trading } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, TestClock } from "effect"
import { Exchanges } from "../src/index.js"
import { recordRequests, type Sent, symbol, trading } from "./support/exchanges.js"

/** An instant in a request that has a part of a millisecond. Kraken's instants are in seconds. */
const partOfMillisecond = /\d{13}\.\d|\d{10}\.\d{4}/

describe("a history since an instant between two milliseconds begins with the next millisecond", () => {
  for (const id of Exchanges.ids) {
    const sent: Array<Sent> = []
    it.effect(id, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(Date.UTC(2026, 2, 1, 12, 34, 56))
        const { place } = yield* Trading.Trading
        const { fills, orderHistory } = yield* Account.Account
        const order = yield* place({ type: "market", symbol, side: "buy", amount: "0.01" })
        yield* TestClock.adjust("1 minute")
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
        assert.deepStrictEqual(sent.filter(({ query }) => partOfMillisecond.test(query)), [])
        assert.deepStrictEqual(sent.filter(({ body }) => partOfMillisecond.test(body)), [])
      }).pipe(
        Effect.raceFirst(Effect.forever(TestClock.adjust("1 second"))),
        Effect.provide(Layer.provideMerge(trading(id), recordRequests(sent, (answer) => answer, Simulator.layer(id))))
      ))
  }
})
