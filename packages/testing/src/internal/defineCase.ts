import { Account, type ExchangeError, MarketData } from "@effect-exchange/core"
import * as Effect from "effect/Effect"
import type { About, AccountCase, MarketDataCase, Subject } from "../ContractCase.js"
import { Broken, runCase } from "./judging.js"

/** @internal */
export const about = (
  id: string,
  title: string,
  needs: About["needs"] = [],
  skipWhen?: About["skipWhen"]
): About => ({ id, title, needs, skipWhen })

/** @internal */
export const defineMarketData = (
  about: About,
  body: (
    service: MarketData.MarketData.Service,
    subject: Subject
  ) => Effect.Effect<void, Broken | ExchangeError.ExchangeError>
): MarketDataCase => ({
  ...about,
  capability: "marketData",
  run: runCase(about, (subject) => Effect.flatMap(MarketData.MarketData, (service) => body(service, subject)))
})

/** @internal */
export const defineAccount = (
  about: About,
  body: (
    service: Account.Account.Service,
    subject: Subject,
    symbols: Effect.Effect<ReadonlyArray<string>, Broken | ExchangeError.MarketDataError>
  ) => Effect.Effect<unknown, Broken | ExchangeError.ExchangeError>
): AccountCase => ({
  ...about,
  capability: "account",
  run: runCase(about, (subject) =>
    Effect.flatMap(
      Effect.all([Account.Account, MarketData.MarketData]),
      ([service, marketData]) => body(service, subject, symbolsOf(marketData, subject))
    ))
})

/**
 * Returns the symbols to use: the given ones, or the first three open markets.
 *
 * @internal
 */
export const symbolsOf = (
  service: MarketData.MarketData.Service,
  subject: Subject
): Effect.Effect<ReadonlyArray<string>, Broken | ExchangeError.MarketDataError> =>
  subject.symbols !== undefined
    ? Effect.succeed(subject.symbols)
    : Effect.filterOrFail(
      Effect.map(
        service.markets,
        (markets) => markets.filter(({ status }) => status === "open").slice(0, 3).map(({ symbol }) => symbol)
      ),
      (symbols) => symbols.length > 0,
      () => new Broken({ detail: "no market is open, so the case has no symbol to use" })
    )

/** @internal */
export const first = (symbols: ReadonlyArray<string>): string => symbols[0] ?? ""
