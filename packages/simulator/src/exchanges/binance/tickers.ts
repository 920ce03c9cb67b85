import * as BigDecimal from "effect/BigDecimal"
import type { World } from "../../Dialect.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Quote } from "../../engine/Market.js"
import type { Json } from "../../internal/json.js"
import { type BinanceListing, coin } from "./markets.js"

const zero = Decimal.literal("0")

const silent: Quote = {
  last: zero,
  lastSize: zero,
  bid: zero,
  bidSize: zero,
  ask: zero,
  askSize: zero,
  open: zero,
  high: zero,
  low: zero,
  volume: zero,
  quoteVolume: zero,
  trades: 0
}

/** @internal A symbol's quote: one that does not trade has had no trade for 24 hours. */
export const quoteOf = (listing: BinanceListing, world: World): Quote =>
  listing.status === "TRADING" ? world.quote(listing) : silent

/** @internal A row of `ticker/24hr`, whole or MINI. */
export const statistics = (listing: BinanceListing, world: World, full: boolean): Json => {
  const quote = quoteOf(listing, world)
  const change = BigDecimal.subtract(quote.last, quote.open)
  const average = Decimal.ratio(quote.quoteVolume, quote.volume, 8)
  const firstId = Math.floor(world.now / 1000)
  const whole = full ?
    {
      priceChange: coin(change),
      priceChangePercent: Decimal.fixed(
        Decimal.ratio(BigDecimal.multiply(change, Decimal.literal("100")), quote.open, 3),
        3
      ),
      weightedAvgPrice: coin(average),
      prevClosePrice: coin(quote.open),
      lastQty: coin(quote.lastSize),
      bidPrice: coin(quote.bid),
      bidQty: coin(quote.bidSize),
      askPrice: coin(quote.ask),
      askQty: coin(quote.askSize)
    } :
    {}
  return {
    symbol: listing.id,
    ...whole,
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
