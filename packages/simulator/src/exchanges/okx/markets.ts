import * as BigDecimal from "effect/BigDecimal"
import * as Decimal from "../../engine/internal/decimal.js"
import { columns, type Json } from "../../internal/json.js"
import { catalogue, type Coin, list } from "../../internal/listed.js"

const fees = {
  SPOT: { makerFee: "0.0008", takerFee: "0.001" },
  SWAP: { makerFee: "0.0002", takerFee: "0.0005" }
}

const one = Decimal.literal("1")

// Lot sizes and minimum sizes of swaps are in contracts. The contract value is in the base currency, or in the quote
// currency for inverse contracts.
const listed = (
  code: number,
  base: Coin,
  quote: string,
  tick: string,
  lot: string,
  least: string,
  contractValue = "",
  state: "live" | "suspend" = "live"
) => {
  const instType = contractValue === "" ? "SPOT" : "SWAP"
  const isSpot = instType === "SPOT"
  // The engine counts linear contracts in coins and inverse ones in contracts.
  const unit = isSpot || quote === "USD" ? one : Decimal.literal(contractValue)
  const inUnits = (size: string) => Decimal.plain(BigDecimal.multiply(Decimal.literal(size), unit))
  const listing = list({
    id: `${base}-${quote}${isSpot ? "" : "-SWAP"}`,
    kind: isSpot ? "spot" : "perpetual",
    base,
    quote,
    multiplier: quote === "USD" ? contractValue : "1",
    lot: inUnits(lot),
    least: inUnits(least),
    traded: state === "live",
    tick,
    ...fees[instType]
  })
  return { ...listing, instType, state, code, contractValue, lot, least, unit } as const
}

/** @internal The constant properties of an OKX instrument. */
export type OkxListing = ReturnType<typeof listed>

/** @internal All instruments of the simulated OKX. One of them is suspended. */
export const listings: ReadonlyArray<OkxListing> = [
  listed(101, "BTC", "USDT", "0.1", "0.00000001", "0.00001"),
  listed(102, "ETH", "USDT", "0.01", "0.000001", "0.001"),
  listed(103, "XRP", "USDT", "0.0001", "0.000001", "1"),
  listed(104, "SOL", "USDT", "0.01", "0.000001", "0.01"),
  listed(105, "ETH", "BTC", "0.00001", "0.000001", "0.001"),
  listed(106, "SOL", "USDC", "0.01", "0.000001", "0.01", "", "suspend"),
  listed(10_459, "BTC", "USDT", "0.1", "0.01", "0.01", "0.01"),
  listed(10_461, "ETH", "USDT", "0.01", "0.01", "0.01", "0.1"),
  listed(10_458, "BTC", "USD", "0.1", "1", "1", "100")
]

/** @internal */
export const { events, fills, find, live, orders, positions } = catalogue(listings)

/** @internal The parameters that filter lists of orders, fills and positions. */
export const marketOf = {
  instType: ({ listing }: { readonly listing: OkxListing }) => listing.instType,
  instId: ({ listing }: { readonly listing: OkxListing }) => listing.id
}

/** @internal Converts an amount of the engine to an OKX size, which is in contracts for swaps. */
export const size = ({ unit }: OkxListing, amount: BigDecimal.BigDecimal): BigDecimal.BigDecimal =>
  unit === one ? amount : Decimal.ratio(amount, unit, 8)

/** @internal Converts an OKX size to an amount of the engine. */
export const amountOf = ({ unit }: OkxListing, size: BigDecimal.BigDecimal): BigDecimal.BigDecimal =>
  BigDecimal.multiply(size, unit)

/** @internal Converts a volume to contracts, truncated to the lot size. A spot volume stays in the base currency. */
export const volume = (
  listing: OkxListing,
  base: BigDecimal.BigDecimal,
  quote: BigDecimal.BigDecimal
): BigDecimal.BigDecimal =>
  listing.instType === "SPOT"
    ? base
    : Decimal.ratio(
      listing.terms.inverse ? quote : base,
      Decimal.literal(listing.contractValue),
      Decimal.literal(listing.lot).scale
    )

/** @internal Encodes an instrument as `public/instruments` returns it. */
export const row = (listing: OkxListing): Json => {
  const { base, inverse, quote, settle } = listing.terms
  const spot = listing.instType === "SPOT"
  const [spotOnly, contractOnly] = [(text: string) => spot ? text : "", (text: string) => spot ? "" : text]
  return {
    ...columns("alias auctionEndTime contTdSwTime expTime openType optType stk", ""),
    ...columns("maxIcebergSz maxTriggerSz maxTwapSz", "100000000.0000000000000000"),
    ...columns("instFamily uly", contractOnly(`${base}-${quote}`)),
    baseCcy: spotOnly(base),
    category: "1",
    ctMult: contractOnly("1"),
    ctType: contractOnly(inverse ? "inverse" : "linear"),
    ctVal: listing.contractValue,
    ctValCcy: contractOnly(inverse ? quote : base),
    futureSettlement: false,
    instId: listing.id,
    instIdCode: listing.code,
    instType: listing.instType,
    lever: spot ? "10" : "100",
    listTime: "1535424203000",
    lotSz: listing.lot,
    maxLmtAmt: "20000000",
    maxLmtSz: "100000000",
    maxMktAmt: spotOnly("1000000"),
    maxMktSz: spot ? "1000000" : "30000",
    maxStopSz: "30000",
    minSz: listing.least,
    quoteCcy: spotOnly(quote),
    ruleType: "normal",
    settleCcy: contractOnly(settle),
    state: listing.state,
    tickSz: Decimal.plain(listing.tickSize),
    tradeQuoteCcyList: spot ? [quote] : []
  }
}
