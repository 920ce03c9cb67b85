/**
 * `exchange trades`: trades as they happen.
 *
 * @since 0.1.0
 */
import { Decimal, type ExchangeSymbol, FeedItem, type Trade } from "@effect-exchange/core"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Advice from "../Advice.js"
import * as Answers from "../Answers.js"
import * as Connections from "../Connections.js"
import { Incomplete, type UsageError } from "../Failure.js"
import type * as Options from "../Options.js"
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
  readonly json: boolean
}

/**
 * Prints each trade as a line. Changes of the stream status are notes on standard error, or lines of JSON with `json`.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = (
  input: Input
): Effect.Effect<void, UsageError | Incomplete, Connections.Network | Screen.Screen> =>
  Effect.scoped(Effect.gen(function*() {
    const { json, symbol } = input
    const screen = yield* Screen.Screen
    const connections = yield* Connections.open(input)
    if (!json) yield* Effect.forEach(Answers.simulation(input), Screen.line, { discard: true })
    yield* Concurrent.forEach(
      connections,
      ({ exchange, market }) =>
        market.streamTrades(symbol, { buffer: FeedItem.sliding(10_000) }).pipe(
          Stream.runForEach((item) => {
            if (json) return Screen.line(encode(exchange, item))
            return item._tag === "Data"
              ? Screen.line(render(item.value, screen.colors))
              : Screen.note(`${exchange} ${symbol}: ${describe(item)}`)
          }),
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

/** Encodes an item as one line of JSON, with decimals as strings. */
const encode = (exchange: string, item: FeedItem.FeedItem<Trade.Trade>): string =>
  JSON.stringify(
    item._tag === "Data"
      ? {
        _tag: item._tag,
        ...item.value,
        price: Decimal.format(item.value.price),
        amount: Decimal.format(item.value.amount)
      }
      : { exchange, ...item }
  )

const render = ({ amount, at, price, side, symbol }: Trade.Trade, colors: boolean): string =>
  [
    DateTime.formatIso(DateTime.unsafeMake(at)),
    symbol,
    Table.paint(side.padEnd(4), side === "buy" ? "good" : "bad", colors),
    Decimal.format(price).padStart(14),
    Decimal.format(amount)
  ].join("  ")

const describe = (status: FeedItem.Status): string => {
  switch (status._tag) {
    case "Connected":
      return "connected"
    case "Resynced":
      return "reconnected"
    case "Dropped":
      return `${status.count} trades were dropped, because they arrived faster than they could be printed`
    case "Reconnecting":
    case "Stale":
      return `not live: ${status.because}`
  }
}
