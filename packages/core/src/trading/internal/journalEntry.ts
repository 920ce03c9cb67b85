import type * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { Worth } from "../../model/internal/intent.js"
import { Intent, shared, unnamed } from "../../model/internal/intent.js"
import { TimeInForce } from "../../model/Order.js"
import { Side } from "../../model/Trade.js"

/** @internal */
export interface Outcome extends Schema.Schema.Type<typeof Outcome> {}

/** @internal */
export const Outcome = Schema.Struct({
  _tag: Schema.Literal("Placed", "NotPlaced"),
  ...shared,
  orderId: Schema.optional(Schema.NonEmptyString),
  reason: Schema.optional(Schema.String),
  /** The `at` of the intent. Without it, the outcome is that of the first open intent with the client order id. */
  begunAt: Schema.optional(Schema.Number),
  at: Schema.Number
})

/** @internal */
export type Entry = Intent | Outcome

/** @internal */
export const Entry = Schema.Union(Intent, Outcome)

/** @internal */
export interface Begun extends Intent {
  readonly outcome: "Open" | Outcome["_tag"]
  readonly orderId?: string | undefined
  readonly outcomeAt?: number | undefined
}

/** @internal */
export class JournalFailed
  extends Schema.TaggedError<JournalFailed>("@effect-exchange/core/trading/internal/journalEntry/JournalFailed")(
    "JournalFailed",
    { path: Schema.String, detail: Schema.String }
  )
{
  override get message(): string {
    return `the order journal ${this.path} failed: ${this.detail}`
  }
}

/** @internal */
export interface Service {
  /** Returns once the entry is as durable as the journal can make it. No order is sent before that. */
  readonly append: (entry: Entry) => Effect.Effect<void, JournalFailed>
  /** The intents without an outcome, of all accounts, oldest first. */
  readonly open: Effect.Effect<ReadonlyArray<Intent>, JournalFailed>
  /**
   * Returns the orders of an account that were begun since an instant (epoch milliseconds), with their outcomes. Every
   * journal has at least those of the last 48 hours, except `layerNone`, which has none.
   */
  readonly since: (
    account: string,
    exchange: string,
    environment: string,
    epochMillis: number
  ) => Effect.Effect<ReadonlyArray<Begun>, JournalFailed>
}

/**
 * Formats an entry as one line of JSON, without the line break.
 *
 * @internal
 */
export const print = (entry: Entry): string => JSON.stringify(entry)

/**
 * Parses a line as an entry. Returns `undefined` if it is not one. It does what `Schema.parseJson(Entry)` does, but is
 * written by hand for speed, because a journal of a million lines is read before the first order is sent.
 *
 * @internal
 */
export const parse = (line: string): Entry | undefined => {
  const value = json(line)
  if (!Predicate.isRecord(value)) return undefined
  const { _tag, account = unnamed, at, clientOrderId, environment, exchange } = value
  if (!isText(exchange) || !isText(environment) || !isText(account) || !isText(clientOrderId)) return undefined
  if (!Predicate.isNumber(at)) return undefined
  const about = { exchange, environment, account, clientOrderId, at }
  if (_tag === "Intent") {
    const { amends, amount, market, price, side, skew, symbol, timeInForce, type, worth } = value
    if (!isText(symbol) || !isText(amount) || !isSide(side) || !isTimeInForce(timeInForce)) return undefined
    if (type !== "limit" && type !== "market") return undefined
    if (price !== undefined && !isText(price)) return undefined
    if (market !== undefined && !isText(market)) return undefined
    if (amends !== undefined && !isText(amends)) return undefined
    if (skew !== undefined && !Predicate.isNumber(skew)) return undefined
    const worthOf = worth === undefined ? undefined : parseWorth(worth)
    if (worth !== undefined && worthOf === undefined) return undefined
    return {
      _tag,
      ...about,
      symbol,
      side,
      type,
      amount,
      timeInForce,
      ...market === undefined ? {} : { market },
      ...price === undefined ? {} : { price },
      ...worthOf === undefined ? {} : { worth: worthOf },
      ...amends === undefined ? {} : { amends },
      ...skew === undefined ? {} : { skew }
    }
  }
  if (_tag !== "Placed" && _tag !== "NotPlaced") return undefined
  const { begunAt, orderId, reason } = value
  if (orderId !== undefined && !isText(orderId)) return undefined
  if (reason !== undefined && !Predicate.isString(reason)) return undefined
  if (begunAt !== undefined && !Predicate.isNumber(begunAt)) return undefined
  return {
    _tag,
    ...about,
    ...orderId === undefined ? {} : { orderId },
    ...reason === undefined ? {} : { reason },
    ...begunAt === undefined ? {} : { begunAt }
  }
}

const json = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

const parseWorth = (worth: unknown): typeof Worth.Type | undefined => {
  if (!Predicate.isRecord(worth)) return undefined
  const { amount, currency } = worth
  return isText(amount) && isText(currency) ? { currency, amount } : undefined
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""
const isSide = Schema.is(Side)
const isTimeInForce = Schema.is(TimeInForce)
