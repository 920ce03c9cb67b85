/**
 * What a simulation runs against: a client, the exchange that it talks to, what is true there, and what can be made to go wrong.
 *
 * @since 0.1.0
 */
import type { Account, Health, MarketData, Trading } from "@effect-exchange/core"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Socket from "@effect/platform/Socket"
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/**
 * How a client reaches its exchange: all that it sends passes through these two.
 *
 * @since 0.1.0
 * @category models
 */
export type Wire = HttpClient.HttpClient | Socket.WebSocketConstructor

/**
 * A client and its exchange. Both are made anew for each run, and nothing may outlast it.
 *
 * @since 0.1.0
 * @category models
 */
export interface World<out E = never> {
  readonly name: string
  /** What is traded there, in the client's words. */
  readonly symbols: readonly [string, ...ReadonlyArray<string>]
  /** The client; what it reports of its circuits goes to `Health`. */
  readonly client: Layer.Layer<
    MarketData.MarketData | Account.Account | Trading.Trading,
    E,
    Wire | Health.Health
  >
  /** Starts the exchange at Effect's clock; the seed decides its prices. */
  readonly exchange: (seed: string) => Effect.Effect<Exchange, never, Scope.Scope>
  /** The number that the exchange counts a trade by, from the id that the client gives it. */
  readonly tradeNumber: (id: string) => number
  /** Whether each message leaves a book as the exchange's was at some moment. `false` where one change comes in several. */
  readonly hasWholeBooks: boolean
  readonly faults: ReadonlyArray<Fault>
  /** The longest a subscription may be without data, in milliseconds after all faults have ended: the watchdog and one resync. */
  readonly patience: number
  /** What must never be seen in logs, errors and messages. */
  readonly secrets: ReadonlyArray<string>
  /** An order that rests, far from the market, under a name. `undefined` where none are placed. */
  readonly order:
    | ((symbol: string, clientOrderId: string) => Parameters<Trading.Trading.Service["place"]>[0])
    | undefined
}

/**
 * The exchange as it is, without asking it by the client.
 *
 * @since 0.1.0
 * @category models
 */
export interface Exchange {
  readonly wire: Context.Context<Wire>
  /** Makes a fault happen, by its name. */
  readonly inject: (fault: string) => Effect.Effect<void>
  /** Ends all faults that go on. */
  readonly calm: Effect.Effect<void>
  /** A market as it is now, with its latest trades, so many of them. */
  readonly truth: (symbol: string, trades: number) => Effect.Effect<Truth>
  /** All orders that it has taken, by the names that the client gave them. */
  readonly orders: Effect.Effect<ReadonlyArray<TakenOrder>>
  /** Fills half of what an order that stands has left, if there is one of that name. */
  readonly fill: (clientOrderId: string) => Effect.Effect<void>
  /** How many sockets are open. */
  readonly connections: Effect.Effect<number>
  /** How often it has refused the client for going too fast, but for faults. */
  readonly refusals: Effect.Effect<number>
}

/**
 * A market as it is. Decimals are plain text without zeros at their end.
 *
 * @since 0.1.0
 * @category models
 */
export interface Truth {
  readonly bids: ReadonlyArray<Level>
  readonly asks: ReadonlyArray<Level>
  readonly last: string
  /** The latest trades, oldest first, each with a number that is one more than that of the trade before. */
  readonly trades: ReadonlyArray<{ readonly id: number; readonly price: string; readonly at: number }>
  /** Whether a frame from the exchange is about this market. */
  readonly isNamedIn: (frame: string) => boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Level {
  readonly price: string
  readonly amount: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface TakenOrder {
  readonly clientOrderId: string | undefined
  readonly isOpen: boolean
  /** Its fills, each with when it was made, in milliseconds since the epoch. */
  readonly fills: ReadonlyArray<{ readonly at: number }>
  readonly filled: string
  /** When it was changed last, in milliseconds since the epoch. */
  readonly updatedAt: number
}

/**
 * Something that goes wrong.
 *
 * `lag` is what a subscription that says it is live may then be behind by: nothing; the next beat, as when one message is lost;
 * or for as long as it takes to be noticed. `trades` is what becomes of those that are on their way: they come, some are lost, or
 * the exchange itself tells them out of order.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fault {
  readonly name: string
  readonly lag: "none" | "beat" | "watchdog"
  readonly trades: "kept" | "lost" | "muddled"
}

/**
 * What must hold after every step.
 *
 * - `book`: an order book that is said to be live is the exchange's. `trades`: each comes once, in order, and none is missing.
 * - `hearing`: whoever listens to what is live hears from it. `staleness`: nothing is without data for longer than the watchdog
 *   and one resync. `cause`: nothing is said to be lost or stale that is not.
 * - `orders`: an order is taken once or not at all, as the client says.
 * - `account`: who listens to an account is told of each order as it is in the end, never goes back, and of each fill once. Where a
 *   message was lost on its way, only that nothing goes back or comes twice.
 * - `budgets`: the exchange never has to refuse the client for going too fast. `circuit`: nothing is sent while a circuit is open.
 * - `secrets`: none is seen. `leftovers`: nothing is said of what nobody listens to, and no socket is left open.
 * - `defect`: nothing fails but in the ways that are declared.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Invariant = Schema.Literal(
  "book",
  "trades",
  "hearing",
  "staleness",
  "cause",
  "orders",
  "account",
  "budgets",
  "circuit",
  "secrets",
  "leftovers",
  "defect"
)

/**
 * @since 0.1.0
 * @category models
 */
export type Invariant = typeof Invariant.Type

/**
 * What did not hold. `at` is how many milliseconds after the beginning.
 *
 * @since 0.1.0
 * @category errors
 */
export class Violation
  extends Schema.TaggedError<Violation>("@effect-exchange/testing/SimulationWorld/Violation")("Violation", {
    invariant: Invariant,
    detail: Schema.String,
    at: Schema.Number
  })
{
  override get message(): string {
    return `${this.invariant}, after ${this.at} ms: ${this.detail}`
  }
}
