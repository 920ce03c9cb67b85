/**
 * What somebody may have meant who typed something else.
 *
 * @since 0.1.0
 */
import * as ExchangeSymbol from "@effect-exchange/core/model/ExchangeSymbol"
import type * as Market from "@effect-exchange/core/model/Market"
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import { closest, distance } from "fastest-levenshtein"

/**
 * The question after a refusal, with a blank before it; nothing where nothing is near.
 *
 * @since 0.1.0
 * @category formatting
 */
export const question = (meant: Option.Option<string>): string =>
  Option.match(meant, { onNone: () => "", onSome: (meant) => ` Did you mean ${meant}?` })

/**
 * The nearest of some names, where it is so near that a slip of the fingers explains it: a letter in three.
 *
 * @since 0.1.0
 * @category constructors
 */
export const nearest = (text: string, names: ReadonlyArray<string>): Option.Option<string> => {
  const typed = text.trim().toLowerCase().slice(0, longest)
  if (typed === "" || names.length === 0) return Option.none()
  const found = closest(typed, names)
  return distance(typed, found) <= Math.max(1, Math.floor(found.length / 3)) ? Option.some(found) : Option.none()
}

/** No name is longer, and what is compared takes the product of the lengths. */
const longest = 60

/** Assets in which others are priced, those first that end in the name of another. */
const quotes = ["USDT", "USDC", "FDUSD", "USD", "EUR", "GBP", "JPY", "TRY", "BTC", "ETH"]

/**
 * The symbol that a text is in the notation of an exchange, such as `BTCUSDT`, `btc-usdt` or `BTC-USDT-SWAP`; that of an asset alone is
 * its price in USDT.
 *
 * @since 0.1.0
 * @category constructors
 */
export const notation = (text: string): Option.Option<string> => {
  const typed = text.trim().toUpperCase().slice(0, longest)
  const [base = "", quote = "", contract, ...rest] = typed.split(/[-_/:]/)
  if (rest.length > 0 || contract !== undefined && !/^(?:SWAP|PERP|PERPETUAL)$/.test(contract)) return Option.none()
  const symbol = quote !== ""
    ? `${base}/${quote}${contract === undefined ? "" : `:${quote}`}`
    : Option.match(Arr.findFirst(quotes, (quote) => base.endsWith(quote) && base.length > quote.length + 1), {
      onNone: () => /^[A-Z0-9]{2,10}$/.test(base) && base !== "USDT" ? `${base}/USDT` : "",
      onSome: (quote) => `${base.slice(0, -quote.length)}/${quote}`
    })
  return ExchangeSymbol.isExchangeSymbol(symbol) ? Option.some(symbol) : Option.none()
}

/**
 * The nearest symbol that an exchange lists: but for its case the same, or of the same base, or off by a letter or two. Open markets
 * go before others.
 *
 * @since 0.1.0
 * @category constructors
 */
export const listed = (symbol: string, markets: ReadonlyArray<Market.Market>): Option.Option<string> => {
  const typed = symbol.toLowerCase().slice(0, longest)
  const open = markets.filter(({ status }) => status === "open").map(({ symbol }): string => symbol)
  const names = open.length > 0 ? open : markets.map(({ symbol }): string => symbol)
  const baseOf = (name: string): string => name.toLowerCase().split("/")[0] ?? ""
  const same = names.filter((name) => baseOf(name) === baseOf(typed))
  return Arr.head(Arr.filterMap([same, names], (names) => {
    const near = names.map((name) => ({ name, apart: distance(typed, name.toLowerCase()) }))
    const found = near.reduce<typeof near[number] | undefined>(
      (best, one) => best === undefined || one.apart < best.apart ? one : best,
      undefined
    )
    return found !== undefined && (names === same || found.apart <= 2) ? Option.some(found.name) : Option.none()
  }))
}
