/**
 * Limits of one's own on what may be ordered, beside the exchange's.
 *
 * @since 0.1.0
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Decimal from "./Decimal.js"
import type { OrderDenied } from "./ExchangeError.js"
import { notional } from "./Market.js"
import type { Checked } from "./OrderCheck.js"

/**
 * What a `Trading` refuses to send. Worth is price times amount in the quote currency; a market order counts at the price
 * of the last trade, and an amended one counts again. A currency without a limit is not limited. Days are those of UTC; what
 * an order that was not placed had counted is given back.
 *
 * @since 0.1.0
 * @category models
 */
export interface Guards {
  /** The only symbols that may be traded. */
  readonly symbols?: ReadonlyArray<string> | undefined
  /** The most one order may be worth, by quote currency: `{ USDT: "1000" }`. */
  readonly maxNotionalPerOrder?: Limits | undefined
  /** The most the orders of a day may be worth together, by quote currency. */
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
 * for it; `now` is epoch milliseconds.
 *
 * @since 0.1.0
 * @category combinators
 */
export const admit = (
  guards: Guards,
  spent: Spent,
  order: Checked,
  price: BigDecimal.BigDecimal | undefined,
  now: number
): Either.Either<readonly [worth: BigDecimal.BigDecimal, next: Spent], Denial> =>
  Either.gen(function*() {
    const { quote, symbol } = order.market
    if (guards.symbols !== undefined && !guards.symbols.includes(symbol)) {
      return yield* deny("symbols", `${symbol} is not among the symbols that may be traded`)
    }
    if (guards.priceBand !== undefined && order.price !== undefined && price !== undefined) {
      yield* inBand(guards.priceBand, order.price, price)
    }
    const worth = notional(order.market, order.amount, order.price ?? price ?? zero)
    const perOrder = limit(guards.maxNotionalPerOrder, order)
    if (perOrder !== undefined && BigDecimal.greaterThan(worth, perOrder)) {
      return yield* deny(
        "maxNotionalPerOrder",
        `the order is worth ${Decimal.format(worth)} ${quote}, more than the ${Decimal.format(perOrder)} one may be`
      )
    }
    // Never back: an order that was begun before midnight may be judged after one of the new day.
    const today = Math.max(dayOf(now), spent.day)
    const known = spent.day === today ? spent.byCurrency : new Map<string, BigDecimal.BigDecimal>()
    const sum = BigDecimal.sum(known.get(quote) ?? zero, worth)
    const perDay = limit(guards.maxNotionalPerDay, order)
    if (perDay !== undefined && BigDecimal.greaterThan(sum, perDay)) {
      return yield* deny(
        "maxNotionalPerDay",
        `with it the orders of the day would be worth ${Decimal.format(sum)} ${quote}, ` +
          `more than the ${Decimal.format(perDay)} they may be`
      )
    }
    return [worth, { day: today, byCurrency: new Map(known).set(quote, sum) }] as const
  })

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
 * The first guard that is not what it should be, in words.
 *
 * @since 0.1.0
 * @category validation
 */
export const validate = (guards: Guards): Option.Option<string> => {
  const given = [
    ...Object.entries(guards.maxNotionalPerOrder ?? {}).map(([key, text]) => [`maxNotionalPerOrder.${key}`, text]),
    ...Object.entries(guards.maxNotionalPerDay ?? {}).map(([key, text]) => [`maxNotionalPerDay.${key}`, text]),
    ...guards.priceBand === undefined ? [] : [["priceBand", guards.priceBand]]
  ]
  const wrong = given.find(([, text = ""]) => !Option.exists(Decimal.parse(text), BigDecimal.isPositive))
  return wrong === undefined
    ? Option.none()
    : Option.some(`the guard ${wrong[0]} is ${JSON.stringify(wrong[1])}, expected a plain decimal above zero`)
}

const zero = BigDecimal.fromBigInt(0n)
const one = BigDecimal.fromBigInt(1n)

const dayOf = (now: number): number => Math.floor(now / 86_400_000)

const deny = (guard: Denial["guard"], detail: string): Either.Either<never, Denial> => Either.left({ guard, detail })

const limit = (limits: Limits | undefined, { market }: Checked): BigDecimal.BigDecimal | undefined => {
  const text = limits?.[market.quote]
  return text === undefined ? undefined : Option.getOrUndefined(Decimal.parse(text))
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
