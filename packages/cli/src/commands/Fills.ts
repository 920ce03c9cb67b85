/**
 * `exchange fills`: the fills of accounts.
 *
 * @since 0.1.0
 */
import { type ExchangeSymbol, Fill } from "@effect-exchange/core"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as AccountReport from "../AccountReport.js"

/**
 * The options of the command.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input extends AccountReport.Input {
  readonly symbol: ExchangeSymbol.ExchangeSymbol
  readonly from: Option.Option<number>
}

/**
 * The JSON document that `--json` prints.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Document = Schema.parseJson(
  Schema.Struct({ fills: Schema.Array(Fill.Fill), ...AccountReport.DocumentFields.fields }),
  { space: 2 }
)

const encode = Schema.encodeSync(Document)

/**
 * Prints the fills of a market, oldest first.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = (input: Input) => AccountReport.print(input, report(input))

const report = ({ from, symbol }: Input): AccountReport.Report<Fill.Fill> => ({
  none: `No fills of ${symbol}.`,
  ask: ({ account }) => account.fills(symbol, { since: Option.getOrUndefined(from) }),
  columns: [
    { title: "exchange" },
    { title: "at" },
    { title: "symbol" },
    { title: "side" },
    { title: "price", align: "right" },
    { title: "amount", align: "right" },
    { title: "fee", align: "right" },
    { title: "as" },
    { title: "order" }
  ],
  cells: ({ amount, at, exchange, fee, feeAsset, liquidity, orderId, price, side, symbol }) => [
    exchange,
    AccountReport.iso(at),
    symbol,
    AccountReport.sideCell(side),
    AccountReport.plain(price),
    AccountReport.plain(amount),
    fee === undefined || feeAsset === undefined ? AccountReport.plain(fee) : `${AccountReport.plain(fee)} ${feeAsset}`,
    liquidity,
    orderId
  ],
  encode: (fills, fields) => encode({ fills, ...fields })
})
