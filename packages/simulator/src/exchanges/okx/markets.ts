import * as BigDecimal from "effect/BigDecimal"
import type * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Listing } from "../../engine/Market.js"
import type { Json } from "../../internal/json.js"

/** @internal The instrument types that are simulated. */
export type InstType = "SPOT" | "SWAP"

/** @internal An OKX instrument: what never changes about it. */
export interface OkxListing extends Listing {
  readonly instType: InstType
  readonly base: string
  readonly quote: string
  readonly settle: string
  readonly inverse: boolean
  readonly state: "live" | "suspend"
  readonly code: number
  /** Empty for spot, where a size is in the base currency. */
  readonly contractValue: string
  readonly lotSize: string
  readonly minSize: string
  readonly instrument: Engine.Instrument | undefined
}

interface Terms {
  readonly base: string
  readonly quote: string
  readonly underlying: Listing["underlying"]
  readonly code: number
  readonly tickSize: string
  readonly lotSize: string
  readonly minSize: string
  readonly contractValue?: string
  readonly inverse?: boolean
  readonly state?: OkxListing["state"]
}

const one = Decimal.literal("1")

const listing = (
  { contractValue = "", inverse = false, state = "live", ...terms }: Terms
): OkxListing => {
  const { base, code, lotSize, minSize, quote, underlying } = terms
  const spot = contractValue === ""
  const settle = inverse ? base : quote
  const tickSize = Decimal.literal(terms.tickSize)
  const id = spot ? `${base}-${quote}` : `${base}-${quote}-SWAP`
  // The engine counts linear contracts in coins, inverse ones in contracts.
  const unit = spot || inverse ? one : Decimal.literal(contractValue)
  return {
    id,
    symbol: spot ? `${base}/${quote}` : `${base}/${quote}:${settle}`,
    underlying,
    tickSize,
    instType: spot ? "SPOT" : "SWAP",
    base,
    quote,
    settle,
    inverse,
    state,
    code,
    contractValue,
    lotSize,
    minSize,
    instrument: state === "live"
      ? {
        id,
        kind: spot ? "spot" : "perpetual",
        base,
        quote,
        settle,
        inverse,
        multiplier: inverse ? Decimal.literal(contractValue) : one,
        tickSize,
        lotSize: BigDecimal.multiply(Decimal.literal(lotSize), unit),
        minAmount: BigDecimal.multiply(Decimal.literal(minSize), unit),
        minNotional: BigDecimal.make(0n, 0),
        makerFee: Decimal.literal(spot ? "0.0008" : "0.0002"),
        takerFee: Decimal.literal(spot ? "0.001" : "0.0005")
      }
      : undefined
  }
}

/** @internal Everything the simulated OKX lists, one instrument of which is suspended. */
export const listings: ReadonlyArray<OkxListing> = [
  listing({
    base: "BTC",
    quote: "USDT",
    underlying: "BTC",
    code: 101,
    tickSize: "0.1",
    lotSize: "0.00000001",
    minSize: "0.00001"
  }),
  listing({
    base: "ETH",
    quote: "USDT",
    underlying: "ETH",
    code: 102,
    tickSize: "0.01",
    lotSize: "0.000001",
    minSize: "0.001"
  }),
  listing({
    base: "XRP",
    quote: "USDT",
    underlying: "XRP",
    code: 103,
    tickSize: "0.0001",
    lotSize: "0.000001",
    minSize: "1"
  }),
  listing({
    base: "SOL",
    quote: "USDT",
    underlying: "SOL",
    code: 104,
    tickSize: "0.01",
    lotSize: "0.000001",
    minSize: "0.01"
  }),
  listing({
    base: "ETH",
    quote: "BTC",
    underlying: "ETH/BTC",
    code: 105,
    tickSize: "0.00001",
    lotSize: "0.000001",
    minSize: "0.001"
  }),
  listing({
    base: "SOL",
    quote: "USDC",
    underlying: "SOL",
    code: 106,
    tickSize: "0.01",
    lotSize: "0.000001",
    minSize: "0.01",
    state: "suspend"
  }),
  listing({
    base: "BTC",
    quote: "USDT",
    underlying: "BTC",
    code: 10_459,
    tickSize: "0.1",
    lotSize: "0.01",
    minSize: "0.01",
    contractValue: "0.01"
  }),
  listing({
    base: "ETH",
    quote: "USDT",
    underlying: "ETH",
    code: 10_461,
    tickSize: "0.01",
    lotSize: "0.01",
    minSize: "0.01",
    contractValue: "0.1"
  }),
  listing({
    base: "BTC",
    quote: "USD",
    underlying: "BTC",
    code: 10_458,
    tickSize: "0.1",
    lotSize: "1",
    minSize: "1",
    contractValue: "100",
    inverse: true
  })
]

const byId = new Map(listings.map((listing) => [listing.id, listing]))

/** @internal */
export const find = (instId: string): OkxListing | undefined => byId.get(instId)

/** @internal A size as OKX writes it, in contracts where there are such, of an amount of the engine. */
export const size = (listing: OkxListing, amount: BigDecimal.BigDecimal): string =>
  Decimal.plain(
    listing.instType === "SWAP" && !listing.inverse
      ? Decimal.ratio(amount, Decimal.literal(listing.contractValue), 8)
      : amount
  )

/** @internal The amount of the engine that a size is. */
export const amountOf = (listing: OkxListing, size: BigDecimal.BigDecimal): BigDecimal.BigDecimal =>
  listing.instType === "SWAP" && !listing.inverse
    ? BigDecimal.multiply(size, Decimal.literal(listing.contractValue))
    : size

/** @internal Contracts, cut to the lot, that a volume in coins and in the quote currency is; coins for spot. */
export const volume = (
  listing: OkxListing,
  base: BigDecimal.BigDecimal,
  quote: BigDecimal.BigDecimal
): BigDecimal.BigDecimal =>
  listing.instType === "SPOT"
    ? base
    : Decimal.ratio(
      listing.inverse ? quote : base,
      Decimal.literal(listing.contractValue),
      Decimal.literal(listing.lotSize).scale
    )

/** @internal An instrument as `public/instruments` describes it. */
export const row = (listing: OkxListing): Json => {
  const spot = listing.instType === "SPOT"
  const pair = `${listing.base}-${listing.quote}`
  return {
    alias: "",
    auctionEndTime: "",
    baseCcy: spot ? listing.base : "",
    category: "1",
    contTdSwTime: "",
    ctMult: spot ? "" : "1",
    ctType: spot ? "" : listing.inverse ? "inverse" : "linear",
    ctVal: listing.contractValue,
    ctValCcy: spot ? "" : listing.inverse ? listing.quote : listing.base,
    expTime: "",
    futureSettlement: false,
    instFamily: spot ? "" : pair,
    instId: listing.id,
    instIdCode: listing.code,
    instType: listing.instType,
    lever: spot ? "10" : "100",
    listTime: "1535424203000",
    lotSz: listing.lotSize,
    maxIcebergSz: "100000000.0000000000000000",
    maxLmtAmt: "20000000",
    maxLmtSz: "100000000",
    maxMktAmt: spot ? "1000000" : "",
    maxMktSz: spot ? "1000000" : "30000",
    maxStopSz: "30000",
    maxTriggerSz: "100000000.0000000000000000",
    maxTwapSz: "100000000.0000000000000000",
    minSz: listing.minSize,
    openType: "",
    optType: "",
    quoteCcy: spot ? listing.quote : "",
    ruleType: "normal",
    settleCcy: spot ? "" : listing.settle,
    state: listing.state,
    stk: "",
    tickSz: Decimal.plain(listing.tickSize),
    tradeQuoteCcyList: spot ? [listing.quote] : [],
    uly: spot ? "" : pair
  }
}
