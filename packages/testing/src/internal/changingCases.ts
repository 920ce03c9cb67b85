import { type ExchangeError, Order } from "@effect-exchange/core"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { TradingCase } from "../ContractCase.js"
import { within } from "./bookCases.js"
import { about } from "./defineCase.js"
import { type Broken, ensure, refused } from "./judging.js"
import {
  amountAt,
  define,
  down,
  ended,
  equal,
  eventually,
  farRequest,
  freshName,
  holding,
  idsNamed,
  losing,
  placeFar,
  priceDown,
  quote,
  type Scene
} from "./scene.js"

const two = BigDecimal.fromBigInt(2n)

const isOpen = ({ account }: Scene, { id, symbol }: Order.Order) =>
  Effect.map(account.openOrders(symbol), (open) => open.some((order) => order.id === id))

const ensureCanceled = (scene: Scene, order: Order.Order): Effect.Effect<void, ExchangeError.ExchangeError | Broken> =>
  eventually(Effect.flatMap(
    isOpen(scene, order),
    (open) => ensure(!open, () => `a canceled order of ${order.symbol} is still among the open orders`)
  ))

const canceling = [
  define(
    about("TR-15", "an order is canceled by each of its ids, and is then no longer open"),
    (scene) =>
      Effect.gen(function*() {
        const { market: { symbol }, trading } = scene
        for (const by of ["id", "clientOrderId"] as const) {
          const placed = yield* placeFar(scene)
          const canceled = yield* trading.cancel(
            by === "id" ? { symbol, id: placed.id } : { symbol, clientOrderId: placed.clientOrderId ?? "" }
          )
          yield* ensure(
            canceled.id === placed.id && canceled.status === "canceled" && BigDecimal.isZero(canceled.filled),
            () => `canceling an order by its ${by} returned another order, or one that is ${canceled.status} or filled`
          )
          yield* ensureCanceled(scene, placed)
        }
      })
  ),
  define(
    about("TR-16", "canceling an order that has ended returns its final status"),
    (scene) =>
      Effect.gen(function*() {
        const { market, trading } = scene
        const { symbol } = market
        const canceled = yield* Effect.flatMap(placeFar(scene), ({ id }) => trading.cancel({ symbol, id }))
        const { ask } = yield* quote(scene, market)
        const filled = yield* Effect.flatMap(
          trading.place({ type: "market", symbol, side: "buy", amount: amountAt(market, ask) }),
          (placed) => ended(scene, placed)
        )
        for (const order of [canceled, filled]) {
          const again = yield* trading.cancel({ symbol, id: order.id })
          yield* ensure(
            again.id === order.id && again.status === order.status,
            () => `canceling an order that was ${order.status} returned another order or the status ${again.status}`
          )
        }
      })
  ),
  define(
    about("TR-17", "reading or canceling an order that never existed fails with OrderNotFound"),
    (scene) =>
      Effect.gen(function*() {
        const { account, market: { symbol }, trading } = scene
        const clientOrderId = yield* freshName(scene)
        const about = {
          tag: "OrderNotFound",
          exchange: trading.exchange,
          input: clientOrderId,
          byExchange: true
        } as const
        yield* refused(account.order({ symbol, clientOrderId }), { ...about, operation: "order" })
        yield* refused(trading.cancel({ symbol, clientOrderId }), { ...about, operation: "cancel" })
      })
  ),
  define(
    about("TR-18", "canceling all orders of a market leaves the orders of other markets open"),
    (scene) =>
      Effect.gen(function*() {
        const { market, other, trading } = scene
        const orders = [yield* placeFar(scene), yield* placeFar(scene)]
        const elsewhere = other === undefined ? undefined : yield* placeFar(scene, {}, other)
        yield* eventually(Effect.flatMap(
          Effect.forEach(orders, (order) => isOpen(scene, order)),
          (open) => ensure(open.every(Boolean), () => "a placed order is not open")
        ))
        const canceled = yield* trading.cancelAll(market.symbol)
        yield* ensure(
          orders.every(({ id }) => canceled.includes(id)),
          () => "an open order is missing from the ids that cancelAll returned"
        )
        yield* Effect.forEach(orders, (order) => ensureCanceled(scene, order), { discard: true })
        if (elsewhere === undefined) return
        yield* ensure(
          !canceled.includes(elsewhere.id) && (yield* isOpen(scene, elsewhere)),
          () => `the order of ${elsewhere.symbol} was canceled too`
        )
      })
  )
]

/** Checks that a call fails with `Unsupported`. Returns `false` if the call succeeds and may do so. */
const isUnsupported = <A>(
  { subject, trading }: Scene,
  operation: string,
  has: boolean | undefined,
  call: Effect.Effect<A, ExchangeError.TradingError>
): Effect.Effect<boolean, Broken> =>
  Effect.gen(function*() {
    if (has === true) return false
    const answer = yield* Effect.either(call)
    if (has === undefined && !(Either.isLeft(answer) && answer.left._tag === "Unsupported")) return false
    const error = yield* refused(answer, {
      tag: "Unsupported",
      exchange: trading.exchange,
      operation,
      input: subject.name
    })
    yield* ensure(
      error._tag === "Unsupported" && error.alternative.length > 0,
      () => `the Unsupported error of ${operation} names no alternative`
    )
    return true
  })

const changing = [
  define(
    about("TR-19", "an open order can be amended, or amending fails with Unsupported"),
    (scene) =>
      Effect.gen(function*() {
        const { account, market, subject: { features }, trading } = scene
        const { symbol } = market
        const far = yield* farRequest(scene)
        const placed = yield* trading.place(far)
        const price = BigDecimal.normalize(priceDown(market, BigDecimal.multiply(far.price, BigDecimal.make(9n, 1))))
        const amount = BigDecimal.multiply(far.amount, two)
        if (
          yield* isUnsupported(scene, "amend", features?.amend, trading.amend({ symbol, id: placed.id }, { price }))
        ) return
        const changed = yield* trading.amend({ symbol, id: placed.id }, { price, amount })
        const isChanged = (order: Order.Order) =>
          ensure(
            !Order.isClosed(order) && equal(order.price, price) && equal(order.amount, amount),
            () => `the amended order is ${order.status}, or its price or amount differs from the amendment`
          )
        yield* isChanged(changed)
        yield* eventually(Effect.flatMap(account.order({ symbol, id: changed.id }), isChanged))
        yield* eventually(Effect.flatMap(account.openOrders(symbol), (open) =>
          ensure(
            open.filter(({ id }) => id === placed.id || id === changed.id).length === 1,
            () => "the order is open both before and after its amendment, or not at all"
          )))
        yield* refused(trading.amend({ symbol, id: changed.id }, {}), {
          tag: "InvalidRequest",
          exchange: trading.exchange,
          operation: "amend",
          input: symbol
        })
      })
  ),
  define(
    about("TR-20", "several orders can be placed in one batch, or batches fail with Unsupported"),
    (scene) =>
      Effect.gen(function*() {
        const { market, other, subject: { features }, trading } = scene
        const far = yield* farRequest(scene)
        const has = features === undefined ? undefined : features.batch > 0
        if (yield* isUnsupported(scene, "placeBatch", has, trading.placeBatch([far]))) return
        const results = yield* trading.placeBatch([far, { ...far, amount: "0" }, far])
        yield* ensure(
          results.length === 3 && results.every((result, index) => Either.isRight(result) === (index !== 1)),
          () => "only the second of three orders was invalid, but the results differ"
        )
        const orders = results.flatMap((result) => Either.isRight(result) ? [result.right] : [])
        yield* ensure(new Set(orders.map(({ id }) => id)).size === 2, () => "two orders of a batch have the same id")
        yield* eventually(Effect.flatMap(
          Effect.forEach(orders, (order) => isOpen(scene, order)),
          (open) => ensure(open.every(Boolean), () => "an order of a batch is not open")
        ))
        if (other === undefined) return
        yield* refused(trading.placeBatch([far, yield* farRequest(scene, other)]), {
          tag: "InvalidRequest",
          exchange: trading.exchange,
          operation: "placeBatch",
          input: market.symbol
        })
      })
  )
]

const refusing = [
  define(
    about("TR-21", "placing and canceling orders fails in a market that is not listed"),
    (scene) =>
      Effect.gen(function*() {
        const { subject: { unknownSymbol }, trading } = scene
        const far = yield* farRequest(scene)
        for (const [tag, symbol] of [["SymbolNotFound", unknownSymbol], ["InvalidRequest", "btc-usdt\n"]] as const) {
          const about = { tag, exchange: trading.exchange, input: symbol }
          yield* refused(trading.place({ ...far, symbol }), { ...about, operation: "place" })
          yield* refused(trading.cancel({ symbol, id: "1" }), { ...about, operation: "cancel" })
          yield* refused(trading.cancelAll(symbol), { ...about, operation: "cancelAll" })
        }
      })
  ),
  define(
    about("TR-22", "an order that the account cannot pay for fails with InsufficientFunds"),
    (scene) =>
      Effect.gen(function*() {
        const { account, market, trading } = scene
        const { ask } = yield* quote(scene, market)
        const price = BigDecimal.normalize(priceDown(market, BigDecimal.multiply(ask, BigDecimal.make(15n, 1))))
        const least = amountAt(market, price)
        const held = (yield* holding(scene, market.base)).total
        const beyond = market.kind === "spot"
          ? BigDecimal.sum(down(held, market.lotSize), least)
          : market.maxAmount ?? BigDecimal.multiply(least, BigDecimal.make(1n, -9))
        const before = (yield* account.openOrders(market.symbol)).length
        yield* refused(trading.place({ type: "limit", symbol: market.symbol, side: "sell", price, amount: beyond }), {
          tag: "InsufficientFunds",
          exchange: trading.exchange,
          operation: "place",
          input: market.symbol,
          byExchange: true
        })
        yield* ensure(
          (yield* account.openOrders(market.symbol)).length === before,
          () => "the refused order is open"
        )
      })
  )
]

const limits = [
  define(
    about("LM-02", "a burst of orders stays within the rate limits of the exchange"),
    (scene) =>
      Effect.gen(function*() {
        const { market, subject, trading } = scene
        const far = yield* farRequest(scene)
        const answers = yield* Concurrent.forEach(
          Array.from({ length: Math.min(10, subject.concurrency) }),
          () => Effect.either(trading.place(far)),
          { concurrency: "unbounded" }
        )
        yield* trading.cancelAll(market.symbol)
        yield* within(answers)
        const limited = yield* subject.observer?.limited ?? Effect.succeed(0)
        yield* ensure(limited === 0, () => `the exchange rejected ${limited} requests because of its rate limit`)
      })
  )
]

/** Returns the number of open orders of the market that are new, under any client order id. */
const added = (scene: Scene, before: ReadonlySet<string>) =>
  Effect.map(scene.account.openOrders(scene.market.symbol), (open) => open.filter(({ id }) => !before.has(id)).length)

const openIds = ({ account, market }: Scene) =>
  Effect.map(account.openOrders(market.symbol), (open) => new Set(open.map(({ id }) => id)))

const exactlyOne = (scene: Scene, clientOrderId: string, before: ReadonlySet<string>) =>
  eventually(Effect.gen(function*() {
    const all = (yield* idsNamed(scene, clientOrderId)).length
    yield* ensure(all === 1, () => `${all} orders have the client order id, expected 1`)
    const more = yield* added(scene, before)
    yield* ensure(more === 1, () => `${more} orders were added, expected 1`)
  }))

/** @internal */
export const errorCases: ReadonlyArray<TradingCase> = [
  define(
    about("ER-01", "an order whose response is lost is found, and exists only once", ["faults"]),
    (scene) =>
      Effect.gen(function*() {
        const { subject: { faults }, trading } = scene
        if (faults === undefined) return
        const asked = { ...yield* farRequest(scene), clientOrderId: yield* freshName(scene) }
        const before = yield* openIds(scene)
        const order = yield* yield* losing(faults, "loseAnswers", trading.place(asked))
        yield* ensure(
          order.clientOrderId === asked.clientOrderId && equal(order.price, asked.price) &&
            equal(order.amount, asked.amount) && !Order.isClosed(order),
          () => `the order that was found is ${order.status}, or differs from the one that was placed`
        )
        yield* exactlyOne(scene, asked.clientOrderId, before)
      })
  ),
  define(
    about("ER-02", "an order whose request is lost is reported as not placed, and does not exist", ["faults"]),
    (scene) =>
      Effect.gen(function*() {
        const { subject: { faults }, trading } = scene
        if (faults === undefined) return
        const asked = { ...yield* farRequest(scene), clientOrderId: yield* freshName(scene) }
        const before = yield* openIds(scene)
        const lost = yield* losing(faults, "loseRequests", trading.place(asked))
        yield* ensure(
          Either.isLeft(lost) && lost.left.outcome !== "Unknown",
          () =>
            `an order that never arrived is reported as ${
              Either.isRight(lost) ? lost.right.status : `${lost.left._tag}, ${lost.left.message}`
            }`
        )
        yield* ensure(
          (yield* idsNamed(scene, asked.clientOrderId)).length === 0 && (yield* added(scene, before)) === 0,
          () => "the order exists, although its request was lost"
        )
        yield* trading.place(asked)
        yield* exactlyOne(scene, asked.clientOrderId, before)
      })
  ),
  define(
    about("ER-03", "an order is reported as canceled if the response to its cancellation is lost", ["faults"]),
    (scene) =>
      Effect.gen(function*() {
        const { market: { symbol }, subject: { faults }, trading } = scene
        if (faults === undefined) return
        const placed = yield* placeFar(scene)
        const canceled = yield* yield* losing(faults, "loseAnswers", trading.cancel({ symbol, id: placed.id }))
        yield* ensure(
          canceled.id === placed.id && canceled.status === "canceled",
          () => `canceling returned another order, or the status ${canceled.status}`
        )
        yield* ensureCanceled(scene, placed)
      })
  )
]

/** @internal */
export const changingCases: ReadonlyArray<TradingCase> = [...canceling, ...changing, ...refusing]

/** @internal */
export const tradingLimitCases: ReadonlyArray<TradingCase> = limits
