/**
 * One case of the contract, and what it can find wrong.
 *
 * @since 0.1.0
 */
import type * as Account from "@effect-exchange/core/Account"
import type * as MarketData from "@effect-exchange/core/MarketData"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * A case of the contract, by the capability it is about. `id` is stable: reports and skip lists name it. A case that
 * `needs` an observer can only be run where there is one.
 *
 * @since 0.1.0
 * @category models
 */
export type ContractCase = MarketDataCase | AccountCase

/**
 * @since 0.1.0
 * @category models
 */
export interface MarketDataCase extends About {
  readonly capability: "marketData"
  readonly run: (subject: Subject) => Effect.Effect<void, ContractViolation, MarketData.MarketData>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface AccountCase extends About {
  readonly capability: "account"
  readonly run: (subject: Subject) => Effect.Effect<void, ContractViolation, Account.Account>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface About {
  readonly id: string
  readonly title: string
  readonly needs: ReadonlyArray<"observer">
}

/**
 * What a case has to know of the implementation it judges.
 *
 * @since 0.1.0
 * @category models
 */
export interface Subject {
  readonly name: string
  /** Listed symbols to ask for; the first open markets when not given. */
  readonly symbols: ReadonlyArray<string> | undefined
  /** A symbol that is well-formed and not listed. */
  readonly unknownSymbol: string
  /** How far the exchange's clock may be from ours. */
  readonly clockTolerance: Duration.Duration
  /** How many calls are made at once where many are. */
  readonly concurrency: number
  readonly observer: Observer | undefined
}

/**
 * A view of the wire under an implementation.
 *
 * @since 0.1.0
 * @category models
 */
export interface Observer {
  /** How many requests have been sent. */
  readonly sent: Effect.Effect<number>
  /** How many of them are still waiting for their answer. */
  readonly inFlight: Effect.Effect<number>
}

/**
 * An implementation breaks the contract: which one, in which case, and how.
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
    return `${this.subject} breaks ${this.case} (${this.title}): ${this.detail}`
  }
}
