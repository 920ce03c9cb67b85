import { ExchangeError } from "@effect-exchange/core"
import { Cause, Exit, Option, Predicate } from "effect"
import { Exchanges } from "../../src/index.js"
import { now } from "../support/frozenExchange.js"
import { unprintable } from "../support/output.js"
import type { Operation, Row } from "./row.js"
import { agrees } from "./rules.js"
import { isWrite, type Result, type Stage, timeout } from "./stage.js"
import { table } from "./table.js"

/** Kinds of large responses, which take long to read. */
const heavy = new Set(["bomb", "nesting", "size"])

/** Returns the time limit: twice the timeout of an attempt, and a margin for a busy machine. */
export const timeBound = (operation: Operation, { kind, name }: Row): number =>
  2 * timeout(operation) + (heavy.has(kind) || name === "100,000 rows" ? 2400 : 300)

/** Kinds that depend on how an operation decodes the response. All others fail before that. */
const content = new Set(["cut", "nesting", "number", "characters", "about something else"])

/** Returns the rows of an operation: all rows for `ticker` and `place`, and some for the others. */
export const rowsOf = (operation: Operation): ReadonlyArray<Row> =>
  table.filter(({ kind, operations }, index) => {
    if (operations?.includes(operation) === false) return false
    if (operation === "ticker" || operation === "place" || content.has(kind)) return true
    const counts = operation === "balances" || operation === "cancel"
    return counts && (kind === "framing" || (kind === "status" && index % 4 === 0))
  })

const isError = (error: unknown): error is ExchangeError.ExchangeError =>
  Predicate.isRecord(error) && typeof error["_tag"] === "string" && error["_tag"] in ExchangeError.policies

const mayFailWith: { readonly [O in Operation]: (error: ExchangeError.ExchangeError) => boolean } = {
  ticker: (error) => ExchangeError.isFor("marketData", error),
  orderBook: (error) => ExchangeError.isFor("marketData", error),
  candles: (error) => ExchangeError.isFor("marketData", error),
  balances: (error) => ExchangeError.isFor("account", error),
  openOrders: (error) => ExchangeError.isFor("account", error),
  place: (error) => ExchangeError.isFor("trading", error),
  cancel: (error) => ExchangeError.isFor("trading", error)
}

/** Only Binance bans with the status 418. A banned client has placed nothing. */
const isUncertain = (error: ExchangeError.ExchangeError): boolean =>
  error.outcome === "Unknown" ||
  (error._tag === "Banned" && error.exchange === "binance" && error.status === 418)

/** Returns what is wrong with a result, or `undefined`. */
export const verdictOf = (stage: Stage, operation: Operation, row: Row, result: Result): string | undefined => {
  if (Option.isNone(result.exit)) return `hangs: it had not ended after ${Math.round(result.millis)} ms`
  if (result.redirected) return "a redirect was followed"
  const isRepeated = operation === "place" && result.writes > 1 &&
    Exchanges.features(stage.id).deduplicates !== "always"
  if (isRepeated) return `the order was sent ${result.writes} times`
  return Exit.match(result.exit.value, {
    onSuccess: (value) =>
      agrees(operation, row.rule, value, stage.results.get(operation), now)
        ? undefined
        : `another value: ${shown(value)} instead of ${shown(stage.results.get(operation))}`,
    onFailure: (cause) => {
      const failure = Cause.failureOption(cause)
      if (Option.isNone(failure)) return `a defect: ${Cause.pretty(cause).slice(0, 300)}`
      const error = failure.value
      if (!isError(error) || !mayFailWith[operation](error)) return `an error of another kind: ${String(error)}`
      if (isWrite(operation) && result.writes > 0 && row.rule !== "unverifiable" && !isUncertain(error)) {
        return `${error._tag} (${error.outcome}) for what was carried out: ${error.message}`
      }
      if (unprintable.test(error.message)) {
        return `letters in a message that a log must not see: ${shown(error.message)}`
      }
      return error.message.length > 2000 ? `a message of ${error.message.length} letters` : undefined
    }
  })
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 300)
