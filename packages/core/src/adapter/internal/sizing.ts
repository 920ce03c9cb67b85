import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Decimal from "../../model/Decimal.js"
import { InvalidRequest, MalformedResponse, Unsupported } from "../../model/ExchangeError.js"
import { plain } from "../../model/internal/exact.js"
import type { Market } from "../../model/Market.js"
import type { PublicFacts } from "../Declaration.js"

/**
 * The conversion between the exchange's sizes and the library's amounts.
 *
 * @internal
 */
export interface Sizing {
  /** Converts a size of the exchange to an amount. */
  readonly amount: (size: BigDecimal.BigDecimal) => BigDecimal.BigDecimal
  /** Converts an amount to a size of the exchange. Returns `undefined` if there is no exact size. */
  readonly size: (amount: BigDecimal.BigDecimal) => BigDecimal.BigDecimal | undefined
}

const alike: Sizing = { amount: plain, size: (amount) => amount }

const inUnits = (unit: BigDecimal.BigDecimal): Sizing => ({
  amount: (size) => Decimal.of(BigDecimal.normalize(BigDecimal.multiply(size, unit))),
  size: (amount) => {
    const size = BigDecimal.normalize(BigDecimal.unsafeDivide(amount, unit))
    return BigDecimal.equals(BigDecimal.multiply(size, unit), amount) ? size : undefined
  }
})

/**
 * Returns the conversion for a market, or `undefined` if its unit cannot be determined.
 *
 * @internal
 */
export const of = ({ unit }: Pick<PublicFacts<string>, "unit">, market: Market): Sizing | undefined => {
  if (unit === undefined) return alike
  const one = unit(market)
  return one === undefined ? undefined : inUnits(one)
}

/**
 * Returns the conversion for volumes: that of sizes if the declaration says so, and otherwise the identity.
 *
 * @internal
 */
export const volumes = <S extends Sizing | undefined>(
  facts: Pick<PublicFacts<string>, "volumes">,
  what: "tickers" | "candles",
  sizes: S
): S | Sizing => facts.volumes?.includes(what) === true ? sizes : alike

/**
 * Returns the conversion for a market. Fails with `Unsupported` if its unit cannot be determined.
 *
 * @internal
 */
export const required = (
  facts: Pick<PublicFacts<string>, "unit" | "protocol">,
  operation: string,
  market: Market
): Effect.Effect<Sizing, Unsupported> => {
  const sizing = of(facts, market)
  return sizing === undefined
    ? new Unsupported({
      exchange: facts.protocol.exchange,
      operation,
      detail:
        `the value of a contract of ${market.symbol} in ${market.base} changes with its price, so amounts cannot be ` +
        "determined",
      alternative: "use `request` with the endpoint, which counts in contracts"
    })
    : Effect.succeed(sizing)
}

/**
 * Converts an amount to a size. Fails with `Unsupported` if the unit of the market cannot be determined, and with
 * `InvalidRequest` if there is no exact size.
 *
 * @internal
 */
export const sized = (
  facts: Pick<PublicFacts<string>, "unit" | "protocol">,
  operation: string,
  market: Market,
  amount: BigDecimal.BigDecimal
): Effect.Effect<BigDecimal.BigDecimal, Unsupported | InvalidRequest> =>
  Effect.flatMap(required(facts, operation, market), ({ size }) => {
    const found = size(amount)
    return found === undefined
      ? new InvalidRequest({
        exchange: facts.protocol.exchange,
        operation,
        detail: `the amount ${Decimal.format(amount)} of ${market.symbol} cannot be expressed exactly in contracts`
      })
      : Effect.succeed(found)
  })

/**
 * Creates the error for a row about another market than the requested one.
 *
 * @internal
 */
export const foreign = (
  exchange: string,
  operation: string,
  market: Market,
  row: { readonly market: string }
): MalformedResponse =>
  new MalformedResponse({
    exchange,
    operation,
    detail: `requested ${market.symbol} (${market.id}), but the response is about ${
      JSON.stringify(row.market.slice(0, 60))
    }`
  })
