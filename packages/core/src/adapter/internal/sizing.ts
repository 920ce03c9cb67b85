import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Decimal from "../../model/Decimal.js"
import { InvalidRequest, MalformedResponse, Unsupported } from "../../model/ExchangeError.js"
import type { Market } from "../../model/Market.js"
import type { PublicFacts } from "../Declaration.js"

/**
 * What the exchange counts in, and our amounts.
 *
 * @internal
 */
export interface Sizing {
  /** An amount of ours from a size of theirs. */
  readonly amount: (size: BigDecimal.BigDecimal) => BigDecimal.BigDecimal
  /** A size of theirs from an amount of ours; none where it cannot be said exactly. */
  readonly size: (amount: BigDecimal.BigDecimal) => BigDecimal.BigDecimal | undefined
}

const alike: Sizing = { amount: (size) => size, size: (amount) => amount }

const inUnits = (unit: BigDecimal.BigDecimal): Sizing => ({
  amount: (size) => Decimal.of(BigDecimal.normalize(BigDecimal.multiply(size, unit))),
  size: (amount) => {
    const size = BigDecimal.normalize(BigDecimal.unsafeDivide(amount, unit))
    return BigDecimal.equals(BigDecimal.multiply(size, unit), amount) ? size : undefined
  }
})

/**
 * How sizes of a market are counted; none where that cannot be told.
 *
 * @internal
 */
export const of = ({ unit }: Pick<PublicFacts<string>, "unit">, market: Market): Sizing | undefined => {
  if (unit === undefined) return alike
  const one = unit(market)
  return one === undefined ? undefined : inUnits(one)
}

/**
 * How volumes are counted: as sizes where the exchange says so, and as they are otherwise.
 *
 * @internal
 */
export const volumes = <S extends Sizing | undefined>(
  facts: Pick<PublicFacts<string>, "volumes">,
  what: "tickers" | "candles",
  sizes: S
): S | Sizing => facts.volumes?.includes(what) === true ? sizes : alike

/**
 * How sizes of a market are counted, for an operation that needs it.
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
      detail: `what a contract of ${market.symbol} is worth in ${market.base} changes with its price, so its amounts ` +
        "cannot be told",
      alternative: "use `request` with the endpoint, which counts in contracts"
    })
    : Effect.succeed(sizing)
}

/**
 * The size of an amount, or why there is none.
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
        detail: `the amount ${Decimal.format(amount)} of ${market.symbol} cannot be said exactly in contracts`
      })
      : Effect.succeed(found)
  })

/**
 * A row of another market than was asked for.
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
    detail: `asked for ${market.symbol} (${market.id}), the answer is about ${JSON.stringify(row.market.slice(0, 60))}`
  })
