import type { Account, Credentials, Environment, MarketData, OrderJournal, Trading } from "@effect-exchange/core"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { AccountFeedSuite } from "@effect-exchange/testing"
import type { HttpClient } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Effect, type Layer } from "effect"

/** The subject of the suite of account feeds, for an exchange of this repository. */
export interface Subject
  extends Pick<AccountFeedSuite.Subject<never, never, never>, "symbol" | "amount" | "half" | "other">
{
  readonly id: Simulator.ExchangeId
  readonly layer: (options: {
    readonly environment: Environment.Custom
    readonly credentials: Credentials.Credentials
  }) => Layer.Layer<
    MarketData.MarketData | Account.Account | Trading.Trading,
    unknown,
    HttpClient.HttpClient | OrderJournal.OrderJournal
  >
}

/** Replaces the amounts in balance frames by a word that is not a number. */
const corruptBalances = (text: string): string =>
  text.replace(/("(?:f|eq|walletBalance|equity|marginBalance)":)(?:"[\d.]+"|[\d.]+)/g, "$1\"haunted\"")

/** Replaces the prices in fill frames by a word that is not a number. */
const corruptFills = (text: string): string =>
  text.replace(/("(?:L|execPrice|fillPx|lastPx|last_price|price)":)(?:"[\d.]+"|[\d.]+)/g, "$1\"haunted\"")

const runner = { describe, expect, it }

const simulated = ({ id, layer, ...subject }: Subject) => ({
  ...subject,
  name: `${id} on the simulator`,
  client: (credentials: Credentials.Credentials) => layer({ environment: Simulator.environment(id), credentials }),
  credentials: Simulator.credentials(id, "trade"),
  another: Simulator.credentials(id, "withdraw"),
  simulator: Simulator.layer(id),
  control: Effect.flatMap(Simulator.Simulators, ({ get }) => get(id)),
  faults: {
    none: Faults.none,
    outage: Faults.outage,
    clockSkew: Faults.make({ clockSkew: { ahead: "10 minutes" } })
  },
  corrupt: { fills: corruptFills, balances: corruptBalances }
})

/** Registers the cases that take little time. */
export const register = (subject: Subject): void => AccountFeedSuite.register(runner, simulated(subject))

/** Registers the cases that take longer. */
export const registerSlow = (subject: Subject): void => AccountFeedSuite.registerSlow(runner, simulated(subject))
