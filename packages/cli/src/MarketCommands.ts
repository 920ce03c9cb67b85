/**
 * The commands that list markets and download candles. Their code is loaded on demand.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as CandleOptions from "./CandleOptions.js"
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
export const all = () => [markets(), candles()] as const

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

const markets = () =>
  Command.make(
    "markets",
    {
      text: MarketOptions.text,
      ...Options.settings,
      kind: MarketOptions.kind,
      all: MarketOptions.allMarkets,
      json: Options.json
    },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Markets, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    "The markets that exchanges list, with the steps of their prices and amounts and the smallest order that they take. "
      + "Exit code 0: every exchange answered, whether or not it has such markets; 1: some exchange failed; 2: bad usage."
  ))

const candles = () =>
  Command.make(
    "candles",
    {
      symbol: Symbols.one,
      ...Options.settings,
      exchange: Options.oneExchange,
      interval: CandleOptions.interval,
      from: CandleOptions.from,
      to: CandleOptions.to,
      format: CandleOptions.format,
      output: CandleOptions.output,
      json: Options.json
    },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Candles, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    "The candles of a market over a range, oldest first, as CSV, JSON lines, Parquet or a table; they are written as they come, and the "
      + "one under way is left out. With --output they go to a file, and the same command again goes on where that file ends. "
      + "Exit code 0: all was got; 1: the exchange failed, and what was got before stays; 2: bad usage, or a file that holds "
      + "something else."
  ))
