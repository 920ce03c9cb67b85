import * as BigDecimal from "effect/BigDecimal"
import type { World } from "../../Dialect.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { columns, type Json } from "../../internal/json.js"
import { catalogue, type Coin, list } from "../../internal/listed.js"

/** @internal A currency: its ticker, its name, and whether it is a fiat currency. */
interface Currency {
  readonly id: string
  readonly name: string
  readonly fiat: boolean
}

const currency = (id: string, name: string, fiat = false): Currency => ({ id, name, fiat })

/** @internal */
export const currencies = [
  currency("BTC", "Bitcoin"),
  currency("ETH", "Ethereum"),
  currency("SOL", "Solana"),
  currency("XRP", "XRP"),
  currency("USDT", "Tether"),
  currency("USD", "US Dollar", true)
]

/** @internal */
export const currencyNamed = (id: string): Currency =>
  currencies.find((currency) => currency.id === id) ?? currency(id, id)

const [lot, costs] = ["0.00000001", { makerFee: "0.006", takerFee: "0.012" }]

/** @internal */
export const [makerFee, takerFee] = [Decimal.literal(costs.makerFee), Decimal.literal(costs.takerFee)]

const product = (
  base: Coin,
  quote: string,
  tick: string,
  least: string,
  leastNotional: string,
  status: "online" | "offline" = "online"
) => {
  const [id, traded] = [`${base}-${quote}`, status === "online"]
  const sizes = { tick, lot, least, leastNotional, feesInQuote: true, ...costs }
  return { ...list({ id, kind: "spot", base, quote, traded, crossing: "refuses", ...sizes }), status }
}

/** @internal The constant properties of a Coinbase product. */
export type CoinbaseListing = ReturnType<typeof product>

/** @internal All products of the simulated Coinbase. One of them is offline. */
export const listings = [
  product("BTC", "USD", "0.01", "0.00000001", "1"),
  product("ETH", "USD", "0.01", "0.00000001", "1"),
  product("SOL", "USD", "0.01", "0.00000001", "1"),
  product("BTC", "USDT", "0.01", "0.00000001", "1"),
  product("ETH", "BTC", "0.00001", "0.00000001", "0.000016"),
  product("XRP", "USD", "0.0001", "0.000001", "1", "offline")
]

/** @internal */
export const { fills, find } = catalogue(listings)

const percent = (part: BigDecimal.BigDecimal, whole: BigDecimal.BigDecimal): string =>
  Decimal.plain(Decimal.ratio(BigDecimal.multiply(part, Decimal.literal("100")), whole, 14))

const never = columns(
  "is_disabled trading_disabled watched new cancel_only limit_only post_only auction_mode view_only",
  false
)

/** @internal Encodes a product as the exchange returns it. An offline product has no price. */
export const row = (listing: CoinbaseListing, world: World): Json => {
  const { base, lotSize, minAmount, minNotional, quote, tickSize } = listing.terms
  const online = listing.status === "online"
  const { last, open, quoteVolume, volume } = world.quote(listing)
  return {
    product_id: listing.id,
    price: online ? Decimal.plain(last) : "",
    price_percentage_change_24h: online ? percent(BigDecimal.subtract(last, open), open) : "",
    volume_24h: online ? Decimal.plain(volume) : "",
    approximate_quote_24h_volume: online ? Decimal.fixed(quoteVolume, 2) : "",
    base_increment: Decimal.plain(lotSize),
    quote_increment: Decimal.plain(tickSize),
    price_increment: Decimal.plain(tickSize),
    quote_min_size: Decimal.plain(minNotional),
    quote_max_size: "150000000",
    base_min_size: Decimal.plain(minAmount),
    base_max_size: "3400",
    base_name: currencyNamed(base).name,
    quote_name: currencyNamed(quote).name,
    status: listing.status,
    ...never,
    ...(online ? {} : { is_disabled: true, trading_disabled: true }),
    ...columns("volume_percentage_change_24h mid_market_price alias", ""),
    product_type: "SPOT",
    quote_currency_id: quote,
    base_currency_id: base,
    fcm_trading_session_details: null,
    alias_to: [],
    base_display_symbol: base,
    quote_display_symbol: quote,
    display_name: listing.id,
    product_venue: "CBE"
  }
}
