/**
 * Arguments and options that take symbols.
 *
 * @since 0.1.0
 */
import * as ExchangeSymbol from "@effect-exchange/core/model/ExchangeSymbol"
import * as Args from "@effect/cli/Args"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { quote } from "./internal/quote.js"
import * as Suggestions from "./Suggestions.js"

const parseSymbols = (
  texts: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<ExchangeSymbol.ExchangeSymbol>, HelpDoc.HelpDoc> =>
  Effect.map(
    Effect.forEach(texts, (text) =>
      Effect.catchAll(
        ExchangeSymbol.decode(text),
        () =>
          Effect.fail(HelpDoc.p(
            text.startsWith("-")
              ? `Unknown option ${quote(text)}.`
              : `${quote(text)} is not a symbol; expected one such as BTC/USDT or BTC/USD:BTC.${
                Suggestions.question(Suggestions.notation(text))
              }`
          ))
      )),
    Arr.dedupe
  )

/**
 * One or more symbols.
 *
 * @since 0.1.0
 * @category arguments
 */
export const many: Args.Args<ReadonlyArray<ExchangeSymbol.ExchangeSymbol>> = Args.text({ name: "symbol" }).pipe(
  Args.withDescription("A symbol, such as BTC/USDT, or BTC/USD:BTC for a perpetual contract settled in BTC."),
  Args.atLeast(1),
  Args.mapEffect(parseSymbols)
)

/**
 * Exactly one symbol.
 *
 * @since 0.1.0
 * @category arguments
 */
export const one: Args.Args<ExchangeSymbol.ExchangeSymbol> = Args.text({ name: "symbol" }).pipe(
  Args.withDescription("The market, such as BTC/USDT, or BTC/USD:BTC for a perpetual contract settled in BTC."),
  Args.mapEffect((text) =>
    Effect.flatMap(
      parseSymbols([text]),
      ([symbol]) => symbol === undefined ? Effect.fail(HelpDoc.p("No symbol given.")) : Effect.succeed(symbol)
    )
  )
)

/**
 * An optional symbol.
 *
 * @since 0.1.0
 * @category arguments
 */
export const maybe: Args.Args<Option.Option<ExchangeSymbol.ExchangeSymbol>> = Args.text({ name: "symbol" }).pipe(
  Args.withDescription("The market, such as BTC/USDT, or BTC/USD:BTC for a perpetual contract settled in BTC."),
  Args.optional,
  Args.mapEffect((text) => Effect.map(parseSymbols(Option.toArray(text)), Arr.head))
)

/**
 * The symbols that `record` uses unless some are given.
 *
 * @since 0.1.0
 * @category constants
 */
export const recorded: ReadonlyArray<ExchangeSymbol.ExchangeSymbol> = [ExchangeSymbol.make("BTC/USDT")]

/**
 * `--symbol BTC/USDT`, repeatable.
 *
 * @since 0.1.0
 * @category options
 */
export const option = (
  unlessGiven: string
): Options.Options<ReadonlyArray<ExchangeSymbol.ExchangeSymbol>> =>
  Options.text("symbol").pipe(
    Options.withPseudoName("symbol"),
    Options.withDescription(`A symbol to request, such as BTC/USDT. Repeatable. Default: ${unlessGiven}.`),
    Options.repeated,
    Options.mapEffect((texts) => Effect.mapError(parseSymbols(texts), ValidationError.invalidValue))
  )
