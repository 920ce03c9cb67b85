/**
 * Questions to an exchange. A question is an endpoint, its input, and the conversion of its answer to the library's
 * model.
 *
 * @since 0.1.0
 */
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Effect from "effect/Effect"
import * as Struct from "effect/Struct"
import type * as Endpoint from "../engine/Endpoint.js"
import type { ExchangeClient } from "../engine/ExchangeClient.js"
import * as ExchangeError from "../model/ExchangeError.js"
import * as Listing from "../model/Listing.js"
import type { Market } from "../model/Market.js"
import type * as Row from "./Row.js"

/**
 * A question that needs a client with the capabilities `C`. It is a function, so you can write one yourself where the
 * constructors of this module do not suffice.
 *
 * @since 0.1.0
 * @category models
 */
export type Question<C extends Endpoint.Capability, Args extends ReadonlyArray<unknown>, A> = (
  client: ExchangeClient<C>
) => (...args: Args) => Effect.Effect<A, ExchangeError.For<C>>

/**
 * Creates a question to one endpoint. `input` builds the input of the endpoint from the arguments, and `then` converts
 * the answer to the library's model.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ask: {
  <C extends Endpoint.Capability, I, A, Args extends ReadonlyArray<unknown>>(
    endpoint: Endpoint.Endpoint<C, I, A>,
    input: (...args: Args) => NoInfer<I>
  ): Question<C, Args, A>
  <C extends Endpoint.Capability, I, A, Args extends ReadonlyArray<unknown>, B>(
    endpoint: Endpoint.Endpoint<C, I, A>,
    input: (...args: Args) => NoInfer<I>,
    then: (answer: A, ...args: Args) => B
  ): Question<C, Args, B>
} = <C extends Endpoint.Capability, I, A, Args extends ReadonlyArray<unknown>>(
  endpoint: Endpoint.Endpoint<C, I, A>,
  input: (...args: Args) => I,
  then?: (answer: A, ...args: Args) => A
): Question<C, Args, A> =>
  inOneRequest((client) => (...args) => {
    const answer = client.request(endpoint, input(...args))
    return then === undefined ? answer : Effect.map(answer, (answer) => then(answer, ...args))
  })

const single = new WeakSet<object>()

const inOneRequest = <Q extends object>(question: Q): Q => {
  single.add(question)
  return question
}

/**
 * Returns `true` if the question is known to make a single request. The deadline of that request then bounds the whole
 * call.
 *
 * @internal
 */
export const isInOneRequest = (question: object): boolean => single.has(question)

/**
 * Creates a question to an endpoint that builds its own input (see `Endpoint.inputFrom`) or has none. `then` converts
 * the answer to the library's model.
 *
 * @since 0.1.0
 * @category constructors
 */
export const to: {
  <C extends Endpoint.Capability, I, A, Args extends ReadonlyArray<unknown>>(
    endpoint: Endpoint.WithInput<C, I, A, Args>
  ): Question<C, Args, A>
  <C extends Endpoint.Capability, I, A, Args extends ReadonlyArray<unknown>, B>(
    endpoint: Endpoint.WithInput<C, I, A, Args>,
    then: (answer: A, ...args: Args) => B
  ): Question<C, Args, B>
} = <C extends Endpoint.Capability, I, A, Args extends ReadonlyArray<unknown>>(
  endpoint: Endpoint.WithInput<C, I, A, Args>,
  then?: (answer: A, ...args: Args) => A
): Question<C, Args, A> => then === undefined ? ask(endpoint, endpoint.make) : ask(endpoint, endpoint.make, then)

/**
 * The options for sending the requests of one answer concurrently. A request that fails does not interrupt the others,
 * because one of them may be the probe by which the circuit breaker detects that the exchange has recovered.
 *
 * @since 0.1.0
 * @category combining
 */
export const concurrently = { concurrency: "unbounded", onFailure: "wait" } as const

/**
 * Asks several questions concurrently and joins their rows.
 *
 * @since 0.1.0
 * @category combining
 */
export const each = <C extends Endpoint.Capability, Args extends ReadonlyArray<unknown>, A>(
  questions: ReadonlyArray<Question<C, Args, Listing.Rows<A>>>
): Question<C, Args, Listing.Listing<A>> =>
(client) =>
(...args) =>
  Effect.map(
    Concurrent.forEach(questions, (question) => question(client)(...args), concurrently),
    (all) => Listing.flatten(all.map((rows) => Listing.from(rows)))
  )

/**
 * Binds a question to its subject, such as a kind of market. What else the question is about, such as the `since` of a
 * history, is still asked.
 *
 * @since 0.1.0
 * @category combining
 */
export const about = <C extends Endpoint.Capability, Subject, Rest extends ReadonlyArray<unknown>, A>(
  subject: NoInfer<Subject>,
  question: Question<C, [Subject, ...Rest], A>
): Question<C, Rest, A> =>
(client) => {
  const ask = question(client)
  return (...rest) => ask(subject, ...rest)
}

/**
 * Asks a question about each subject concurrently, such as each kind of market, and joins the rows.
 *
 * @since 0.1.0
 * @category combining
 */
export const aboutEach = <C extends Endpoint.Capability, Subject, Rest extends ReadonlyArray<unknown>, A>(
  subjects: ReadonlyArray<NoInfer<Subject>>,
  question: Question<C, [Subject, ...Rest], Listing.Rows<A>>
): Question<C, Rest, Listing.Listing<A>> => each(subjects.map((subject) => about(subject, question)))

/**
 * Asks a question about each subject that follows from the arguments, such as the kinds of the given markets, and joins
 * the rows.
 *
 * @since 0.1.0
 * @category combining
 */
export const aboutEachOf = <C extends Endpoint.Capability, Args extends ReadonlyArray<unknown>, Subject, A>(
  subjectsOf: (...args: Args) => ReadonlyArray<Subject>,
  question: Question<C, [Subject], Listing.Rows<A>>
): Question<C, Args, Listing.Listing<A>> =>
(client) =>
(...args) => aboutEach(subjectsOf(...args), question)(client)()

/**
 * Asks several questions concurrently whose answers may overlap, as a row that ends moves from one answer to another.
 * Each row is returned once, as it was last read (`Listing.unique`).
 *
 * @since 0.1.0
 * @category combining
 */
export const union = <
  C extends Endpoint.Capability,
  Args extends ReadonlyArray<unknown>,
  A extends Listing.Identified
>(
  questions: ReadonlyArray<Question<C, Args, Listing.Rows<A>>>
): Question<C, Args, Listing.Listing<A>> => {
  const all = each(questions)
  return (client) => (...args) => Effect.map(all(client)(...args), (listing) => Listing.unique(listing))
}

/**
 * Asks for the ticker of one market by a question for several tickers. Fails with `SymbolNotFound` if the answer does
 * not contain it, or with `MalformedResponse` if a row of that answer cannot be decoded.
 *
 * @since 0.1.0
 * @category combining
 */
export const ofOne = (
  tickers: Question<"marketData", [readonly [Market]], Listing.Rows<Row.TickerOf>>,
  nameOf: (market: Market) => string = ({ id }) => id
): Question<"marketData", [Market], Row.Ticker> => {
  const one: Question<"marketData", [Market], Row.Ticker> = (client) => (market) =>
    Effect.flatMap(tickers(client)([market]), (listed): Effect.Effect<Row.Ticker, ExchangeError.MarketDataError> => {
      const { rows, unknown: [unread] } = Listing.from(listed)
      const found = rows.find((row) => row.market === nameOf(market))
      const about = { exchange: client.exchange, operation: "ticker" }
      if (found !== undefined) return Effect.succeed(Struct.omit(found, "market"))
      if (unread !== undefined) {
        const detail = `the ticker could not be decoded: ${unread.detail}`
        return new ExchangeError.MalformedResponse({ ...about, detail })
      }
      const detail = `${market.symbol} (${market.id}) no longer has a ticker`
      return new ExchangeError.SymbolNotFound({ ...about, symbol: market.symbol, detail })
    })
  return isInOneRequest(tickers) ? inOneRequest(one) : one
}

/**
 * Answers every question with `Unsupported` before anything is sent, for features that the exchange lacks.
 * `alternative` says what to do instead.
 *
 * @since 0.1.0
 * @category constructors
 */
export const without =
  (operation: string, alternative: string) =>
  ({ exchange }: ExchangeClient<never>) =>
  (): Effect.Effect<never, ExchangeError.Unsupported> =>
    new ExchangeError.Unsupported({
      exchange,
      operation,
      detail: `${exchange} does not support ${operation}`,
      alternative
    })
