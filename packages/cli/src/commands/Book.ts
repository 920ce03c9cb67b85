/**
 * `exchange book`: a live order book, with its status.
 *
 * @since 0.1.0
 */
import { type BookView, Decimal, type ExchangeSymbol, FeedItem, type OrderBook } from "@effect-exchange/core"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as BigDecimal from "effect/BigDecimal"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Advice from "../Advice.js"
import * as Answers from "../Answers.js"
import * as Connections from "../Connections.js"
import { Incomplete, type UsageError } from "../Failure.js"
import type * as Options from "../Options.js"
import * as Picture from "../Picture.js"
import * as Screen from "../Screen.js"
import * as Table from "../Table.js"

/**
 * The options of the command.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input extends Options.Settings {
  readonly symbol: ExchangeSymbol.ExchangeSymbol
  readonly depth: number
  readonly json: boolean
}

/**
 * Draws the order book and its status, at most five times a second. With `json`, prints each item of the stream as a
 * line.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = (
  input: Input
): Effect.Effect<void, UsageError | Incomplete, Connections.Network | Screen.Screen> =>
  Effect.scoped(Effect.gen(function*() {
    const { depth, json, symbol } = input
    const screen = yield* Screen.Screen
    const connections = yield* Connections.open(input)
    const draw = json ? screen.out : yield* Picture.make
    yield* Concurrent.forEach(
      connections,
      ({ exchange, market }) =>
        market.streamOrderBook(symbol, { depth, buffer: FeedItem.latest }).pipe(
          json
            ? Stream.mapEffect((item) => Effect.as(draw(`${encode(exchange, item, depth)}\n`), item))
            : (self) => self,
          FeedItem.withStatus,
          Stream.mapEffect((seen) =>
            Effect.gen(function*() {
              const at = yield* Clock.currentTimeMillis
              if (!json) {
                yield* draw(
                  [render(exchange, symbol, seen, depth, at, screen.colors), ...Answers.simulation(input)].join("\n")
                )
              }
              // Limits drawing to what a person can follow. Updates in between appear in the next picture.
              yield* Effect.sleep("200 millis")
            })
          ),
          Stream.runDrain,
          Effect.catchAll((error) =>
            Effect.gen(function*() {
              const near = error._tag === "SymbolNotFound" ? ` ${yield* Advice.from(error, market)}` : ""
              yield* Screen.note(near === "" ? error.message : `${Answers.sentence(error.message)}${near}`)
              return yield* new Incomplete({ exchanges: [exchange] })
            })
          )
        ),
      { concurrency: "unbounded" }
    )
  }))

const plain = (
  { amount, price }: OrderBook.Level
): readonly [string, string] => [Decimal.format(price), Decimal.format(amount)]

/** Encodes an item as one line of JSON, with decimals as strings. */
const encode = (exchange: string, item: FeedItem.FeedItem<BookView.BookView>, depth: number): string => {
  if (item._tag !== "Data") return JSON.stringify({ exchange, ...item })
  const { asks, bids } = item.value.depth(depth)
  return JSON.stringify({
    exchange,
    _tag: "Data",
    symbol: item.value.symbol,
    bids: bids.map(plain),
    asks: asks.map(plain)
  })
}

/**
 * Renders the asks from the worst shown to the best, the spread, and the bids from the best. The length of each bar is
 * relative to the largest amount shown.
 *
 * @since 0.1.0
 * @category getters
 */
export const render = (
  exchange: string,
  symbol: string,
  { because, isLive, reconnects, value }: FeedItem.Seen<BookView.BookView>,
  depth: number,
  at: number,
  colors: boolean
): string => {
  const state = isLive
    ? Table.paint("live", "good", colors)
    : Table.paint(because === undefined ? "not live" : `not live: ${because}`, "bad", colors)
  const head = `${exchange} ${symbol}, ${state}, ${reconnects} reconnects, ${
    DateTime.formatIso(DateTime.unsafeMake(at))
  }`
  if (Option.isNone(value)) return `${head}\n\nwaiting for the order book`
  const { asks, bids } = value.value.depth(depth)
  const largest = [...asks, ...bids].reduce((most, { amount }) => Math.max(most, BigDecimal.unsafeToNumber(amount)), 0)
  const row = (tone: Table.Tone) => (level: OrderBook.Level): ReadonlyArray<Table.Cell> => {
    const [price, amount] = plain(level)
    const share = largest === 0 ? 0 : BigDecimal.unsafeToNumber(level.amount) / largest
    return [{ text: price, tone: isLive ? tone : "faint" }, amount, { text: "▇".repeat(Math.round(share * 24)), tone }]
  }
  const spread = Option.match(value.value.spread, { onNone: () => "", onSome: Decimal.format })
  return `${head}\n\n${
    Table.render(
      [{ title: "price", align: "right" }, { title: "amount", align: "right" }, { title: "" }],
      [
        ...asks.toReversed().map(row("bad")),
        [{ text: spread, tone: "faint" }, { text: "spread", tone: "faint" }, ""],
        ...bids.map(row("good"))
      ],
      colors
    )
  }\n\nPress Ctrl-C to stop`
}
