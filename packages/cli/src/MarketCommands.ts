/**
 * The commands that say what exchanges list and what it cost, and where their code is.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import { once } from "./internal/once.js"
import * as MarketOptions from "./MarketOptions.js"
import * as Network from "./Network.js"
import * as Options from "./Options.js"
import * as Stop from "./Stop.js"

/**
 * @since 0.1.0
 * @category commands
 */
export const all = () => [markets()] as const

const modules = {
  Markets: once(() => import("./commands/Markets.js"))
}

/**
 * Loads their code.
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
