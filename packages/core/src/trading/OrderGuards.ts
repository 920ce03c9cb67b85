/**
 * Limits of one's own on what may be ordered, beside the exchange's.
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
 * What a `Trading` refuses to send. Worth is price times amount in the quote currency; a market order counts at the price
 * of the last trade, and an amended one only what it grows by. Days are those of UTC; what an order that was not placed had
 * counted is given back.
 *
 * **Gotchas**
 *
 * Where limits are set, an order in a currency that none of them names is refused.
 *
 * @since 0.1.0
 * @category models
 */
export interface Guards {
  /** The only symbols that may be traded: `["BTC/USDT"]`. */
  readonly symbols?: ReadonlyArray<string> | undefined
  /** The most one order may be worth, by quote currency: `{ USDT: "1000" }`. */
  readonly maxNotionalPerOrder?: Limits | undefined
  /** The most the orders of an account on a day may be worth together, whichever Layer places them, by quote currency. */
  readonly maxNotionalPerDay?: Limits | undefined
  /** How far a limit price may be from that of the last trade, as a ratio: `"0.05"` is 5 % either way. */
  readonly priceBand?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export type Limits = { readonly [currency: string]: string }

/**
 * What the orders of a day (counted from the epoch) were worth, by quote currency.
 *
 * @since 0.1.0
 * @category models
 */
export interface Spent {
  readonly day: number
  readonly byCurrency: ReadonlyMap<string, BigDecimal.BigDecimal>
}

/**
 * Nothing ordered yet.
 *
 * @since 0.1.0
 * @category constructors
 */
export const nothing: Spent = { day: 0, byCurrency: new Map() }

/**
 * Why an order is refused.
 *
 * @since 0.1.0
 * @category models
 */
export interface Denial {
  readonly guard: Exclude<OrderDenied["guard"], "journal">
  readonly detail: string
}

/**
 * Whether the guards have to know the price of the last trade to judge an order.
 *
 * @since 0.1.0
 * @category predicates
 */
export const needsPrice = (guards: Guards, order: Checked): boolean =>
  (order.price !== undefined && guards.priceBand !== undefined) ||
  (order.price === undefined && order.market.inverse !== true &&
    (limit(guards.maxNotionalPerOrder, order) !== undefined || limit(guards.maxNotionalPerDay, order) !== undefined))

/**
 * Counts the order in, or says which guard refuses it. `price` is that of the last trade, where {@link needsPrice} asked
 * for it; `now` is epoch milliseconds. Of an order that stands already, as `before`, what it grows by is counted. One of
 * which the amount is not known (`undefined`) is refused by any guard, as it cannot be judged.
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
        ? [zero, spent] as const
        : yield* deny(guard, "the amount of the order is not known, so that it cannot be judged")
    }
    const { quote, symbol } = order.market
    if (guards.symbols !== undefined && !guards.symbols.includes(symbol)) {
      return yield* deny("symbols", `${symbol} is not among the symbols that may be traded`)
    }
    if (guards.priceBand !== undefined && order.price !== undefined && price !== undefined) {
      yield* inBand(guards.priceBand, order.price, price)
    }
    const worth = worthOf(order, price)
    const perOrder = yield* limitOf(guards, "maxNotionalPerOrder", quote)
    if (perOrder !== undefined && BigDecimal.greaterThan(worth, perOrder)) {
      return yield* deny(
        "maxNotionalPerOrder",
        `the order is worth ${Decimal.format(worth)} ${quote}, more than the ${Decimal.format(perOrder)} one may be`
      )
    }
    const added = before === undefined
      ? worth
      : BigDecimal.max(zero, BigDecimal.subtract(worth, worthOf(before, price)))
    // Never back: an order that was begun before midnight may be judged after one of the new day.
    const today = Math.max(dayOf(now), spent.day)
    const known = spent.day === today ? spent.byCurrency : new Map<string, BigDecimal.BigDecimal>()
    const sum = BigDecimal.sum(known.get(quote) ?? zero, added)
    const perDay = yield* limitOf(guards, "maxNotionalPerDay", quote)
    // What adds nothing is not kept from making an order smaller.
    if (perDay !== undefined && BigDecimal.isPositive(added) && BigDecimal.greaterThan(sum, perDay)) {
      return yield* deny(
        "maxNotionalPerDay",
        `with it the orders of the day would be worth ${Decimal.format(sum)} ${quote}, ` +
          `more than the ${Decimal.format(perDay)} they may be`
      )
    }
    return [added, { day: today, byCurrency: new Map(known).set(quote, sum) }] as const
  })

/**
 * An order of a journal, as far as the guards ask: when it was to be sent (epoch milliseconds), what it was worth as plain
 * notation, and what became of it.
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
 * What the orders of a journal were worth on the day of `now` (epoch milliseconds), for a sum that goes on after a restart.
 * Those that are open count, as they may have been placed; those that were not placed do not.
 *
 * **Gotchas**
 *
 * An entry that does not say what it was worth counts nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromJournal = (entries: ReadonlyArray<Counted>, now: number): Spent => {
  const day = dayOf(now)
  const byCurrency = new Map<string, BigDecimal.BigDecimal>()
  for (const { at, outcome, worth } of entries) {
    if (worth === undefined || outcome === "NotPlaced" || dayOf(at) !== day) continue
    const amount = Option.getOrElse(Decimal.parse(worth.amount), () => zero)
    byCurrency.set(worth.currency, BigDecimal.sum(byCurrency.get(worth.currency) ?? zero, amount))
  }
  return { day, byCurrency }
}

/**
 * Takes back what an order had counted that was not placed. What was counted on another day is gone with it.
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
  const left = BigDecimal.subtract(spent.byCurrency.get(currency) ?? zero, worth)
  return { ...spent, byCurrency: new Map(spent.byCurrency).set(currency, left) }
}

/**
 * The first guard that is not what it should be, in words: a name that no guard has, a symbol that is none, a currency that
 * is no asset, a limit that is no plain decimal above zero. Guards may come from a file, so all of it is looked at.
 *
 * @since 0.1.0
 * @category validation
 */
export const validate = (guards: Guards): Option.Option<string> => {
  if (typeof guards !== "object" || guards === null) return expected("the guards", "an object", guards)
  const unknown = Object.keys(guards).find((key) => !names.some((name) => name === key))
  if (unknown !== undefined) return Option.some(`there is no guard ${quoted(unknown)}; there are ${names.join(", ")}`)
  return Option.firstSomeOf([
    invalidSymbols(guards.symbols),
    invalidLimits("maxNotionalPerOrder", guards.maxNotionalPerOrder),
    invalidLimits("maxNotionalPerDay", guards.maxNotionalPerDay),
    guards.priceBand === undefined ? Option.none() : invalidDecimal("priceBand", guards.priceBand)
  ])
}

const names = ["symbols", "maxNotionalPerOrder", "maxNotionalPerDay", "priceBand"] as const

const expected = (what: string, wanted: string, given: unknown): Option.Option<string> =>
  Option.some(`${what}: expected ${wanted}, was ${describe(given)}`)

// Text has `includes` too, which would let through what is part of a symbol.
const invalidSymbols = (symbols: unknown): Option.Option<string> => {
  if (symbols === undefined) return Option.none()
  if (!Array.isArray(symbols)) return expected("the guard symbols", "an array", symbols)
  const all: ReadonlyArray<unknown> = symbols
  const wrong = all.find((symbol) => !isExchangeSymbol(symbol))
  return wrong === undefined && all.every((symbol) => symbol !== undefined)
    ? Option.none()
    : expected("the guard symbols", `symbols such as "BTC/USDT"`, wrong)
}

// No exchange has one in small letters alone: that is a slip of the hand, and a limit that limits nothing.
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

const zero = BigDecimal.fromBigInt(0n)
const one = BigDecimal.fromBigInt(1n)

const dayOf = (now: number): number => Math.floor(now / 86_400_000)

const deny = (guard: Denial["guard"], detail: string): Either.Either<never, Denial> => Either.left({ guard, detail })

const worthOf = ({ amount, market, price }: Checked, last: BigDecimal.BigDecimal | undefined): BigDecimal.BigDecimal =>
  notional(market, amount, price ?? last ?? zero)

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
    () => ({ guard: name, detail: `no limit is set for orders in ${currency}: name it under ${name}` })
  )
}

const inBand = (
  band: string,
  price: BigDecimal.BigDecimal,
  last: BigDecimal.BigDecimal
): Either.Either<void, Denial> => {
  const ratio = Option.getOrElse(Decimal.parse(band), () => zero)
  const low = BigDecimal.multiply(last, BigDecimal.subtract(one, ratio))
  const high = BigDecimal.multiply(last, BigDecimal.sum(one, ratio))
  return BigDecimal.between(price, { minimum: low, maximum: high })
    ? Either.void
    : deny(
      "priceBand",
      `the price ${Decimal.format(price)} is outside of ${Decimal.format(low)} to ${Decimal.format(high)}, ` +
        `the band around the last price`
    )
}
