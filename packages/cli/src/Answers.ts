/**
 * The answers of several exchanges to one question, and the errors of the exchanges that failed.
 *
 * @since 0.1.0
 */
import type { ExchangeError, MarketData } from "@effect-exchange/core"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Advice from "./Advice.js"
import * as Connections from "./Connections.js"
import type { Settings } from "./Options.js"
import * as Table from "./Table.js"

/**
 * The type of {@link Failed}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Failed extends Schema.Schema.Type<typeof Failed> {}

/**
 * An exchange that failed: the error, and advice about it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Failed = Schema.Struct({
  exchange: Schema.String,
  tag: Schema.String,
  message: Schema.String,
  advice: Schema.String
})

/**
 * An exchange to ask, with access to its list of markets.
 *
 * @since 0.1.0
 * @category models
 */
export interface Target {
  readonly exchange: string
  readonly market: Pick<MarketData.MarketData.Service, "markets">
}

/**
 * Describes the error of an exchange, with advice.
 *
 * @since 0.1.0
 * @category constructors
 */
export const failed = ({ exchange, market }: Target, error: ExchangeError.AccountError): Effect.Effect<Failed> =>
  Effect.map(Advice.from(error, market), (advice) => ({ exchange, tag: error._tag, message: error.message, advice }))

/**
 * The rows of the exchanges that answered, in the order in which they were asked, and the failures of the others.
 *
 * @since 0.1.0
 * @category models
 */
export interface Answers<out A> {
  readonly rows: ReadonlyArray<A>
  readonly failures: ReadonlyArray<Failed>
}

/**
 * Asks all exchanges concurrently. A failure of one does not affect the others.
 *
 * @since 0.1.0
 * @category constructors
 */
export const gather = <One extends Target, A, R>(
  targets: ReadonlyArray<One>,
  question: (one: One) => Effect.Effect<ReadonlyArray<A>, ExchangeError.AccountError, R>
): Effect.Effect<Answers<A>, never, R> =>
  Concurrent.forEach(
    targets,
    (one) => Effect.either(Effect.catchAll(question(one), (error) => Effect.flip(failed(one, error)))),
    { concurrency: "unbounded" }
  ).pipe(Effect.map((answers) => ({ rows: Arr.getRights(answers).flat(), failures: Arr.getLefts(answers) })))

/**
 * Formats a paragraph for each exchange that failed: the error and the advice.
 *
 * @since 0.1.0
 * @category formatting
 */
export const paragraphs = (failures: ReadonlyArray<Failed>, colors: boolean): ReadonlyArray<string> =>
  failures.map(({ advice, exchange, message, tag }) =>
    `${Table.paint(`${exchange}: ${tag}.`, "bad", colors)} ${sentence(message)} ${advice}`
  )

/**
 * Formats a text as a sentence on one line.
 *
 * @since 0.1.0
 * @category formatting
 */
export const sentence = (text: string): string => {
  const plain = text.replace(/\p{Cc}+/gu, " ")
  return /[.!?]$/.test(plain) ? plain : `${plain}.`
}

/**
 * Returns a sentence that says which of the exchanges are simulated. Returns no sentence if none is.
 *
 * @since 0.1.0
 * @category formatting
 */
export const simulation = (settings: Pick<Settings, "baseUrl" | "environment" | "exchange">): ReadonlyArray<string> => {
  const simulated = settings.exchange.filter((exchange) => Connections.isInMemory(exchange, settings))
  if (simulated.length === 0) return []
  return [
    simulated.length === settings.exchange.length
      ? "All of this is simulated."
      : `The data from ${simulated.join(", ")} is simulated.`
  ]
}

/**
 * Formats the text below a table: the failures, and which exchanges are simulated.
 *
 * @since 0.1.0
 * @category formatting
 */
export const remarks = (
  failures: ReadonlyArray<Failed>,
  settings: Pick<Settings, "baseUrl" | "environment" | "exchange">,
  colors: boolean
): string => [...paragraphs(failures, colors), ...simulation(settings)].map((remark) => `\n${remark}`).join("")
