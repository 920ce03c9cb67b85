import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Markets } from "../../engine/Markets.js"
import type { MarketDataError } from "../../model/ExchangeError.js"
import type { Fill } from "../../model/Fill.js"
import { plain } from "../../model/internal/exact.js"
import type * as Listing from "../../model/Listing.js"
import type { Market } from "../../model/Market.js"
import type { Order } from "../../model/Order.js"
import type { Account, PublicFacts } from "../Declaration.js"
import type * as Row from "../Row.js"
import * as sizing from "./sizing.js"

/**
 * Converts an order to the library's model.
 *
 * @internal
 */
export const order = (
  exchange: string,
  { market: _, ...row }: Row.Order,
  { symbol }: Market,
  { amount }: sizing.Sizing
): Order => ({
  ...row,
  exchange,
  symbol,
  price: plain(row.price),
  amount: row.amount === undefined ? undefined : amount(row.amount),
  filled: amount(row.filled),
  averagePrice: plain(row.averagePrice)
})

/**
 * Converts a fill to the library's model. `feeIn` is the currency of a fee whose row names no asset.
 *
 * @internal
 */
export const fill = (
  exchange: string,
  feeIn: Account["fills"]["feeIn"],
  { market: _, ...row }: Row.Fill,
  market: Market,
  { amount }: sizing.Sizing
): Fill => ({
  ...row,
  exchange,
  symbol: market.symbol,
  price: plain(row.price),
  amount: amount(row.amount),
  fee: plain(row.fee),
  feeAsset: row.feeAsset ?? (feeIn !== undefined && row.fee !== undefined ? market[feeIn] : undefined)
})

/**
 * Converts rows of any market to the library's model. Rows whose market is not listed or has no unit are reported
 * separately, in `unknown`.
 *
 * @internal
 */
export const aboutAny = <A extends { readonly market: string; readonly id?: string | undefined }, B>(
  facts: Pick<PublicFacts<string>, "unit">,
  markets: Markets,
  rows: Listing.Listing<A>,
  to: (row: A, market: Market, amounts: sizing.Sizing) => B
): Effect.Effect<Listing.Listing<B>, MarketDataError> =>
  Effect.gen(function*() {
    const known: Array<B> = []
    const unknown = [...rows.unknown]
    for (const row of rows.rows) {
      const market = Option.getOrUndefined(yield* markets.byId(row.market))
      const amounts = market === undefined ? undefined : sizing.of(facts, market)
      if (market === undefined || amounts === undefined) {
        unknown.push({
          id: row.id,
          market: row.market,
          clientOrderId: undefined,
          createdAt: undefined,
          detail: market === undefined ? "the market is not listed" : "the contract value of the market is not fixed"
        })
      } else {
        known.push(to(row, market, amounts))
      }
    }
    return { rows: known, unknown }
  })
