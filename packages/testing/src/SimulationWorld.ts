/**
 * The world of a simulation: a client, its exchange, the true state of the exchange, and the faults to inject.
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
 * The connection of a client to its exchange. All requests and messages of the client pass through these two services.
 *
 * @since 0.1.0
 * @category models
 */
export type Wire = HttpClient.HttpClient | Socket.WebSocketConstructor

/**
 * A client and its exchange. Each run creates both again, and neither may outlast the run.
 *
 * @since 0.1.0
 * @category models
 */
export interface World<out E = never> {
  readonly name: string
  /** The traded symbols, as the client names them. */
  readonly symbols: readonly [string, ...ReadonlyArray<string>]
  /** The client. It reports the state of its circuits to `Health`. */
  readonly client: Layer.Layer<
    MarketData.MarketData | Account.Account | Trading.Trading,
    E,
    Wire | Health.Health
  >
  /** Starts the exchange at the time of Effect's clock. The seed determines its prices. */
  readonly exchange: (seed: string) => Effect.Effect<Exchange, never, Scope.Scope>
  /** Returns the sequence number of a trade on the exchange from the id that the client reports. */
  readonly tradeNumber: (id: string) => number
  /**
   * Whether each message leaves a book that the exchange had at some moment. `false` if the exchange splits changes
   * into several messages.
   */
  readonly hasWholeBooks: boolean
  readonly faults: ReadonlyArray<Fault>
  /**
   * The longest time in milliseconds that a subscription may go without data after all faults have ended: watchdog plus
   * one resync.
   */
  readonly patience: number
  /** Secrets that must never appear in logs, errors or messages. */
  readonly secrets: ReadonlyArray<string>
  /**
   * Returns a request for an order that rests far from the market, with a client order id. `undefined` if the
   * simulation places no orders.
   */
  readonly order:
    | ((symbol: string, clientOrderId: string) => Parameters<Trading.Trading.Service["place"]>[0])
    | undefined
}

/**
 * Direct access to the exchange, without the client.
 *
 * @since 0.1.0
 * @category models
 */
export interface Exchange {
  readonly wire: Context.Context<Wire>
  /** Injects a fault by its name. */
  readonly inject: (fault: string) => Effect.Effect<void>
  /** Ends all continuing faults. */
  readonly calm: Effect.Effect<void>
  /** Returns the current state of a market, with the given number of its latest trades. */
  readonly truth: (symbol: string, trades: number) => Effect.Effect<Truth>
  /** All orders that the exchange has accepted. */
  readonly orders: Effect.Effect<ReadonlyArray<TakenOrder>>
  /** Fills half of the remaining amount of the open order with a client order id, if there is one. */
  readonly fill: (clientOrderId: string) => Effect.Effect<void>
  /** The number of open sockets. */
  readonly connections: Effect.Effect<number>
  /** The number of requests that the exchange has refused because of its rate limits, except because of faults. */
  readonly refusals: Effect.Effect<number>
}

/**
 * The true state of a market. Decimals are plain text without trailing zeros.
 *
 * @since 0.1.0
 * @category models
 */
export interface Truth {
  readonly bids: ReadonlyArray<Level>
  readonly asks: ReadonlyArray<Level>
  readonly last: string
  /** The latest trades, oldest first. Their numbers are consecutive. */
  readonly trades: ReadonlyArray<{ readonly id: number; readonly price: string; readonly at: number }>
  /** Returns `true` if a frame of the exchange is about this market. */
  readonly isNamedIn: (frame: string) => boolean
}

/**
 * A price level of a book, as plain text without trailing zeros.
 *
 * @since 0.1.0
 * @category models
 */
export interface Level {
  readonly price: string
  readonly amount: string
}

/**
 * An order that the exchange has accepted.
 *
 * @since 0.1.0
 * @category models
 */
export interface TakenOrder {
  readonly clientOrderId: string | undefined
  readonly isOpen: boolean
  /** The fills of the order. `at` is in milliseconds since the epoch. */
  readonly fills: ReadonlyArray<{ readonly at: number }>
  readonly filled: string
  /** The time of the last change, in milliseconds since the epoch. */
  readonly updatedAt: number
}

/**
 * A fault that can be injected.
 *
 * - `lag`: how far a live subscription may then be behind. `none` means not at all. `beat` means until the next beat,
 *   as after one lost message. `watchdog` means until the fault is detected.
 * - `trades`: what happens to trades in transit. `kept` means that they arrive, `lost` that some are lost, and
 *   `muddled` that the exchange itself sends them out of order.
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
 * The invariants that must hold after every step.
 *
 * - `book`: a live order book is equal to the book of the exchange.
 * - `trades`: each trade arrives once and in order, and none is missing.
 * - `hearing`: a live subscription receives data.
 * - `staleness`: no subscription is without data for longer than the watchdog plus one resync.
 * - `cause`: nothing is reported as lost or stale without a cause.
 * - `orders`: an order is accepted once or not at all, as the client and, in the end, `reconcile` report.
 * - `account`: account streams deliver the final state of each order, never an older state after a newer one, and each
 *   fill once. If a message was lost in transit, only the order of states and the uniqueness of fills are checked.
 * - `budgets`: the exchange never has to refuse the client because of a rate limit.
 * - `circuit`: nothing is sent while a circuit is open.
 * - `secrets`: no secret appears.
 * - `leftovers`: nothing is sent about markets without a subscription, and no socket stays open.
 * - `defect`: nothing fails except with the declared errors.
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
 * The name of an invariant.
 *
 * @since 0.1.0
 * @category models
 */
export type Invariant = typeof Invariant.Type

/**
 * An invariant that did not hold. `at` is in milliseconds since the start of the run.
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
    return `invariant ${this.invariant} violated after ${this.at} ms: ${this.detail}`
  }
}
