/**
 * `exchange orders`: the orders of accounts.
 *
 * @since 0.1.0
 */
import { type ExchangeSymbol, Order } from "@effect-exchange/core"
import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as AccountReport from "../AccountReport.js"
import type * as Configuration from "../Configuration.js"
import type * as Connections from "../Connections.js"
import { type Incomplete, UsageError } from "../Failure.js"
import type * as Screen from "../Screen.js"

/**
 * The options of the command.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input extends AccountReport.Input {
  readonly symbol: Option.Option<ExchangeSymbol.ExchangeSymbol>
  readonly from: Option.Option<number>
  readonly all: boolean
}

/**
 * The JSON document that `--json` prints.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Document = Schema.parseJson(
  Schema.Struct({ orders: Schema.Array(Order.Order), ...AccountReport.DocumentFields.fields }),
  { space: 2 }
)

const encode = Schema.encodeSync(Document)

/**
 * Prints the open orders of one market or of all. With `all`, prints the order history of one market.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = (
  input: Input
): Effect.Effect<
  void,
  UsageError | Incomplete,
  Configuration.Configuration | Connections.Network | Screen.Screen
> => {
  const symbol = Option.getOrUndefined(input.symbol)
  if (!input.all) {
    return Option.isSome(input.from)
      ? new UsageError({ detail: "--from applies only to ended orders; add --all, or remove --from." })
      : AccountReport.print(
        input,
        report("No open orders.", ({ account }) => account.openOrders(symbol))
      )
  }
  if (symbol === undefined) {
    return new UsageError({
      detail: "--all needs a symbol, such as exchange orders BTC/USDT --all: exchanges keep one history per market."
    })
  }
  const since = Option.getOrUndefined(input.from)
  return AccountReport.print(
    input,
    report(`No orders of ${symbol}.`, ({ account }) => account.orderHistory(symbol, { since }))
  )
}

const report = (
  none: string,
  ask: AccountReport.Report<Order.Order>["ask"]
): AccountReport.Report<Order.Order> => ({
  none,
  ask,
  columns: [
    { title: "exchange" },
    { title: "symbol" },
    { title: "side" },
    { title: "type" },
    { title: "price", align: "right" },
    { title: "amount", align: "right" },
    { title: "filled", align: "right" },
    { title: "status" },
    { title: "created" },
    { title: "id" }
  ],
  cells: ({ amount, createdAt, exchange, filled, id, price, side, status, symbol, type }) => [
    exchange,
    symbol,
    AccountReport.sideCell(side),
    type,
    AccountReport.plain(price),
    AccountReport.plain(amount),
    AccountReport.plain(filled),
    { text: status, tone: status === "rejected" ? "bad" : "plain" },
    AccountReport.iso(createdAt),
    id
  ],
  encode: (orders, fields) => encode({ orders, ...fields })
})
