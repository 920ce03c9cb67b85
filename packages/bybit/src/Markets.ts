/**
 * Bybit's markets, and their names.
 *
 * A market's `id` is Bybit's own name for it. Spot and linear contracts share names (`BTCUSDT` is both), so a name stands
 * for one market only together with its category, which a market's kind tells.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import type { Listing, Row, Wire } from "@effect-exchange/core/adapter"
import type * as Rows from "./Rows.js"

/**
 * What a request is about; a name of a market is unique within one only. Options are left out.
 *
 * @since 0.1.0
 * @category models
 */
export type Category = "spot" | "linear" | "inverse"

/**
 * A market.
 *
 * @since 0.1.0
 * @category models
 */
export type Named = { readonly category: Category; readonly symbol: string }

/**
 * Tells the category of a market.
 *
 * @since 0.1.0
 * @category names
 */
export const categoryOf = ({ inverse, kind }: Pick<Market.Market, "kind" | "inverse">): Category =>
  kind === "spot" ? "spot" : inverse === true ? "inverse" : "linear"

/**
 * Names a market as Bybit does.
 *
 * @since 0.1.0
 * @category names
 */
export const named = (market: Market.Market): Named => ({ category: categoryOf(market), symbol: market.id })

/**
 * Makes one name of both.
 *
 * @since 0.1.0
 * @category names
 */
export const nameOf = ({ category, symbol }: Named): string => `${category}:${symbol}`

/**
 * Gives rows of a category the names that its markets have among all.
 *
 * @since 0.1.0
 * @category names
 */
export const within = <A extends { readonly market: string }>(
  category: Category,
  { rows, unknown }: Listing.Listing<A>
): Listing.Listing<A> => ({
  rows: rows.map((row) => ({ ...row, market: nameOf({ category, symbol: row.market }) })),
  unknown: unknown.map((row) => ({
    ...row,
    market: row.market === undefined ? undefined : nameOf({ category, symbol: row.market })
  }))
})

/**
 * Reads an order. On spot, a market buy that does not say what its size is in is sized in the quote coin.
 *
 * @since 0.1.0
 * @category orders
 */
export const order = (category: Category) => ({ row, unit }: Wire.Type<typeof Rows.Order>): Row.Order =>
  category === "spot" && row.type === "market" && row.side === "buy" && unit === undefined
    ? { ...row, amount: undefined }
    : row
