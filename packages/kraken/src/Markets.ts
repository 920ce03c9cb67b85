/**
 * Kraken's markets and the names of their assets.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import type { Row, Wire } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import type * as Rows from "./Rows.js"

// Kraken calls Bitcoin `XBT` and Dogecoin `XDG`. All other assets have the same name.
const renamed: ReadonlyMap<string, string> = new Map([["XBT", "BTC"], ["XDG", "DOGE"]])
const original: ReadonlyMap<string, string> = new Map(
  Array.from(renamed, ([krakenName, commonName]) => [commonName, krakenName])
)

/**
 * Returns the common name of an asset, given its `altname`.
 *
 * @since 0.1.0
 * @category names
 */
export const assetName = (altname: string): string => renamed.get(altname) ?? altname

/**
 * Returns the name of a market in orders: the names of its two assets joined (`XBTUSD`). Tickers and fills have the
 * market's id (`XXBTZUSD`), and the socket has its symbol (`BTC/USD`).
 *
 * @since 0.1.0
 * @category names
 */
export const altnameOf = ({ base, quote }: Pick<Market.Market, "base" | "quote">): string =>
  `${original.get(base) ?? base}${original.get(quote) ?? quote}`

/**
 * Reads a market. Returns `undefined` for a pair without `wsname`, or whose `altname` is not the names of its two assets
 * joined.
 *
 * @since 0.1.0
 * @category reading
 */
export const read = (
  { altname, lotDecimals, priceDecimals, wsname, ...row }: Wire.Type<typeof Rows.Pair>
): Row.Market | undefined => {
  const [first = "", second = ""] = wsname?.split("/") ?? []
  const [base, quote] = [assetName(first), assetName(second)]
  return altname !== altnameOf({ base, quote }) ? undefined : {
    ...row,
    kind: "spot",
    base,
    quote,
    // With all decimals of the pair, in which the checksum of an order book prints prices. The tick may be coarser.
    tickSize: withDecimals(row.tickSize ?? BigDecimal.make(1n, priceDecimals), priceDecimals),
    lotSize: BigDecimal.make(1n, lotDecimals)
  }
}

const withDecimals = (value: BigDecimal.BigDecimal, decimals: number): BigDecimal.BigDecimal =>
  BigDecimal.scale(value, Math.max(value.scale, decimals))
