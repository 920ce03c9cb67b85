/**
 * Bybit's markets and their names.
 *
 * The `id` of a market is Bybit's own name for it. Spot and linear contracts share names (`BTCUSDT` is both). A name
 * therefore identifies a market only together with its category, which follows from the market's kind.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import type { Listing, Row, Wire } from "@effect-exchange/core/adapter"
import type * as Rows from "./Rows.js"

/**
 * The category of a request. The name of a market is unique only within a category. Options are not supported.
 *
 * @since 0.1.0
 * @category models
 */
export type Category = "spot" | "linear" | "inverse"

/**
 * A market, identified by its category and its name.
 *
 * @since 0.1.0
 * @category models
 */
export type Named = { readonly category: Category; readonly symbol: string }

/**
 * Returns the category of a market.
 *
 * @since 0.1.0
 * @category names
 */
export const categoryOf = ({ inverse, kind }: Pick<Market.Market, "kind" | "inverse">): Category =>
  kind === "spot" ? "spot" : inverse === true ? "inverse" : "linear"

/**
 * Returns the category and the name of a market.
 *
 * @since 0.1.0
 * @category names
 */
export const named = (market: Market.Market): Named => ({ category: categoryOf(market), symbol: market.id })

/**
 * Returns a name that is unique across all categories.
 *
 * @since 0.1.0
 * @category names
 */
export const nameOf = ({ category, symbol }: Named): string => `${category}:${symbol}`

/**
 * Qualifies the market of each row with the category.
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
 * Reads an order. A market buy on spot that does not report the unit of its size is sized in the quote coin, as every
 * market buy with a trigger is.
 *
 * @since 0.1.0
 * @category orders
 */
export const order = (category: Category) => ({ isMarket, row, unit }: Wire.Type<typeof Rows.Order>): Row.Order =>
  category === "spot" && isMarket && row.side === "buy" && unit === undefined
    ? { ...row, amount: undefined }
    : row
