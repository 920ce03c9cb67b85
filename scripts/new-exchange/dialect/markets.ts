import * as Decimal from "../../engine/internal/decimal.js"
import type { Json } from "../../internal/json.js"
import { list } from "../../internal/listed.js"

const fees = { makerFee: "0.001", takerFee: "0.002" }

const spot = (base: "BTC" | "ETH", quote: string, tick: string, lot: string) =>
  list({
    id: `${base}-${quote}`,
    symbol: `${base}/${quote}`,
    underlying: quote === "BTC" ? "ETH/BTC" : base,
    kind: "spot",
    base,
    quote,
    tick,
    lot,
    ...fees
  })

/** @internal */
export type AcmeListing = ReturnType<typeof spot>

/** @internal Everything the simulated Acme Exchange lists. */
export const listings = [
  spot("BTC", "USDT", "0.01", "0.00001"),
  spot("ETH", "USDT", "0.01", "0.0001"),
  spot("ETH", "BTC", "0.00001", "0.0001")
]

const byName = new Map(listings.map((listing) => [listing.id, listing]))

/** @internal */
export const find = (name: string): AcmeListing | undefined => byName.get(name)

/** @internal A market as the list of markets describes it. */
export const row = ({ id, terms }: AcmeListing): Json => {
  const { base, lotSize, minAmount, quote, tickSize } = terms
  const text = (amount: typeof lotSize) => Decimal.plain(amount)
  return { id, base, quote, status: "open", tick: text(tickSize), lot: text(lotSize), least: text(minAmount) }
}
