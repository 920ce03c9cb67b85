/**
 * What `watch` knows of an exchange, and how it shows.
 *
 * @since 0.1.0
 */
import type { Health } from "@effect-exchange/core"
import * as Schema from "effect/Schema"
import * as PriceTable from "./PriceTable.js"
import * as Quotes from "./Quotes.js"
import * as Table from "./Table.js"

/**
 * One exchange: the latest good row of each symbol, and counts since the start. `refreshedAt` (epoch milliseconds) is
 * when a refresh last succeeded, `error` the tag of why the latest did not. `limitUsed` is a share, 0 to 1.
 *
 * @since 0.1.0
 * @category models
 */
export interface View extends Schema.Schema.Type<typeof View> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const View = Schema.Struct({
  exchange: Schema.String,
  rows: Schema.Array(Quotes.Row),
  refreshedAt: Schema.optional(Schema.Number),
  breaker: Schema.String,
  refreshes: Schema.Number,
  failures: Schema.Number,
  retries: Schema.Number,
  latencyMillis: Schema.Number,
  limitUsed: Schema.Number,
  error: Schema.optional(Schema.String)
})

/**
 * Before the first answer.
 *
 * @since 0.1.0
 * @category constructors
 */
export const initial = (exchange: string): View => ({
  exchange,
  rows: [],
  breaker: "Closed",
  refreshes: 0,
  failures: 0,
  retries: 0,
  latencyMillis: 0,
  limitUsed: 0
})

/**
 * After another refresh, which ended at `now`. While an exchange gives nothing at all its last prices stay, and grow old.
 *
 * @since 0.1.0
 * @category combinators
 */
export const update = (
  latest: Quotes.Effort & { readonly rows: ReadonlyArray<Quotes.Row>; readonly health: Health.ExchangeHealth },
  now: number
) =>
(view: View): View => {
  const failed = latest.rows.every(({ error }) => error !== undefined)
  return {
    exchange: view.exchange,
    rows: failed && view.refreshedAt !== undefined ? view.rows : latest.rows,
    refreshedAt: failed ? view.refreshedAt : now,
    breaker: Quotes.breakerIn(latest.health),
    refreshes: view.refreshes + 1,
    failures: view.failures + (failed ? 1 : 0),
    retries: view.retries + latest.retries,
    latencyMillis: latest.latencyMillis,
    limitUsed: Quotes.limitUsed(latest.health),
    error: failed ? latest.rows[0]?.error?.tag : undefined
  }
}

/**
 * One line of JSON; `at` is in epoch milliseconds.
 *
 * @since 0.1.0
 * @category formatting
 */
export const encode: (frame: { readonly at: number; readonly exchanges: ReadonlyArray<View> }) => string = Schema
  .encodeSync(Schema.parseJson(Schema.Struct({ at: Schema.Number, exchanges: Schema.Array(View) })))

/**
 * A table of prices with their age, one of exchanges, and what to do about those that fail.
 *
 * @since 0.1.0
 * @category formatting
 */
export const render = (views: ReadonlyArray<View>, now: number, colors: boolean): string => {
  const age = ({ refreshedAt }: View): string =>
    refreshedAt === undefined ? "–" : `${Math.max(0, Math.round((now - refreshedAt) / 1000))} s`
  return [
    Table.render(
      [...PriceTable.quoteColumns, { title: "age", align: "right" }],
      views.flatMap((view) => view.rows.map((row) => [...PriceTable.quote(row), age(view)])),
      colors
    ),
    "",
    Table.render(
      exchangeColumns,
      views.map((view) => [
        view.exchange,
        view.error === undefined ? latest(view) : { text: view.error, tone: "bad" },
        PriceTable.breakerCell(view.breaker),
        `${view.latencyMillis} ms`,
        String(view.retries),
        `${view.failures}/${view.refreshes}`,
        PriceTable.percent(view.limitUsed)
      ]),
      colors
    ),
    ...PriceTable.failures(views.flatMap(({ rows }) => rows), colors).map((failure) => `\n${failure}`)
  ].join("\n")
}

const exchangeColumns: ReadonlyArray<Table.Column> = [
  { title: "exchange" },
  { title: "latest" },
  { title: "breaker" },
  { title: "latency", align: "right" },
  { title: "retries", align: "right" },
  { title: "failed", align: "right" },
  { title: "limit used", align: "right" }
]

const latest = ({ refreshes }: View): string => refreshes === 0 ? "waiting" : "ok"
