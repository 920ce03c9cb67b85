/**
 * Bybit's markets, and their names.
 *
 * A market's `id` is Bybit's own name for it. Spot and linear contracts share names (`BTCUSDT` is both), so a name stands
 * for one market only together with its category, which a market's kind tells.
 *
 * @since 0.1.0
 */
import { Decimal, ExchangeSymbol, type Market } from "@effect-exchange/core"
import type { Listing, Wire } from "@effect-exchange/core/adapter"
import type * as Endpoints from "./Endpoints.js"
import type * as Rows from "./Rows.js"

/**
 * Tells the category of a market.
 *
 * @since 0.1.0
 * @category names
 */
export const categoryOf = ({ inverse, kind }: Pick<Market.Market, "kind" | "inverse">): Endpoints.Category =>
  kind === "spot" ? "spot" : inverse === true ? "inverse" : "linear"

/**
 * Names a market as Bybit does.
 *
 * @since 0.1.0
 * @category names
 */
export const named = (market: Market.Market): Endpoints.Named => ({ category: categoryOf(market), symbol: market.id })

/**
 * Makes one name of both.
 *
 * @since 0.1.0
 * @category names
 */
export const nameOf = ({ category, symbol }: Endpoints.Named): string => `${category}:${symbol}`

/**
 * Gives rows of a category the names that its markets have among all.
 *
 * @since 0.1.0
 * @category names
 */
export const within = <A extends { readonly market: string }>(
  category: Endpoints.Category,
  { rows, unknown }: Listing.Listing<A>
): Listing.Listing<A> => ({
  rows: rows.map((row) => ({ ...row, market: nameOf({ category, symbol: row.market }) })),
  unknown: unknown.map((row) => ({
    ...row,
    market: row.market === undefined ? undefined : nameOf({ category, symbol: row.market })
  }))
})

const one = Decimal.make("1")

/**
 * Reads a market. What has no symbol in our notation is left out, and what is neither a perpetual nor, with its day, a future:
 * without the day it would pass for the perpetual of the same coins. One inverse contract is one unit of its quote coin.
 *
 * @since 0.1.0
 * @category markets
 */
export const market =
  (category: Endpoints.Category) => (row: Wire.Type<typeof Rows.Instrument>): Market.Market | undefined => {
    const { base, contract, delivery, id, maxPrice, minPrice, quote, settle, status, tickSize } = row
    const assets = { base, quote, settle }
    const known = { id, status, tickSize, minPrice, maxPrice }
    if (category === "spot") {
      const symbol = ExchangeSymbol.fromAssets({ base, quote })
      // Spot has a `minOrderQty` as well, which does not count any more.
      return symbol && {
        ...known,
        symbol,
        kind: "spot",
        base,
        quote,
        lotSize: row.basePrecision,
        maxAmount: row.maxLimitOrderQty ?? row.maxOrderQty,
        minNotional: row.minOrderAmt
      }
    }
    if (contract === undefined || settle === undefined || (contract === "future" && !delivery)) return undefined
    const symbol = ExchangeSymbol.fromAssets({ ...assets, expiry: contract === "future" ? delivery : undefined })
    return symbol && {
      ...known,
      ...assets,
      symbol,
      kind: contract,
      lotSize: row.qtyStep,
      minAmount: row.minOrderQty,
      maxAmount: row.maxOrderQty,
      minNotional: row.minNotionalValue,
      ...category === "inverse" ? { inverse: true, multiplier: one } : {}
    }
  }
