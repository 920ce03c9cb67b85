/**
 * Orders against the rules of their market, before anything is sent.
 *
 * @since 0.1.0
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Decimal from "./Decimal.js"
import { type Market, notional } from "./Market.js"
import type { Amendment, Amount, Request, TimeInForce } from "./Order.js"
import type { Side } from "./Trade.js"

/**
 * An order that its market can take. `price` is left out for market orders.
 *
 * @since 0.1.0
 * @category models
 */
export interface Checked {
  readonly market: Market
  readonly side: Side
  readonly type: "limit" | "market"
  readonly amount: BigDecimal.BigDecimal
  readonly price: BigDecimal.BigDecimal | undefined
  readonly timeInForce: TimeInForce
  readonly postOnly: boolean
  readonly reduceOnly: boolean
}

/**
 * The order in exact decimals, or what is wrong with it and what would be right.
 *
 * @since 0.1.0
 * @category validation
 */
export const check = (market: Market, request: Request): Either.Either<Checked, string> =>
  Either.gen(function*() {
    yield* tradable(market)
    const round = request.round === true
    const amount = yield* fitAmount(market, request.amount, round)
    const postOnly = request.type === "limit" && request.postOnly === true
    const timeInForce = request.type === "limit" ? request.timeInForce ?? "GTC" : "IOC"
    if (postOnly && timeInForce !== "GTC") {
      return yield* Either.left(`a post-only order cannot be ${timeInForce}: it never trades at once`)
    }
    const price = request.type === "limit" ? yield* fitPrice(market, request.side, request.price, round) : undefined
    if (price !== undefined) yield* worthIt(market, amount, price)
    return {
      market,
      side: request.side,
      type: request.type,
      amount,
      price,
      timeInForce,
      postOnly,
      reduceOnly: request.reduceOnly === true
    }
  })

/**
 * The change in exact decimals, or what is wrong with it.
 *
 * @since 0.1.0
 * @category validation
 */
export const checkAmendment = (
  market: Market,
  amendment: Amendment
): Either.Either<
  { readonly price: BigDecimal.BigDecimal | undefined; readonly amount: BigDecimal.BigDecimal | undefined },
  string
> =>
  Either.gen(function*() {
    if (amendment.price === undefined && amendment.amount === undefined) {
      return yield* Either.left("neither a price nor an amount to change to was given")
    }
    return {
      price: amendment.price === undefined ? undefined : yield* fitPrice(market, "buy", amendment.price, false),
      amount: amendment.amount === undefined ? undefined : yield* fitAmount(market, amendment.amount, false)
    }
  })

const tradable = (market: Market): Either.Either<void, string> =>
  market.status === "closed"
    ? Either.left(`${market.symbol} is closed for good`)
    : market.status === "halted"
    ? Either.left(`${market.symbol} is halted; try again when its status is open`)
    : Either.void

const fitAmount = (market: Market, given: Amount, round: boolean): Either.Either<BigDecimal.BigDecimal, string> =>
  Either.gen(function*() {
    const exact = yield* decimal("amount", given)
    const amount = yield* onStep("amount", "step", exact, market.lotSize, round, "down")
    if (!BigDecimal.isPositive(amount)) {
      return yield* Either.left(`the amount ${Decimal.format(exact)} is less than one step of ${market.symbol}`)
    }
    yield* within(market, "amount", amount, market.minAmount, market.maxAmount)
    return amount
  })

const fitPrice = (
  market: Market,
  side: Side,
  given: Amount,
  round: boolean
): Either.Either<BigDecimal.BigDecimal, string> =>
  Either.gen(function*() {
    const exact = yield* decimal("price", given)
    const price = yield* onStep("price", "tick", exact, market.tickSize, round, side === "buy" ? "down" : "up")
    if (!BigDecimal.isPositive(price)) {
      return yield* Either.left(`the price ${Decimal.format(exact)} is less than one tick of ${market.symbol}`)
    }
    yield* within(market, "price", price, market.minPrice, market.maxPrice)
    return price
  })

const decimal = (what: string, given: Amount): Either.Either<BigDecimal.BigDecimal, string> => {
  if (typeof given !== "string") {
    return BigDecimal.isPositive(given) ? Either.right(given) : Either.left(`the ${what} is not above zero`)
  }
  return Either.filterOrLeft(
    Either.fromOption(
      Decimal.parse(given),
      () => `the ${what} ${JSON.stringify(given.slice(0, 60))} is not plain decimal notation such as "0.001"`
    ),
    BigDecimal.isPositive,
    () => `the ${what} ${given} is not above zero`
  )
}

const onStep = (
  what: string,
  stepName: string,
  value: BigDecimal.BigDecimal,
  step: BigDecimal.BigDecimal | undefined,
  round: boolean,
  direction: "down" | "up"
): Either.Either<BigDecimal.BigDecimal, string> => {
  if (step === undefined) return Either.right(value)
  const rest = BigDecimal.unsafeRemainder(value, step)
  if (BigDecimal.isZero(rest)) return Either.right(inPlaces(value, step))
  const below = BigDecimal.subtract(value, rest)
  if (round) return Either.right(inPlaces(direction === "down" ? below : BigDecimal.sum(below, step), step))
  return Either.left(
    `the ${what} ${Decimal.format(value)} is not a multiple of the ${stepName} ${Decimal.format(step)}; ` +
      `${Decimal.format(inPlaces(below, step))} would be, and \`round: true\` rounds`
  )
}

// With no more decimal places than the step has: exchanges refuse digits beyond them, zeros too.
const inPlaces = (multiple: BigDecimal.BigDecimal, step: BigDecimal.BigDecimal): BigDecimal.BigDecimal => {
  const places = Math.max(0, BigDecimal.normalize(step).scale)
  return multiple.scale > places ? BigDecimal.scale(multiple, places) : multiple
}

const within = (
  market: Market,
  what: string,
  value: BigDecimal.BigDecimal,
  min: BigDecimal.BigDecimal | undefined,
  max: BigDecimal.BigDecimal | undefined
): Either.Either<void, string> => {
  if (min !== undefined && BigDecimal.lessThan(value, min)) {
    return Either.left(
      `the ${what} ${Decimal.format(value)} is below the least of ${market.symbol}, ${Decimal.format(min)}`
    )
  }
  if (max !== undefined && BigDecimal.greaterThan(value, max)) {
    return Either.left(
      `the ${what} ${Decimal.format(value)} is above the most of ${market.symbol}, ${Decimal.format(max)}`
    )
  }
  return Either.void
}

const worthIt = (
  market: Market,
  amount: BigDecimal.BigDecimal,
  price: BigDecimal.BigDecimal
): Either.Either<void, string> => {
  const worth = notional(market, amount, price)
  return market.minNotional !== undefined && BigDecimal.lessThan(worth, market.minNotional)
    ? Either.left(
      `the order is worth ${Decimal.format(worth)} ${market.quote}, below the least of ${market.symbol}, ` +
        Decimal.format(market.minNotional)
    )
    : Either.void
}
