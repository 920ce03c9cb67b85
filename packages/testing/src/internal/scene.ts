import { Account, Decimal, type ExchangeError, Market, MarketData, Order, Trading } from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type { About, Faults, Subject, TradingCase } from "../ContractCase.js"
import { symbolsOf } from "./defineCase.js"
import { Broken, ensure, runCase } from "./judging.js"

/**
 * The services and markets of a trading case. `market` is where the case trades, and `other` is another open market, if
 * there is one.
 *
 * @internal
 */
export interface Scene {
  readonly subject: Subject
  readonly data: MarketData.MarketData.Service
  readonly account: Account.Account.Service
  readonly trading: Trading.Trading.Service
  readonly market: Market.Market
  readonly other: Market.Market | undefined
}

/**
 * Creates a trading case, which at its end cancels the orders that it has left open.
 *
 * @internal
 */
export const define = (
  about: About,
  body: (scene: Scene) => Effect.Effect<unknown, Broken | ExchangeError.ExchangeError>
): TradingCase => ({
  ...about,
  capability: "trading",
  run: runCase(about, (subject) =>
    Effect.gen(function*() {
      const data = yield* MarketData.MarketData
      const account = yield* Account.Account
      const trading = yield* Trading.Trading
      const symbols = yield* symbolsOf(data, subject)
      const [market, other] = (yield* Effect.forEach(symbols, data.market)).filter(({ status }) => status === "open")
      if (market === undefined) return yield* new Broken({ detail: "no market is open for trading" })
      const scene = { subject, data, account, trading, market, other }
      const before = yield* openOrders(scene)
      yield* Effect.ensuring(body(scene), cancelLeftOpen(scene, new Set(before.map(({ id }) => id))))
    }))
})

const openOrders = (
  { account, market, other }: Scene
): Effect.Effect<ReadonlyArray<Order.Order>, ExchangeError.AccountError> =>
  Effect.map(
    Effect.forEach([market, ...other === undefined ? [] : [other]], ({ symbol }) => account.openOrders(symbol)),
    (orders) => orders.flat()
  )

const cancelLeftOpen = (scene: Scene, kept: ReadonlySet<string>): Effect.Effect<void> =>
  openOrders(scene).pipe(
    Effect.flatMap((orders) =>
      Effect.forEach(
        orders.filter(({ id }) => !kept.has(id)),
        ({ id, symbol }) => scene.trading.cancel({ symbol, id }),
        { discard: true }
      )
    ),
    // Ignored, because the result of the case matters more than a failure to clean up.
    Effect.ignore
  )

/**
 * Returns the result of a call whose changes, or their responses, are lost. Fails if none were lost, because then the
 * case has shown nothing.
 *
 * @internal
 */
export const losing = <A>(
  faults: Faults,
  what: "loseAnswers" | "loseRequests",
  self: Effect.Effect<A, ExchangeError.TradingError>
): Effect.Effect<Either.Either<A, ExchangeError.TradingError>, Broken> =>
  Effect.gen(function*() {
    const before = yield* faults.lost
    const result = yield* Effect.either(faults[what](self))
    yield* ensure(
      (yield* faults.lost) > before,
      () => "no change was lost: the faults do not recognize the changes that this implementation sends"
    )
    return result
  })

const two = BigDecimal.fromBigInt(2n)
const small = BigDecimal.make(1n, 3)

/** @internal */
export const equal = (one: BigDecimal.BigDecimal | undefined, other: BigDecimal.BigDecimal): boolean =>
  one !== undefined && Equal.equals(one, other)

/** @internal */
export const down = (value: BigDecimal.BigDecimal, step: BigDecimal.BigDecimal | undefined): BigDecimal.BigDecimal =>
  step === undefined ? value : BigDecimal.subtract(value, BigDecimal.unsafeRemainder(value, step))

const up = (value: BigDecimal.BigDecimal, step: BigDecimal.BigDecimal | undefined): BigDecimal.BigDecimal => {
  const below = down(value, step)
  return step === undefined || BigDecimal.lessThanOrEqualTo(value, below) ? below : BigDecimal.sum(below, step)
}

/**
 * Rounds a price down to the tick size that the market has there.
 *
 * @internal
 */
export const priceDown = (market: Market.TickSizes, price: BigDecimal.BigDecimal): BigDecimal.BigDecimal =>
  down(price, Market.tickSizeAt(market, price))

const priceUp = (market: Market.TickSizes, price: BigDecimal.BigDecimal): BigDecimal.BigDecimal =>
  up(price, Market.tickSizeAt(market, price))

/**
 * Returns the prices at which an order buys (`ask`) and sells (`bid`) now.
 *
 * @internal
 */
export const quote = (
  { data }: Scene,
  market: Market.Market
): Effect.Effect<
  { readonly bid: BigDecimal.BigDecimal; readonly ask: BigDecimal.BigDecimal },
  ExchangeError.ExchangeError | Broken
> =>
  Effect.flatMap(data.ticker(market.symbol), ({ ask, bid, last }) => {
    const [buys, sells] = [bid ?? last, ask ?? last]
    return buys === undefined || sells === undefined
      ? new Broken({ detail: `${market.symbol} has no price from which to choose the amount of an order` })
      : Effect.succeed({ bid: buys, ask: sells })
  })

/**
 * Returns twice the minimum amount of an order at a price.
 *
 * @internal
 */
export const amountAt = (market: Market.Market, price: BigDecimal.BigDecimal): BigDecimal.BigDecimal => {
  const least = market.minAmount ?? market.lotSize ?? small
  const worth = Market.notional(market, Decimal.one, price)
  const needed = market.minNotional === undefined ? Decimal.zero : BigDecimal.unsafeDivide(market.minNotional, worth)
  return BigDecimal.normalize(BigDecimal.multiply(two, up(BigDecimal.max(least, needed), market.lotSize)))
}

/**
 * Creates a limit order to buy at half of the bid, which will not be filled during a case.
 *
 * @internal
 */
export const farRequest = (
  scene: Scene,
  market: Market.Market = scene.market
): Effect.Effect<
  Order.LimitRequest & { readonly price: BigDecimal.BigDecimal; readonly amount: BigDecimal.BigDecimal },
  ExchangeError.ExchangeError | Broken
> =>
  Effect.map(quote(scene, market), ({ bid }) => {
    const price = BigDecimal.normalize(priceDown(market, BigDecimal.unsafeDivide(bid, two)))
    return { type: "limit", symbol: market.symbol, side: "buy", price, amount: amountAt(market, price) }
  })

/**
 * Returns a price at which a buy order trades immediately, even if the market moves a little.
 *
 * @internal
 */
export const crossing = (market: Market.Market, ask: BigDecimal.BigDecimal): BigDecimal.BigDecimal =>
  BigDecimal.normalize(priceUp(market, BigDecimal.multiply(ask, BigDecimal.make(101n, 2))))

/**
 * Places an order of {@link farRequest}.
 *
 * @internal
 */
export const placeFar = (
  scene: Scene,
  changes: Partial<Order.LimitRequest> = {},
  market: Market.Market = scene.market
): Effect.Effect<Order.Order, ExchangeError.ExchangeError | Broken> =>
  Effect.flatMap(farRequest(scene, market), (request) => scene.trading.place({ ...request, ...changes }))

/**
 * Retries a check for a few seconds, because exchanges show some changes with a delay.
 *
 * @internal
 */
export const eventually = <A, E extends { readonly _tag: string }>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.retry(self, {
    schedule: Schedule.spaced("500 millis"),
    times: 12,
    while: ({ _tag }) => _tag === "Broken" || _tag === "OrderNotFound"
  })

/**
 * Returns an order once it has ended.
 *
 * @internal
 */
export const ended = (
  { account }: Scene,
  { id, symbol }: Pick<Order.Order, "id" | "symbol">
): Effect.Effect<Order.Order, ExchangeError.AccountError | Broken> =>
  eventually(
    Effect.tap(account.order({ symbol, id }), (order) =>
      ensure(Order.isClosed(order), () => `an order of ${symbol} is still ${order.status}`))
  )

/**
 * Returns the ids of all orders of the market with a client order id.
 *
 * @internal
 */
export const idsNamed = (
  { account, market }: Scene,
  clientOrderId: string
): Effect.Effect<ReadonlyArray<string>, ExchangeError.AccountError> =>
  Effect.map(
    Effect.all([account.openOrders(market.symbol), account.orderHistory(market.symbol)]),
    (orders) =>
      Array.from(new Set(orders.flat().filter((order) => order.clientOrderId === clientOrderId).map(({ id }) => id)))
  )

/**
 * Returns a client order id that the exchange accepts and that no order has: the id of an accepted order with another
 * last character.
 *
 * @internal
 */
export const freshName = (scene: Scene): Effect.Effect<string, ExchangeError.ExchangeError | Broken> =>
  Effect.gen(function*() {
    const { clientOrderId, id, symbol } = yield* placeFar(scene)
    yield* scene.trading.cancel({ symbol, id })
    if (clientOrderId === undefined) return yield* new Broken({ detail: "the placed order has no client order id" })
    return `${clientOrderId.slice(0, -1)}${clientOrderId.endsWith("0") ? "1" : "0"}`
  })

/**
 * Checks that an order had no effect: it was refused, or it ended without a fill.
 *
 * @internal
 */
export const ensureNoEffect = (
  scene: Scene,
  placed: Effect.Effect<Order.Order, ExchangeError.TradingError>
): Effect.Effect<void, ExchangeError.ExchangeError | Broken> =>
  Effect.gen(function*() {
    const accepted = yield* Effect.catchTag(
      Effect.asSome(placed),
      "OrderRejected",
      () => Effect.succeed(Option.none<Order.Order>())
    )
    if (Option.isNone(accepted)) return
    const order = yield* ended(scene, accepted.value)
    yield* ensure(BigDecimal.isZero(order.filled), () => `the order was filled, at least partly`)
    yield* ensure(order.status !== "filled", () => "an order without fills is reported as filled")
  })

/**
 * Returns the balance of an asset.
 *
 * @internal
 */
export const holding = (
  { account }: Scene,
  asset: string
): Effect.Effect<
  { readonly free: BigDecimal.BigDecimal; readonly total: BigDecimal.BigDecimal },
  ExchangeError.AccountError
> =>
  Effect.map(
    account.balances,
    (balances) => balances.find((balance) => balance.asset === asset) ?? { free: Decimal.zero, total: Decimal.zero }
  )
