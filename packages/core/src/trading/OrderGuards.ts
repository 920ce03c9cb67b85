/**
 * Your own limits on what may be ordered, in addition to those of the exchange.
 *
 * @since 0.1.0
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Decimal from "../model/Decimal.js"
import type { OrderDenied } from "../model/ExchangeError.js"
import { isExchangeSymbol } from "../model/ExchangeSymbol.js"
import { asset } from "../model/internal/asset.js"
import { describe, quote as quoted } from "../model/internal/quote.js"
import { notional } from "../model/Market.js"
import type { Checked } from "../model/Order.js"

/**
 * The limits beyond which `Trading` refuses to send an order. The worth of an order is its price times its amount, in
 * the quote currency; an inverse contract is worth its fixed value in the quote currency. A market order is valued at
 * the price of the last trade. An amended order counts toward its day only with its growth, and its whole worth must be
 * within `maxNotionalPerOrder`. Days are UTC days. The worth of an order that was not placed is given back.
 *
 * **Gotchas**
 *
 * Each limit that is set must name the currency of an order, or the order is refused.
 *
 * @since 0.1.0
 * @category models
 */
export interface Guards {
  /** The only symbols that may be traded: `["BTC/USDT"]`. */
  readonly symbols?: ReadonlyArray<string> | undefined
  /** The maximum worth of one order, by quote currency: `{ USDT: "1000" }`. */
  readonly maxNotionalPerOrder?: Limits | undefined
  /** The maximum total worth of an account's orders on one day, over all Layers that place them, by quote currency. */
  readonly maxNotionalPerDay?: Limits | undefined
  /**
   * The maximum distance of a limit price from the price of the last trade, as a ratio: `"0.05"` is 5 % in either
   * direction.
   */
  readonly priceBand?: string | undefined
}

/**
 * Limits by quote currency, in plain decimal notation.
 *
 * @since 0.1.0
 * @category models
 */
export type Limits = { readonly [currency: string]: string }

/**
 * The total worth of the orders of one day, by quote currency. `day` counts the days since the epoch.
 *
 * @since 0.1.0
 * @category models
 */
export interface Spent {
  readonly day: number
  readonly byCurrency: ReadonlyMap<string, BigDecimal.BigDecimal>
}

/**
 * The total before anything is ordered.
 *
 * @since 0.1.0
 * @category constructors
 */
export const emptyTotal: Spent = { day: 0, byCurrency: new Map() }

/**
 * The guard that refuses an order, and why.
 *
 * @since 0.1.0
 * @category models
 */
export interface Denial {
  readonly guard: Exclude<OrderDenied["guard"], "journal">
  readonly detail: string
}

/**
 * Returns `true` if the guards need the price of the last trade to judge an order.
 *
 * @since 0.1.0
 * @category predicates
 */
export const needsPrice = (guards: Guards, order: Checked): boolean =>
  (order.price !== undefined && guards.priceBand !== undefined) ||
  (order.price === undefined && order.market.inverse !== true &&
    (limit(guards.maxNotionalPerOrder, order) !== undefined || limit(guards.maxNotionalPerDay, order) !== undefined))

/**
 * Adds an order to the total, or returns the guard that refuses it. `price` is the price of the last trade, where
 * {@link needsPrice} returned `true`. `now` is in epoch milliseconds. For a change of an open order, `before` is that
 * order, and only the growth is counted. An order whose amount is not known (`undefined`) is refused by any guard,
 * because it cannot be judged.
 *
 * @since 0.1.0
 * @category combinators
 */
export const admit = (
  guards: Guards,
  spent: Spent,
  order: Checked | undefined,
  price: BigDecimal.BigDecimal | undefined,
  now: number,
  before?: Checked
): Either.Either<readonly [worth: BigDecimal.BigDecimal, next: Spent], Denial> =>
  Either.gen(function*() {
    if (order === undefined) {
      const [guard] = names.filter((name) => guards[name] !== undefined)
      return guard === undefined
        ? [Decimal.zero, spent] as const
        : yield* deny(guard, "the amount of the order is unknown, so the guards cannot check it")
    }
    const { quote, symbol } = order.market
    if (guards.symbols !== undefined && !guards.symbols.includes(symbol)) {
      return yield* deny("symbols", `${symbol} is not among the allowed symbols`)
    }
    if (guards.priceBand !== undefined && order.price !== undefined && price !== undefined) {
      yield* inBand(guards.priceBand, order.price, price)
    }
    const worth = worthOf(order, price)
    const perOrder = yield* limitOf(guards, "maxNotionalPerOrder", quote)
    if (perOrder !== undefined && BigDecimal.greaterThan(worth, perOrder)) {
      return yield* deny(
        "maxNotionalPerOrder",
        `the order is worth ${Decimal.format(worth)} ${quote}, above the limit of ${Decimal.format(perOrder)} per order`
      )
    }
    const added = before === undefined
      ? worth
      : BigDecimal.max(Decimal.zero, BigDecimal.subtract(worth, worthOf(before, price)))
    // The day never goes back: an order that was begun before midnight may be judged after one of the new day.
    const today = Math.max(dayOf(now), spent.day)
    const known = spent.day === today ? spent.byCurrency : new Map<string, BigDecimal.BigDecimal>()
    const sum = BigDecimal.sum(known.get(quote) ?? Decimal.zero, added)
    const perDay = yield* limitOf(guards, "maxNotionalPerDay", quote)
    // A change that adds nothing is exempt, so that an order can always be made smaller.
    if (perDay !== undefined && BigDecimal.isPositive(added) && BigDecimal.greaterThan(sum, perDay)) {
      return yield* deny(
        "maxNotionalPerDay",
        `with this order, the orders of the day would be worth ${Decimal.format(sum)} ${quote}, ` +
          `above the limit of ${Decimal.format(perDay)} per day`
      )
    }
    return [added, { day: today, byCurrency: new Map(known).set(quote, sum) }] as const
  })

/**
 * The part of a journal entry that the guards need: when the order was to be sent (epoch milliseconds), its worth in
 * plain decimal notation, and its outcome.
 *
 * @since 0.1.0
 * @category models
 */
export interface Counted {
  readonly at: number
  readonly worth?: { readonly currency: string; readonly amount: string } | undefined
  readonly outcome: "Open" | "Placed" | "NotPlaced"
}

/**
 * Sums the worth of a journal's orders on the day of `now` (epoch milliseconds), so that the total survives a restart.
 * Open orders count, because they may have been placed. Orders that were not placed do not count.
 *
 * **Gotchas**
 *
 * An entry without a `worth` counts as zero.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromJournal = (entries: ReadonlyArray<Counted>, now: number): Spent => {
  const day = dayOf(now)
  const byCurrency = new Map<string, BigDecimal.BigDecimal>()
  for (const { at, outcome, worth } of entries) {
    if (worth === undefined || outcome === "NotPlaced" || dayOf(at) !== day) continue
    const amount = Option.getOrElse(Decimal.parse(worth.amount), () => Decimal.zero)
    byCurrency.set(worth.currency, BigDecimal.sum(byCurrency.get(worth.currency) ?? Decimal.zero, amount))
  }
  return { day, byCurrency }
}

/**
 * Subtracts the worth of an order that was not placed. Does nothing if the order was counted on another day.
 *
 * @since 0.1.0
 * @category combinators
 */
export const release = (
  spent: Spent,
  currency: string,
  worth: BigDecimal.BigDecimal,
  countedAt: number
): Spent => {
  if (spent.day !== dayOf(countedAt)) return spent
  const left = BigDecimal.subtract(spent.byCurrency.get(currency) ?? Decimal.zero, worth)
  return { ...spent, byCurrency: new Map(spent.byCurrency).set(currency, left) }
}

/**
 * Returns a description of the first invalid guard, if any: an unknown guard, an invalid symbol, a currency that is not
 * an asset, or a limit that is not a plain decimal above zero. Everything is checked, because guards may come from a
 * file.
 *
 * @since 0.1.0
 * @category validation
 */
export const validate = (guards: Guards): Option.Option<string> => {
  if (typeof guards !== "object" || guards === null) return expected("the guards", "an object", guards)
  const unknown = Object.keys(guards).find((key) => !names.some((name) => name === key))
  if (unknown !== undefined) return Option.some(`unknown guard ${quoted(unknown)}; the guards are ${names.join(", ")}`)
  return Option.firstSomeOf([
    invalidSymbols(guards.symbols),
    invalidLimits("maxNotionalPerOrder", guards.maxNotionalPerOrder),
    invalidLimits("maxNotionalPerDay", guards.maxNotionalPerDay),
    guards.priceBand === undefined ? Option.none() : invalidDecimal("priceBand", guards.priceBand)
  ])
}

const names = ["symbols", "maxNotionalPerOrder", "maxNotionalPerDay", "priceBand"] as const

const expected = (what: string, wanted: string, given: unknown): Option.Option<string> =>
  Option.some(`${what}: expected ${wanted}, found ${describe(given)}`)

// A string has `includes` too, which would accept a part of a symbol.
const invalidSymbols = (symbols: unknown): Option.Option<string> => {
  if (symbols === undefined) return Option.none()
  if (!Array.isArray(symbols)) return expected("the guard symbols", "an array", symbols)
  const all: ReadonlyArray<unknown> = symbols
  const wrong = all.find((symbol) => !isExchangeSymbol(symbol))
  return wrong === undefined && all.every((symbol) => symbol !== undefined)
    ? Option.none()
    : expected("the guard symbols", `symbols such as "BTC/USDT"`, wrong)
}

// No exchange has a currency in lowercase letters only: that is a typo, and its limit would never apply.
const currencies = new RegExp(`^(?![a-z]+$)${asset}$`, "u")

const invalidLimits = (name: string, limits: unknown): Option.Option<string> => {
  if (limits === undefined) return Option.none()
  if (typeof limits !== "object" || limits === null) {
    return expected(`the guard ${name}`, `limits by currency such as { USDT: "1000" }`, limits)
  }
  return Option.firstSomeOf(
    Object.entries(limits).map(([currency, limit]) =>
      currencies.test(currency)
        ? invalidDecimal(`${name}.${currency}`, limit)
        : expected(`the guard ${name}`, `currencies as exchanges write them, such as "USDT"`, currency)
    )
  )
}

const invalidDecimal = (name: string, given: unknown): Option.Option<string> =>
  typeof given === "string" && Option.exists(Decimal.parse(given), BigDecimal.isPositive)
    ? Option.none()
    : expected(`the guard ${name}`, "a plain decimal above zero, as text", given)

const dayOf = (now: number): number => Math.floor(now / 86_400_000)

const deny = (guard: Denial["guard"], detail: string): Either.Either<never, Denial> => Either.left({ guard, detail })

const worthOf = ({ amount, market, price }: Checked, last: BigDecimal.BigDecimal | undefined): BigDecimal.BigDecimal =>
  notional(market, amount, price ?? last ?? Decimal.zero)

const limit = (limits: Limits | undefined, { market }: Checked): BigDecimal.BigDecimal | undefined => {
  const text = limits?.[market.quote]
  return text === undefined ? undefined : Option.getOrUndefined(Decimal.parse(text))
}

const limitOf = (
  guards: Guards,
  name: "maxNotionalPerOrder" | "maxNotionalPerDay",
  currency: string
): Either.Either<BigDecimal.BigDecimal | undefined, Denial> => {
  const limits = guards[name]
  if (limits === undefined) return Either.right(undefined)
  return Either.fromOption(
    Option.flatMap(Option.fromNullable(limits[currency]), Decimal.parse),
    () => ({ guard: name, detail: `no limit is set for orders in ${currency}; add one to ${name}` })
  )
}

const inBand = (
  band: string,
  price: BigDecimal.BigDecimal,
  last: BigDecimal.BigDecimal
): Either.Either<void, Denial> => {
  const ratio = Option.getOrElse(Decimal.parse(band), () => Decimal.zero)
  const low = BigDecimal.multiply(last, BigDecimal.subtract(Decimal.one, ratio))
  const high = BigDecimal.multiply(last, BigDecimal.sum(Decimal.one, ratio))
  return BigDecimal.between(price, { minimum: low, maximum: high })
    ? Either.void
    : deny(
      "priceBand",
      `the price ${Decimal.format(price)} is outside the band of ${Decimal.format(low)} to ` +
        `${Decimal.format(high)} around the last price`
    )
}
