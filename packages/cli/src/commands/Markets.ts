/**
 * `exchange markets`: the markets that exchanges list, with their order limits.
 *
 * @since 0.1.0
 */
import { Decimal, Market } from "@effect-exchange/core"
import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as Schema from "effect/Schema"
import * as Answers from "../Answers.js"
import * as Connections from "../Connections.js"
import { Incomplete, type UsageError } from "../Failure.js"
import type * as Options from "../Options.js"
import { count } from "../Quotes.js"
import * as Screen from "../Screen.js"
import * as Table from "../Table.js"

/**
 * The options of the command.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input extends Options.Settings {
  readonly text: Option.Option<string>
  readonly kind: Option.Option<Market.Kind>
  readonly all: boolean
  readonly json: boolean
}

const decimal = Schema.optional(Schema.String)

/** Decimals are strings without trailing zeros. */
const Row = Schema.Struct({
  exchange: Schema.String,
  ...Market.Market.fields,
  tickSize: decimal,
  tickSizeSteps: Schema.optional(Schema.Array(Schema.Struct({ fromPrice: Schema.String, tickSize: Schema.String }))),
  lotSize: decimal,
  minAmount: decimal,
  maxAmount: decimal,
  minPrice: decimal,
  maxPrice: decimal,
  minNotional: decimal,
  multiplier: decimal
})

type Row = typeof Row.Type

/**
 * The JSON document that `--json` prints.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Document = Schema.parseJson(
  Schema.Struct({
    environment: Schema.String,
    markets: Schema.Array(Row),
    failures: Schema.Array(Answers.Failed)
  }),
  { space: 2 }
)

const encode = Schema.encodeSync(Document)

/**
 * Asks all exchanges concurrently for their markets and prints the matching ones. Fails with `Incomplete` if an
 * exchange failed to answer.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = Effect.fnUntraced(function*(
  input: Input
): Effect.fn.Return<void, UsageError | Incomplete, Connections.Network | Screen.Screen> {
  const screen = yield* Screen.Screen
  const { failures, rows } = yield* Effect.scoped(
    Effect.flatMap(
      Connections.open(input),
      (connections) =>
        Answers.gather(
          connections,
          ({ exchange, market }) =>
            Effect.map(market.markets, (markets) =>
              Arr.sort(markets.filter(isSelected(input)), bySymbol).map((one) => rowOf(exchange, one)))
        )
    )
  )
  if (input.json) {
    yield* Screen.line(encode({ environment: input.environment, markets: rows, failures }))
  } else {
    if (rows.length > 0) yield* Screen.line(`${table(rows, screen.colors)}\n`)
    yield* Screen.line(`${found(rows, input)}${Answers.remarks(failures, input, screen.colors)}`)
  }
  if (failures.length > 0) return yield* new Incomplete({ exchanges: failures.map(({ exchange }) => exchange) })
})

const rowOf = (exchange: string, market: Market.Market): Row => ({
  exchange,
  ...market,
  tickSize: plain(market.tickSize),
  tickSizeSteps: market.tickSizeSteps?.map(({ fromPrice, tickSize }) => ({
    fromPrice: shortest(fromPrice),
    tickSize: shortest(tickSize)
  })),
  lotSize: plain(market.lotSize),
  minAmount: plain(market.minAmount),
  maxAmount: plain(market.maxAmount),
  minPrice: plain(market.minPrice),
  maxPrice: plain(market.maxPrice),
  minNotional: plain(market.minNotional),
  multiplier: plain(market.multiplier)
})

const plain = (value: BigDecimal.BigDecimal | undefined): string | undefined =>
  value === undefined ? undefined : shortest(value)

const shortest = (value: BigDecimal.BigDecimal): string => Decimal.format(BigDecimal.normalize(value))

const bySymbol = Order.mapInput(Order.string, ({ symbol }: Market.Market) => symbol)

const isSelected = ({ all, kind, text }: Input) => (market: Market.Market): boolean =>
  (all || market.status === "open")
  && Option.match(kind, { onNone: () => true, onSome: (kind) => market.kind === kind })
  && Option.match(text, { onNone: () => true, onSome: (text) => matches(text, market) })

/**
 * Returns `true` if a market matches a search text. The text may be:
 *
 * - the base asset, the quote asset or the id of the market
 * - a part of the symbol
 * - the beginning of the symbol without separators, as in `btcusdt`
 *
 * @since 0.1.0
 * @category predicates
 */
export const matches = (text: string, { base, id, quote, symbol }: Market.Market): boolean => {
  const wanted = text.trim().toLowerCase()
  return [base, quote, id].some((name) => name.toLowerCase() === wanted)
    || symbol.toLowerCase().includes(wanted)
    || bare(wanted) !== "" && bare(symbol.toLowerCase()).startsWith(bare(wanted))
}

const bare = (text: string): string => text.replace(/[-_/:\s]/g, "")

const found = (rows: ReadonlyArray<Row>, { all, kind, text }: Input): string => {
  const what = [
    ...all ? [] : ["open"],
    ...Option.toArray(kind),
    count(rows.length, "market").split(" ")[1] ?? "",
    ...Option.match(text, { onNone: () => [], onSome: (text) => [`matching ${JSON.stringify(text.slice(0, 60))}`] })
  ].join(" ")
  const more = rows.length > 0
    ? "."
    : all
    ? "; try a shorter text."
    : "; --all also lists markets that are not open."
  return `${rows.length === 0 ? "No" : rows.length} ${what}${more}`
}

const table = (rows: ReadonlyArray<Row>, colors: boolean): string =>
  Table.render(
    [
      { title: "exchange" },
      { title: "symbol" },
      { title: "kind" },
      { title: "tick size", align: "right" },
      { title: "lot size", align: "right" },
      { title: "smallest order" },
      { title: "status" }
    ],
    rows.map((row) => [
      row.exchange,
      row.symbol,
      row.kind,
      tickSizes(row),
      row.lotSize ?? "–",
      smallest(row),
      { text: row.status, tone: row.status === "open" ? "good" : "bad" }
    ]),
    colors
  )

const tickSizes = ({ tickSize = "–", tickSizeSteps = [] }: Row): string =>
  tickSizeSteps.length === 0 ? tickSize : `${tickSize} to ${tickSizeSteps.at(-1)?.tickSize}`

const smallest = ({ base, inverse, minAmount, minNotional, quote }: Row): string => {
  const least = [
    ...minAmount === undefined ? [] : [`${minAmount} ${inverse === true ? "contracts" : base}`],
    ...minNotional === undefined ? [] : [`${minNotional} ${quote}`]
  ]
  return least.length === 0 ? "–" : least.join(" and ")
}
