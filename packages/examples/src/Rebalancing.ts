/**
 * Plans the orders that bring a portfolio to its target weights. It is pure and computes with exact decimals.
 * `docs/cookbook/rebalancing-bot.md` explains it, and `RebalancingBot.ts` places the orders.
 */
import { type Balance, Decimal, Market, type Order } from "@effect-exchange/core"
import { BigDecimal } from "effect"

/** The target weights by asset, as ratios of the portfolio's worth. The rest is held in `cash`. */
export interface Portfolio {
  readonly cash: string
  readonly targets: { readonly [asset: string]: BigDecimal.BigDecimal }
  /**
   * How far the weight of an asset may differ from its target before the plan trades: `"0.02"` is two percentage
   * points.
   */
  readonly tolerance: BigDecimal.BigDecimal
  /** The part of the spending to keep back, as a ratio, because the exchange may charge fees on top. */
  readonly fee: BigDecimal.BigDecimal
}

/** The market of an asset for cash, and its best prices. */
export interface Quote {
  readonly market: Market.Market
  readonly bid: BigDecimal.BigDecimal
  readonly ask: BigDecimal.BigDecimal
}

export interface Planned {
  readonly market: Market.Market
  readonly side: Order.Order["side"]
  readonly amount: BigDecimal.BigDecimal
  readonly price: BigDecimal.BigDecimal
}

const two = BigDecimal.fromBigInt(2n)

/** Returns the worth of one unit of an asset: the middle of bid and ask. */
const mid = ({ ask, bid }: Quote) => BigDecimal.unsafeDivide(BigDecimal.sum(bid, ask), two)

/** Divides and rounds down, because the exact quotient may have infinitely many digits. */
const ratio = (part: BigDecimal.BigDecimal, whole: BigDecimal.BigDecimal) =>
  BigDecimal.isZero(whole) ? Decimal.zero : BigDecimal.scale(BigDecimal.unsafeDivide(part, whole), 40)

/** Rounds down to a multiple of a step. */
const down = (value: BigDecimal.BigDecimal, step: BigDecimal.BigDecimal | undefined) =>
  step === undefined
    ? BigDecimal.scale(value, 8)
    : BigDecimal.subtract(value, BigDecimal.unsafeRemainder(value, step))

/** Rounds up to a multiple of a step. */
const up = (value: BigDecimal.BigDecimal, step: BigDecimal.BigDecimal | undefined) => {
  const below = down(value, step)
  return step === undefined || BigDecimal.equals(below, value) ? below : BigDecimal.sum(below, step)
}

/** Returns `true` if the market accepts an order of this size. */
const isEnough = ({ amount, market, price }: Planned): boolean =>
  BigDecimal.isPositive(amount) &&
  (market.minAmount === undefined || BigDecimal.greaterThanOrEqualTo(amount, market.minAmount)) &&
  (market.minNotional === undefined ||
    BigDecimal.greaterThanOrEqualTo(Market.notional(market, amount, price), market.minNotional))

const atMost = (value: BigDecimal.BigDecimal, most: BigDecimal.BigDecimal | undefined) =>
  most === undefined ? value : BigDecimal.min(value, most)

/** Returns the weight of each asset with a target, as a ratio of the portfolio's worth. */
export const weights = (
  portfolio: Portfolio,
  balances: ReadonlyArray<Balance.Balance>,
  quotes: ReadonlyMap<string, Quote>
): ReadonlyMap<string, BigDecimal.BigDecimal> => {
  const total = worth(portfolio, balances, quotes)
  return new Map(
    Array.from(
      quotes,
      ([asset, quote]) => [asset, ratio(BigDecimal.multiply(held(balances, asset), mid(quote)), total)]
    )
  )
}

const held = (balances: ReadonlyArray<Balance.Balance>, asset: string, which: "free" | "total" = "total") =>
  balances.find((balance) => balance.asset === asset)?.[which] ?? Decimal.zero

const worth = (
  { cash }: Portfolio,
  balances: ReadonlyArray<Balance.Balance>,
  quotes: ReadonlyMap<string, Quote>
): BigDecimal.BigDecimal =>
  Array.from(quotes).reduce(
    (sum, [asset, quote]) => BigDecimal.sum(sum, BigDecimal.multiply(held(balances, asset), mid(quote))),
    held(balances, cash)
  )

/**
 * Plans the orders that bring a portfolio to its target weights. It plans no orders while every weight is within the
 * tolerance. Otherwise it plans one order per asset, if the market accepts an order of that size. The orders spend only
 * the cash that is free now. The proceeds of sales are available to the next plan.
 */
export const plan = (
  portfolio: Portfolio,
  balances: ReadonlyArray<Balance.Balance>,
  quotes: ReadonlyMap<string, Quote>
): ReadonlyArray<Planned> => {
  const total = worth(portfolio, balances, quotes)
  const wrong = Array.from(quotes, ([asset, quote]) => ({
    asset,
    quote,
    by: BigDecimal.subtract(
      BigDecimal.multiply(portfolio.targets[asset] ?? Decimal.zero, total),
      BigDecimal.multiply(held(balances, asset), mid(quote))
    )
  }))
  const tolerated = BigDecimal.multiply(portfolio.tolerance, total)
  if (wrong.every(({ by }) => BigDecimal.lessThanOrEqualTo(BigDecimal.abs(by), tolerated))) return []

  const sells = wrong.filter(({ by }) => BigDecimal.isNegative(by)).map(({ asset, by, quote }): Planned => {
    const { ask, market } = quote
    const wanted = BigDecimal.min(ratio(BigDecimal.abs(by), mid(quote)), held(balances, asset, "free"))
    return {
      market,
      side: "sell",
      amount: down(atMost(wanted, market.maxAmount), market.lotSize),
      price: up(ask, Market.tickSizeAt(market, ask))
    }
  })
  const buying = wrong.filter(({ by }) => BigDecimal.isPositive(by))
  const wanted = buying.reduce((sum, { by }) => BigDecimal.sum(sum, by), Decimal.zero)
  const spendable = ratio(held(balances, portfolio.cash, "free"), BigDecimal.sum(Decimal.one, portfolio.fee))
  // If the cash does not suffice for all orders, each gets the same share of what it needs.
  const share = BigDecimal.min(Decimal.one, ratio(spendable, wanted))
  const buys = buying.map(({ by, quote: { bid, market } }): Planned => {
    const price = down(bid, Market.tickSizeAt(market, bid))
    const amount = ratio(BigDecimal.multiply(by, share), price)
    return { market, side: "buy", amount: down(atMost(amount, market.maxAmount), market.lotSize), price }
  })
  return [...sells, ...buys].filter(isEnough).map(({ amount, price, ...order }) => ({
    ...order,
    amount: Decimal.of(BigDecimal.normalize(amount)),
    price: Decimal.of(BigDecimal.normalize(price))
  }))
}
