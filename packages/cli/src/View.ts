/**
 * The state of a market in `watch`, and how it is shown.
 *
 * @since 0.1.0
 */
import { type BookView, Decimal, ExchangeSymbol, type FeedItem, type Market, type Ticker } from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as PriceTable from "./PriceTable.js"
import * as Quotes from "./Quotes.js"
import * as Table from "./Table.js"

/**
 * The state of one market.
 *
 * `status` says where the prices come from:
 *
 * - `waiting`: no prices have been received yet
 * - `live`: a working stream
 * - `reconnecting` or `stale`: an interrupted stream, with the reason in `because`
 * - `polled`: requests, as the exchange has no such stream
 * - `failed`: the request or the stream failed with `error`
 *
 * The last prices stay when the status gets worse. `receivedAt` is the time they were received, in epoch milliseconds
 * of the local clock. `reconnects` counts lost connections.
 *
 * @since 0.1.0
 * @category models
 */
export interface View extends Schema.Schema.Type<typeof View> {}

/**
 * The state of one market.
 *
 * @since 0.1.0
 * @category schemas
 */
export const View = Schema.Struct({
  exchange: Schema.String,
  symbol: ExchangeSymbol.ExchangeSymbol,
  status: Schema.Literal("waiting", "live", "reconnecting", "stale", "polled", "failed"),
  because: Schema.optional(Schema.String),
  bid: Schema.optional(Schema.String),
  ask: Schema.optional(Schema.String),
  last: Schema.optional(Schema.String),
  spread: Schema.optional(Schema.String),
  receivedAt: Schema.optional(Schema.Number),
  reconnects: Schema.Number,
  error: Quotes.Row.fields.error
})

/**
 * Creates the state before anything is received.
 *
 * @since 0.1.0
 * @category constructors
 */
export const initial = (exchange: string, symbol: ExchangeSymbol.ExchangeSymbol): View => ({
  exchange,
  symbol,
  status: "waiting",
  reconnects: 0
})

/**
 * A message `value`, and the time `at` which it was received, in epoch milliseconds of the local clock.
 *
 * @since 0.1.0
 * @category models
 */
export interface Received<out A> {
  readonly value: A
  readonly at: number
}

/**
 * The streams of a market. `book` is set for exchanges whose ticker has neither bid nor ask.
 *
 * @since 0.1.0
 * @category models
 */
export interface Feeds {
  readonly ticker: FeedItem.Seen<Received<Ticker.Ticker>>
  readonly book: FeedItem.Seen<Received<BookView.BookView>> | undefined
}

/**
 * Updates the view from its streams. The status is that of the worse stream. `before` is the number of reconnects to
 * add to.
 *
 * @since 0.1.0
 * @category combinators
 */
export const streamed = (market: Market.Market, { book, ticker }: Feeds, before: number) => (view: View): View => {
  const seen = book === undefined ? [ticker] : [ticker, book]
  const bad = seen.find(({ isLive }) => !isLive)
  const top = Option.flatMap(Option.fromNullable(book), ({ value }) => value)
  const latest = Option.getOrUndefined(ticker.value)
  const best = Option.match(top, {
    onNone: (): Best => latest?.value ?? {},
    onSome: ({ value }) => ({
      bid: Option.getOrUndefined(value.bestBid)?.price,
      ask: Option.getOrUndefined(value.bestAsk)?.price
    })
  })
  const { because, trouble } = bad ?? {}
  return {
    exchange: view.exchange,
    symbol: view.symbol,
    status: bad === undefined ? "live" : trouble ?? "waiting",
    because,
    last: Quotes.formatPrice(latest?.value.last, market) ?? view.last,
    ...latest === undefined
      ? { bid: view.bid, ask: view.ask, spread: view.spread }
      : { bid: Quotes.formatPrice(best.bid, market), ask: Quotes.formatPrice(best.ask, market), spread: spread(best) },
    receivedAt: Option.match(top, {
      onNone: () => latest?.at ?? view.receivedAt,
      onSome: ({ at }) => Math.max(at, latest?.at ?? 0)
    }),
    reconnects: before + Math.max(...seen.map(({ reconnects }) => reconnects))
  }
}

type Best = Pick<Ticker.Ticker, "ask" | "bid">

const spread = ({ ask, bid }: Best): string | undefined =>
  ask === undefined || bid === undefined
    ? undefined
    : Decimal.format(BigDecimal.normalize(BigDecimal.subtract(ask, bid)))

/**
 * Updates the view from a response that was received at `now`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const polled = ({ ask, bid, error, last }: Quotes.Row, now: number) => (view: View): View => {
  if (error !== undefined) return failed(error)(view)
  const [best, worst] = [bid, ask].map((price) => Option.getOrUndefined(Decimal.parse(price ?? "")))
  return {
    ...initial(view.exchange, view.symbol),
    status: "polled",
    because: "the exchange has no such feed",
    bid,
    ask,
    last,
    spread: spread({ bid: best, ask: worst }),
    receivedAt: now
  }
}

/**
 * Updates the view with an error. The last prices stay.
 *
 * @since 0.1.0
 * @category combinators
 */
export const failed = (error: NonNullable<View["error"]>) => (view: View): View => ({
  ...view,
  status: "failed",
  because: error.tag,
  error
})

/**
 * Encodes a frame as one line of JSON. `at` is in epoch milliseconds.
 *
 * @since 0.1.0
 * @category formatting
 */
export const encode: (frame: { readonly at: number; readonly markets: ReadonlyArray<View> }) => string = Schema
  .encodeSync(Schema.parseJson(Schema.Struct({ at: Schema.Number, markets: Schema.Array(View) })))

/**
 * Formats a table of prices with their age and source, and advice about the markets that failed.
 *
 * @since 0.1.0
 * @category formatting
 */
export const render = (views: ReadonlyArray<View>, now: number, colors: boolean): string =>
  [
    Table.render(
      columns,
      views.map((view) => {
        const { ask, bid, exchange, receivedAt, last, reconnects, spread, symbol } = view
        const tone = view.status === "live" || view.status === "polled" ? "plain" : "faint"
        const prices = [bid, ask, last, spread].map((price): Table.Cell => ({ text: price ?? "–", tone }))
        const age = receivedAt === undefined ? "–" : `${Math.max(0, Math.round((now - receivedAt) / 1000))} s`
        return [exchange, symbol, ...prices, age, String(reconnects), statusCell(view)]
      }),
      colors
    ),
    ...PriceTable.failures(views, colors).map((failure) => `\n${failure}`)
  ].join("\n")

const columns: ReadonlyArray<Table.Column> = [
  { title: "exchange" },
  { title: "symbol" },
  { title: "bid", align: "right" },
  { title: "ask", align: "right" },
  { title: "last", align: "right" },
  { title: "spread", align: "right" },
  { title: "age", align: "right" },
  { title: "reconnects", align: "right" },
  { title: "status" }
]

const statusCell = ({ because, status }: View): Table.Cell => {
  const text = because === undefined ? status : `${status}: ${because}`
  switch (status) {
    case "live":
      return { text, tone: "good" }
    case "polled":
    case "waiting":
      return text
    default:
      return { text, tone: "bad" }
  }
}
