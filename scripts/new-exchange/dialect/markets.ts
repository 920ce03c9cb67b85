import * as Decimal from "../../engine/internal/decimal.js"
import type { Json } from "../../internal/json.js"
import { catalogue, type Coin, list } from "../../internal/listed.js"

const fees = { makerFee: "0.001", takerFee: "0.002" }

const spot = (base: Coin, quote: string, tick: string, lot: string) =>
  list({
    id: `${base}-${quote}`,
    kind: "spot",
    base,
    quote,
    tick,
    lot,
    ...fees
  })

/** @internal */
export type AcmeListing = ReturnType<typeof spot>

/** @internal All markets of the simulated Acme Exchange. */
export const listings = [
  spot("BTC", "USDT", "0.01", "0.00001"),
  spot("ETH", "USDT", "0.01", "0.0001"),
  spot("ETH", "BTC", "0.00001", "0.0001")
]

/** @internal Finds markets by name, and the orders and fills of the account in them. */
export const { fills, find, orders } = catalogue(listings)

/** @internal The row of a market in the list of markets. */
export const row = ({ id, terms }: AcmeListing): Json => {
  const { base, lotSize, minAmount, quote, tickSize } = terms
  const text = (amount: typeof lotSize) => Decimal.plain(amount)
  return { id, base, quote, status: "open", tick: text(tickSize), lot: text(lotSize), least: text(minAmount) }
}
