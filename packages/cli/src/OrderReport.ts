/**
 * Reports the result of an order command, as lines or as JSON.
 *
 * @since 0.1.0
 */
import { type ExchangeError, type ExchangeSymbol, Order } from "@effect-exchange/core"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as AccountReport from "./AccountReport.js"
import * as Advice from "./Advice.js"
import * as Answers from "./Answers.js"
import { Incomplete, UsageError } from "./Failure.js"
import type * as Options from "./Options.js"
import * as Ordering from "./Ordering.js"
import * as Screen from "./Screen.js"

/**
 * The options that all order commands share.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input extends Options.Settings {
  readonly json: boolean
}

/**
 * The options that identify an existing order.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ask extends Input {
  readonly symbol: ExchangeSymbol.ExchangeSymbol
  readonly id: Option.Option<string>
  readonly clientId: Option.Option<string>
}

/**
 * An error. `outcome` says what happened to the order. If it is `Unknown`, look the order up by `clientOrderId`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Failed = Schema.Struct({
  tag: Schema.String,
  message: Schema.String,
  advice: Schema.String,
  outcome: Schema.String,
  clientOrderId: Schema.optional(Schema.String)
})

/**
 * The JSON document that `--json` prints. `sent` is `false` in a dry run, and `would` then describes the request.
 * `canceled` has the ids of the orders that `cancel-all` canceled.
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
    canceled: Schema.optional(Schema.Array(Schema.String)),
    error: Schema.optional(Failed)
  }),
  { space: 2 }
)

const encode = Schema.encodeSync(Document)

/**
 * Returns the selected exchange.
 *
 * @since 0.1.0
 * @category validation
 */
export const exchangeOf = ({ exchange: [exchange] }: Options.Settings) =>
  exchange === undefined
    ? new UsageError({ detail: "No exchange given; choose one with --exchange." })
    : Effect.succeed(exchange)

/**
 * Returns the reference to the selected order. Fails unless at least one of its ids is given.
 *
 * @since 0.1.0
 * @category validation
 */
export const referenceOf = ({ clientId, id, symbol }: Ask): Effect.Effect<Order.Reference, UsageError> => {
  if (Option.isSome(id)) return Effect.succeed({ symbol, id: id.value, clientOrderId: Option.getOrUndefined(clientId) })
  return Option.isSome(clientId)
    ? Effect.succeed({ symbol, clientOrderId: clientId.value })
    : new UsageError({ detail: "No order given; use --id or --client-id." })
}

/**
 * Prints the request that would be sent.
 *
 * @since 0.1.0
 * @category printing
 */
export const rehearsed = (
  { environment, json }: Pick<Input, "environment" | "json">,
  exchange: string,
  would: string
): Effect.Effect<void, never, Screen.Screen> =>
  json
    ? Screen.line(encode({ exchange, environment, sent: false, would }))
    : Effect.zipRight(
      Screen.line(`This would be sent to ${exchange} (${environment}): ${would}.\nNothing was sent.`),
      Screen.note(Ordering.needed)
    )

/**
 * Prints the order that the exchange returns, or the error.
 *
 * @since 0.1.0
 * @category printing
 */
export const report = Effect.fnUntraced(function*(
  input: Input,
  exchange: string,
  market: Answers.Target["market"],
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

/**
 * Prints the ids of the orders that were canceled.
 *
 * @since 0.1.0
 * @category printing
 */
export const canceled = (
  input: Input,
  exchange: string,
  symbol: string,
  ids: ReadonlyArray<string>
): Effect.Effect<void, never, Screen.Screen> => {
  if (input.json) {
    return Screen.line(encode({ exchange, environment: input.environment, sent: true, canceled: ids }))
  }
  const count = ids.length === 0
    ? "no order is left to cancel"
    : ids.length === 1
    ? "1 order canceled"
    : `${ids.length} orders canceled`
  const lines = [`${exchange} ${symbol}: ${count}`, ...ids.map((id) => `id ${id}`), ...Answers.simulation(input)]
  return Screen.line(lines.join("\n"))
}

/**
 * Prints an error and fails with `Incomplete`.
 *
 * @since 0.1.0
 * @category printing
 */
export const failed = Effect.fnUntraced(function*(
  { environment, json }: Pick<Input, "environment" | "json">,
  exchange: string,
  market: Answers.Target["market"],
  sent: boolean,
  error: ExchangeError.TradingError
): Effect.fn.Return<never, Incomplete, Screen.Screen> {
  const failure = yield* describe(error, market, sent)
  if (json) {
    yield* Screen.line(encode({ exchange, environment, sent, error: failure }))
  } else {
    const { advice, clientOrderId, message, outcome, tag } = failure
    const which = clientOrderId === undefined ? "" : ` Its client order id is ${clientOrderId}.`
    const unknown = outcome === "Unknown" ? " The outcome is unknown: the order may be open, or may have traded." : ""
    yield* Screen.note(`${exchange}: ${tag}. ${Answers.sentence(message)}${unknown}${which} ${advice}`)
  }
  return yield* new Incomplete({ exchanges: [exchange] })
})

/**
 * Describes an error, with advice and the outcome of the order.
 *
 * @since 0.1.0
 * @category errors
 */
export const describe = (
  error: ExchangeError.TradingError,
  market: Answers.Target["market"],
  sent: boolean
): Effect.Effect<typeof Failed.Type> =>
  Effect.map(Advice.onOrder(error, market), (advice) => ({
    tag: error._tag,
    // The library names its own option.
    message: error.message.replaceAll("set `round: true`", "use --round"),
    advice,
    outcome: sent ? error.outcome ?? "Unknown" : "NotSent",
    clientOrderId: error._tag === "OutcomeUnknown" || error._tag === "NotPlaced" ? error.order.clientOrderId : undefined
  }))

/**
 * Describes an order in words.
 *
 * @since 0.1.0
 * @category formatting
 */
export const inWords = (
  { amount, price, side }: Pick<Order.Order, "amount" | "price" | "side">
): string =>
  `${side} ${AccountReport.plain(amount)}${
    price === undefined ? ", at the market" : ` at ${AccountReport.plain(price)}`
  }`

const lines = (order: Order.Order): ReadonlyArray<string> => [
  `${order.exchange} ${order.symbol}: ${inWords(order)}, ${[order.status, ...flags(order)].join(", ")}`,
  `filled ${AccountReport.plain(order.filled)}${
    order.averagePrice === undefined ? "" : ` at ${AccountReport.plain(order.averagePrice)} on average`
  }`,
  `id ${order.id}`,
  `client order id ${order.clientOrderId ?? "–"}`
]

/**
 * Describes the flags of an order in words.
 *
 * @since 0.1.0
 * @category formatting
 */
export const flags = (
  { postOnly, reduceOnly }: Pick<Order.Order, "postOnly" | "reduceOnly">
): ReadonlyArray<string> => [
  ...postOnly === true ? ["post-only"] : [],
  ...reduceOnly === true ? ["reduce-only"] : []
]
