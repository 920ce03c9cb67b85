/**
 * `exchange balance`: the balances of accounts.
 *
 * @since 0.1.0
 */
import { Balance } from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as AccountReport from "../AccountReport.js"

const Row = Schema.Struct({ exchange: Schema.String, ...Balance.Balance.fields })

/**
 * The JSON document that `--json` prints.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Document = Schema.parseJson(
  Schema.Struct({ balances: Schema.Array(Row), ...AccountReport.DocumentFields.fields }),
  { space: 2 }
)

const encode = Schema.encodeSync(Document)

const report: AccountReport.Report<typeof Row.Type> = {
  none: "The account holds nothing.",
  ask: ({ account, exchange }) =>
    Effect.map(account.balances, (balances) => balances.map((balance) => ({ exchange, ...balance }))),
  columns: [
    { title: "exchange" },
    { title: "asset" },
    { title: "free", align: "right" },
    { title: "in use", align: "right" },
    { title: "total", align: "right" }
  ],
  cells: ({ asset, exchange, free, total }) => [
    exchange,
    asset,
    AccountReport.plain(free),
    AccountReport.plain(BigDecimal.subtract(total, free)),
    AccountReport.plain(total)
  ],
  encode: (balances, fields) => encode({ balances, ...fields })
}

/**
 * Prints the total and free balances of each account.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = (input: AccountReport.Input) => AccountReport.print(input, report)
