import * as BigDecimal from "effect/BigDecimal"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Json } from "../../internal/json.js"
import { catalogue, type Coin, list } from "../../internal/listed.js"

const asset = <Name extends string>(
  name: Name,
  id: string,
  altname: string,
  decimals: number,
  displayDecimals: number
) => ({
  name,
  id,
  altname,
  decimals,
  displayDecimals
})

/** @internal An asset with its three names: `BTC` in this package, `XXBT` in responses, `XBT` in requests. */
export type Asset = ReturnType<typeof asset>

type Base = ReturnType<typeof asset<Coin>>

const bitcoin = asset("BTC", "XXBT", "XBT", 10, 5)
const ether = asset("ETH", "XETH", "ETH", 10, 5)
const solana = asset("SOL", "SOL", "SOL", 10, 5)
const ripple = asset("XRP", "XXRP", "XRP", 8, 5)
const tether = asset("USDT", "USDT", "USDT", 8, 4)
const dollar = asset("USD", "ZUSD", "USD", 4, 2)
const euro = asset("EUR", "ZEUR", "EUR", 4, 2)

/** @internal */
export const assets: ReadonlyArray<Asset> = [bitcoin, ether, solana, ripple, tether, dollar, euro]

/** @internal Returns an asset of the account. An asset without a market has the same name everywhere. */
export const assetNamed = (name: string): Asset =>
  assets.find((asset) => asset.name === name) ?? asset(name, name, name, 8, 5)

/** @internal The decimals of volumes on every pair. */
export const lotDecimals = 8
/** @internal The decimals of costs and fees on every pair. */
export const costDecimals = 5

/** @internal */
export const makerFee = Decimal.literal("0.0025")
/** @internal */
export const takerFee = Decimal.literal("0.004")

const pair = (
  base: Base,
  quote: Asset,
  priceDecimals: number,
  least: string,
  leastNotional: string,
  status: "online" | "cancel_only" = "online"
) => {
  const altname = base.altname + quote.altname
  // Only pairs of two old assets have prefixes in their id.
  const old = base.id !== base.altname && quote.id !== quote.altname
  const terms = list({
    id: old ? base.id + quote.id : altname,
    kind: "spot",
    base: base.name,
    quote: quote.name,
    crossing: "refuses",
    tick: Decimal.plain(BigDecimal.make(1n, priceDecimals)),
    lot: Decimal.plain(BigDecimal.make(1n, lotDecimals)),
    least,
    leastNotional,
    feesInQuote: true,
    makerFee: Decimal.plain(makerFee),
    takerFee: Decimal.plain(takerFee),
    traded: status === "online"
  })
  return { ...terms, altname, base, quote, priceDecimals, status, wsname: `${base.altname}/${quote.altname}` }
}

/** @internal The constant properties of a Kraken pair. Responses use its id, and requests its `altname`. */
export type KrakenListing = ReturnType<typeof pair>

/** @internal All pairs of the simulated Kraken. One of them only accepts cancellations. */
export const listings: ReadonlyArray<KrakenListing> = [
  pair(bitcoin, dollar, 1, "0.00005", "0.5"),
  pair(bitcoin, tether, 1, "0.00005", "0.5"),
  pair(ether, tether, 2, "0.001", "0.5"),
  pair(ether, bitcoin, 5, "0.001", "0.00002"),
  pair(solana, dollar, 2, "0.02", "0.5"),
  pair(ripple, dollar, 5, "1.65", "0.5"),
  pair(solana, euro, 2, "0.02", "0.45", "cancel_only")
]

/** @internal */
export const { fills, find: pairOf } = catalogue(listings)

/** @internal Finds a pair by any of the names that a request may use. */
export const findPair = (name: string): KrakenListing | undefined =>
  listings.find((listing) => name === listing.id || name === listing.altname || name === listing.wsname)

/** @internal Encodes an asset as `Assets` returns it. */
export const assetRow = (asset: Asset): Json => ({
  aclass: "currency",
  altname: asset.altname,
  decimals: asset.decimals,
  display_decimals: asset.displayDecimals,
  status: "enabled"
})

/** @internal Encodes a pair as `AssetPairs` returns it. */
export const pairRow = (listing: KrakenListing): Json => ({
  altname: listing.altname,
  wsname: listing.wsname,
  aclass_base: "currency",
  base: listing.base.id,
  aclass_quote: "currency",
  quote: listing.quote.id,
  lot: "unit",
  cost_decimals: costDecimals,
  pair_decimals: listing.priceDecimals,
  lot_decimals: lotDecimals,
  lot_multiplier: 1,
  leverage_buy: [],
  leverage_sell: [],
  fees: [[0, 0.4], [10_000, 0.35]],
  fees_maker: [[0, 0.25], [10_000, 0.2]],
  fee_volume_currency: "ZUSD",
  margin_call: 80,
  margin_stop: 40,
  ordermin: Decimal.plain(listing.terms.minAmount),
  costmin: Decimal.plain(listing.terms.minNotional),
  tick_size: Decimal.plain(listing.tickSize),
  status: listing.status
})

/** @internal Formats a price of market data, which often has more decimals than the tick size. */
export const shownPrice = (listing: KrakenListing, price: BigDecimal.BigDecimal): string =>
  Decimal.fixed(price, Math.max(5, listing.priceDecimals))

/** @internal Formats a volume with at least three decimals. */
export const shownVolume = (volume: BigDecimal.BigDecimal): string =>
  Decimal.fixed(volume, Math.max(3, BigDecimal.normalize(volume).scale))
