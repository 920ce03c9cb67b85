import * as BigDecimal from "effect/BigDecimal"
import type { World } from "../../Dialect.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Listing } from "../../engine/Market.js"
import type { Json } from "../../internal/json.js"
import { list } from "../../internal/listed.js"

/** @internal A currency: its ticker, its name, and whether a bank would hold it. */
interface Currency {
  readonly id: string
  readonly name: string
  readonly fiat: boolean
}

/** @internal */
export const currencies: ReadonlyArray<Currency> = [
  { id: "BTC", name: "Bitcoin", fiat: false },
  { id: "ETH", name: "Ethereum", fiat: false },
  { id: "SOL", name: "Solana", fiat: false },
  { id: "XRP", name: "XRP", fiat: false },
  { id: "USDT", name: "Tether", fiat: false },
  { id: "USD", name: "US Dollar", fiat: true }
]

/** @internal */
export const currencyNamed = (id: string): Currency =>
  currencies.find((currency) => currency.id === id) ?? { id, name: id, fiat: false }

/** @internal A product: what never changes about it. */
export interface CoinbaseListing extends Listing {
  readonly base: string
  readonly quote: string
  readonly baseMinSize: string
  readonly quoteMinSize: string
  readonly status: "online" | "offline"
}

/** @internal Sizes are multiples of this on every product. */
export const baseIncrement = Decimal.literal("0.00000001")
/** @internal */
export const makerFee = Decimal.literal("0.006")
/** @internal */
export const takerFee = Decimal.literal("0.012")

const product = (
  base: string,
  quote: string,
  underlying: Listing["underlying"],
  increment: string,
  baseMinSize: string,
  quoteMinSize: string,
  status: CoinbaseListing["status"] = "online"
): CoinbaseListing => {
  const terms = list({
    id: `${base}-${quote}`,
    symbol: `${base}/${quote}`,
    kind: "spot",
    base,
    quote,
    underlying,
    tick: increment,
    lot: Decimal.plain(baseIncrement),
    least: baseMinSize,
    leastNotional: quoteMinSize,
    feesInQuote: true,
    makerFee: Decimal.plain(makerFee),
    takerFee: Decimal.plain(takerFee),
    traded: status === "online"
  })
  return { ...terms, base, quote, baseMinSize, quoteMinSize, status }
}

/** @internal Everything the simulated Coinbase lists; one product is offline. */
export const listings: ReadonlyArray<CoinbaseListing> = [
  product("BTC", "USD", "BTC", "0.01", "0.00000001", "1"),
  product("ETH", "USD", "ETH", "0.01", "0.00000001", "1"),
  product("SOL", "USD", "SOL", "0.01", "0.00000001", "1"),
  product("BTC", "USDT", "BTC", "0.01", "0.00000001", "1"),
  product("ETH", "BTC", "ETH/BTC", "0.00001", "0.00000001", "0.000016"),
  product("XRP", "USD", "XRP", "0.0001", "0.000001", "1", "offline")
]

const percent = (part: BigDecimal.BigDecimal, whole: BigDecimal.BigDecimal): string =>
  Decimal.plain(Decimal.ratio(BigDecimal.multiply(part, Decimal.literal("100")), whole, 14))

/** @internal A product as the exchange describes it; one that is offline has no price. */
export const productRow = (listing: CoinbaseListing, world: World): Json => {
  const quote = listing.status === "online" ? world.quote(listing) : undefined
  const online = quote === undefined ? undefined : {
    price: Decimal.plain(quote.last),
    price_percentage_change_24h: percent(BigDecimal.subtract(quote.last, quote.open), quote.open),
    volume_24h: Decimal.plain(quote.volume),
    approximate_quote_24h_volume: Decimal.fixed(quote.quoteVolume, 2)
  }
  const offline = {
    price: "",
    price_percentage_change_24h: "",
    volume_24h: "",
    approximate_quote_24h_volume: ""
  }
  const tick = Decimal.plain(listing.tickSize)
  return {
    product_id: listing.id,
    ...(online ?? offline),
    volume_percentage_change_24h: "",
    base_increment: Decimal.plain(baseIncrement),
    quote_increment: tick,
    price_increment: tick,
    quote_min_size: listing.quoteMinSize,
    quote_max_size: "150000000",
    base_min_size: listing.baseMinSize,
    base_max_size: "3400",
    base_name: currencyNamed(listing.base).name,
    quote_name: currencyNamed(listing.quote).name,
    watched: false,
    is_disabled: listing.status === "offline",
    new: false,
    status: listing.status,
    cancel_only: false,
    limit_only: false,
    post_only: false,
    trading_disabled: listing.status === "offline",
    auction_mode: false,
    product_type: "SPOT",
    quote_currency_id: listing.quote,
    base_currency_id: listing.base,
    fcm_trading_session_details: null,
    mid_market_price: "",
    alias: "",
    alias_to: [],
    base_display_symbol: listing.base,
    quote_display_symbol: listing.quote,
    view_only: false,
    display_name: listing.id,
    product_venue: "CBE"
  }
}
