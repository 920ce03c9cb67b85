import { Account, ExchangeError, type MarketData, type Order, Trading } from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import { assertInclude, assertSome } from "@effect/vitest/utils"
import { BigDecimal, ConfigProvider, Context, Duration, Effect, Either, Layer, Option, Ref, Stream } from "effect"
import { everyNth, isWhole } from "../../resilience/test/support/sample.js"
import { Contract, type ContractCase, Mock } from "../src/index.js"
import { violations } from "./support/violations.js"

const tickers = {
  "BTC/USDT": {
    bid: "64000",
    ask: "64001",
    last: "64000.5",
    market: { tickSize: "0.5", lotSize: "0.001", minNotional: "10" }
  },
  "ETH/USDT": { last: "3100.25" }
} as const

const balances = { USDT: { free: "100000" }, BTC: { free: "1" }, ETH: { free: "10" } }

/**
 * Which orders and cancellations are lost on the wire under the mock, and how many were. A mock has no wire; the broken
 * implementations act on it.
 */
interface Losses {
  readonly losing: Ref.Ref<"nothing" | "answers" | "requests" | "everything">
  readonly lost: Ref.Ref<number>
}
class Wire extends Context.Tag("test/Wire")<Wire, Losses>() {}

const wire = Layer.effect(
  Wire,
  Effect.all({ losing: Ref.make<"nothing" | "answers" | "requests" | "everything">("nothing"), lost: Ref.make(0) })
)

const during =
  (what: "answers" | "requests" | "everything", { losing }: Losses) => <A, E, R>(self: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(Ref.set(losing, what), () => self, () => Ref.set(losing, "nothing"))

const faults = Effect.map(Wire, (wire): ContractCase.Faults => ({
  loseAnswers: during("answers", wire),
  loseRequests: during("requests", wire),
  lost: Ref.get(wire.lost),
  silence: during("everything", wire)
}))

/** A client over that wire: it returns the order although the response was lost, or fails with NotPlaced. */
const overWire = (features: Partial<Adapter.Features> = {}) =>
  Layer.effect(
    Trading.Trading,
    Effect.gen(function*() {
      const { losing, lost } = yield* Wire
      const trading = yield* Trading.Trading
      const changing = Effect.tap(
        Ref.get(losing),
        (losing) => losing === "nothing" ? Effect.void : Ref.update(lost, (count) => count + 1)
      )
      return {
        ...trading,
        cancel: (reference) => Effect.zipRight(changing, trading.cancel(reference)),
        place: (request) =>
          Effect.flatMap(changing, (losing) =>
            losing === "requests"
              ? new ExchangeError.NotPlaced({
                exchange: "mock",
                operation: "place",
                detail: "it never arrived",
                order: { symbol: request.symbol, clientOrderId: request.clientOrderId ?? "none" },
                cause: new ExchangeError.RequestTimedOut({ exchange: "mock", operation: "place", detail: "no answer" })
              })
              : trading.place(request))
      }
    })
  ).pipe(Layer.provideMerge(Layer.merge(Mock.layerTrading(tickers, { balances, fee: "0.001", features }), wire)))

const observer = Effect.gen(function*() {
  const mock = yield* Mock.Mock
  const trading = yield* Effect.serviceOption(Mock.MockTrading)
  return {
    sent: Effect.map(
      Effect.all([mock.calls, trading._tag === "Some" ? trading.value.calls : Effect.succeed([])]),
      (calls) => calls.flat().length
    ),
    inFlight: Effect.succeed(0),
    limited: Effect.succeed(0)
  } satisfies ContractCase.Observer
})

const subject = {
  name: "mock",
  layer: Layer.merge(Mock.layer(tickers), wire),
  trading: overWire(),
  features: Mock.features,
  observer,
  faults,
  clock: "test"
} as const

describe("the contract suite against the trading Mock", () => {
  Contract.register(it, subject)
  Contract.register(it, { ...subject, name: "mock in real time", clock: "live" })
})

type Service = Trading.Trading.Service
type AccountService = Account.Account.Service

/** The violations of a mock over the wire with one method replaced, found by the trading cases. */
const judge = (
  replace: (
    intact: Service,
    account: AccountService,
    losing: Effect.Effect<"nothing" | "answers" | "requests" | "everything">,
    exchange: Service
  ) => { readonly trading?: Partial<Service>; readonly account?: Partial<AccountService> },
  features: Partial<Adapter.Features> = {},
  cases: ReadonlyArray<string> = ["TR", "ER", "FD-06", "FD-07", "LM-02"]
) =>
  violations({
    ...subject,
    name: "broken",
    limit: "20 seconds",
    features: { ...Mock.features, ...features },
    trading: Layer.effectContext(Effect.gen(function*() {
      const trading = yield* Trading.Trading
      const account = yield* Account.Account
      const wire = yield* Wire
      const faults = replace(trading, account, Ref.get(wire.losing), yield* Mock.MockTrading)
      return Context.make(Trading.Trading, { ...trading, ...faults.trading }).pipe(
        Context.add(Account.Account, { ...account, ...faults.account })
      )
    })).pipe(Layer.provideMerge(overWire(features)))
  }, cases)

const two = BigDecimal.fromBigInt(2n)
const about = { exchange: "mock", detail: "no such thing" }

const changed = (change: (order: Order.Order) => Partial<Order.Order>) => (intact: Service) => ({
  trading: {
    place: (request: Order.Request) => Effect.map(intact.place(request), (order) => ({ ...order, ...change(order) }))
  }
})

const rounded = (request: Order.Request): Order.Request => ({ ...request, round: true })

type Lie = Parameters<typeof judge>[0]

const broken: ReadonlyArray<readonly [title: string, replace: Lie, ReadonlyArray<string>]> = [
  [
    "returns another price than was requested",
    changed(({ price }) => ({ price: price && BigDecimal.multiply(price, two) })),
    [
      "TR-01",
      "TR-05",
      "ER-01"
    ]
  ],
  ["returns orders without the client order id", changed(() => ({ clientOrderId: undefined })), [
    "TR-01",
    "TR-03",
    "TR-05",
    "TR-12",
    "TR-14",
    "TR-15",
    "TR-17",
    "ER-01",
    "ER-02"
  ]],
  [
    "returns no open orders",
    (_, intact) => ({ account: { openOrders: (symbol) => Effect.as(intact.openOrders(symbol), []) } }),
    ["TR-02", "TR-18", "TR-19", "TR-20", "ER-01", "ER-02"]
  ],
  [
    "returns the open orders of every market",
    (_, intact) => ({ account: { openOrders: () => intact.openOrders() } }),
    ["TR-02"]
  ],
  [
    "loses digits of the prices of orders it reads",
    (_, intact) => ({
      account: {
        order: (reference) =>
          Effect.map(intact.order(reference), (order) => ({
            ...order,
            price: order.price && BigDecimal.floor(order.price, 0)
          }))
      }
    }),
    ["TR-03"]
  ],
  [
    "rounds prices and amounts without being asked to",
    (intact) => ({ trading: { place: (request) => intact.place(rounded(request)) } }),
    ["TR-04"]
  ],
  [
    "sends a request before it validates the order",
    (intact) => ({
      trading: {
        place: (request) =>
          Effect.zipRight(Effect.ignore(intact.cancel({ symbol: "BTC/USDT", id: "none" })), intact.place(request))
      }
    }),
    ["TR-04", "TR-13"]
  ],
  [
    "does not round when asked to",
    (intact) => ({ trading: { place: (request) => intact.place({ ...request, round: false }) } }),
    ["TR-05"]
  ],
  [
    "omits the fees of fills",
    (_, intact) => ({
      account: {
        fills: (symbol, query) =>
          Effect.map(intact.fills(symbol, query), (fills) => fills.map((fill) => ({ ...fill, fee: undefined })))
      }
    }),
    ["TR-06"]
  ],
  [
    "returns half of the filled amount",
    (_, intact) => ({
      account: {
        fills: (symbol, query) =>
          Effect.map(
            intact.fills(symbol, query),
            (fills) => fills.map((fill) => ({ ...fill, amount: BigDecimal.unsafeDivide(fill.amount, two) }))
          )
      }
    }),
    ["TR-06"]
  ],
  [
    "omits canceled orders from the history",
    (_, intact) => ({
      account: {
        orderHistory: (symbol, query) =>
          Effect.map(intact.orderHistory(symbol, query), (all) => all.filter(({ status }) => status !== "canceled"))
      }
    }),
    ["TR-07"]
  ],
  [
    "locks no balance for an open order",
    (_, intact) => ({
      account: {
        balances: Effect.map(intact.balances, (all) => all.map((balance) => ({ ...balance, free: balance.total })))
      }
    }),
    ["TR-08"]
  ],
  [
    "fills a post-only order as a taker",
    (intact) => ({
      trading: {
        place: (request) => intact.place(request.type === "limit" ? { ...request, postOnly: undefined } : request)
      }
    }),
    ["TR-04", "TR-09"]
  ],
  [
    "leaves IOC and FOK orders open",
    (intact) => ({
      trading: {
        place: (request) => intact.place(request.type === "limit" ? { ...request, timeInForce: undefined } : request)
      }
    }),
    ["TR-04", "TR-10", "TR-11"]
  ],
  [
    "does not fill IOC and FOK orders that cross",
    (intact) => ({
      trading: {
        place: (request) =>
          intact.place(
            request.type === "limit" && request.timeInForce !== undefined && request.postOnly !== true
              ? { ...request, price: "1", amount: "20" }
              : request
          )
      }
    }),
    ["TR-10", "TR-11"]
  ],
  [
    "replaces the client order id",
    (intact) => ({
      trading: { place: (request) => intact.place({ ...request, clientOrderId: undefined }) }
    }),
    ["TR-12", "TR-13", "TR-14", "ER-01", "ER-02"]
  ],
  [
    "accepts any client order id",
    (intact) => ({
      trading: {
        place: (request) =>
          intact.place({
            ...request,
            clientOrderId: request.clientOrderId?.replace(/[^A-Za-z0-9]|^$/g, "x").slice(0, 36)
          })
      }
    }),
    ["TR-13"]
  ],
  [
    "returns canceled orders as open",
    (intact) => ({
      trading: {
        cancel: (reference) => Effect.map(intact.cancel(reference), (order) => ({ ...order, status: "open" }))
      }
    }),
    ["TR-07", "TR-15", "TR-16", "ER-03"]
  ],
  [
    "returns orders as canceled without canceling them",
    (intact, account) => ({
      trading: {
        cancel: (reference) => Effect.map(account.order(reference), (order) => ({ ...order, status: "canceled" })),
        cancelAll: intact.cancelAll
      }
    }),
    ["TR-07", "TR-08", "TR-15", "TR-16", "TR-21", "ER-03", "FD-06"]
  ],
  [
    "fails with OrderRejected for canceling a closed order",
    (intact, account) => ({
      trading: {
        cancel: (reference) =>
          Effect.flatMap(
            account.order(reference).pipe(
              Effect.mapError(() => new ExchangeError.OrderNotFound({ ...about, operation: "cancel" }))
            ),
            ({ status }) =>
              status === "open"
                ? intact.cancel(reference)
                : new ExchangeError.OrderRejected({ ...about, operation: "cancel" })
          )
      }
    }),
    ["TR-16", "TR-21"]
  ],
  [
    "fails with InvalidRequest for an unknown order",
    (_, intact) => ({
      account: {
        order: (reference) =>
          Effect.catchTag(
            intact.order(reference),
            "OrderNotFound",
            () => new ExchangeError.InvalidRequest({ ...about, operation: "order" })
          )
      }
    }),
    ["TR-17"]
  ],
  [
    "cancels the orders of another market too",
    (intact) => ({
      trading: {
        cancelAll: (symbol) =>
          Effect.zipWith(intact.cancelAll(symbol), intact.cancelAll("ETH/USDT"), (one, other) => [...one, ...other])
      }
    }),
    ["TR-18"]
  ],
  [
    "cancels only one of several open orders",
    (intact, account) => ({
      trading: {
        cancelAll: (symbol) =>
          Effect.gen(function*() {
            const [first] = yield* account.openOrders(symbol)
            return first === undefined
              ? yield* intact.cancelAll(symbol)
              : [(yield* intact.cancel({ symbol, id: first.id })).id]
          })
      }
    }),
    ["TR-18", "TR-21"]
  ],
  [
    "amends only the price",
    (intact) => ({
      trading: {
        amend: (reference, { price }) => intact.amend(reference, price === undefined ? {} : { price })
      }
    }),
    ["TR-19"]
  ],
  [
    "returns an amended order without amending it as requested",
    (intact, account) => ({
      trading: {
        amend: (reference, { amount, price }) =>
          Effect.flatMap(
            intact.amend(reference, { price: "1" }),
            () =>
              Effect.map(account.order(reference), (order) => ({
                ...order,
                price: typeof price === "string" ? order.price : price,
                amount: typeof amount === "string" ? order.amount : amount
              }))
          )
      }
    }),
    ["TR-19"]
  ],
  [
    "omits the failed orders of a batch",
    (intact) => ({
      trading: {
        placeBatch: (requests) => Effect.map(intact.placeBatch(requests), (all) => all.filter(Either.isRight))
      }
    }),
    ["TR-20"]
  ],
  [
    "returns no orders for canceling in a market that is not listed",
    (intact) => ({
      trading: {
        cancelAll: (symbol) => Effect.catchTag(intact.cancelAll(symbol), "SymbolNotFound", () => Effect.succeed([]))
      }
    }),
    ["TR-21"]
  ],
  [
    "fails with OrderRejected instead of InsufficientFunds",
    (intact) => ({
      trading: {
        place: (request) =>
          Effect.catchTag(
            intact.place(request),
            "InsufficientFunds",
            () => new ExchangeError.OrderRejected({ ...about, operation: "place" })
          )
      }
    }),
    ["TR-22"]
  ],
  [
    "places a second order when the response is lost",
    (intact, _, losing) => ({
      trading: {
        place: (request) =>
          Effect.flatMap(
            losing,
            (losing) =>
              losing === "answers"
                ? Effect.zipRight(intact.place(request), intact.place({ ...request, clientOrderId: undefined }))
                : intact.place(request)
          )
      }
    }),
    ["ER-01"]
  ],
  [
    "fails with RequestTimedOut when the response is lost",
    (intact, _, losing) => ({
      trading: {
        place: (request) =>
          Effect.flatMap(
            losing,
            (losing) =>
              losing === "nothing"
                ? intact.place(request)
                : new ExchangeError.RequestTimedOut({ ...about, operation: "place" })
          )
      }
    }),
    ["ER-01", "ER-02"]
  ],
  [
    "fails with NotPlaced for an order that was placed",
    (intact, _, losing, exchange) => ({
      trading: {
        place: (request) =>
          Effect.flatMap(
            losing,
            (losing) =>
              losing === "requests"
                ? Effect.zipRight(exchange.place(request), intact.place(request))
                : intact.place(request)
          )
      }
    }),
    ["ER-02"]
  ],
  [
    "fails with RequestTimedOut when the response to a cancellation is lost",
    (intact, _, losing) => ({
      trading: {
        cancel: (reference) =>
          Effect.flatMap(
            losing,
            (losing) =>
              losing === "nothing"
                ? intact.cancel(reference)
                : new ExchangeError.RequestTimedOut({ ...about, operation: "cancel" })
          )
      }
    }),
    ["ER-03"]
  ],
  [
    "waits forever for the response to a cancellation",
    (intact, _, losing) => ({
      trading: {
        cancel: (reference) =>
          Effect.flatMap(losing, (losing) => losing === "everything" ? Effect.never : intact.cancel(reference))
      }
    }),
    ["ER-04"]
  ],
  [
    "is rate limited when several orders are placed concurrently",
    (intact) => {
      let running = 0
      return {
        trading: {
          place: (request) =>
            Effect.acquireUseRelease(
              Effect.sync(() => ++running),
              (count) =>
                Effect.zipRight(
                  Effect.yieldNow(),
                  count > 3
                    ? new ExchangeError.RateLimited({ ...about, operation: "place", retryAfter: Duration.seconds(1) })
                    : intact.place(request)
                ),
              () => Effect.sync(() => running--)
            )
        }
      }
    },
    ["LM-02"]
  ],
  [
    "streams new orders without those that are already open",
    (_, account) => ({
      account: {
        streamOrders: (symbol) => {
          let isFirst = true
          return Stream.filter(account.streamOrders(symbol), ({ _tag }) => {
            const isKept = _tag !== "Data" || !isFirst
            if (_tag === "Data") isFirst = false
            return isKept
          })
        }
      }
    }),
    ["FD-06"]
  ],
  [
    "streams each fill twice",
    (_, account) => ({
      account: {
        streamFills: (symbol) => Stream.mapConcat(account.streamFills(symbol), (item) => [item, item])
      }
    }),
    ["FD-07"]
  ]
]

describe("the suite reports an implementation that", { timeout: 120_000 }, () => {
  for (const [title, replace, expected] of everyNth(16, broken)) {
    it.effect(title, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(
          (yield* judge(replace, {}, isWhole ? undefined : expected)).map((violation) => violation.case),
          expected
        )
      }), 120_000)
  }

  it("every trading case is violated by one of the broken implementations", () => {
    const caught = new Set(broken.flatMap(([, , expected]) => expected))
    const all = Contract.cases.filter(({ capability }) => capability === "trading").map(({ id }) => id)
    assert.deepStrictEqual(Array.from(caught).toSorted(), all.toSorted())
  })
})

describe("an exchange with fewer features", { timeout: 120_000 }, () => {
  const less: Partial<Adapter.Features> = { amend: false, batch: 0, timeInForce: ["GTC", "IOC"], deduplicates: "never" }

  it.effect("is not tested for features it does not declare", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* judge(() => ({}), less), [])
      const skipped: Array<string> = []
      for (const test of Contract.suite({ ...subject, features: { ...Mock.features, ...less } })) {
        const reason = yield* test.skip
        if (test.id.startsWith("TR") && Option.isSome(reason)) skipped.push(`${test.id} ${reason.value}`)
      }
      assert.deepStrictEqual(skipped, [
        "TR-11 Mock does not support FOK orders",
        "TR-14 Mock accepts duplicate client order ids"
      ])
    }), 120_000)

  it.effect(
    "violates the contract if an undeclared feature does not fail with Unsupported",
    () =>
      Effect.gen(function*() {
        const silent = new ExchangeError.InvalidRequest({ ...about, operation: "amend" })
        const found = yield* judge(
          (intact) => ({
            trading: {
              amend: () => silent,
              placeBatch: (requests) => Effect.forEach(requests, (request) => Effect.either(intact.place(request)))
            }
          }),
          less,
          ["TR-19", "TR-20"]
        )
        assert.deepStrictEqual(found.map((violation) => violation.case), ["TR-19", "TR-20"])
        assertInclude(found[0]?.message, "failed with InvalidRequest")
      }),
    120_000
  )

  it.effect("passes with and without a feature when no features are declared", () =>
    Effect.gen(function*() {
      for (const features of [less, {}]) {
        const found = yield* violations(
          { ...subject, features: undefined, trading: overWire(features) },
          ["TR-19", "TR-20"]
        )
        assert.deepStrictEqual(found, [])
      }
    }), 120_000)
})

describe("a case that loses messages", () => {
  it.effect("fails when nothing was lost, because it would have proved nothing", () =>
    Effect.gen(function*() {
      const blind = Effect.map(faults, (faults): ContractCase.Faults => ({ ...faults, loseAnswers: (self) => self }))
      const found = yield* violations({ ...subject, faults: blind }, ["ER-"])
      assert.deepStrictEqual(found.map((violation) => violation.case), ["ER-01", "ER-03"])
      for (const { detail } of found) assertInclude(detail, "no change was lost")
    }))
})

describe("a limit case", () => {
  it.effect("fails when the exchange rejected requests, whatever the client returned", () =>
    Effect.gen(function*() {
      const refusing = Effect.map(observer, (intact) => ({ ...intact, limited: Effect.succeed(2) }))
      const found = yield* violations({ ...subject, observer: refusing }, ["LM"])
      assert.deepStrictEqual(found.map(({ detail }) => detail), [
        "the exchange rejected 2 requests because of its rate limit",
        "the exchange rejected 2 requests because of its rate limit"
      ])
    }))
})

describe("after a case", () => {
  it.effect("its orders are canceled, and earlier orders stay open", () =>
    Effect.gen(function*() {
      const account = yield* Account.Account
      const trading = yield* Trading.Trading
      const before = yield* trading.place({
        type: "limit",
        symbol: "BTC/USDT",
        side: "buy",
        amount: "1",
        price: "1000"
      })
      const context = yield* Effect.context<
        Account.Account | Trading.Trading | MarketData.MarketData | Wire | Mock.Mock
      >()
      for (const id of ["TR-01", "TR-03"]) {
        const found = yield* violations({ ...subject, trading: Layer.succeedContext(context) }, [id])
        assert.deepStrictEqual(found, [])
      }
      assert.deepStrictEqual((yield* account.openOrders()).map(({ id }) => id), [before.id])
      assert.isAtLeast((yield* account.orderHistory("BTC/USDT")).length, 3)
    }).pipe(Effect.provide(overWire())))
})

describe("on a live exchange", () => {
  it.effect("no order is placed, whatever is configured", () =>
    Effect.gen(function*() {
      const live = { ...subject, on: "live" } as const
      const trading = Contract.suite(live).filter(({ id }) => /^(TR|ER|LM-02|FD-0[67])/.test(id))
      const on = ConfigProvider.fromMap(new Map([["EXCHANGE_CONTRACT", "live"]]))
      for (const test of trading) {
        assertSome(yield* Effect.withConfigProvider(test.skip, on), "orders are not placed on a live exchange")
      }
      const report = yield* Contract.report({
        ...live,
        trading: Layer.unwrapEffect(Effect.as(Effect.dieMessage("a live exchange must not be traded on"), overWire())),
        account: Layer.merge(Mock.layer(tickers), Mock.layerAccount({ symbols: Object.keys(tickers) }))
      })
      assert.deepStrictEqual(report.rows.filter(({ result }) => result === "failed"), [])
      assert.strictEqual(report.rows.filter(({ result }) => result === "skipped").length, trading.length + 1)
    }), 60_000)
})
