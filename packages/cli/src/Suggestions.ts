/**
 * Suggests what the user may have meant.
 *
 * @since 0.1.0
 */
import * as ExchangeSymbol from "@effect-exchange/core/model/ExchangeSymbol"
import type * as Market from "@effect-exchange/core/model/Market"
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import { closest, distance } from "fastest-levenshtein"

/**
 * Formats a suggestion as a question with a leading blank. Returns `""` if there is no suggestion.
 *
 * @since 0.1.0
 * @category formatting
 */
export const question = (meant: Option.Option<string>): string =>
  Option.match(meant, { onNone: () => "", onSome: (meant) => ` Did you mean ${meant}?` })

/**
 * Returns the nearest name if it is close enough to be a typing error: at most one edit per three letters, and one edit
 * in a shorter name.
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

/** A bound on the length that is compared: the cost is the product of the two lengths. No name is longer. */
const longest = 60

/** Quote assets. An asset comes before any other that is a suffix of it. */
const quotes = ["USDT", "USDC", "FDUSD", "USD", "EUR", "GBP", "JPY", "TRY", "BTC", "ETH"]

/**
 * Converts the notation of an exchange, such as `BTCUSDT`, `btc-usdt` or `BTC-USDT-SWAP`, to a symbol. A single asset
 * becomes its market in USDT.
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
 * Returns the nearest symbol that an exchange lists: one with the same base asset, or else one at most two edits away.
 * Ignores case. Considers only open markets if there are any.
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
