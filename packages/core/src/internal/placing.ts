import type * as BigDecimal from "effect/BigDecimal"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import type * as Adapter from "../Adapter.js"
import * as ClientOrderId from "../ClientOrderId.js"
import * as Decimal from "../Decimal.js"
import * as ExchangeError from "../ExchangeError.js"
import type { Market } from "../Market.js"
import type { Markets } from "../Markets.js"
import type { Order, Request } from "../Order.js"
import * as OrderCheck from "../OrderCheck.js"
import * as OrderGuards from "../OrderGuards.js"
import * as Telemetry from "../Telemetry.js"
import { type Ledger, writeIntent, writeOutcome } from "./journaling.js"
import * as Outcome from "./outcome.js"

/** @internal */
export interface Desk {
  readonly exchange: string
  readonly environment: string
  readonly features: Adapter.Features
  readonly adapter: Adapter.Trading
  readonly account: Adapter.Account
  readonly markets: Markets
  readonly lastPrice: (market: Market) => Effect.Effect<BigDecimal.BigDecimal, ExchangeError.MarketDataError>
  readonly guards: OrderGuards.Guards
  readonly spent: Ref.Ref<OrderGuards.Spent>
  readonly journal: Ledger
  readonly patience: Duration.DurationInput
  /** The client order ids of calls that have not ended: what became of those is not for others to find out. */
  readonly underWay: Set<string>
}

/**
 * An order that may be sent: checked, counted by the guards, written down.
 *
 * @internal
 */
export interface Ready {
  readonly order: Adapter.NewOrder
  readonly worth: BigDecimal.BigDecimal
  readonly at: number
}

type Result = Effect.Effect<Order, ExchangeError.TradingError>

/** @internal */
export const place = (desk: Desk, request: Request): Result =>
  Effect.scoped(
    Effect.flatMap(prepare(desk, "place", request), (ready) =>
      Effect.matchEffect(desk.adapter.place(ready.order), {
        onSuccess: (placed) => confirm(desk, ready, placed),
        onFailure: (error) => settle(desk, "place", ready, error)
      }))
  )

/** @internal */
export const placeBatch = (
  desk: Desk,
  requests: ReadonlyArray<Request>
): Effect.Effect<ReadonlyArray<Either.Either<Order, ExchangeError.TradingError>>, ExchangeError.TradingError> =>
  Effect.gen(function*() {
    const about = { exchange: desk.exchange, operation: "placeBatch" }
    const { placeBatch: send } = desk.adapter
    if (send === undefined) {
      return yield* new ExchangeError.Unsupported({
        ...about,
        detail: `${desk.features.name} places one order a request`,
        alternative: "place them one by one"
      })
    }
    if (new Set(requests.map(({ symbol }) => symbol)).size > 1) {
      return yield* new ExchangeError.InvalidRequest({
        ...about,
        detail: "the orders of a batch must be of one market"
      })
    }
    const named = requests.flatMap(({ clientOrderId }) => clientOrderId ?? [])
    if (new Set(named).size < named.length) {
      return yield* new ExchangeError.InvalidRequest({
        ...about,
        detail: "two orders of the batch have the same client order id"
      })
    }
    const prepared = yield* Effect.forEach(requests, (request) => Effect.either(prepare(desk, "placeBatch", request)))
    const ready = prepared.flatMap((each) => Either.isRight(each) ? [each.right] : [])
    const results = yield* Effect.forEach(
      chunksOf(ready, desk.features.batch),
      (chunk) =>
        Effect.matchEffect(send(chunk.map(({ order }) => order)), {
          onSuccess: (placed) => together(chunk.map((each, index) => conclude(desk, each, placed[index]))),
          onFailure: (error) => together(chunk.map((each) => Effect.either(settle(desk, "placeBatch", each, error))))
        })
    )
    const sent = results.flat()[Symbol.iterator]()
    return prepared.flatMap((each) => {
      if (Either.isLeft(each)) return [Either.left(each.left)]
      const { done, value } = sent.next()
      return done === true ? [] : [value]
    })
  }).pipe(Effect.scoped)

const conclude = (
  desk: Desk,
  ready: Ready,
  placed: Either.Either<Adapter.Placed, ExchangeError.TradingError> | undefined
): Effect.Effect<Either.Either<Order, ExchangeError.TradingError>> => {
  const result = placed ?? Either.left(
    new ExchangeError.MalformedResponse({
      exchange: desk.exchange,
      operation: "placeBatch",
      detail: "the answer says nothing of one of the orders"
    })
  )
  return Effect.either(Either.match(result, {
    onLeft: (error) => settle(desk, "placeBatch", ready, error),
    onRight: (placed) => confirm(desk, ready, placed)
  }))
}

/**
 * All at once, and all of their results. Not `forEach` with concurrency, which in effect 3.22 can hang for good when it is
 * interrupted where its fiber yields.
 *
 * @internal
 */
export const together = <A>(all: ReadonlyArray<Effect.Effect<A>>): Effect.Effect<ReadonlyArray<A>> =>
  Effect.flatMap(Effect.forEach(all, (each) => Effect.fork(each)), Effect.forEach((fiber) => Fiber.join(fiber)))

const chunksOf = <A>(all: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size))

const prepare = (
  desk: Desk,
  operation: string,
  request: Request
): Effect.Effect<Ready, ExchangeError.TradingError, Scope.Scope> =>
  Effect.gen(function*() {
    const about = { exchange: desk.exchange, operation }
    const market = yield* desk.markets.find(operation, request.symbol)
    const checked = yield* Either.mapLeft(
      OrderCheck.check(market, request),
      (detail) => new ExchangeError.InvalidRequest({ ...about, detail })
    )
    yield* supported(desk, operation, checked)
    const clientOrderId = yield* nameOf(desk, operation, request.clientOrderId)
    const price = yield* priceFor(desk, checked)
    const at = yield* Clock.currentTimeMillis
    return yield* Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(admit(desk, operation, checked, price, at), (worth) => {
        const ready: Ready = { order: { ...checked, clientOrderId }, worth, at }
        return restore(Effect.zipRight(underWay(desk, clientOrderId), writeIntent(desk, operation, ready))).pipe(
          // Nothing was sent, whether that was written down or not.
          Effect.onError(() => release(desk, ready)),
          Effect.as(ready)
        )
      })
    )
  })

const underWay = (desk: Desk, clientOrderId: string): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => void desk.underWay.add(clientOrderId)),
    () => Effect.sync(() => desk.underWay.delete(clientOrderId))
  )

/**
 * The price of the last trade, where the guards need it to judge an order.
 *
 * @internal
 */
export const priceFor = (
  desk: Desk,
  checked: OrderCheck.Checked
): Effect.Effect<BigDecimal.BigDecimal | undefined, ExchangeError.MarketDataError> =>
  OrderGuards.needsPrice(desk.guards, checked) ? desk.lastPrice(checked.market) : Effect.succeed(undefined)

/**
 * Has the guards judge an order and count it in: what it is worth.
 *
 * @internal
 */
export const admit = (
  desk: Desk,
  operation: string,
  checked: OrderCheck.Checked,
  price: BigDecimal.BigDecimal | undefined,
  at: number
): Effect.Effect<BigDecimal.BigDecimal, ExchangeError.OrderDenied> =>
  Effect.flatten(
    Ref.modify(desk.spent, (spent) =>
      Either.match(OrderGuards.admit(desk.guards, spent, checked, price, at), {
        onLeft: (
          denial
        ): readonly [Effect.Effect<BigDecimal.BigDecimal, ExchangeError.OrderDenied>, OrderGuards.Spent] => [
          new ExchangeError.OrderDenied({ exchange: desk.exchange, operation, ...denial }),
          spent
        ],
        onRight: ([worth, next]) => [Effect.succeed(worth), next]
      }))
  )

const supported = (
  desk: Desk,
  operation: string,
  order: OrderCheck.Checked
): Effect.Effect<void, ExchangeError.Unsupported> => {
  const { name, reduceOnly, timeInForce } = desk.features
  const unsupported = (detail: string, alternative: string) =>
    new ExchangeError.Unsupported({ exchange: desk.exchange, operation, detail, alternative })
  if (order.type === "limit" && !timeInForce.includes(order.timeInForce)) {
    return unsupported(`${name} has no ${order.timeInForce} orders`, `use one of ${timeInForce.join(", ")}`)
  }
  if (order.reduceOnly && (!reduceOnly || order.market.kind === "spot")) {
    return unsupported(
      `${order.market.symbol} on ${name} has no reduce-only orders`,
      "order no more than the balance or the position holds"
    )
  }
  return Effect.void
}

const nameOf = (
  desk: Desk,
  operation: string,
  given: string | undefined
): Effect.Effect<string, ExchangeError.InvalidRequest> => {
  const { clientOrderId } = desk.adapter
  if (given === undefined) return ClientOrderId.make(clientOrderId)
  return clientOrderId.pattern.test(given)
    ? Effect.succeed(given)
    : new ExchangeError.InvalidRequest({
      exchange: desk.exchange,
      operation,
      detail: `the client order id ${JSON.stringify(given.slice(0, 60))} is not ${clientOrderId.described}`
    })
}

/** The exchange took the order; the caller gets it as the exchange shows it. */
const confirm = (desk: Desk, ready: Ready, placed: Adapter.Placed): Effect.Effect<Order> => {
  const reference: Adapter.Reference = placed._tag === "Order"
    ? { market: ready.order.market, id: placed.order.id }
    : { market: ready.order.market, id: placed.id, since: ready.at - clocksDiffer }
  const order = placed._tag === "Order"
    ? Effect.succeed(placed.order)
    : Effect.map(
      Outcome.read(desk.account.order(reference), Outcome.isListed),
      Option.getOrElse(() => pending(desk, ready, placed.id))
    )
  const id = placed._tag === "Order" ? placed.order.id : placed.id
  return Effect.zipRight(writeOutcome(desk, ready.order.clientOrderId, { _tag: "Placed", orderId: id }), order)
}

const pending = (desk: Desk, { at, order }: Ready, id: string): Order => ({
  exchange: desk.exchange,
  symbol: order.market.symbol,
  id,
  clientOrderId: order.clientOrderId,
  side: order.side,
  type: order.type,
  status: "pending",
  price: order.price,
  amount: order.amount,
  filled: nothing,
  timeInForce: order.timeInForce,
  postOnly: order.postOnly,
  reduceOnly: order.reduceOnly,
  createdAt: at
})

const nothing = Decimal.make("0")

/** The exchange said no, or nothing that can be relied on: then the order is looked for. */
const settle = (desk: Desk, operation: string, ready: Ready, error: ExchangeError.TradingError): Result => {
  const { clientOrderId } = ready.order
  // An order of that name exists: an earlier one, whose outcome this one's would cover up in the journal.
  if (error._tag === "DuplicateOrder") return Effect.zipRight(release(desk, ready), Effect.fail(error))
  if (ExchangeError.outcome(error) !== "Unknown") {
    return Effect.zipRight(notPlaced(desk, ready, error.message), Effect.fail(error))
  }
  const about = { exchange: desk.exchange, operation, order: describe(ready), reason: error.message }
  return Effect.matchEffect(search(desk, ready.order.market, clientOrderId, ready.at), {
    onFailure: (obstacle) =>
      Effect.zipRight(
        countUnknown(desk),
        new ExchangeError.OutcomeUnknown({
          ...about,
          detail: `the order ${clientOrderId} was sent and could not be looked up: ${obstacle.message}`
        })
      ),
    onSuccess: Option.match({
      onNone: () =>
        Effect.zipRight(
          notPlaced(desk, ready, error.message),
          new ExchangeError.NotPlaced({
            ...about,
            detail: `the exchange never took the order ${clientOrderId}; it may be placed again`
          })
        ),
      onSome: (order) => Effect.as(writeOutcome(desk, clientOrderId, { _tag: "Placed", orderId: order.id }), order)
    })
  })
}

const countUnknown = ({ environment, exchange }: Desk): Effect.Effect<void> =>
  Metric.increment(Telemetry.unknownOrders).pipe(
    Effect.tagMetrics({ exchange, environment })
  )

const notPlaced = (desk: Desk, ready: Ready, reason: string): Effect.Effect<void> =>
  Effect.zipRight(
    release(desk, ready),
    writeOutcome(desk, ready.order.clientOrderId, { _tag: "NotPlaced", reason })
  )

const release = (desk: Desk, { at, order, worth }: Ready): Effect.Effect<void> =>
  giveBack(desk, order.market, worth, at)

/**
 * Takes back what an order had counted with the guards.
 *
 * @internal
 */
export const giveBack = (desk: Desk, market: Market, worth: BigDecimal.BigDecimal, at: number): Effect.Effect<void> =>
  Ref.update(desk.spent, (spent) => OrderGuards.release(spent, market.quote, worth, at))

const describe = ({ at, order }: Ready): ExchangeError.OrderInQuestion => ({
  symbol: order.market.symbol,
  clientOrderId: order.clientOrderId,
  side: order.side,
  amount: Decimal.format(order.amount),
  price: order.price === undefined ? undefined : Decimal.format(order.price),
  sentAt: at
})

/**
 * The order under a client order id, none when the exchange shows that it never took it. Only for orders that nothing
 * sends any more.
 *
 * @internal
 */
export const search = (
  desk: Desk,
  market: Market,
  clientOrderId: string,
  sentAt: number,
  pace?: Outcome.Pace
): Effect.Effect<Option.Option<Order>, ExchangeError.AccountError> =>
  Outcome.find({
    pace,
    lookup: desk.account.order({ market, clientOrderId, since: sentAt - clocksDiffer }),
    absentAfter: desk.adapter.absentAfter,
    patience: desk.patience
  })

// `at` is by our clock and the exchange files the order under its own.
const clocksDiffer = 3_600_000
