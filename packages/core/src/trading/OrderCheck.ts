/**
 * Checks of orders against the rules of their market, before anything is sent.
 *
 * @since 0.1.0
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Decimal from "../model/Decimal.js"
import { quote } from "../model/internal/quote.js"
import { type Market, notional, tickSizeAt } from "../model/Market.js"
import type { Amendment, Amount, Checked, Request } from "../model/Order.js"
import type { Side } from "../model/Trade.js"
import * as orderInput from "./internal/orderInput.js"

/**
 * Decodes an order from any value, such as one from a file or another program. A field of the wrong type is refused by
 * name, together with what was expected. An unknown field is refused as well, because a misspelled option would
 * otherwise be silently ignored. A field that is `undefined` counts as missing.
 *
 * @since 0.1.0
 * @category validation
 */
export const decode: (value: unknown) => Either.Either<Request, string> = orderInput.request

/**
 * Checks an order against the rules of its market. Returns the order in exact decimals, or what is wrong with it and
 * what would be right. The request may be any value: it is decoded first (see {@link decode}).
 *
 * @since 0.1.0
 * @category validation
 */
export const check = (market: Market, request: Request): Either.Either<Checked, string> =>
  Either.flatMap(decode(request), (request) => fit(market, request))

const fit = (market: Market, request: Request): Either.Either<Checked, string> =>
  Either.gen(function*() {
    yield* tradable(market)
    const round = request.round === true
    const amount = yield* fitAmount(market, request.amount, round)
    const postOnly = request.type === "limit" && request.postOnly === true
    const timeInForce = request.type === "limit" ? request.timeInForce ?? "GTC" : "IOC"
    if (postOnly && timeInForce !== "GTC") {
      return yield* Either.left(`a post-only order cannot be ${timeInForce}: it never trades immediately`)
    }
    const price = request.type === "limit" ? yield* fitPrice(market, request.side, request.price, round) : undefined
    const reduceOnly = request.reduceOnly === true
    // The minimum notional is for opening a position: exchanges let a position be closed whatever is left of it.
    if (price !== undefined && !reduceOnly) yield* checkNotional(market, amount, price)
    return {
      market,
      side: request.side,
      type: request.type,
      amount,
      price,
      timeInForce,
      postOnly,
      reduceOnly
    }
  })

/**
 * Checks an amendment of an order on `side` against the rules of its market. Returns the change in exact decimals, or
 * what is wrong with it. The amendment may be any value: it is decoded first, as strictly as an order.
 *
 * @since 0.1.0
 * @category validation
 */
export const checkAmendment = (
  market: Market,
  amendment: Amendment,
  side: Side
): Either.Either<
  { readonly price: BigDecimal.BigDecimal | undefined; readonly amount: BigDecimal.BigDecimal | undefined },
  string
> =>
  Either.gen(function*() {
    const { amount, price, round = false } = yield* orderInput.amendment(amendment)
    if (price === undefined && amount === undefined) {
      return yield* Either.left("the amendment has neither a price nor an amount")
    }
    return {
      price: price === undefined ? undefined : yield* fitPrice(market, side, price, round),
      amount: amount === undefined ? undefined : yield* fitAmount(market, amount, round)
    }
  })

const tradable = (market: Market): Either.Either<void, string> =>
  market.status === "closed"
    ? Either.left(`${market.symbol} is permanently closed`)
    : market.status === "halted"
    ? Either.left(`${market.symbol} is halted; try again when its status is open`)
    : Either.void

const fitAmount = (market: Market, given: Amount, round: boolean): Either.Either<BigDecimal.BigDecimal, string> =>
  Either.flatMap(
    decimal("amount", given),
    (exact) =>
      bounded(market.symbol, exact, {
        what: "amount",
        stepName: "step",
        stepAt: () => market.lotSize,
        where: "",
        min: market.minAmount,
        max: market.maxAmount,
        round: round ? "down" : undefined
      })
  )

const fitPrice = (
  market: Market,
  side: Side,
  given: Amount,
  round: boolean
): Either.Either<BigDecimal.BigDecimal, string> =>
  Either.flatMap(
    decimal("price", given),
    (exact) =>
      bounded(market.symbol, exact, {
        what: "price",
        stepName: "tick",
        stepAt: (price) => tickSizeAt(market, price),
        where: market.tickSizeSteps === undefined ? "" : " at this price",
        min: market.minPrice,
        max: market.maxPrice,
        round: round ? side === "buy" ? "down" : "up" : undefined
      })
  )

const decimal = (what: string, given: Amount): Either.Either<BigDecimal.BigDecimal, string> => {
  if (typeof given !== "string") {
    return BigDecimal.isPositive(given) ? Either.right(given) : Either.left(`the ${what} is not above zero`)
  }
  return Either.filterOrLeft(
    Either.fromOption(
      Decimal.parse(given),
      () => `the ${what} ${quote(given)} is not plain decimal notation such as "0.001"`
    ),
    BigDecimal.isPositive,
    () => `the ${what} ${given} is not above zero`
  )
}

/** Returns the step at a value. */
type StepAt = (value: BigDecimal.BigDecimal) => BigDecimal.BigDecimal | undefined

interface Bounds {
  readonly what: string
  readonly stepName: string
  readonly stepAt: StepAt
  /** Where the step holds, for the message. */
  readonly where: string
  readonly min: BigDecimal.BigDecimal | undefined
  readonly max: BigDecimal.BigDecimal | undefined
  readonly round: "down" | "up" | undefined
}

const bounded = (
  symbol: string,
  exact: BigDecimal.BigDecimal,
  bounds: Bounds
): Either.Either<BigDecimal.BigDecimal, string> => {
  const { max, min, round, stepAt, stepName, what } = bounds
  const least = leastOf(bounds)
  const most = max === undefined ? undefined : onStep(max, stepAt, "down")
  const value = round === undefined ? exact : onStep(exact, stepAt, round)
  if (round !== undefined && !BigDecimal.isPositive(value)) {
    return Either.left(
      `the ${what} ${Decimal.format(exact)} is less than one ${stepName} of ${symbol}` +
        (least === undefined ? "" : `; the minimum is ${Decimal.format(least)}`)
    )
  }
  if (min !== undefined && BigDecimal.lessThan(value, min)) {
    return Either.left(
      `the ${what} ${Decimal.format(value)} is below the minimum for ${symbol}, ${Decimal.format(least ?? min)}`
    )
  }
  if (max !== undefined && BigDecimal.greaterThan(value, max)) {
    return Either.left(
      `the ${what} ${Decimal.format(value)} is above the maximum for ${symbol}, ${Decimal.format(most ?? max)}`
    )
  }
  const step = stepAt(value)
  if (step === undefined) return Either.right(value)
  const below = onStep(value, stepAt, "down")
  if (BigDecimal.equals(below, value)) return Either.right(below)
  return Either.left(
    `the ${what} ${Decimal.format(value)} is not a multiple of the ${stepName} ${
      Decimal.format(step)
    }${bounds.where}; ` +
      (least !== undefined && BigDecimal.lessThan(below, least)
        ? `the minimum is ${Decimal.format(least)}`
        : `use ${Decimal.format(below)}, or set \`round: true\``)
  )
}

/** Returns the smallest value that is accepted: a multiple of the step, and not below the minimum. */
const leastOf = ({ min, stepAt }: Pick<Bounds, "min" | "stepAt">): BigDecimal.BigDecimal | undefined => {
  const step = stepAt(min ?? Decimal.zero)
  if (step === undefined) return min
  return min === undefined || BigDecimal.lessThan(min, step)
    ? inPlaces(step, step)
    : onStep(min, stepAt, "up")
}

const onStep = (value: BigDecimal.BigDecimal, stepAt: StepAt, direction: "down" | "up"): BigDecimal.BigDecimal => {
  const step = stepAt(value)
  if (step === undefined) return value
  const rest = BigDecimal.unsafeRemainder(value, step)
  const below = BigDecimal.subtract(value, rest)
  const multiple = BigDecimal.isZero(rest) || direction === "down" ? below : BigDecimal.sum(below, step)
  // Rounding up may reach the prices of the next tick size, which has fewer places.
  return inPlaces(multiple, stepAt(multiple) ?? step)
}

// Limits the decimal places to those of the step: exchanges refuse further digits, even zeros.
const inPlaces = (multiple: BigDecimal.BigDecimal, step: BigDecimal.BigDecimal): BigDecimal.BigDecimal => {
  const places = Math.max(0, BigDecimal.normalize(step).scale)
  return Decimal.of(multiple.scale > places ? BigDecimal.scale(multiple, places) : multiple)
}

const checkNotional = (
  market: Market,
  amount: BigDecimal.BigDecimal,
  price: BigDecimal.BigDecimal
): Either.Either<void, string> => {
  const worth = notional(market, amount, price)
  if (market.minNotional === undefined || !BigDecimal.lessThan(worth, market.minNotional)) return Either.void
  // The worth of one unit of the amount: the price, or the value of a contract.
  const each = BigDecimal.unsafeDivide(worth, amount)
  const least = onStep(BigDecimal.unsafeDivide(market.minNotional, each), () => market.lotSize, "up")
  return Either.left(
    `the order is worth ${Decimal.format(worth)} ${market.quote}, below the minimum for ${market.symbol}, ` +
      Decimal.format(market.minNotional) +
      (market.lotSize === undefined ? "" : `; at this price the minimum amount is ${Decimal.format(least)}`)
  )
}
