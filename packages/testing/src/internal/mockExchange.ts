import { ExchangeError, type ExchangeStatus, type Market } from "@effect-exchange/core"
import { type Adapter, Markets } from "@effect-exchange/core/adapter"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Order from "effect/Order"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as SubscriptionRef from "effect/SubscriptionRef"
import type { Listed } from "./listing.js"
import type { Venue } from "./venue.js"

/**
 * The state that the services of one mock share.
 *
 * @internal
 */
export interface MockExchange {
  readonly exchange: string
  readonly features: Adapter.Features
  readonly listings: SubscriptionRef.SubscriptionRef<ReadonlyMap<string, Listed>>
  readonly all: Effect.Effect<ReadonlyArray<Market.Market>>
  readonly find: (operation: string, symbol: string) => Effect.Effect<Market.Market, ExchangeError.MarketDataError>
  readonly venue: SubscriptionRef.SubscriptionRef<Venue>
  readonly status: Ref.Ref<Pick<ExchangeStatus.ExchangeStatus, "status" | "detail">>
}

/** @internal */
export const make = (
  features: Adapter.Features,
  listed: ReadonlyMap<string, Listed>,
  account: Venue
): Effect.Effect<MockExchange, never, Scope.Scope> =>
  Effect.gen(function*() {
    const { exchange } = account
    const listings = yield* SubscriptionRef.make(listed)
    const all = Effect.map(
      Ref.get(listings),
      (listings) => Array.from(listings.values(), ({ market }): Market.Market => market)
    )
    // Without a cache, because a test may list another market at any time.
    const { find } = yield* Markets.make({ exchange, load: all, maxAge: 0 })
    return {
      exchange,
      features,
      listings,
      all,
      find,
      venue: yield* SubscriptionRef.make(account),
      status: yield* Ref.make<Pick<ExchangeStatus.ExchangeStatus, "status" | "detail">>({ status: "operational" })
    }
  })

/**
 * Validates a requested number of items as a client does: a whole number from 1 to 100000.
 *
 * @internal
 */
export const count = (
  exchange: string,
  operation: string,
  name: string,
  value: number
): Effect.Effect<number, ExchangeError.InvalidRequest> =>
  Number.isInteger(value) && value > 0 && value <= 100_000
    ? Effect.succeed(value)
    : new ExchangeError.InvalidRequest({
      exchange,
      operation,
      detail: `the ${name} ${value} is not a whole number from 1 to 100000`
    })

/**
 * Refuses the start of a history that is not an instant.
 *
 * @internal
 */
export const start = (
  exchange: string,
  operation: string,
  since: number | undefined
): Effect.Effect<number | undefined, ExchangeError.InvalidRequest> =>
  since === undefined || (since >= 0 && since <= 8.64e15)
    ? Effect.succeed(since)
    : new ExchangeError.InvalidRequest({
      exchange,
      operation,
      detail: `the start ${since} is not an instant in epoch milliseconds`
    })

/**
 * Returns the latest rows since an instant, oldest first.
 *
 * @internal
 */
export const latest = <A>(
  rows: ReadonlyArray<A>,
  at: (row: A) => number,
  limit: number,
  since = 0
): ReadonlyArray<A> => Arr.takeRight(Arr.sortWith(rows.filter((row) => at(row) >= since), at, Order.number), limit)
