/**
 * Arguments and options of the commands for a single order.
 *
 * @since 0.1.0
 */
import * as Decimal from "@effect-exchange/core/model/Decimal"
import * as Order from "@effect-exchange/core/model/Order"
import * as Args from "@effect/cli/Args"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { refused } from "./internal/optionValues.js"
import { quote } from "./internal/quote.js"

/** Returns `true` if a text is a decimal above zero. The options keep the text as typed. */
const positive = (text: string): boolean =>
  Option.match(Decimal.parse(text), { onNone: () => false, onSome: (value) => BigDecimal.isPositive(value) })

/**
 * The side: `buy` or `sell`.
 *
 * @since 0.1.0
 * @category arguments
 */
export const side: Args.Args<"buy" | "sell"> = Args.text({ name: "side" }).pipe(
  Args.withDescription("buy or sell."),
  Args.mapEffect((text) =>
    text === "buy" || text === "sell"
      ? Effect.succeed(text)
      : Effect.fail(HelpDoc.p(`${quote(text)} is not a side; expected buy or sell.`))
  )
)

/**
 * The amount in the base currency, or in contracts of an inverse market.
 *
 * @since 0.1.0
 * @category arguments
 */
export const amount: Args.Args<string> = Args.text({ name: "amount" }).pipe(
  Args.withDescription("The amount: in the base currency, or in contracts for an inverse market."),
  Args.mapEffect((text) =>
    positive(text)
      ? Effect.succeed(text)
      : Effect.fail(HelpDoc.p(`${quote(text)} is not a valid amount; expected a decimal above zero such as 0.01.`))
  )
)

const decimal = (name: string, pseudo: string, description: string): Options.Options<Option.Option<string>> =>
  Options.text(name).pipe(
    Options.withPseudoName(pseudo),
    Options.withDescription(description),
    Options.mapEffect((text) =>
      positive(text)
        ? Effect.succeed(text)
        : refused(`--${name} cannot be ${quote(text)}; expected a decimal above zero such as 0.01.`)
    ),
    Options.optional
  )

/**
 * `--limit 60000`: the price of a limit order.
 *
 * @since 0.1.0
 * @category options
 */
export const limit: Options.Options<Option.Option<string>> = decimal(
  "limit",
  "price",
  "The worst price to trade at; what does not trade at once stays in the book."
)

/**
 * `--market`: place a market order.
 *
 * @since 0.1.0
 * @category options
 */
export const market: Options.Options<boolean> = Options.boolean("market").pipe(
  Options.withDescription("Trade at once, at any price in the book.")
)

/**
 * `--price 60000`: the new price of an open order.
 *
 * @since 0.1.0
 * @category options
 */
export const price: Options.Options<Option.Option<string>> = decimal(
  "price",
  "price",
  "The new limit price. Default: unchanged."
)

/**
 * `--amount 0.01`: the new total amount of an open order, including the filled part.
 *
 * @since 0.1.0
 * @category options
 */
export const newAmount: Options.Options<Option.Option<string>> = decimal(
  "amount",
  "amount",
  "The new total amount, including what is already filled. Default: unchanged."
)

/**
 * `--post-only`: only add liquidity to the order book.
 *
 * @since 0.1.0
 * @category options
 */
export const postOnly: Options.Options<boolean> = Options.boolean("post-only").pipe(
  Options.withDescription("Only add to the book: an order that would trade at once is not placed, or is canceled.")
)

/**
 * `--reduce-only`: only reduce a position.
 *
 * @since 0.1.0
 * @category options
 */
export const reduceOnly: Options.Options<boolean> = Options.boolean("reduce-only").pipe(
  Options.withDescription("Only reduce a position, never increase it.")
)

/**
 * `--round`: fit the amount and the price to the steps of the market.
 *
 * @since 0.1.0
 * @category options
 */
export const round: Options.Options<boolean> = Options.boolean("round").pipe(
  Options.withDescription(
    "Round the amount down to the lot size, and the price to the tick size in your favor; without --round, an order that does not fit is refused."
  )
)

const isTimeInForce = Schema.is(Order.TimeInForce)

/**
 * `--time-in-force GTC|IOC|FOK`: how long a limit order stays open.
 *
 * @since 0.1.0
 * @category options
 */
export const timeInForce: Options.Options<Option.Option<Order.TimeInForce>> = Options.text("time-in-force").pipe(
  Options.withPseudoName(Order.TimeInForce.literals.join("|")),
  Options.withDescription(
    "How long a limit order stays open: until canceled (GTC), only for what fills at once (IOC), or not at all unless it fills completely at once (FOK). Default: GTC."
  ),
  Options.mapEffect((text) => {
    const word = text.toUpperCase()
    return isTimeInForce(word)
      ? Effect.succeed(word)
      : refused(
        `--time-in-force cannot be ${quote(text)}; expected one of ${Order.TimeInForce.literals.join(", ")}.`
      )
  }),
  Options.optional
)

/**
 * `--max-notional 1000`: a limit on the notional value of the order, in the quote currency.
 *
 * @since 0.1.0
 * @category options
 */
export const maxNotional: Options.Options<Option.Option<string>> = decimal(
  "max-notional",
  "value",
  "A guard: the maximum value of the order, in the quote currency."
)

/**
 * `--max-notional-per-day 5000`: a limit on the notional value of a day's orders in the journal, in the quote currency.
 *
 * @since 0.1.0
 * @category options
 */
export const maxNotionalPerDay: Options.Options<Option.Option<string>> = decimal(
  "max-notional-per-day",
  "value",
  "A guard: the maximum total value of one day's orders in the journal, in the quote currency."
)

/**
 * `--price-band 0.05`: a limit on the distance of the price from the last price, as a ratio.
 *
 * @since 0.1.0
 * @category options
 */
export const priceBand: Options.Options<Option.Option<string>> = decimal(
  "price-band",
  "ratio",
  "A guard: the maximum distance of a limit price from the last price, such as 0.05 for 5 % either way."
)

/**
 * `--send`: send the order even if it may cost money.
 *
 * @since 0.1.0
 * @category options
 */
export const send: Options.Options<boolean> = Options.boolean("send").pipe(
  Options.withDescription(
    "Send a request that may cost money; without --send, the command only shows it. Also requires EXCHANGE_LIVE_TRADING=enabled."
  )
)

/**
 * `--journal orders.journal`: the file that records each order before it is sent.
 *
 * @since 0.1.0
 * @category options
 */
export const journal: Options.Options<Option.Option<string>> = Options.text("journal").pipe(
  Options.withPseudoName("file"),
  Options.withDescription(
    "The file in which each order is recorded before it is sent. Required unless this command simulates the exchange."
  ),
  Options.optional
)

const id = (name: string, description: string): Options.Options<Option.Option<string>> =>
  Options.text(name).pipe(Options.withPseudoName("id"), Options.withDescription(description), Options.optional)

/**
 * `--id 4711`: the order id of the exchange.
 *
 * @since 0.1.0
 * @category options
 */
export const orderId: Options.Options<Option.Option<string>> = id(
  "id",
  "The id that the exchange gave the order."
)

/**
 * `--client-id x1`: the client order id.
 *
 * @since 0.1.0
 * @category options
 */
export const clientOrderId: Options.Options<Option.Option<string>> = id(
  "client-id",
  "The client order id of the order; for a new order, the one to use."
)
