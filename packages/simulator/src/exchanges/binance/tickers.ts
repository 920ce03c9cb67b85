import * as BigDecimal from "effect/BigDecimal"
import * as Record from "effect/Record"
import type { World } from "../../Dialect.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Quote } from "../../engine/Market.js"
import type { Json } from "../../internal/json.js"
import { type BinanceListing, coin } from "./markets.js"

/** @internal Returns the quote of a symbol. It is all zeros for a symbol that is not traded. */
export const quoteOf = (listing: BinanceListing, world: World): Quote => {
  const quote = world.quote(listing)
  if (listing.status === "TRADING") return quote
  const { trades: _, ...amounts } = quote
  return { ...Record.map(amounts, () => Decimal.zero), trades: 0 }
}

/** @internal Encodes a row of `ticker/24hr`, either FULL or MINI. */
export const statistics = (
  listing: BinanceListing,
  world: World,
  full: boolean
): { readonly [name: string]: Json } => {
  const quote = quoteOf(listing, world)
  const change = BigDecimal.subtract(quote.last, quote.open)
  const percent = Decimal.ratio(BigDecimal.multiply(change, Decimal.literal("100")), quote.open, 3)
  const firstId = Math.floor(world.now / 1000)
  const whole = {
    priceChange: coin(change),
    priceChangePercent: Decimal.fixed(percent, 3),
    weightedAvgPrice: coin(Decimal.ratio(quote.quoteVolume, quote.volume, 8)),
    prevClosePrice: coin(quote.open),
    lastQty: coin(quote.lastSize),
    bidPrice: coin(quote.bid),
    bidQty: coin(quote.bidSize),
    askPrice: coin(quote.ask),
    askQty: coin(quote.askSize)
  }
  return {
    symbol: listing.id,
    ...(full ? whole : {}),
    openPrice: coin(quote.open),
    highPrice: coin(quote.high),
    lowPrice: coin(quote.low),
    lastPrice: coin(quote.last),
    volume: coin(quote.volume),
    quoteVolume: coin(quote.quoteVolume),
    openTime: world.now - 86_400_000,
    closeTime: world.now,
    firstId: quote.trades === 0 ? -1 : firstId,
    lastId: quote.trades === 0 ? -1 : firstId + quote.trades - 1,
    count: quote.trades
  }
}
