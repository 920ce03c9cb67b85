import { ExchangeError, type Market } from "@effect-exchange/core"
import type { Markets } from "@effect-exchange/core/adapter"
import type * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Mapping from "../Mapping.js"
import { protocol } from "../Protocol.js"

const { exchange } = protocol

/**
 * What one unit of quantity of a market is in our amounts.
 *
 * @internal
 */
export const unitOf = (
  operation: string,
  market: Market.Market
): Effect.Effect<BigDecimal.BigDecimal, ExchangeError.Unsupported> => {
  const unit = Mapping.unit(market)
  return unit === undefined
    ? new ExchangeError.Unsupported({
      exchange,
      operation,
      detail: `what a contract of ${market.symbol} is worth in ${market.base} changes with its price, so its amounts ` +
        "cannot be told",
      alternative: "use `request` with the endpoint, which counts in contracts"
    })
    : Effect.succeed(unit)
}

/**
 * The market that a row is of, and its unit; `expected` is the one that was asked for, if one was.
 *
 * @internal
 */
export const marketOf = (
  operation: string,
  markets: Markets.Markets,
  id: string,
  expected?: Market.Market
): Effect.Effect<readonly [Market.Market, BigDecimal.BigDecimal], ExchangeError.MarketDataError> =>
  Effect.flatMap(
    expected?.id === id ? Effect.succeedSome(expected) : markets.byId(id),
    Option.match({
      onNone: (): Effect.Effect<readonly [Market.Market, BigDecimal.BigDecimal], ExchangeError.MarketDataError> =>
        new ExchangeError.MalformedResponse({
          exchange,
          operation,
          detail: `the answer is about "${id.slice(0, 20)}", which is not among the markets`
        }),
      onSome: (market) => Effect.map(unitOf(operation, market), (unit) => [market, unit] as const)
    })
  )
