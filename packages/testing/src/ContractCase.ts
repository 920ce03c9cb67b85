/**
 * The type of a contract case, and the error for a violation.
 *
 * @since 0.1.0
 */
import type { Account, MarketData, Trading } from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * A case of the contract, tagged with the capability that it tests. `id` is stable, because reports and skip lists
 * refer to it. A case that `needs` an observer or faults runs only with them.
 *
 * @since 0.1.0
 * @category models
 */
export type ContractCase = MarketDataCase | AccountCase | TradingCase

/**
 * A case that tests `MarketData`.
 *
 * @since 0.1.0
 * @category models
 */
export interface MarketDataCase extends About {
  readonly capability: "marketData"
  readonly run: (subject: Subject) => Effect.Effect<void, ContractViolation, MarketData.MarketData>
}

/**
 * A case that tests `Account`.
 *
 * @since 0.1.0
 * @category models
 */
export interface AccountCase extends About {
  readonly capability: "account"
  readonly run: (
    subject: Subject
  ) => Effect.Effect<void, ContractViolation, Account.Account | MarketData.MarketData>
}

/**
 * A case that tests `Trading`.
 *
 * @since 0.1.0
 * @category models
 */
export interface TradingCase extends About {
  readonly capability: "trading"
  readonly run: (
    subject: Subject
  ) => Effect.Effect<void, ContractViolation, Trading.Trading | Account.Account | MarketData.MarketData>
}

/**
 * The fields that all cases have.
 *
 * @since 0.1.0
 * @category models
 */
export interface About {
  readonly id: string
  readonly title: string
  readonly needs: ReadonlyArray<"observer" | "faults">
  /** Returns the reason why the case cannot apply to an exchange with these features, or `undefined` if it applies. */
  readonly skipWhen?: ((features: Adapter.Features) => string | undefined) | undefined
}

/**
 * The implementation under test, as a case sees it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Subject {
  readonly name: string
  /** Listed symbols to use, or `undefined` for the first open markets. Orders are placed in the first ones. */
  readonly symbols: ReadonlyArray<string> | undefined
  /** A well-formed symbol that is not listed. */
  readonly unknownSymbol: string
  /** The largest allowed difference between the exchange's clock and ours. */
  readonly clockTolerance: Duration.Duration
  /** The number of concurrent calls in cases that make many. */
  readonly concurrency: number
  /** The features of the exchange. If they are unknown, both a result and `Unsupported` are correct. */
  readonly features: Adapter.Features | undefined
  readonly observer: Observer | undefined
  readonly faults: Faults | undefined
}

/**
 * A view of the requests that an implementation sends.
 *
 * @since 0.1.0
 * @category models
 */
export interface Observer {
  /** The number of requests sent so far. */
  readonly sent: Effect.Effect<number>
  /** The number of requests that are waiting for a response. */
  readonly inFlight: Effect.Effect<number>
  /**
   * The number of requests that the exchange has refused because of its rate limits, however the client handled that.
   */
  readonly limited?: Effect.Effect<number> | undefined
}

/**
 * Faults for requests that change something (placing, amending and canceling orders). Reads continue to work.
 * `LossyHttp` provides these faults for any implementation that sends over HTTP.
 *
 * @since 0.1.0
 * @category models
 */
export interface Faults {
  /** While the effect runs, changes are carried out, but their responses are lost. */
  readonly loseAnswers: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** While the effect runs, changes are lost before they reach the exchange, and no error is reported for them. */
  readonly loseRequests: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /**
   * The number of changes, or responses to them, that were lost so far. A case that expected a loss fails if there was
   * none.
   */
  readonly lost: Effect.Effect<number>
  /**
   * While the effect runs, all requests, including reads, are accepted but never answered. Omitted where this is
   * impossible.
   */
  readonly silence?: (<A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) | undefined
}

/**
 * An implementation violates the contract. The fields name the implementation, the case and the violation.
 *
 * @since 0.1.0
 * @category errors
 */
export class ContractViolation
  extends Schema.TaggedError<ContractViolation>("@effect-exchange/testing/ContractCase/ContractViolation")(
    "ContractViolation",
    {
      subject: Schema.String,
      case: Schema.String,
      title: Schema.String,
      detail: Schema.String
    }
  )
{
  override get message(): string {
    return `${this.subject} violates ${this.case} (${this.title}): ${this.detail}`
  }
}
