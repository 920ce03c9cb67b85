/**
 * One case of the contract, and what it can find wrong.
 *
 * @since 0.1.0
 */
import type { Account, MarketData, Trading } from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * A case of the contract, by the capability it is about. `id` is stable: reports and skip lists name it. A case that
 * `needs` an observer or faults can only be run where there are some.
 *
 * @since 0.1.0
 * @category models
 */
export type ContractCase = MarketDataCase | AccountCase | TradingCase

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
  readonly run: (
    subject: Subject
  ) => Effect.Effect<void, ContractViolation, Account.Account | MarketData.MarketData>
}

/**
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
 * @since 0.1.0
 * @category models
 */
export interface About {
  readonly id: string
  readonly title: string
  readonly needs: ReadonlyArray<"observer" | "faults">
  /** Why the case says nothing of an exchange that can do no more than this. */
  readonly skipWhen?: ((features: Adapter.Features) => string | undefined) | undefined
}

/**
 * What a case has to know of the implementation it judges.
 *
 * @since 0.1.0
 * @category models
 */
export interface Subject {
  readonly name: string
  /** Listed symbols to ask for; the first open markets when not given. Orders are placed in the first ones. */
  readonly symbols: ReadonlyArray<string> | undefined
  /** A symbol that is well-formed and not listed. */
  readonly unknownSymbol: string
  /** How far the exchange's clock may be from ours. */
  readonly clockTolerance: Duration.Duration
  /** How many calls are made at once where many are. */
  readonly concurrency: number
  /** What the exchange can do. Where it is not known, doing something and saying `Unsupported` are both right. */
  readonly features: Adapter.Features | undefined
  readonly observer: Observer | undefined
  readonly faults: Faults | undefined
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
  /** How many of them the exchange has refused as too many, whatever the client made of it. */
  readonly limited?: Effect.Effect<number> | undefined
}

/**
 * What can be made to happen to the changes that are sent (orders placed, amended and canceled), while everything that
 * only reads goes on as it was. `LossyHttp` is one for whatever sends over HTTP.
 *
 * @since 0.1.0
 * @category models
 */
export interface Faults {
  /** As long as the effect runs, changes are carried out and their answers lost. */
  readonly loseAnswers: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** As long as the effect runs, changes are lost on their way: nobody carries them out, and nobody says so. */
  readonly loseRequests: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** How many changes, or answers to changes, have been lost so far: a case that was to lose some and lost none fails. */
  readonly lost: Effect.Effect<number>
  /** As long as the effect runs, whatever is sent is taken and never answered, reads as well. Left out where it cannot be. */
  readonly silence?: (<A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) | undefined
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
