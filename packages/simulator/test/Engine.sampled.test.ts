import { assert, describe, it } from "@effect/vitest"
import { assertLeft, assertRight } from "@effect/vitest/utils"
import { BigDecimal, Either, FastCheck } from "effect"
import { runs } from "../../resilience/test/support/sample.js"
import { plain } from "../src/engine/internal/decimal.js"
import { Engine, type Market } from "../src/index.js"

const d = BigDecimal.unsafeFromString
const zero = d("0")
const sum = (amounts: Iterable<BigDecimal.BigDecimal>) => BigDecimal.sumAll(amounts)
const text = (value: BigDecimal.BigDecimal | undefined) => value === undefined ? undefined : plain(value)

const spot: Engine.Instrument = {
  id: "BTCUSDT",
  kind: "spot",
  base: "BTC",
  quote: "USDT",
  settle: "USDT",
  inverse: false,
  multiplier: d("1"),
  tickSize: d("0.5"),
  lotSize: d("0.001"),
  minAmount: d("0.002"),
  minNotional: d("0.1"),
  makerFee: d("0.001"),
  takerFee: d("0.0015")
}
const linear: Engine.Instrument = { ...spot, id: "LINEAR", kind: "perpetual", makerFee: d("-0.0001") }
const inverse: Engine.Instrument = {
  ...spot,
  id: "INVERSE",
  kind: "perpetual",
  settle: "BTC",
  inverse: true,
  multiplier: d("10"),
  lotSize: d("1"),
  minAmount: d("1")
}

const quote = (bid: string, ask: string, size = "0.01"): Market.Top => ({
  last: d(bid),
  lastSize: d(size),
  bid: d(bid),
  bidSize: d(size),
  ask: d(ask),
  askSize: d(size)
})

const balances: ReadonlyArray<Engine.Balance> = [
  { asset: "BTC", free: d("1000"), locked: d("0.25") },
  { asset: "USDT", free: d("1000000"), locked: d("0") }
]

const empty = Engine.make({ instruments: [spot, linear, inverse], balances })
const quoted = (bid: string, ask: string, size?: string) => Engine.advance(empty, 0, () => quote(bid, ask, size))

const order = (
  side: Engine.Side,
  amount: string,
  price?: string,
  options: Partial<Engine.NewOrder> = {}
): Engine.NewOrder => ({
  instrument: "BTCUSDT",
  side,
  type: price === undefined ? "market" : "limit",
  amount: d(amount),
  ...(price === undefined ? {} : { price: d(price) }),
  ...options
})

const placed = (engine: Engine.Engine, request: Engine.NewOrder, now = 1) =>
  Either.getOrThrowWith(Engine.place(engine, request, now), (refusal) => new Error(refusal))

const after = (engine: Engine.Engine, ...requests: ReadonlyArray<Engine.NewOrder>) =>
  requests.reduce((current, request) => placed(current, request)[1], engine)

const balance = (engine: Engine.Engine, asset: string) => {
  const found = Engine.balances(engine).find((one) => one.asset === asset)
  return [text(found?.free), text(found?.locked)]
}

const levels = (engine: Engine.Engine, instrument = "BTCUSDT", depth = 3) => {
  const { asks, bids } = Engine.book(engine, instrument, depth)
  const row = ({ amount, orders, price }: Engine.Level) => `${text(amount)} @ ${text(price)} (${orders})`
  return { bids: bids.map(row), asks: asks.map(row) }
}

const traded = (engine: Engine.Engine) =>
  Engine.fills(engine).map(({ amount, liquidity, orderId, price }) =>
    `${orderId} ${liquidity} ${text(amount)} @ ${text(price)}`
  )

// --- commands

type Command =
  | { readonly _tag: "Place"; readonly order: Engine.NewOrder }
  | { readonly _tag: "Cancel"; readonly pick: number }
  | { readonly _tag: "Fill"; readonly pick: number; readonly amount: number | undefined }
  | { readonly _tag: "Amend"; readonly pick: number; readonly price: number | undefined; readonly amount: number }
  | { readonly _tag: "Quote"; readonly bid: number; readonly spread: number; readonly size: number }

const ticks = (count: number) => BigDecimal.multiply(d(String(count)), spot.tickSize)
const lots = (instrument: Engine.Instrument, count: number) => BigDecimal.multiply(d(String(count)), instrument.lotSize)

const places = (
  instruments: ReadonlyArray<Engine.Instrument>,
  types: ReadonlyArray<"limit" | "market">
): FastCheck.Arbitrary<Command> =>
  FastCheck.record({
    instrument: FastCheck.constantFrom(...instruments),
    owner: FastCheck.constantFrom<Engine.Owner>("account", "account", "account", "house"),
    side: FastCheck.constantFrom<Engine.Side>("buy", "sell"),
    type: FastCheck.constantFrom(...types),
    price: FastCheck.integer({ min: 195, max: 205 }),
    amount: FastCheck.integer({ min: 2, max: 400 }),
    byBudget: FastCheck.boolean(),
    timeInForce: FastCheck.constantFrom<Engine.TimeInForce>("GTC", "GTC", "GTC", "IOC", "FOK"),
    postOnly: FastCheck.constantFrom(false, false, false, true),
    reduceOnly: FastCheck.constantFrom(false, false, true)
  }).map(({ amount, byBudget, instrument, price, type, ...rest }) => ({
    _tag: "Place",
    order: {
      ...rest,
      instrument: instrument.id,
      type,
      reduceOnly: instrument.kind !== "spot" && rest.reduceOnly,
      ...(type === "limit" ? { price: ticks(price) } : {}),
      ...(byBudget && type === "market" && instrument.kind === "spot"
        ? { quoteAmount: d(String(amount)) }
        : { amount: lots(instrument, amount) })
    }
  }))

const commands = (
  instruments: ReadonlyArray<Engine.Instrument>,
  types: ReadonlyArray<"limit" | "market"> = ["limit", "limit", "limit", "market"]
): FastCheck.Arbitrary<ReadonlyArray<Command>> =>
  FastCheck.array(
    FastCheck.oneof(
      { weight: 6, arbitrary: places(instruments, types) },
      {
        weight: 1,
        arbitrary: FastCheck.record({ _tag: FastCheck.constant("Cancel" as const), pick: FastCheck.nat() })
      },
      {
        weight: 1,
        arbitrary: FastCheck.record({
          _tag: FastCheck.constant("Fill" as const),
          pick: FastCheck.nat(),
          amount: FastCheck.option(FastCheck.integer({ min: 1, max: 200 }), { nil: undefined })
        })
      },
      {
        weight: 1,
        arbitrary: FastCheck.record({
          _tag: FastCheck.constant("Amend" as const),
          pick: FastCheck.nat(),
          price: FastCheck.option(FastCheck.integer({ min: 195, max: 205 }), { nil: undefined }),
          amount: FastCheck.integer({ min: 2, max: 400 })
        })
      },
      {
        weight: 1,
        arbitrary: FastCheck.record({
          _tag: FastCheck.constant("Quote" as const),
          bid: FastCheck.integer({ min: 190, max: 210 }),
          spread: FastCheck.integer({ min: 1, max: 4 }),
          size: FastCheck.integer({ min: 1, max: 300 })
        })
      }
    ),
    { minLength: 1, maxLength: 40, size: "max" }
  )

const run = (engine: Engine.Engine, command: Command, now: number): Engine.Engine => {
  const pick = (index: number) => {
    const open = Engine.openOrders(engine)
    return open[index % Math.max(1, open.length)]
  }
  const next = (result: Either.Either<readonly [Engine.Order, Engine.Engine], unknown>) =>
    Either.match(result, { onLeft: () => engine, onRight: ([, changed]) => changed })
  switch (command._tag) {
    case "Place":
      return next(Engine.place(engine, command.order, now))
    case "Cancel":
      return next(Engine.cancel(engine, pick(command.pick)?.id ?? 0, now))
    case "Fill": {
      const found = pick(command.pick)
      const instrument = found === undefined ? undefined : Engine.instrument(engine, found.instrument)
      if (found === undefined || instrument === undefined) return engine
      const amount = command.amount === undefined ? undefined : lots(instrument, command.amount)
      return next(Engine.fill(engine, found.id, amount, now))
    }
    case "Amend": {
      const found = pick(command.pick)
      const instrument = found === undefined ? undefined : Engine.instrument(engine, found.instrument)
      if (found === undefined || instrument === undefined) return engine
      return next(Engine.amend(engine, found.id, {
        amount: lots(instrument, command.amount),
        ...(command.price === undefined ? {} : { price: ticks(command.price) })
      }, now))
    }
    case "Quote": {
      const [bid, ask, size] = [command.bid, command.bid + command.spread, command.size].map((count) => ticks(count))
      return bid === undefined || ask === undefined || size === undefined
        ? engine
        : Engine.advance(engine, now, () => ({ last: bid, lastSize: size, bid, ask, bidSize: size, askSize: size }))
    }
  }
}

/** Runs commands and checks the engine before and after each. */
const runAll = (
  start: Engine.Engine,
  all: ReadonlyArray<Command>,
  check: (engine: Engine.Engine, before: Engine.Engine, command: Command) => void
) =>
  all.reduce((engine, command, index) => {
    const next = run(engine, command, index + 1)
    check(next, engine, command)
    return next
  }, start)

const everything = commands([spot, linear, inverse])

const equal = (actual: BigDecimal.BigDecimal, expected: BigDecimal.BigDecimal, what: string) =>
  assert.strictEqual(plain(actual), plain(expected), what)

const instrumentOf = (id: string) => [spot, linear, inverse].find((one) => one.id === id) ?? spot

const worth = (instrument: Engine.Instrument, price: BigDecimal.BigDecimal, amount: BigDecimal.BigDecimal) =>
  instrument.inverse
    ? BigDecimal.scale(BigDecimal.unsafeDivide(BigDecimal.multiply(amount, instrument.multiplier), price), 8)
    : BigDecimal.multiply(price, amount)

// The totals of both owners and the fees, plus the cost of open positions: all money in the engine.
const allMoney = ({ ledger }: Engine.Engine, asset: string) =>
  sum([
    ledger.fees.get(asset) ?? zero,
    ...Object.values(ledger.purses).flatMap(({ positions, totals }) => [
      totals.get(asset) ?? zero,
      ...[...positions].flatMap(([id, { amount, cost }]) => {
        const { inverse, settle } = instrumentOf(id)
        if (settle !== asset) return []
        return [BigDecimal.isPositive(amount) === inverse ? cost : BigDecimal.negate(cost)]
      })
    ])
  ])

describe("Engine", () => {
  describe("after any commands", () => {
    it.prop("no book is crossed, unsorted or has empty levels", [everything], ([all]) => {
      runAll(empty, all, (engine) => {
        for (const { id } of [spot, linear, inverse]) {
          const { asks, bids } = Engine.book(engine, id, 1000)
          const prices = [...bids.toReversed(), ...asks].map(({ price }) => BigDecimal.unsafeToNumber(price))
          assert.deepStrictEqual(prices, [...new Set(prices)].toSorted((left, right) => left - right))
          for (const { amount } of [...bids, ...asks]) assert.isTrue(BigDecimal.isPositive(amount))
        }
      })
    }, { fastCheck: { numRuns: runs(100) } })

    it.prop("the total amount of each asset stays the same", [everything], ([all]) => {
      runAll(empty, all, (engine) => {
        for (const asset of ["BTC", "USDT"]) equal(allMoney(engine, asset), allMoney(empty, asset), asset)
      })
    }, { fastCheck: { numRuns: runs(100) } })

    it.prop("the locked balance equals what open orders and positions require", [everything], ([all]) => {
      runAll(empty, all, (engine) => {
        for (const { asset, locked } of Engine.balances(engine)) {
          const orders = Engine.openOrders(engine).map(({ amount, filled, price, reduceOnly, side, ...rest }) => {
            const instrument = instrumentOf(rest.instrument)
            const left = BigDecimal.subtract(amount, filled)
            const value = worth(instrument, price ?? zero, left)
            if (instrument.kind !== "spot") {
              return instrument.settle === asset && !reduceOnly ? BigDecimal.multiply(value, d("0.1")) : zero
            }
            if (side === "buy") return asset === "USDT" ? value : zero
            return asset === "BTC" ? left : zero
          })
          const margins = Engine.positions(engine).map(({ instrument, margin }) =>
            instrumentOf(instrument).settle === asset ? margin : zero
          )
          equal(locked, sum([asset === "BTC" ? d("0.25") : zero, ...orders, ...margins]), asset)
        }
      })
    }, { fastCheck: { numRuns: runs(100) } })

    it.prop("no free balance is negative", [commands([spot])], ([all]) => {
      const poor = Engine.make({
        instruments: [spot],
        balances: [
          { asset: "BTC", free: d("0.3"), locked: zero },
          { asset: "USDT", free: d("30"), locked: d("5") }
        ]
      })
      runAll(poor, all, (engine) => {
        for (const { free } of Engine.balances(engine)) assert.isFalse(BigDecimal.isNegative(free))
      })
    }, { fastCheck: { numRuns: runs(100) } })

    it.prop("an order is the sum of its fills, and the book contains its remaining amount", [everything], ([all]) => {
      runAll(empty, all, (engine) => {
        for (const one of Engine.orders(engine)) {
          const fills = Engine.fillsOf(engine, one.id)
          equal(one.filled, sum(fills.map(({ amount }) => amount)), "filled")
          equal(one.notional, sum(fills.map(({ amount, price }) => BigDecimal.multiply(price, amount))), "notional")
          equal(one.fee, sum(fills.map(({ fee }) => fee)), "fee")
          assert.isFalse(BigDecimal.greaterThan(one.filled, one.amount))
          if (one.quoteAmount === undefined) {
            assert.strictEqual(one.status === "filled", BigDecimal.equals(one.filled, one.amount))
          }
          assert.strictEqual(one.status === "canceled", one.closeReason !== undefined)
        }
        const resting = [...engine.markets.values()].flatMap(({ book }) =>
          [...book.buy, ...book.sell].flatMap(({ entries, price }) =>
            entries.flatMap(({ amount, id, owner }) =>
              owner === "account" ? [`${id} ${text(amount)} @ ${text(price)}`] : []
            )
          )
        )
        const open = Engine.openOrders(engine).map(({ amount, filled, id, price }) =>
          `${id} ${text(BigDecimal.subtract(amount, filled))} @ ${text(price)}`
        )
        assert.deepStrictEqual(resting.toSorted(), open.toSorted())
      })
    }, { fastCheck: { numRuns: runs(100) } })

    it.prop(
      "post-only orders never take, FOK orders fill completely or not at all, and only GTC limit orders rest",
      [everything],
      ([all]) => {
        runAll(empty, all, (engine, before, command) => {
          const one = Engine.order(engine, before.nextOrder)
          if (command._tag !== "Place" || one === undefined) return
          if (one.postOnly) assert.isTrue(BigDecimal.isZero(one.filled))
          if (one.timeInForce === "FOK" && one.type === "limit") {
            assert.isTrue(BigDecimal.isZero(one.filled) || one.status === "filled")
          }
          if (one.status === "open") assert.deepStrictEqual([one.type, one.timeInForce], ["limit", "GTC"])
        })
        const engine = runAll(empty, all, () => {})
        for (const { liquidity, orderId } of Engine.fills(engine)) {
          if (liquidity === "taker") assert.isFalse(Engine.order(engine, orderId)?.postOnly)
        }
      }
    )

    it.prop("canceling an order unlocks its balance and closes only that order", [everything], ([all]) => {
      const engine = runAll(empty, all, () => {})
      for (const { id, instrument } of Engine.openOrders(engine)) {
        const [canceled, next] = Either.getOrThrow(Engine.cancel(engine, id, 1000))
        assert.deepStrictEqual([canceled.status, canceled.closeReason], ["canceled", "user"])
        assert.deepStrictEqual(Engine.order(next, id), canceled)
        assert.strictEqual(Engine.openOrders(next).length, Engine.openOrders(engine).length - 1)
        assert.isAbove(Engine.book(next, instrument, 1).sequence, Engine.book(engine, instrument, 1).sequence)
        assertLeft(Engine.cancel(next, id, 1001), "NotOpen")
      }
      const none = Engine.openOrders(engine).reduce(
        (current, { id }) => Either.getOrThrow(Engine.cancel(current, id, 1000))[1],
        engine
      )
      for (const [asset, held] of none.ledger.held) equal(held, zero, asset)
    }, { fastCheck: { numRuns: runs(100) } })

    it.prop("reduce-only orders only reduce positions", [commands([linear])], ([all]) => {
      runAll(empty, all, (engine, before) => {
        const size = (state: Engine.Engine) => Engine.positions(state)[0]?.amount ?? zero
        const fresh = Engine.fills(engine).slice(Engine.fills(before).length)
        if (fresh.length > 0 && fresh.every(({ orderId }) => Engine.order(engine, orderId)?.reduceOnly)) {
          assert.isTrue(BigDecimal.lessThan(BigDecimal.abs(size(engine)), BigDecimal.abs(size(before))))
          assert.notStrictEqual(BigDecimal.sign(size(engine)), -BigDecimal.sign(size(before)))
        }
        for (const { reduceOnly, side } of Engine.openOrders(engine)) {
          if (reduceOnly) assert.strictEqual(BigDecimal.sign(size(engine)), side === "sell" ? 1 : -1)
        }
      })
    }, { fastCheck: { numRuns: runs(100) } })

    it.prop("realized and unrealized profit equals the proceeds of sells less the cost of buys and fees", [
      commands([linear])
    ], ([all]) => {
      runAll(empty, all, (engine) => {
        const fills = Engine.fills(engine)
        const flows = sum(fills.map(({ amount, fee, price, side }) => {
          const value = BigDecimal.multiply(price, amount)
          return BigDecimal.subtract(side === "sell" ? value : BigDecimal.negate(value), fee)
        }))
        const net = sum(fills.map(({ amount, side }) => side === "buy" ? amount : BigDecimal.negate(amount)))
        const [position] = Engine.positions(engine)
        equal(position?.amount ?? zero, net, "amount")
        const mark = position?.markPrice ?? zero
        const [usdt] = Engine.balances(engine).filter(({ asset }) => asset === "USDT")
        const equity = sum([usdt?.free ?? zero, usdt?.locked ?? zero, position?.unrealizedPnl ?? zero])
        equal(
          BigDecimal.subtract(equity, d("1000000")),
          BigDecimal.sum(flows, BigDecimal.multiply(net, mark)),
          "profit"
        )
      })
    }, { fastCheck: { numRuns: runs(100) } })

    it.prop("the sequence increases with every change of the book and never decreases", [everything], ([all]) => {
      runAll(empty, all, (engine, before) => {
        for (const { id } of [spot, linear, inverse]) {
          const [now, then] = [Engine.book(engine, id, 1000), Engine.book(before, id, 1000)]
          const same = JSON.stringify(levels(engine, id, 1000)) === JSON.stringify(levels(before, id, 1000))
          assert.isTrue(same ? now.sequence >= then.sequence : now.sequence > then.sequence)
        }
      })
    }, { fastCheck: { numRuns: runs(100) } })
  })

  describe("price-time priority", () => {
    interface Resting {
      readonly id: number
      readonly side: Engine.Side
      readonly price: number
      left: number
    }

    // The book as a list in order of arrival: every order looks for the best price, and the first at that price.
    const naive = (orders: ReadonlyArray<Resting>) => {
      const book: Array<Resting> = []
      const fills: Array<string> = []
      for (const { id, left, price, side } of orders) {
        const taker = { id, side, price, left }
        for (;;) {
          const makers = book.filter((one) =>
            one.left > 0 && one.side !== side && (side === "buy" ? one.price <= price : one.price >= price)
          )
          const best = side === "buy"
            ? Math.min(...makers.map((one) => one.price))
            : Math.max(...makers.map((one) => one.price))
          const maker = makers.find((one) => one.price === best)
          if (maker === undefined || taker.left === 0) break
          const amount = Math.min(maker.left, taker.left)
          maker.left -= amount
          taker.left -= amount
          fills.push(`${taker.id} takes ${amount} of ${maker.id} at ${best}`)
        }
        book.push(taker)
      }
      return { fills, open: book.filter((one) => one.left > 0).map((one) => `${one.id} ${one.left}`) }
    }

    const resting = FastCheck.array(
      FastCheck.record({
        side: FastCheck.constantFrom("buy" as const, "sell" as const),
        price: FastCheck.integer({ min: 198, max: 202 }),
        left: FastCheck.integer({ min: 2, max: 9 })
      }),
      { maxLength: 60, size: "max" }
    ).map((orders) => orders.map((one, index): Resting => ({ id: index + 1, ...one })))

    it.prop("matches a naive order book", [resting], ([orders]) => {
      const engine = orders.reduce((current, { left, price, side }) =>
        placed(current, {
          instrument: "BTCUSDT",
          side,
          type: "limit",
          price: ticks(price),
          amount: lots(spot, left)
        })[1], empty)
      const fills = Engine.fills(engine)
      const actual = [...new Set(fills.map(({ id }) => id))].map((id) => {
        const sides = fills.filter((one) => one.id === id)
        const [taker, maker] = (["taker", "maker"] as const).map((role) => sides.find((one) => one.liquidity === role))
        const amount = BigDecimal.unsafeToNumber(taker?.amount ?? zero) * 1000
        const price = BigDecimal.unsafeToNumber(maker?.price ?? zero) * 2
        return `${taker?.orderId} takes ${Math.round(amount)} of ${maker?.orderId} at ${price}`
      })
      const open = Engine.openOrders(engine).map(({ amount, filled, id }) =>
        `${id} ${Math.round(BigDecimal.unsafeToNumber(BigDecimal.subtract(amount, filled)) * 1000)}`
      )
      const expected = naive(orders)
      assert.deepStrictEqual({ fills: actual, open }, expected)
    }, { fastCheck: { numRuns: runs(100) } })

    it("puts quotes of the house behind earlier orders", () => {
      const engine = Engine.advance(after(empty, order("buy", "0.005", "100")), 2, () => quote("100", "101"))
      assert.deepStrictEqual(levels(engine).bids[0], "0.015 @ 100 (2)")
      const sold = placed(engine, order("sell", "0.01", "100", { owner: "house" }))[1]
      assert.deepStrictEqual(levels(sold).bids[0], "0.005 @ 100 (1)")
      assert.strictEqual(Engine.order(sold, 1)?.status, "filled")
    })

    it("is kept when an order shrinks, and lost when it grows or its price changes", () => {
      const first = (change: Parameters<typeof Engine.amend>[2]) => {
        const start = after(empty, order("buy", "0.01", "100"), order("buy", "0.01", "100"))
        const amended = Either.getOrThrow(Engine.amend(start, 1, change, 2))[1]
        const sold = after(amended, order("sell", "0.002", "99", { owner: "house" }))
        return Engine.fills(sold).map(({ orderId }) => orderId)
      }
      assert.deepStrictEqual(first({ amount: d("0.009") }), [1])
      assert.deepStrictEqual(first({ amount: d("0.011") }), [2])
      assert.deepStrictEqual(first({ price: d("99.5") }), [2])
      assert.deepStrictEqual(first({ price: d("100.5") }), [1])
    })
  })

  describe("the house (the simulated market maker)", () => {
    it("quotes twenty levels on each side of the spread", () => {
      const engine = quoted("100", "101")
      assert.deepStrictEqual(levels(engine), {
        bids: ["0.01 @ 100 (1)", "0.04 @ 99.5 (1)", "0.06 @ 99 (1)"],
        asks: ["0.01 @ 101 (1)", "0.04 @ 101.5 (1)", "0.06 @ 102 (1)"]
      })
      const { asks, bids } = Engine.book(engine, "BTCUSDT", 100)
      assert.deepStrictEqual([bids.length, asks.length], [20, 20])
    })

    it("never quotes a price of zero, and quotes inverse contracts in contracts", () => {
      assert.strictEqual(Engine.book(quoted("1", "1.5"), "BTCUSDT", 100).bids.length, 2)
      assert.strictEqual(levels(quoted("1000", "1001", "0.05"), "INVERSE").bids[0], "5 @ 1000 (1)")
      assert.strictEqual(levels(quoted("1000", "1001", "0.001"), "INVERSE").bids[0], "1 @ 1000 (1)")
    })

    it("does not refill a quote that was taken until its quotes change", () => {
      const taken = after(quoted("100", "101"), order("buy", "0.01"))
      const same = Engine.advance(taken, 2, () => quote("100", "101"))
      assert.strictEqual(levels(same).asks[0], "0.04 @ 101.5 (1)")
      const moved = Engine.advance(taken, 2, () => quote("100", "101", "0.011"))
      assert.strictEqual(levels(moved).asks[0], "0.011 @ 101 (1)")
    })

    it("fills orders that its new quotes cross completely, at their own price, as maker", () => {
      const engine = after(quoted("100", "101"), order("buy", "5", "99"), order("sell", "5", "103"))
      const below = Engine.advance(engine, 7, () => quote("98", "99.5"))
      assert.strictEqual(Engine.order(below, 1)?.status, "open")
      const reached = Engine.advance(below, 8, () => quote("98", "99"))
      assert.deepStrictEqual(traded(reached), ["1 maker 5 @ 99"])
      assert.deepStrictEqual([Engine.order(reached, 1)?.status, Engine.order(reached, 1)?.updatedAt], ["filled", 8])
      assert.strictEqual(Engine.order(reached, 2)?.status, "open")
      const above = Engine.advance(reached, 9, () => quote("110", "111"))
      assert.deepStrictEqual(traded(above), ["1 maker 5 @ 99", "2 maker 5 @ 103"])
      assert.deepStrictEqual(balance(above, "BTC"), ["999.995", "0.25"])
    })

    it("does not quote an instrument without a price", () => {
      const engine = Engine.advance(empty, 1, (id) => id === "LINEAR" ? quote("100", "101") : undefined)
      assert.deepStrictEqual(levels(engine), { bids: [], asks: [] })
      assert.strictEqual(levels(engine, "LINEAR").bids.length, 3)
    })
  })

  describe("spot", () => {
    it("charges the fee of a buy in the base currency, or in the quote currency if the exchange does", () => {
      for (
        const [feesInQuote, asset, btc, usdt] of [
          [false, "BTC", "1000.0099985", "999000"],
          [true, "USDT", "1000.01", "998999.85"]
        ] as const
      ) {
        const start = Engine.make({ instruments: [{ ...spot, feesInQuote, takerFee: d("0.00015") }], balances })
        const engine = Engine.advance(start, 0, () => quote("99999", "100000"))
        const [, bought] = placed(engine, order("buy", "0.01"))
        assert.deepStrictEqual(Engine.fills(bought).map(({ feeAsset }) => feeAsset), [asset])
        assert.deepStrictEqual([balance(bought, "BTC")[0], balance(bought, "USDT")[0]], [btc, usdt])
      }
    })

    it("rounds fees to the decimals of the asset", () => {
      const start = Engine.make({ instruments: [{ ...spot, scales: { USDT: 3 } }], balances })
      const [sold] = placed(Engine.advance(start, 0, () => quote("100.33", "101")), order("sell", "0.01"))
      assert.strictEqual(text(sold.fee), "0.001")
    })

    it("locks what an order requires, and charges the fee in the received currency", () => {
      const engine = after(quoted("100", "101"), order("buy", "0.1", "99"), order("sell", "0.1", "102.5"))
      assert.deepStrictEqual(balance(engine, "USDT"), ["999990.1", "9.9"])
      assert.deepStrictEqual(balance(engine, "BTC"), ["999.9", "0.35"])
      const [bought, next] = placed(engine, order("buy", "0.01", "101"))
      assert.deepStrictEqual([bought.status, text(bought.fee), bought.feeAsset], ["filled", "0.000015", "BTC"])
      assert.deepStrictEqual(balance(next, "BTC"), ["999.909985", "0.35"])
      const [sold] = placed(next, order("sell", "0.01", "100"))
      assert.deepStrictEqual([text(sold.fee), sold.feeAsset], ["0.0015", "USDT"])
    })

    it("fills a limit order partly and rests the remaining amount", () => {
      const [bought, engine] = placed(quoted("100", "101"), order("buy", "0.1", "101.5", { clientOrderId: "mine" }), 5)
      assert.deepStrictEqual([bought.status, text(bought.filled), text(bought.notional)], ["open", "0.05", "5.07"])
      assert.strictEqual(levels(engine).bids[0], "0.05 @ 101.5 (1)")
      assert.deepStrictEqual(Engine.orderByClientId(engine, "mine"), bought)
      assert.deepStrictEqual([bought.createdAt, bought.updatedAt], [5, 5])
      assert.deepStrictEqual(Engine.fills(engine).map(({ at, id }) => [id, at]), [[1, 5], [2, 5]])
    })

    it("cancels orders that cannot rest, with the reason", () => {
      const engine = quoted("100", "101")
      const outcome = (request: Engine.NewOrder) => {
        const [done, next] = placed(engine, request)
        assert.strictEqual(Engine.openOrders(next).length, 0)
        return [done.status, text(done.filled), done.closeReason]
      }
      assert.deepStrictEqual(outcome(order("buy", "1", "101", { timeInForce: "IOC" })), [
        "canceled",
        "0.01",
        "immediateOrCancel"
      ])
      assert.deepStrictEqual(outcome(order("buy", "1", "101", { timeInForce: "FOK" })), ["canceled", "0", "fillOrKill"])
      assert.deepStrictEqual(outcome(order("buy", "0.01", "101", { timeInForce: "FOK" })), [
        "filled",
        "0.01",
        undefined
      ])
      assert.deepStrictEqual(outcome(order("buy", "1", "101", { postOnly: true })), [
        "canceled",
        "0",
        "postOnlyWouldCross"
      ])
      assert.deepStrictEqual(outcome(order("sell", "500")), ["canceled", "4.19", "noLiquidity"])
      assertLeft(Engine.place(empty, order("sell", "1"), 1), "NoLiquidity")
    })

    it("rejects or reprices a post-only order that would cross, as the instrument or the order specifies", () => {
      const crossing = (crossing: Engine.Crossing) => order("buy", "1", "101", { postOnly: true, crossing })
      const engine = quoted("100", "101")
      assertLeft(Engine.place(engine, crossing("refuses"), 1), "WouldCross")
      const [aside, next] = placed(engine, crossing("slides"))
      assert.deepStrictEqual([aside.status, text(aside.price), text(aside.filled)], ["open", "100.5", "0"])
      assertLeft(Engine.amend(next, aside.id, { price: d("102"), crossing: "refuses" }, 2), "WouldCross")
      const [moved] = Either.getOrThrow(Engine.amend(next, aside.id, { price: d("102"), crossing: "slides" }, 2))
      assert.deepStrictEqual([moved.status, text(moved.price)], ["open", "100.5"])
      const strict = Engine.make({ instruments: [{ ...spot, crossing: "refuses" }], balances })
      const there = Engine.advance(strict, 0, () => quote("100", "101"))
      assertLeft(Engine.place(there, order("buy", "1", "101", { postOnly: true }), 1), "WouldCross")
      assertRight(Either.map(Engine.place(there, order("buy", "1", "101"), 1), ([{ status }]) => status), "open")
    })

    it("fails with AlreadyFilled for a filled order", () => {
      const [filled, engine] = placed(quoted("100", "101"), order("buy", "0.01", "101"))
      assertLeft(Engine.cancel(engine, filled.id, 2), "AlreadyFilled")
      assertLeft(Engine.amend(engine, filled.id, { price: d("90") }, 2), "AlreadyFilled")
    })

    it("spends a quote amount in whole lots without exceeding it", () => {
      const budget = (quoteAmount: string, side: Engine.Side = "buy") => {
        const { amount: _, ...request } = order(side, "0")
        return placed(quoted("100", "101"), { ...request, quoteAmount: d(quoteAmount) })[0]
      }
      const bought = budget("2")
      assert.deepStrictEqual([bought.status, text(bought.amount), text(bought.notional)], ["filled", "0.019", "1.9235"])
      assert.strictEqual(text(budget("2", "sell").notional), "1.995")
      assert.deepStrictEqual([budget("1000").status, budget("1000").closeReason], ["canceled", "noLiquidity"])
    })

    it("accepts the prices of the tick that the instrument has there", () => {
      const stepped = { ...spot, tickSizeSteps: [{ fromPrice: d("100"), tickSize: d("5") }] }
      const engine = Engine.advance(
        Engine.make({ instruments: [stepped], balances }),
        0,
        () => quote("90", "110")
      )
      assert.isTrue(Either.isRight(Engine.place(engine, order("buy", "1", "99.5"), 1)))
      assertLeft(Engine.place(engine, order("buy", "1", "100.5"), 1), "OffTick")
      assert.isTrue(Either.isRight(Engine.place(engine, order("buy", "1", "105"), 1)))
    })

    const refused: ReadonlyArray<readonly [Engine.NewOrder, Engine.Refusal]> = [
      [order("buy", "1", "100", { instrument: "NOPE" }), "UnknownInstrument"],
      [order("buy", "1", "100.3"), "OffTick"],
      [order("buy", "1", "-1"), "OffTick"],
      [order("buy", "1", "0"), "OffTick"],
      [order("buy", "0.0025", "100"), "OffLot"],
      [order("buy", "0.001", "100"), "TooSmall"],
      [order("buy", "-1", "100"), "TooSmall"],
      [order("buy", "0.002", "49"), "NotionalTooSmall"],
      [order("buy", "10001", "100"), "InsufficientFunds"],
      [order("sell", "1000.001", "100"), "InsufficientFunds"],
      [order("buy", "1", "100", { reduceOnly: true }), "NothingToReduce"],
      [order("buy", "1", "100", { instrument: "LINEAR", reduceOnly: true }), "NothingToReduce"],
      [{ instrument: "BTCUSDT", side: "buy", type: "market", quoteAmount: d("0.1") }, "TooSmall"],
      [{ instrument: "BTCUSDT", side: "buy", type: "market" }, "TooSmall"]
    ]
    it.each(refused)("rejects %o: %s", (request, refusal) => {
      assertLeft(Engine.place(quoted("100", "101"), request, 1), refusal)
    })

    it("rejects a market order that costs more than the free balance", () => {
      const poor = Engine.make({ instruments: [spot], balances: [{ asset: "USDT", free: d("5"), locked: d("100") }] })
      const engine = Engine.advance(poor, 0, () => quote("100", "101"))
      assertLeft(Engine.place(engine, order("buy", "0.05"), 1), "InsufficientFunds")
      assertRight(Either.map(Engine.place(engine, order("buy", "0.04"), 1), ([{ status }]) => status), "filled")
    })

    it("amends price and amount, and locks the difference", () => {
      const engine = after(quoted("100", "101"), order("buy", "0.1", "99"))
      const amended = (change: Parameters<typeof Engine.amend>[2]) => Engine.amend(engine, 1, change, 9)
      const [grown, next] = Either.getOrThrow(amended({ amount: d("0.2"), price: d("98") }))
      assert.deepStrictEqual([grown.id, text(grown.amount), grown.updatedAt], [1, "0.2", 9])
      assert.deepStrictEqual(balance(next, "USDT"), ["999980.4", "19.6"])
      const [crossing] = Either.getOrThrow(amended({ price: d("101") }))
      assert.deepStrictEqual([crossing.status, text(crossing.filled)], ["open", "0.01"])
      assertLeft(amended({ price: d("99.1") }), "OffTick")
      assertLeft(amended({ amount: d("0.0005") }), "TooSmall")
      assertLeft(amended({ amount: d("99999") }), "InsufficientFunds")
      assertLeft(Engine.amend(engine, 2, { price: d("98") }, 9), "NotFound")
      const [, partly] = Either.getOrThrow(amended({ price: d("101") }))
      assertLeft(Engine.amend(partly, 1, { amount: d("0.01") }, 9), "TooSmall")
    })

    it("finds the latest order with a client order id", () => {
      const mine = { clientOrderId: "mine" }
      const engine = after(quoted("100", "101"), order("buy", "1", "99", mine), order("buy", "1", "98", mine))
      assert.strictEqual(Engine.orderByClientId(engine, "mine")?.id, 2)
      assert.strictEqual(Engine.orderByClientId(engine, "other"), undefined)
      assert.deepStrictEqual(Engine.orders(engine).map(({ id }) => id), [1, 2])
      assert.deepStrictEqual(Engine.orders(engine, "LINEAR"), [])
    })
  })

  describe("contracts", () => {
    const perpetual = { instrument: "LINEAR" }
    const position = (engine: Engine.Engine) => {
      const [open] = Engine.positions(engine)
      return open === undefined ? undefined : {
        amount: text(open.amount),
        entry: text(open.entryPrice),
        mark: text(open.markPrice),
        margin: text(open.margin),
        unrealized: text(open.unrealizedPnl),
        realized: text(open.realizedPnl),
        at: [open.openedAt, open.updatedAt]
      }
    }

    it("opens, marks, reduces, reverses and closes a position", () => {
      const start = Engine.advance(empty, 0, () => quote("100", "101", "10"))
      const long = placed(start, order("buy", "2", undefined, perpetual), 1)[1]
      assert.deepStrictEqual(position(long), {
        amount: "2",
        entry: "101",
        mark: "100",
        margin: "20.2",
        unrealized: "-2",
        realized: "0",
        at: [1, 1]
      })
      assert.deepStrictEqual(balance(long, "USDT"), ["999979.497", "20.2"])
      const risen = Engine.advance(long, 2, () => quote("110", "111", "10"))
      assert.strictEqual(position(risen)?.unrealized, "18")
      const reduced = placed(risen, order("sell", "1", undefined, perpetual), 3)[1]
      assert.deepStrictEqual([position(reduced)?.amount, position(reduced)?.realized], ["1", "9"])
      const turned = placed(reduced, order("sell", "3", undefined, perpetual), 4)[1]
      assert.deepStrictEqual(
        [position(turned)?.amount, position(turned)?.entry, position(turned)?.realized, position(turned)?.at],
        ["-2", "110", "0", [4, 4]]
      )
      const closed = placed(turned, order("buy", "2", undefined, { ...perpetual, reduceOnly: true }), 5)[1]
      assert.deepStrictEqual(Engine.positions(closed), [])
      assert.strictEqual(balance(closed, "USDT")[1], "0")
    })

    it("accepts a reduce-only order below the minimum notional", () => {
      const start = Engine.advance(empty, 0, () => quote("100", "101", "10"))
      const long = after(start, order("buy", "2", undefined, perpetual))
      const small = order("buy", "0.002", "40", perpetual)
      assertLeft(Engine.place(long, small, 2), "NotionalTooSmall")
      const [rest] = placed(long, { ...small, side: "sell", reduceOnly: true }, 2)
      assert.strictEqual(rest.status, "filled")
    })

    it("amends a partly filled order if the funds cover what is left of it", () => {
      const start = Engine.make({
        instruments: [linear],
        balances: [{ asset: "USDT", free: d("21.1"), locked: d("0") }]
      })
      const placed = after(Engine.advance(start, 0, () => quote("101", "102")), order("buy", "2", "100", perpetual))
      const [, filled] = Either.getOrThrow(Engine.fill(placed, 1, d("1.9"), 2))
      assert.deepStrictEqual(balance(filled, "USDT"), ["1.119", "20"])
      // Another 10 USDT need a margin of 1, and the fee on the 20 that are left is 0.03.
      const amended = Either.map(Engine.amend(filled, 1, { amount: d("2.1") }, 3), ([{ amount }]) => text(amount))
      assertRight(amended, "2.1")
      assertLeft(Engine.amend(filled, 1, { amount: d("2.2") }, 3), "InsufficientFunds")
    })

    it("settles an inverse contract in its base currency", () => {
      const start = Engine.advance(empty, 0, () => quote("1000", "1001", "10"))
      const long = placed(start, order("sell", "100", undefined, { instrument: "INVERSE" }))[1]
      const [short] = Engine.positions(long)
      assert.deepStrictEqual([text(short?.amount), text(short?.entryPrice), text(short?.margin)], [
        "-100",
        "1000",
        "0.1"
      ])
      const fallen = Engine.advance(long, 2, () => quote("499.5", "500", "10"))
      const closed = placed(fallen, order("buy", "100", undefined, { instrument: "INVERSE" }))[1]
      // 1 BTC became 2 BTC's worth of contracts, less 0.15 % of each.
      assert.strictEqual(balance(closed, "BTC")[0], "1000.9955")
    })

    it("cancels reduce-only orders that have nothing left to reduce", () => {
      const reduceOnly = { ...perpetual, reduceOnly: true }
      const start = Engine.advance(empty, 0, () => quote("100", "101", "10"))
      const long = after(start, order("buy", "2", undefined, perpetual))
      const both = after(long, order("sell", "2", "105", reduceOnly), order("sell", "2", "106", reduceOnly))
      assert.strictEqual(balance(both, "USDT")[1], "20.2")
      const reached = Engine.advance(both, 2, () => quote("105", "105.5"))
      assert.deepStrictEqual(Engine.orders(reached).map(({ closeReason, status }) => [status, closeReason]), [
        ["filled", undefined],
        ["filled", undefined],
        ["canceled", "nothingToReduce"]
      ])
      const [more] = placed(long, order("sell", "3", "100", reduceOnly))
      assert.deepStrictEqual([text(more.filled), more.status, more.closeReason], ["2", "canceled", "nothingToReduce"])
    })

    it("lets a market order close a position when no balance is free", () => {
      const poor = Engine.make({ instruments: [linear], balances: [{ asset: "USDT", free: d("11"), locked: zero }] })
      const start = Engine.advance(poor, 0, () => quote("100", "101", "10"))
      const long = after(start, order("buy", "1", undefined, perpetual))
      assertLeft(Engine.place(long, order("buy", "1", undefined, perpetual), 1), "InsufficientFunds")
      const fallen = Engine.advance(long, 1, () => quote("80", "81", "10"))
      assertLeft(Engine.place(fallen, order("sell", "3", undefined, perpetual), 1), "InsufficientFunds")
      const closed = after(fallen, order("sell", "1", undefined, perpetual))
      assert.deepStrictEqual(Engine.positions(closed), [])
    })
  })

  describe("fill", () => {
    const resting = after(quoted("100", "101"), order("buy", "2", "90"), order("buy", "3", "95"))

    it("fills the given amount of an order at its own price, and no other order", () => {
      const [part, once] = Either.getOrThrow(Engine.fill(resting, 1, d("0.5"), 7))
      assert.deepStrictEqual([part.status, text(part.filled), text(part.notional)], ["open", "0.5", "45"])
      assert.deepStrictEqual(traded(once), ["1 maker 0.5 @ 90"])
      assert.strictEqual(levels(once).bids[0], levels(resting).bids[0])
      const [whole, done] = Either.getOrThrow(Engine.fill(once, 1, undefined, 8))
      assert.deepStrictEqual([whole.status, text(whole.filled)], ["filled", "2"])
      assert.deepStrictEqual(Engine.openOrders(done).map(({ id }) => id), [2])
      // 2 at 90 less a fee of 0.1 %.
      assert.deepStrictEqual(balance(done, "BTC"), ["1001.998", "0.25"])
      assert.deepStrictEqual(balance(done, "USDT"), ["999535", "285"])
    })

    it("rejects closed orders, amounts above the remaining one, and fractions of lots", () => {
      const [, done] = Either.getOrThrow(Engine.fill(resting, 1, undefined, 7))
      assertLeft(Engine.fill(done, 1, undefined, 8), "NotOpen")
      assertLeft(Engine.fill(done, 9, undefined, 8), "NotFound")
      assertLeft(Engine.fill(resting, 1, d("2.001"), 7), "TooMuch")
      assertLeft(Engine.fill(resting, 1, d("0.0005"), 7), "OffLot")
      assertLeft(Engine.fill(resting, 1, zero, 7), "OffLot")
    })

    it("never fills a reduce-only order beyond the position, and cancels those with nothing left to reduce", () => {
      const perpetual = { instrument: "LINEAR" }
      const reduceOnly = { ...perpetual, reduceOnly: true }
      const start = Engine.advance(empty, 0, () => quote("100", "101", "10"))
      const both = after(
        start,
        order("buy", "2", undefined, perpetual),
        order("sell", "2", "105", reduceOnly),
        order("sell", "3", "106", reduceOnly)
      )
      assertLeft(Engine.fill(both, 3, d("3"), 7), "TooMuch")
      const [, closed] = Either.getOrThrow(Engine.fill(both, 3, undefined, 7))
      assert.deepStrictEqual(Engine.positions(closed), [])
      assert.deepStrictEqual(Engine.openOrders(closed), [])
      assert.strictEqual(Engine.order(closed, 2)?.closeReason, "nothingToReduce")
    })
  })
})
