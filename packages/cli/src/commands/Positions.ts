/**
 * `exchange positions`: the open positions of accounts.
 *
 * @since 0.1.0
 */
import { Position } from "@effect-exchange/core"
import * as Schema from "effect/Schema"
import * as AccountReport from "../AccountReport.js"

/**
 * The JSON document that `--json` prints.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Document = Schema.parseJson(
  Schema.Struct({ positions: Schema.Array(Position.Position), ...AccountReport.DocumentFields.fields }),
  { space: 2 }
)

const encode = Schema.encodeSync(Document)

const report: AccountReport.Report<Position.Position> = {
  none: "No open positions.",
  ask: ({ account }) => account.positions,
  columns: [
    { title: "exchange" },
    { title: "symbol" },
    { title: "side" },
    { title: "amount", align: "right" },
    { title: "entry", align: "right" },
    { title: "mark", align: "right" },
    { title: "liquidation", align: "right" },
    { title: "leverage", align: "right" },
    { title: "gain", align: "right" }
  ],
  cells: (
    { amount, entryPrice, exchange, leverage, liquidationPrice, markPrice, side, symbol, unrealizedPnl }
  ) => [
    exchange,
    symbol,
    AccountReport.sideCell(side),
    ...[amount, entryPrice, markPrice, liquidationPrice, leverage, unrealizedPnl].map(AccountReport.plain)
  ],
  encode: (positions, fields) => encode({ positions, ...fields })
}

/**
 * Prints the open positions, where the exchange supports them.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = (input: AccountReport.Input) => AccountReport.print(input, report)
