import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { Okx } from "../src/index.js"
import { answered, requests, scripted } from "./scripted.js"
import { envelope, inverse, linear, now, rows, shown, spot } from "./utils.js"

const account = Okx.Account

const dated = { ...linear, id: "BTC-USDT-260327", symbol: inverse.symbol }

describe("permissions of a key", () => {
  it.effect("are read with whether the key is bound to addresses", () =>
    Effect.gen(function*() {
      const permissions = (answer: unknown) =>
        scripted({ "account/config": [answer] }, Effect.flatMap(account, ({ keyPermissions }) => keyPermissions))
      assert.deepStrictEqual(yield* permissions(answered("account_config")), {
        read: true,
        trade: true,
        withdraw: false,
        ipRestricted: true
      })
      assert.deepStrictEqual(yield* permissions(envelope({ perm: "read_only, withdraw", ip: "" })), {
        read: true,
        trade: false,
        withdraw: true,
        ipRestricted: false
      })
    }))
})

describe("balances", () => {
  const balances = (answer: unknown) =>
    scripted({ "account/balance": [answer] }, Effect.flatMap(account, ({ balances }) => Effect.either(balances)))

  it.effect("are read in every account mode, without empty ones", () =>
    Effect.gen(function*() {
      const all = Either.getOrThrow(yield* balances(answered("balance")))
      assert.deepStrictEqual(all.map(shown).map(({ asset, free, total }) => [asset, free, total]), [
        ["USDT", "94.42612990333333", "99.89469657000001"],
        ["BTC", "1.25", "1.5"]
      ])
    }))

  it.effect("fail with MalformedResponse if one of them cannot be decoded", () =>
    Effect.gen(function*() {
      const [balance] = rows("balance")
      for (const answer of [envelope({ ...balance, details: [{ ccy: "BTC", eq: "some" }] }), envelope()]) {
        const failed = yield* Effect.flip(yield* balances(answer))
        assert.strictEqual(failed._tag, "MalformedResponse")
      }
    }))

  for (const [kind, fields] of [["total", ["eq", "cashBal"]], ["free", ["availEq", "availBal"]]] as const) {
    it.effect(`fail with MalformedResponse if no field has the ${kind} amount`, () =>
      Effect.gen(function*() {
        const details = { ccy: "BTC", eq: "1", cashBal: "1", availEq: "1", availBal: "1" }
        const withBlankFields = (...names: ReadonlyArray<string>) =>
          balances(envelope({ details: [{ ...details, ...Object.fromEntries(names.map((name) => [name, ""])) }] }))
        assert.isTrue(Either.isRight(yield* withBlankFields(fields[0])))
        assert.isTrue(Either.isRight(yield* withBlankFields(fields[1])))
        const failed = yield* Effect.flip(yield* withBlankFields(...fields))
        assert.strictEqual(failed._tag, "MalformedResponse")
      }))
  }
})

describe("positions", () => {
  const positions = (...swaps: ReadonlyArray<unknown>) =>
    scripted(
      {
        "account/positions?instType=SWAP": [envelope(...swaps)],
        "account/positions?instType=FUTURES": [envelope(...rows("positions").slice(2, 3))]
      },
      Effect.flatMap(account, ({ positions }) => positions),
      { markets: [spot, linear, inverse, dated] }
    )
  const [first, second, , closed] = rows("positions")

  it.effect("have their side by sign or name, and empty ones are left out", () =>
    Effect.gen(function*() {
      const all = yield* positions(first, second, closed)
      assert.deepStrictEqual(
        all.map(shown).map((each) => [
          each["side"],
          each["amount"],
          each["entryPrice"],
          each["markPrice"],
          each["liquidationPrice"],
          each["leverage"],
          each["unrealizedPnl"]
        ]),
        [
          ["long", "0.005", "86000.5", "87300.9", undefined, "10", "6.502"],
          ["short", "12", "90000", "87300.9", "171234.5", "10", "0.00041"],
          ["short", "0.03", "86000.5", "87300.9", undefined, "10", "6.502"]
        ]
      )
    }))

  it.effect("that cannot be decoded or are of an unlisted market hide no other", () =>
    Effect.gen(function*() {
      const all = yield* positions(
        { ...first, posSide: "sideways" },
        { ...first, pos: "some" },
        { ...first, instId: "币安人生-USDT-SWAP" },
        { ...first, instId: "LATE-USDT-SWAP" },
        second
      )
      assert.deepStrictEqual(all.map(({ side }) => side), ["short", "short"])
    }))

  it.effect("are not requested for options and margin", () =>
    Effect.gen(function*() {
      const asked = yield* scripted(
        { "account/positions": [envelope()] },
        Effect.zipRight(Effect.flatMap(account, ({ positions }) => positions), requests)
      )
      assert.deepStrictEqual(asked.map(({ target: asked }) => asked).toSorted(), [
        "account/positions?instType=FUTURES",
        "account/positions?instType=SWAP"
      ])
    }))
})

describe("orders", () => {
  const [openRow, partial] = rows("orders_pending")
  const open = (...all: ReadonlyArray<unknown>) =>
    scripted(
      { "trade/orders-pending": [envelope(...all)] },
      Effect.flatMap(account, (account) => account.openOrders())
    )

  it.effect("that are open are decoded with their client order id", () =>
    Effect.gen(function*() {
      const [order] = yield* open(openRow)
      assert.deepStrictEqual(order && shown(order), {
        exchange: "okx",
        symbol: spot.symbol,
        // Greater than a JavaScript number can hold.
        id: "2497956918703120384",
        clientOrderId: "0123456789abcdef0123456789abcdef",
        side: "buy",
        type: "limit",
        status: "open",
        price: "60000.5",
        amount: "0.01",
        filled: "0",
        timeInForce: "GTC",
        postOnly: false,
        reduceOnly: false,
        createdAt: 1_763_942_300_000,
        updatedAt: 1_763_942_300_500
      })
    }))

  it.effect("on contracts have amounts in the base currency, or in contracts of inverse ones", () =>
    Effect.gen(function*() {
      const [first, second] = yield* open(partial, { ...partial, ordId: "2", instId: "BTC-USD-SWAP" })
      for (const order of [first, second]) {
        assert.deepInclude(order && shown(order), {
          averagePrice: "95000",
          status: "open",
          postOnly: true,
          reduceOnly: true
        })
        assert.strictEqual(order?.clientOrderId, undefined)
      }
      assert.deepStrictEqual(
        [first, second].map((order) => order && [`${order.symbol}`, shown(order)["amount"], shown(order)["filled"]])
          .toSorted(),
        [["BTC/USD:BTC", "3.5", "1.5"], ["BTC/USDT:USDT", "0.035", "0.015"]]
      )
    }))

  it.effect("that have ended have their status, and no amount if it was in the quote currency", () =>
    Effect.gen(function*() {
      const history = (symbol: string, answer: unknown) =>
        scripted(
          { "trade/orders-pending": [envelope()], "trade/orders-history": [answer] },
          Effect.flatMap(account, (account) => account.orderHistory(symbol))
        )
      const ended = yield* history("BTC/USDT", answered("orders_history"))
      const newestFirst = ended.map(shown).toReversed()
      assert.deepStrictEqual(
        newestFirst.map(({ amount, filled, status, timeInForce, type }) => [type, timeInForce, status, amount, filled]),
        [
          ["market", "IOC", "filled", undefined, "0.01145"],
          ["market", "IOC", "filled", undefined, "0.01145"],
          ["market", "IOC", "filled", "0.01", "0.01"],
          ["market", "IOC", "filled", "0.01", "0.01"],
          ["limit", "GTC", "canceled", "0.01", "0"],
          ["limit", "IOC", "canceled", "0.01", "0.004"],
          ["limit", "FOK", "filled", "0.01", "0.01"],
          ["other", undefined, "canceled", "0.01", "0"]
        ]
      )
      const [, , , , postOnly, , , average] = newestFirst
      assert.deepStrictEqual([postOnly?.["postOnly"], average?.["averagePrice"]], [true, undefined])
      // The size of contracts is always in contracts.
      const [quoteSized] = rows("orders_history")
      const swap = { ...quoteSized, instType: "SWAP", instId: "BTC-USDT-SWAP" }
      const contracts = yield* history("BTC/USDT:USDT", envelope(swap))
      assert.deepStrictEqual(contracts.map((order) => shown(order)["amount"]), ["10"])
      const margin = yield* history("BTC/USDT", envelope({ ...quoteSized, instType: "MARGIN" }))
      assert.deepStrictEqual(margin.map(({ amount }) => amount), [undefined])
    }))

  it.effect("that were canceled unfilled are in a history that goes back further than a week", () =>
    Effect.gen(function*() {
      const history = rows("orders_history")
      // The older history has no orders that were canceled without any fills.
      const answers = {
        "trade/orders-pending": [envelope()],
        "trade/orders-history?": [envelope(...history)],
        "trade/orders-history-archive?": [
          envelope(...history.filter(({ accFillSz, state }) => state !== "canceled" || accFillSz !== "0"))
        ]
      }
      const ended = (days: number) =>
        scripted(
          answers,
          Effect.flatMap(account, (account) => account.orderHistory("BTC/USDT", { since: now - days * 86_400_000 }))
        )
      const week = yield* ended(6)
      assert.deepStrictEqual(
        (yield* ended(8)).map(({ id, status }) => [id, status]),
        week.map(({ id, status }) => [id, status])
      )
      assert.strictEqual(week.length, history.length)
    }))

  it.effect("that cannot be decoded hide no other", () =>
    Effect.gen(function*() {
      for (
        const wrong of [
          { state: "paused" },
          { side: "hold" },
          { sz: "" },
          { accFillSz: "some" },
          { state: "filled", accFillSz: "" },
          { state: "partially_filled", accFillSz: "0" },
          { ordId: "" },
          { cTime: "x" }
        ]
      ) {
        const strange = { ...openRow, ordId: "7", ...wrong }
        assert.deepStrictEqual((yield* open(strange, openRow)).map(({ id }) => id), ["2497956918703120384"])
        const failed = yield* scripted(
          { "trade/order?": [envelope(strange)] },
          Effect.flatMap(account, (account) => Effect.flip(account.order({ symbol: "BTC/USDT", id: "7" })))
        )
        assert.strictEqual(failed._tag, "MalformedResponse", JSON.stringify(wrong))
      }
      assert.strictEqual((yield* open({ ...openRow, somethingNew: {} })).length, 1)
    }))

  it.effect("of options and of unlisted markets hide no other", () =>
    Effect.gen(function*() {
      const option = { ...openRow, ordId: "7", instType: "OPTION", instId: "BTC-USD-260327-92000-C" }
      const late = { ...openRow, ordId: "8", instId: "LATE-USDT" }
      assert.deepStrictEqual((yield* open(option, openRow, late)).map(({ id }) => id), ["2497956918703120384"])
    }))
})

describe("fills", () => {
  const fills = (symbol: string, ...pages: ReadonlyArray<unknown>) =>
    scripted(
      { "trade/fills": pages },
      Effect.flatMap(account, (account) =>
        Effect.zip(
          account.fills(symbol),
          Effect.map(requests, (all) => all.map(({ target: asked }) => asked))
        ))
    )
  const [takerFill, makerFill, withoutFee] = rows("fills")

  it.effect("have a positive fee if one was paid, and a negative one for a rebate", () =>
    Effect.gen(function*() {
      const summary = (each: object) => {
        const { amount, at, clientOrderId, fee, feeAsset, id, liquidity } = shown(each)
        return [id, clientOrderId, amount, fee, feeAsset, liquidity, at]
      }
      const [[unknown, first]] = yield* fills("BTC/USDT", envelope(takerFill, withoutFee))
      assert.deepStrictEqual(first && summary(first), [
        "834864333",
        "mine",
        "0.0000217",
        "0.0000000217",
        "BTC",
        "taker",
        now - 100_002
      ])
      assert.deepStrictEqual(unknown && summary(unknown).slice(3, 6), [undefined, undefined, "unknown"])
      const [[contracts]] = yield* fills("BTC/USDT:USDT", envelope(makerFill))
      assert.deepStrictEqual(contracts && summary(contracts), [
        "7",
        undefined,
        "0.015",
        "-0.0123",
        "USDT",
        "maker",
        now - 99_999
      ])
    }))

  it.effect("without price or size are left out, and hide no other", () =>
    Effect.gen(function*() {
      for (const wrong of [{ fillPx: "" }, { fillSz: "" }, { billId: "" }]) {
        const [known] = yield* fills("BTC/USDT", envelope({ ...takerFill, billId: "9", ...wrong }, withoutFee))
        assert.deepStrictEqual(known.map(({ id }) => id), ["6"])
      }
    }))

  it.effect("of a trade with oneself are both returned, and pages continue by bill id", () =>
    Effect.gen(function*() {
      const first = Array.from({ length: 100 }, (_, index) => ({ ...takerFill, billId: String(1000 - index) }))
      const other = { ...takerFill, billId: "900", ordId: "1", side: "sell" }
      const [all, asked] = yield* scripted(
        { "trade/fills": [envelope(...first), envelope(other)] },
        Effect.flatMap(account, (account) =>
          Effect.zip(
            account.fills("BTC/USDT", { limit: 500 }),
            Effect.map(requests, (all) => all.map(({ target: asked }) => asked))
          ))
      )
      assert.strictEqual(all.length, 101)
      assert.deepStrictEqual(asked, [
        "trade/fills?instType=SPOT&instId=BTC-USDT&limit=100",
        "trade/fills?instType=SPOT&instId=BTC-USDT&after=901&limit=100"
      ])
    }))
})
