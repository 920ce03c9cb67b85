import { Account, Decimal, Trading } from "@effect-exchange/core"
import { Engine, Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, Layer, TestClock } from "effect"
import { Exchanges } from "../src/index.js"
import { symbol, trading } from "./support/exchanges.js"

const one = BigDecimal.fromBigInt(1n)

describe("an account that trades with itself", () => {
  for (const id of Exchanges.ids) {
    it.effect(`has both fills of the trade in its history on ${id}`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(Date.UTC(2026, 2, 1, 12, 34, 56))
        const simulators = yield* Simulator.Simulators
        const { listings, see } = yield* simulators.get(id)
        const market = listings.find((listing) => listing.symbol === symbol)
        assert(market !== undefined)
        // Waits until there is a price between the bid and the ask, at which nobody else quotes.
        let price = one
        for (let turn = 0; turn < 60; turn++) {
          const { asks: [ask], bids: [bid] } = yield* see(({ engine }) => Engine.book(engine, market.id, 1))
          assert(ask !== undefined && bid !== undefined)
          price = BigDecimal.sum(bid.price, market.tickSize)
          if (BigDecimal.lessThan(price, ask.price)) break
          yield* TestClock.adjust("1 second")
        }
        const { place } = yield* Trading.Trading
        const order = { type: "limit", symbol, amount: "0.01", price } as const
        const sell = yield* place({ ...order, side: "sell" })
        const buy = yield* place({ ...order, side: "buy" })
        const { fills } = yield* Account.Account
        const found = yield* fills(symbol)
        assert.sameMembers(found.map(({ orderId }) => orderId), [sell.id, buy.id])
        assert.deepStrictEqual(found.map(({ amount }) => Decimal.format(BigDecimal.normalize(amount))), [
          "0.01",
          "0.01"
        ])
      }).pipe(Effect.provide(Layer.provideMerge(trading(id), Simulator.layer(id)))))
  }
})
