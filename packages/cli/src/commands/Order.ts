/**
 * `exchange order show`, `place`, `amend`, `cancel` and `cancel-all`.
 *
 * @since 0.1.0
 */
import { Decimal, ExchangeError, type ExchangeSymbol, type Order, OrderGuards } from "@effect-exchange/core"
import type * as Adapter from "@effect-exchange/core/ports/Adapter"
import * as OrderCheck from "@effect-exchange/core/trading/OrderCheck"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Accounts from "../Accounts.js"
import type * as Configuration from "../Configuration.js"
import * as Connections from "../Connections.js"
import { type Incomplete, UsageError } from "../Failure.js"
import * as Ordering from "../Ordering.js"
import * as OrderReport from "../OrderReport.js"
import * as Registry from "../Registry.js"
import type * as Screen from "../Screen.js"

export {
  /**
   * The JSON document that `--json` prints.
   *
   * @since 0.1.0
   * @category schemas
   */
  Document
} from "../OrderReport.js"

/**
 * The options of `cancel`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Cancel extends OrderReport.Ask, Ordering.Input {}

/**
 * The options of `cancel-all`.
 *
 * @since 0.1.0
 * @category models
 */
export interface CancelAll extends OrderReport.Input, Ordering.Input {
  readonly symbol: ExchangeSymbol.ExchangeSymbol
}

/**
 * The options of orders that guards check.
 *
 * @since 0.1.0
 * @category models
 */
export interface Guarded extends Ordering.Input {
  readonly symbol: ExchangeSymbol.ExchangeSymbol
  readonly round: boolean
  readonly maxNotional: Option.Option<string>
  readonly maxNotionalPerDay: Option.Option<string>
  readonly priceBand: Option.Option<string>
  readonly json: boolean
}

/**
 * The options of `amend`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Amend extends OrderReport.Ask, Guarded {
  readonly price: Option.Option<string>
  readonly amount: Option.Option<string>
  readonly json: boolean
  readonly symbol: ExchangeSymbol.ExchangeSymbol
}

/**
 * The options of `place`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Place extends Guarded {
  readonly side: "buy" | "sell"
  readonly amount: string
  readonly limit: Option.Option<string>
  readonly market: boolean
  readonly postOnly: boolean
  readonly reduceOnly: boolean
  readonly timeInForce: Option.Option<Order.TimeInForce>
  readonly clientId: Option.Option<string>
}

type Needs =
  | Configuration.Configuration
  | Connections.Network
  | Screen.Screen

/**
 * Prints an order as the exchange reports it.
 *
 * @since 0.1.0
 * @category commands
 */
export const show = (input: OrderReport.Ask): Effect.Effect<void, UsageError | Incomplete, Needs> =>
  Effect.scoped(Effect.gen(function*() {
    const reference = yield* OrderReport.referenceOf(input)
    const { connections: [connection] } = yield* Accounts.open(input)
    if (connection === undefined) return
    const { account, exchange, market } = connection
    yield* OrderReport.report(input, exchange, market, false, account.order(reference))
  }))

/**
 * Cancels an order and prints its final state.
 *
 * @since 0.1.0
 * @category commands
 */
export const cancel = (
  input: Cancel
): Effect.Effect<void, UsageError | Incomplete, Needs | FileSystem.FileSystem> =>
  Effect.scoped(Effect.gen(function*() {
    const reference = yield* OrderReport.referenceOf(input)
    const exchange = yield* OrderReport.exchangeOf(input)
    if (!(yield* Ordering.decide(input))) {
      return yield* OrderReport.rehearsed(input, exchange, `cancel ${named(reference)}`)
    }
    const { market, trading } = yield* Ordering.open(exchange, input, {})
    yield* OrderReport.report(input, exchange, market, true, trading.cancel(reference))
  }))

/**
 * Cancels every open order of a market and prints their ids.
 *
 * @since 0.1.0
 * @category commands
 */
export const cancelAll = (
  input: CancelAll
): Effect.Effect<void, UsageError | Incomplete, Needs | FileSystem.FileSystem> =>
  Effect.scoped(Effect.gen(function*() {
    const exchange = yield* OrderReport.exchangeOf(input)
    if (!(yield* Ordering.decide(input))) {
      return yield* OrderReport.rehearsed(input, exchange, `cancel every open order of ${input.symbol}`)
    }
    const { market, trading } = yield* Ordering.open(exchange, input, {})
    const canceled = yield* Effect.catchAll(
      trading.cancelAll(input.symbol),
      (error) => OrderReport.failed(input, exchange, market, true, error)
    )
    yield* OrderReport.canceled(input, exchange, input.symbol, canceled)
  }))

/**
 * Places an order. If it may cost money and `send` is not set, checks it against the market and the guards and prints
 * what would be sent.
 *
 * @since 0.1.0
 * @category commands
 */
export const place = (
  input: Place
): Effect.Effect<void, UsageError | Incomplete, Needs | FileSystem.FileSystem> =>
  Effect.scoped(Effect.gen(function*() {
    const request = yield* requestOf(input)
    const exchange = yield* OrderReport.exchangeOf(input)
    const guards = yield* guardsOf(input)
    if (!(yield* Ordering.decide(input))) return yield* rehearsePlacing(input, exchange, request, guards)
    const { market, trading } = yield* Ordering.open(exchange, input, guards)
    yield* OrderReport.report(input, exchange, market, true, trading.place(request))
  }))

/**
 * Changes an open order, and prints it once the exchange shows the change. If it may cost money and `send` is not set,
 * looks the order up, checks the changed order against the market and the guards, and prints it.
 *
 * @since 0.1.0
 * @category commands
 */
export const amend = (
  input: Amend
): Effect.Effect<void, UsageError | Incomplete, Needs | FileSystem.FileSystem> =>
  Effect.scoped(Effect.gen(function*() {
    const reference = yield* OrderReport.referenceOf(input)
    const amendment = yield* amendmentOf(input)
    const exchange = yield* OrderReport.exchangeOf(input)
    const guards = yield* guardsOf(input)
    if (!(yield* Ordering.decide(input))) return yield* rehearseAmending(input, exchange, reference, amendment, guards)
    const { market, trading } = yield* Ordering.open(exchange, input, guards)
    yield* OrderReport.report(input, exchange, market, true, trading.amend(reference, amendment))
  }))

const named = ({ clientOrderId, id, symbol }: Order.Reference): string =>
  `the order ${id ?? clientOrderId} of ${symbol}`

const requestOf = (input: Place): Effect.Effect<Order.Request, UsageError> => {
  const { amount, clientId, limit, market, postOnly, round, side, symbol } = input
  const reduceOnly = input.reduceOnly ? { reduceOnly: true } : {}
  const common = { symbol, side, amount, clientOrderId: Option.getOrUndefined(clientId), round, ...reduceOnly }
  const timeInForce = Option.getOrUndefined(input.timeInForce)
  if (Option.isSome(limit) === market) {
    return new UsageError({ detail: "Give either --limit with a price, or --market." })
  }
  if (market && (postOnly || timeInForce !== undefined)) {
    return new UsageError({
      detail: `--${
        postOnly ? "post-only" : "time-in-force"
      } applies only to orders with --limit; remove it, or --market.`
    })
  }
  return Effect.succeed(
    Option.match(limit, {
      onNone: (): Order.Request => ({ ...common, type: "market" }),
      onSome: (price) => ({ ...common, type: "limit", price, postOnly, timeInForce })
    })
  )
}

const amendmentOf = ({ amount, price, round }: Amend): Effect.Effect<Order.Amendment, UsageError> =>
  Option.isNone(amount) && Option.isNone(price)
    ? new UsageError({ detail: "Nothing to change; give --price or --amount." })
    : Effect.succeed({ amount: Option.getOrUndefined(amount), price: Option.getOrUndefined(price), round })

const guardsOf = (
  { maxNotional, maxNotionalPerDay, priceBand, symbol }: Guarded
): Effect.Effect<OrderGuards.Guards, UsageError> => {
  const quote = symbol.split(/[/:]/)[1] ?? ""
  const limit = (most: Option.Option<string>) =>
    Option.getOrUndefined(Option.map(most, (most): OrderGuards.Limits => ({ [quote]: most })))
  const guards: OrderGuards.Guards = {
    maxNotionalPerOrder: limit(maxNotional),
    maxNotionalPerDay: limit(maxNotionalPerDay),
    priceBand: Option.getOrUndefined(priceBand)
  }
  return Option.match(OrderGuards.validate(guards), {
    onNone: () => Effect.succeed(guards),
    onSome: (detail) => new UsageError({ detail: `The guards are invalid: ${detail}.` })
  })
}

const rehearsePlacing = Effect.fnUntraced(function*(
  input: Place,
  exchange: string,
  request: Order.Request,
  guards: OrderGuards.Guards
): Effect.fn.Return<void, UsageError | Incomplete, Needs | FileSystem.FileSystem | Scope.Scope> {
  const about = { exchange, operation: "place" }
  const { features } = yield* Registry.registry
  const spent = yield* Ordering.spent(exchange, input, guards)
  const [connection] = yield* Connections.open(input)
  if (connection === undefined) return
  const { market } = connection
  const fits = Effect.gen(function*() {
    const listed = yield* market.market(input.symbol)
    const order = yield* Effect.mapError(
      OrderCheck.check(listed, request),
      (detail) => new ExchangeError.InvalidRequest({ ...about, detail })
    )
    yield* takes(exchange, features(exchange), order)
    const price = OrderGuards.needsPrice(guards, order) ? (yield* market.price(input.symbol)).amount : undefined
    yield* Effect.mapError(
      OrderGuards.admit(guards, spent, order, price, yield* Clock.currentTimeMillis),
      (denial) => new ExchangeError.OrderDenied({ ...about, ...denial })
    )
    return order
  })
  const order = yield* Effect.catchAll(fits, (error) => OrderReport.failed(input, exchange, market, false, error))
  const at = order.price === undefined ? "at the market" : `at ${Decimal.format(order.price)}`
  const how = [order.timeInForce, ...OrderReport.flags(order)].join(", ")
  yield* OrderReport.rehearsed(
    input,
    exchange,
    `${order.side} ${Decimal.format(order.amount)} ${input.symbol} ${at}, ${how}`
  )
})

/** Refuses what the exchange does not support, without a request. */
const takes = (
  exchange: string,
  features: Adapter.Features,
  { market, reduceOnly, timeInForce, type }: Order.Checked
): Effect.Effect<void, ExchangeError.Unsupported> => {
  const unsupported = (detail: string, alternative: string) =>
    new ExchangeError.Unsupported({ exchange, operation: "place", detail, alternative })
  if (type === "limit" && !features.timeInForce.includes(timeInForce)) {
    return unsupported(
      `${features.name} does not support ${timeInForce} orders`,
      `use one of ${features.timeInForce.join(", ")}`
    )
  }
  return reduceOnly && (!features.reduceOnly || market.kind === "spot")
    ? unsupported(
      `${features.name} does not support reduce-only orders for ${market.symbol}`,
      "remove --reduce-only"
    )
    : Effect.void
}

const rehearseAmending = Effect.fnUntraced(function*(
  input: Amend,
  exchange: string,
  reference: Order.Reference,
  amendment: Order.Amendment,
  guards: OrderGuards.Guards
): Effect.fn.Return<void, UsageError | Incomplete, Needs | FileSystem.FileSystem | Scope.Scope> {
  const about = { exchange, operation: "amend" }
  const { amend, name } = (yield* Registry.registry).features(exchange)
  const spent = yield* Ordering.spent(exchange, input, guards)
  const { connections: [connection] } = yield* Accounts.open(input)
  if (connection === undefined) return
  const { account, market } = connection
  const fits = Effect.gen(function*() {
    if (!amend) {
      return yield* new ExchangeError.Unsupported({
        ...about,
        detail: `${name} cannot amend open orders`,
        alternative: "cancel it and place a new one"
      })
    }
    const listed = yield* market.market(input.symbol)
    const before = yield* account.order(reference)
    const change = yield* Effect.mapError(
      OrderCheck.checkAmendment(listed, amendment, before.side),
      (detail) => new ExchangeError.InvalidRequest({ ...about, detail })
    )
    const after = { ...before, price: change.price ?? before.price, amount: change.amount ?? before.amount }
    const order = Ordering.checked(listed, after)
    const price = order !== undefined && OrderGuards.needsPrice(guards, order)
      ? (yield* market.price(input.symbol)).amount
      : undefined
    yield* Effect.mapError(
      OrderGuards.admit(
        guards,
        spent,
        order,
        price,
        yield* Clock.currentTimeMillis,
        Ordering.checked(listed, before)
      ),
      (denial) => new ExchangeError.OrderDenied({ ...about, ...denial })
    )
    return { before, after }
  })
  const { after, before } = yield* Effect.catchAll(
    fits,
    (error) => OrderReport.failed(input, exchange, market, false, error)
  )
  yield* OrderReport.rehearsed(
    input,
    exchange,
    `change ${named(reference)} from ${OrderReport.inWords(before)} to ${OrderReport.inWords(after)}`
  )
})
