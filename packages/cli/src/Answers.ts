/**
 * What several exchanges answered to one question, and what those said that did not.
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
 * An exchange that did not answer: why, and what to do about it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Failed extends Schema.Schema.Type<typeof Failed> {}

/**
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
 * Where to ask, and what the exchange lists.
 *
 * @since 0.1.0
 * @category models
 */
export interface Asked {
  readonly exchange: string
  readonly market: Pick<MarketData.MarketData.Service, "markets">
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const failed = ({ exchange, market }: Asked, error: ExchangeError.AccountError): Effect.Effect<Failed> =>
  Effect.map(Advice.from(error, market), (advice) => ({ exchange, tag: error._tag, message: error.message, advice }))

/**
 * Rows of the exchanges that answered, in the order in which they were asked, and the others.
 *
 * @since 0.1.0
 * @category models
 */
export interface Answers<out A> {
  readonly rows: ReadonlyArray<A>
  readonly failures: ReadonlyArray<Failed>
}

/**
 * Asks all at once; one that fails keeps no other from answering.
 *
 * @since 0.1.0
 * @category constructors
 */
export const gather = <One extends Asked, A, R>(
  asked: ReadonlyArray<One>,
  question: (one: One) => Effect.Effect<ReadonlyArray<A>, ExchangeError.AccountError, R>
): Effect.Effect<Answers<A>, never, R> =>
  Concurrent.forEach(
    asked,
    (one) => Effect.either(Effect.catchAll(question(one), (error) => Effect.flip(failed(one, error)))),
    { concurrency: "unbounded" }
  ).pipe(Effect.map((answers) => ({ rows: Arr.getRights(answers).flat(), failures: Arr.getLefts(answers) })))

/**
 * A paragraph for each exchange that failed: what happened, and what to do.
 *
 * @since 0.1.0
 * @category formatting
 */
export const paragraphs = (failures: ReadonlyArray<Failed>, colors: boolean): ReadonlyArray<string> =>
  failures.map(({ advice, exchange, message, tag }) =>
    `${Table.paint(`${exchange}: ${tag}.`, "bad", colors)} ${sentence(message)} ${advice}`
  )

/**
 * A text as a sentence, on one line.
 *
 * @since 0.1.0
 * @category formatting
 */
export const sentence = (text: string): string => {
  const plain = text.replace(/\p{Cc}+/gu, " ")
  return /[.!?]$/.test(plain) ? plain : `${plain}.`
}

/**
 * Which of the exchanges are simulated, in a sentence; none where they are all real.
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
      : `What ${simulated.join(", ")} said is simulated.`
  ]
}

/**
 * What stands below a table: failures, and that it is simulated where it is.
 *
 * @since 0.1.0
 * @category formatting
 */
export const remarks = (
  failures: ReadonlyArray<Failed>,
  settings: Pick<Settings, "baseUrl" | "environment" | "exchange">,
  colors: boolean
): string => [...paragraphs(failures, colors), ...simulation(settings)].map((remark) => `\n${remark}`).join("")
