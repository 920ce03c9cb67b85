import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Context, Effect, Either, FastCheck, Layer } from "effect"
import { OrderCheck } from "../src/adapter.js"
import { Account, Decimal, type ExchangeError, type Order, type Trading } from "../src/index.js"
import * as Acme from "./support/exchange.js"

const limit: Order.LimitRequest = { type: "limit", symbol: "BTC/USDT", side: "buy", amount: "0.01", price: "60000" }

/** A value that untyped JavaScript may pass, whatever the types say. */
const untyped = (value: unknown): { readonly place: (trading: Trading.Trading.Service) => Placing } => ({
  // As a program without types, or with a cast, calls it.
  place: (trading) => Reflect.apply(trading.place, undefined, [value])
})

type Placing = ReturnType<Trading.Trading.Service["place"]>

const messageOf = (value: unknown): string =>
  Either.match(OrderCheck.decode(value), { onLeft: String, onRight: () => "" })

const Anything = FastCheck.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true
})

const Odd = FastCheck.oneof(
  Anything,
  FastCheck.constantFrom<Array<unknown>>(
    "BUY",
    "Sell",
    "LIMIT",
    "gtc",
    "true",
    1,
    null,
    "0.01",
    0.01,
    -0,
    NaN,
    BigDecimal.make(1n, 45),
    BigDecimal.make(1n, -1_000_000_000),
    BigDecimal.make(10n ** 41n, 0),
    { value: 1n, scale: 0 },
    { [BigDecimal.TypeId]: BigDecimal.TypeId, value: "1", scale: 0 },
    new Proxy({}, { get: () => "buy" })
  )
)

/** A valid order in which one field has any value. */
const Mutated = FastCheck.record({
  field: FastCheck.constantFrom(
    "type",
    "symbol",
    "side",
    "amount",
    "price",
    "timeInForce",
    "postOnly",
    "reduceOnly",
    "round",
    "clientOrderId",
    "timeInforce",
    "stopPrice"
  ),
  value: Odd
}).map(({ field, value }): unknown => ({ ...limit, [field]: value }))

describe("OrderCheck.decode", () => {
  it.prop(
    "never throws, whatever the value",
    [FastCheck.oneof(Anything, Mutated)],
    ([value]) => {
      OrderCheck.decode(value)
      OrderCheck.checkAmendment(Acme.bitcoin, Object(value), "buy")
    }
  )

  const refused: ReadonlyArray<readonly [change: object, message: string]> = [
    [{ side: "BUY" }, `the side: expected "buy" or "sell", found "BUY"`],
    [{ type: "LIMIT" }, `the type: expected "limit" or "market", found "LIMIT"`],
    [{ timeInForce: "gtc" }, `the timeInForce: expected "GTC" or "IOC" or "FOK", found "gtc"`],
    [{ postOnly: "true" }, `the postOnly: expected true or false, found "true"`],
    [{ reduceOnly: 1 }, "the reduceOnly: expected true or false, found a number"],
    [{ round: null }, "the round: expected true or false, found null"],
    [{ symbol: 5 }, "the symbol: expected text, found a number"],
    [{ clientOrderId: 5 }, "the clientOrderId: expected text, found a number"],
    [{ amount: 0.1 }, "the amount: expected text or BigDecimal, found a number"],
    [{ amount: undefined }, "the amount: expected text or BigDecimal, found nothing"],
    [{ price: [] }, "the price: expected text or BigDecimal, found an array"],
    [{ amount: BigDecimal.make(1n, 41) }, "the amount has more than 40 digits on one side of the decimal point"],
    [{ amount: BigDecimal.make(1n, -1_000_000_000) }, "the amount has more than 40 digits"],
    [{ timeInforce: "IOC" }, `a limit order cannot have "timeInforce"; its fields are type, symbol,`],
    [{ type: "market" }, `a market order cannot have "price"`]
  ]
  for (const [change, message] of refused) {
    it(`reports what it expected: ${message}`, () => assert.include(messageOf({ ...limit, ...change }), message))
  }

  it("reports a value that is not an object or whose fields cannot be read", () => {
    assert.include(messageOf(null), "the order: expected an object, found null")
    assert.include(messageOf("buy"), `the order: expected an object, found "buy"`)
    const broken = Object.defineProperty({ ...limit }, "side", {
      enumerable: true,
      get: () => {
        throw new Error("no")
      }
    })
    assert.include(messageOf(broken), "cannot be read")
  })

  it("treats an undefined field as absent", () => {
    assert.isTrue(Either.isRight(OrderCheck.decode({ ...limit, postOnly: undefined, timeInforce: undefined })))
  })

  it("quotes the value shortened, with its invisible characters escaped", () => {
    const text = messageOf({ ...limit, side: `buy\u202Eyub\u0007\u200B${"x".repeat(100)}` })
    assert.include(text, String.raw`found "buy\u202eyub\u0007\u200bxxx`)
    assert.notMatch(text, /[\p{Cc}\p{Cf}]/u)
    assert.isBelow(text.length, 150)
  })
})

describe("untyped arguments of Trading", () => {
  it.effect.prop(
    "place refuses any value with InvalidRequest or Unsupported, or sends exactly what it requests",
    [FastCheck.oneof(Anything, Mutated)],
    ([value]) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        const answer = yield* Acme.trade(store, (trading) => Effect.either(untyped(value).place(trading)))
        if (Either.isLeft(answer)) {
          assert.include(["InvalidRequest", "Unsupported"], answer.left._tag, answer.left.message)
          assert.strictEqual(store.arrivals.size, 0)
          return
        }
        // What was accepted is valid, and the order has the fields of the request.
        const requested = Either.getOrThrow(OrderCheck.decode(value))
        const [sent] = store.orders
        assert.isDefined(sent)
        assert.strictEqual(sent.side, requested.side)
        assert.strictEqual(sent.type, requested.type)
        assert.strictEqual(sent.symbol, requested.symbol)
        if (requested.clientOrderId !== undefined) assert.strictEqual(sent.clientOrderId, requested.clientOrderId)
        if (requested.type !== "limit") return
        assert.strictEqual(sent.timeInForce, requested.timeInForce ?? "GTC")
        assert.strictEqual(sent.postOnly, requested.postOnly ?? false)
        const exact = (amount: Order.Amount) => typeof amount === "string" ? Decimal.make(amount) : amount
        assert.isTrue(sent.amount !== undefined && BigDecimal.equals(sent.amount, exact(requested.amount)))
        assert.isTrue(sent.price !== undefined && BigDecimal.equals(sent.price, exact(requested.price)))
      }),
    { fastCheck: { numRuns: 150 } }
  )

  it.effect.prop(
    "placeBatch, cancel, amend and account.order succeed or fail with InvalidRequest or OrderNotFound for any value",
    [FastCheck.oneof(Anything, Odd), Mutated],
    ([value, mutated]) =>
      Effect.gen(function*() {
        const store = new Acme.Store()
        const call = (method: (...all: ReadonlyArray<never>) => unknown, ...all: ReadonlyArray<unknown>) =>
          Effect.suspend((): Effect.Effect<unknown, ExchangeError.TradingError> =>
            Reflect.apply(method, undefined, all)
          )
        const built = yield* Layer.build(Acme.layer(store))
        const account = Context.get(built, Account.Account)
        const trading = Context.get(built, Acme.AcmeTrading)
        const reference = { symbol: "BTC/USDT", id: value, clientOrderId: value }
        for (
          const each of [
            call(trading.placeBatch, value),
            call(trading.cancel, value),
            call(trading.cancel, reference),
            call(trading.amend, value, { price: "1" }),
            call(account.order, value),
            call(account.order, reference)
          ]
        ) {
          const arrived = store.arrivals.size
          const error = yield* Effect.flip(each).pipe(Effect.orElseSucceed(() => undefined))
          if (error === undefined) continue
          assert.include(["InvalidRequest", "OrderNotFound"], error._tag)
          assert.strictEqual(store.arrivals.size, arrived)
        }
        const placed = yield* trading.place(limit)
        const amended = yield* Effect.either(call(trading.amend, placed, value))
        assert.isTrue(Either.isRight(amended) || amended.left._tag === "InvalidRequest")
        const [only] = yield* trading.placeBatch([])
        assert.isUndefined(only)
        const arrived = store.arrivals.size
        const answers = yield* Effect.either(call(trading.placeBatch, [limit, mutated]))
        if (Either.isRight(answers)) return
        assert.strictEqual(answers.left._tag, "InvalidRequest")
        // Not even the valid order of a refused batch is sent.
        assert.strictEqual(store.arrivals.size, arrived)
      }).pipe(Effect.scoped),
    { fastCheck: { numRuns: 60 } }
  )
})

describe("the proposed correction", () => {
  const messageFor = (amount: string, market: object) =>
    Either.match(OrderCheck.check({ ...Acme.bitcoin, minAmount: undefined, ...market }, { ...limit, amount }), {
      onLeft: String,
      onRight: () => ""
    })

  it("names the minimum amount if rounding down would leave less", () => {
    assert.include(messageFor("5", { lotSize: Decimal.make("10") }), "step 10; the minimum is 10")
    assert.include(
      messageFor("0.000000001", { lotSize: Decimal.make("0.00000001") }),
      "step 0.00000001; the minimum is 0.00000001"
    )
    assert.include(messageFor("0.0015", { minAmount: Decimal.make("0.0011") }), "the minimum is 0.002")
    assert.include(messageFor("0.001", { minAmount: Decimal.make("0.0011") }), "below the minimum for BTC/USDT, 0.002")
  })

  it("names the minimum amount at the price if the notional is too small", () => {
    assert.include(
      messageFor("0.001", { minNotional: Decimal.make("130") }),
      "at this price the minimum amount is 0.003"
    )
  })
})
