/**
 * `exchange order reconcile`: finds out what became of the orders that a journal leaves open.
 *
 * @since 0.1.0
 */
import { Order, type Trading } from "@effect-exchange/core"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Advice from "../Advice.js"
import * as Answers from "../Answers.js"
import type * as Configuration from "../Configuration.js"
import type * as Connections from "../Connections.js"
import { Incomplete, UsageError } from "../Failure.js"
import * as Ordering from "../Ordering.js"
import * as OrderReport from "../OrderReport.js"
import * as Screen from "../Screen.js"

/**
 * The options of the command.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input extends OrderReport.Input, Ordering.Account {}

const Found = Schema.Struct({
  outcome: Schema.Literal("Placed", "NotPlaced", "Unknown"),
  symbol: Schema.String,
  side: Schema.String,
  amount: Schema.String,
  price: Schema.optional(Schema.String),
  clientOrderId: Schema.String,
  order: Schema.optional(Order.Order),
  /** Why the outcome is still unknown. */
  error: Schema.optional(Schema.Struct({ tag: Schema.String, message: Schema.String, advice: Schema.String }))
})

/**
 * The JSON document that `--json` prints.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Document = Schema.parseJson(
  Schema.Struct({ exchange: Schema.String, environment: Schema.String, orders: Schema.Array(Found) }),
  { space: 2 }
)

const encode = Schema.encodeSync(Document)

/**
 * Looks up the orders of a journal that have no outcome, records what it finds, and prints it. Fails with `Incomplete`
 * if the outcome of an order is still unknown.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = (
  input: Input
): Effect.Effect<
  void,
  UsageError | Incomplete,
  Configuration.Configuration | Connections.Network | FileSystem.FileSystem | Screen.Screen
> =>
  Effect.scoped(Effect.gen(function*() {
    const journal = yield* journalOf(input)
    const exchange = yield* OrderReport.exchangeOf(input)
    const { market, trading } = yield* Ordering.open(exchange, input, {})
    yield* Screen.note(`Looking up the orders without an outcome in ${journal}.`)
    const reconciled = yield* Effect.catchAll(
      trading.reconcile,
      (error) => OrderReport.failed(input, exchange, market, false, error)
    )
    const orders = yield* Effect.forEach(reconciled, (one) => found(one, market))
    yield* Screen.line(
      input.json
        ? encode({ exchange, environment: input.environment, orders })
        : orders.length === 0
        ? `Every order of this account on ${exchange} (${input.environment}) has an outcome.`
        : reconciled.map((one) => inWords(exchange, one)).join("\n")
    )
    if (orders.some(({ outcome }) => outcome === "Unknown")) return yield* new Incomplete({ exchanges: [exchange] })
  }))

const journalOf = Effect.fnUntraced(function*(
  { journal }: Input
): Effect.fn.Return<string, UsageError, FileSystem.FileSystem> {
  if (Option.isNone(journal)) {
    return yield* new UsageError({
      detail: "Orders are looked up by their journal; choose its file with --journal, such as --journal orders.journal."
    })
  }
  const files = yield* FileSystem.FileSystem
  // Opening a journal would create a missing file. Whether the file can be read is reported when it is opened.
  const isThere = yield* Effect.orElseSucceed(files.exists(journal.value), () => true)
  return isThere ? journal.value : yield* new UsageError({ detail: `There is no journal at ${journal.value}.` })
})

const found = (one: Trading.Reconciled, market: Answers.Target["market"]): Effect.Effect<typeof Found.Type> => {
  const { amount, clientOrderId, price, side, symbol } = one.intent
  const common = { outcome: one._tag, symbol, side, amount, price, clientOrderId }
  switch (one._tag) {
    case "Placed":
      return Effect.succeed({ ...common, order: one.order })
    case "NotPlaced":
      return Effect.succeed(common)
    case "Unknown":
      return Effect.map(Advice.onOrder(one.error, market), (advice) => ({
        ...common,
        error: { tag: one.error._tag, message: one.error.message, advice }
      }))
  }
}

const inWords = (exchange: string, one: Trading.Reconciled): string => {
  const { amount, clientOrderId, price, side, symbol } = one.intent
  const at = price === undefined ? ", at the market" : ` at ${price}`
  const what = `${exchange} ${symbol}: ${side} ${amount}${at} (client order id ${clientOrderId})`
  switch (one._tag) {
    case "Placed":
      return `${what}: placed, now ${one.order.status}, id ${one.order.id}`
    case "NotPlaced":
      return `${what}: never placed; it is safe to place it again`
    case "Unknown":
      return `${what}: still unknown; do not place it again. ${one.error._tag}: ${Answers.sentence(one.error.message)}`
  }
}
