/**
 * The commands that list markets and download candles. Their code is loaded on demand.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as CandleOptions from "./CandleOptions.js"
import type * as ExchangeOptions from "./ExchangeOptions.js"
import { once } from "./internal/once.js"
import * as MarketOptions from "./MarketOptions.js"
import * as Network from "./Network.js"
import * as Options from "./Options.js"
import * as Stop from "./Stop.js"
import * as Symbols from "./Symbols.js"

/**
 * Creates the commands.
 *
 * @since 0.1.0
 * @category commands
 */
export const all = (options: ExchangeOptions.ExchangeOptions) => [markets(options), candles(options)] as const

const modules = {
  Markets: once(() => import("./commands/Markets.js")),
  Candles: once(() => import("./commands/Candles.js"))
}

/**
 * Loads the code of all commands.
 *
 * @since 0.1.0
 * @category loading
 */
export const load: Effect.Effect<void> = Effect.all(modules, { discard: true })

const markets = (options: ExchangeOptions.ExchangeOptions) =>
  Command.make(
    "markets",
    {
      text: MarketOptions.text,
      ...options.settings,
      kind: MarketOptions.kind,
      all: MarketOptions.allMarkets,
      json: Options.json
    },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Markets, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    "Lists the markets of exchanges, with the steps of their prices and amounts and the smallest order. "
      + "Exit code 0: every exchange answered, whether or not it has such markets; 1: an exchange failed; 2: invalid usage."
  ))

const candles = (options: ExchangeOptions.ExchangeOptions) =>
  Command.make(
    "candles",
    {
      symbol: Symbols.one,
      ...options.one,
      interval: CandleOptions.interval,
      from: CandleOptions.from,
      to: CandleOptions.to,
      format: CandleOptions.format,
      output: CandleOptions.output,
      json: Options.json
    },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Candles, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    "Downloads the candles of a market over a range, oldest first, as CSV, JSON lines, Parquet or a table. Candles are written as they arrive, and the "
      + "unfinished one is left out. With --output they go to a file, and running the same command again continues the file. "
      + "Exit code 0: all candles were received; 1: the exchange failed, and the candles received so far are kept; 2: invalid usage, or the file contains "
      + "something else."
  ))
