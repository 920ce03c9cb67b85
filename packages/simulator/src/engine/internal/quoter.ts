import * as Market from "../Market.js"

/** @internal Quotes, kept while they hold: a day of a market takes a quarter of a millisecond to add up, for many requests. */
export const quoter = (seed: string): (
  listing: Market.Listing,
  now: number,
  pins: ReadonlyArray<Market.Pin> | undefined
) => Market.Quote => {
  const known = new Map<string, {
    readonly second: number
    readonly pins: ReadonlyArray<Market.Pin> | undefined
    readonly quote: Market.Quote
  }>()
  return (listing, now, pins) => {
    const second = Math.floor(now / 1000)
    const last = known.get(listing.id)
    if (last?.second === second && last.pins === pins) return last.quote
    const quote = Market.quote(seed, listing, now, pins)
    known.set(listing.id, { second, pins, quote })
    return quote
  }
}
