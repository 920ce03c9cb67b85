/**
 * `exchange order show`, `place` and `cancel`: one order.
 *
 * @since 0.1.0
 */
import { Decimal, ExchangeError, type ExchangeSymbol, Order, OrderGuards } from "@effect-exchange/core"
import * as OrderCheck from "@effect-exchange/core/trading/OrderCheck"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as AccountReport from "../AccountReport.js"
import * as Accounts from "../Accounts.js"
import * as Advice from "../Advice.js"
import * as Answers from "../Answers.js"
import type * as Configuration from "../Configuration.js"
import * as Connections from "../Connections.js"
import { Incomplete, UsageError } from "../Failure.js"
import type * as Options from "../Options.js"
import * as Ordering from "../Ordering.js"
import * as Screen from "../Screen.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Ask extends Options.Settings {
  readonly symbol: ExchangeSymbol.ExchangeSymbol
  readonly id: Option.Option<string>
  readonly clientId: Option.Option<string>
  readonly json: boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Cancel extends Ask, Ordering.Input {}

/**
 * @since 0.1.0
 * @category models
 */
export interface Place extends Ordering.Input {
  readonly side: "buy" | "sell"
  readonly amount: string
  readonly symbol: ExchangeSymbol.ExchangeSymbol
  readonly limit: Option.Option<string>
  readonly market: boolean
  readonly maxNotional: Option.Option<string>
  readonly priceBand: Option.Option<string>
  readonly clientId: Option.Option<string>
  readonly json: boolean
}

/**
 * What `--json` prints: `sent` is false where it is only said what would be sent, which `would` holds then. `error` says with
 * `outcome` what became of it: `Unknown` is to be looked up by `clientOrderId`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Document = Schema.parseJson(
  Schema.Struct({
    exchange: Schema.String,
    environment: Schema.String,
    sent: Schema.Boolean,
    would: Schema.optional(Schema.String),
    order: Schema.optional(Order.Order),
    error: Schema.optional(Schema.Struct({
      tag: Schema.String,
      message: Schema.String,
      advice: Schema.String,
      outcome: Schema.String,
      clientOrderId: Schema.optional(Schema.String)
    }))
  }),
  { space: 2 }
)

const encode = Schema.encodeSync(Document)

type Needs =
  | Configuration.Configuration
  | Connections.Network
  | Screen.Screen

/**
 * Prints an order as the exchange has it.
 *
 * @since 0.1.0
 * @category commands
 */
export const show = (input: Ask): Effect.Effect<void, UsageError | Incomplete, Needs> =>
  Effect.scoped(Effect.gen(function*() {
    const reference = yield* referenceOf(input)
    const { connections: [connection] } = yield* Accounts.open(input)
    if (connection === undefined) return
    yield* told(input, connection.exchange, connection.market, false, connection.account.order(reference))
  }))

/**
 * Cancels an order, and prints how it ended.
 *
 * @since 0.1.0
 * @category commands
 */
export const cancel = (
  input: Cancel
): Effect.Effect<void, UsageError | Incomplete, Needs | FileSystem.FileSystem> =>
  Effect.scoped(Effect.gen(function*() {
    const reference = yield* referenceOf(input)
    const exchange = yield* exchangeOf(input)
    if (!(yield* Ordering.decide(input))) {
      return yield* rehearsed(
        input,
        exchange,
        `cancel the order ${reference.id ?? reference.clientOrderId} of ${input.symbol}`
      )
    }
    const { market, trading } = yield* Ordering.open(exchange, input, {})
    yield* told(input, exchange, market, true, trading.cancel(reference))
  }))

/**
 * Places an order, or where it may cost money and `send` is not said, holds it against the market and the guards and prints what
 * would be sent.
 *
 * @since 0.1.0
 * @category commands
 */
export const place = (
  input: Place
): Effect.Effect<void, UsageError | Incomplete, Needs | FileSystem.FileSystem> =>
  Effect.scoped(Effect.gen(function*() {
    const request = yield* requestOf(input)
    const exchange = yield* exchangeOf(input)
    const guards = yield* guardsOf(input)
    if (!(yield* Ordering.decide(input))) return yield* rehearse(input, exchange, request, guards)
    const { market, trading } = yield* Ordering.open(exchange, input, guards)
    yield* told(input, exchange, market, true, trading.place(request))
  }))

const exchangeOf = ({ exchange: [exchange] }: Options.Settings) =>
  exchange === undefined
    ? new UsageError({ detail: "There is no exchange; say which with --exchange." })
    : Effect.succeed(exchange)

const referenceOf = ({ clientId, id, symbol }: Ask): Effect.Effect<Order.Reference, UsageError> => {
  if (Option.isSome(id)) return Effect.succeed({ symbol, id: id.value, clientOrderId: Option.getOrUndefined(clientId) })
  return Option.isSome(clientId)
    ? Effect.succeed({ symbol, clientOrderId: clientId.value })
    : new UsageError({ detail: "Which order is not said; accepted are --id and --client-id." })
}

const requestOf = (
  { amount, clientId, limit, market, side, symbol }: Place
): Effect.Effect<Order.Request, UsageError> => {
  const common = { symbol, side, amount, clientOrderId: Option.getOrUndefined(clientId) }
  if (Option.isSome(limit) === market) {
    return new UsageError({ detail: "Say one of --limit with a price and --market." })
  }
  return Effect.succeed(
    Option.match(limit, {
      onNone: (): Order.Request => ({ ...common, type: "market" }),
      onSome: (price) => ({ ...common, type: "limit", price })
    })
  )
}

const guardsOf = ({ maxNotional, priceBand, symbol }: Place): Effect.Effect<OrderGuards.Guards, UsageError> => {
  const quote = symbol.split(/[/:]/)[1] ?? ""
  const guards: OrderGuards.Guards = {
    maxNotionalPerOrder: Option.getOrUndefined(Option.map(maxNotional, (most) => ({ [quote]: most }))),
    priceBand: Option.getOrUndefined(priceBand)
  }
  return Option.match(OrderGuards.validate(guards), {
    onNone: () => Effect.succeed(guards),
    onSome: (detail) => new UsageError({ detail: `The guards are refused: ${detail}.` })
  })
}

const rehearse = Effect.fnUntraced(function*(
  input: Place,
  exchange: string,
  request: Order.Request,
  guards: OrderGuards.Guards
): Effect.fn.Return<void, UsageError | Incomplete, Connections.Network | Scope.Scope | Screen.Screen> {
  const [connection] = yield* Connections.open(input)
  if (connection === undefined) return
  const { market } = connection
  const fits = Effect.gen(function*() {
    const about = { exchange, operation: "place" }
    const listed = yield* market.market(input.symbol)
    const order = yield* Effect.mapError(
      OrderCheck.check(listed, request),
      (detail) => new ExchangeError.InvalidRequest({ ...about, detail })
    )
    const price = OrderGuards.needsPrice(guards, order) ? (yield* market.price(input.symbol)).amount : undefined
    yield* Effect.mapError(
      OrderGuards.admit(guards, OrderGuards.nothing, order, price, yield* Clock.currentTimeMillis),
      (denial) => new ExchangeError.OrderDenied({ ...about, ...denial })
    )
    return order
  })
  const order = yield* Effect.catchAll(fits, (error) => failed(input, exchange, market, false, error))
  const at = order.price === undefined ? "at the market" : `at ${Decimal.format(order.price)}`
  yield* rehearsed(
    input,
    exchange,
    `${order.side} ${Decimal.format(order.amount)} ${input.symbol} ${at}, ${order.timeInForce}`
  )
})

const rehearsed = (
  { environment, json }: Pick<Place, "environment" | "json">,
  exchange: string,
  would: string
): Effect.Effect<void, never, Screen.Screen> =>
  Screen.line(
    json
      ? encode({ exchange, environment, sent: false, would })
      : `This would be sent to ${exchange} (${environment}): ${would}.\n${Ordering.needed}`
  )

const told = Effect.fnUntraced(function*(
  input: Options.Settings & { readonly json: boolean },
  exchange: string,
  market: Answers.Asked["market"],
  sent: boolean,
  answer: Effect.Effect<Order.Order, ExchangeError.TradingError>
): Effect.fn.Return<void, Incomplete, Screen.Screen> {
  const order = yield* Effect.catchAll(answer, (error) => failed(input, exchange, market, sent, error))
  yield* Screen.line(
    input.json
      ? encode({ exchange, environment: input.environment, sent, order })
      : [...lines(order), ...Answers.simulation(input)].join("\n")
  )
})

const failed = Effect.fnUntraced(function*(
  { environment, json }: Pick<Place, "environment" | "json">,
  exchange: string,
  market: Answers.Asked["market"],
  sent: boolean,
  error: ExchangeError.TradingError
): Effect.fn.Return<never, Incomplete, Screen.Screen> {
  const advice = yield* Advice.onOrder(error, market)
  const { _tag: tag, message } = error
  const outcome = sent ? error.outcome ?? "Unknown" : "NotSent"
  const clientOrderId = error._tag === "OutcomeUnknown" || error._tag === "NotPlaced"
    ? error.order.clientOrderId
    : undefined
  if (json) {
    yield* Screen.line(
      encode({ exchange, environment, sent, error: { tag, message, advice, outcome, clientOrderId } })
    )
  } else {
    const which = clientOrderId === undefined ? "" : ` Its client order id is ${clientOrderId}.`
    const unknown = outcome === "Unknown" ? " What became of the order is unknown: it may stand, or have traded." : ""
    yield* Screen.note(`${exchange}: ${tag}. ${Answers.sentence(message)}${unknown}${which} ${advice}`)
  }
  return yield* new Incomplete({ exchanges: [exchange] })
})

const lines = (order: Order.Order): ReadonlyArray<string> => [
  `${order.exchange} ${order.symbol}: ${order.side} ${AccountReport.plain(order.amount)}${
    order.price === undefined ? ", at the market" : ` at ${AccountReport.plain(order.price)}`
  }, ${order.status}`,
  `filled ${AccountReport.plain(order.filled)}${
    order.averagePrice === undefined ? "" : ` at ${AccountReport.plain(order.averagePrice)} on average`
  }`,
  `id ${order.id}`,
  `client order id ${order.clientOrderId ?? "–"}`
]
