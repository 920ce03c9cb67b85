/**
 * One of the sources that a composite is made of, behind circuits: a source that is always late or always stale would
 * cost every call its time, and its own circuit counts neither, since it is interrupted in the one case and has answered
 * in the other.
 *
 * @internal
 */
import * as Backoff from "@effect-exchange/resilience/Backoff"
import * as CircuitBreaker from "@effect-exchange/resilience/CircuitBreaker"
import * as KeyedCircuitBreaker from "@effect-exchange/resilience/KeyedCircuitBreaker"
import * as Trip from "@effect-exchange/resilience/Trip"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import {
  countsAsFailure,
  ExchangeUnavailable,
  type MarketDataError,
  RequestTimedOut
} from "../../model/ExchangeError.js"
import type { Price } from "../../model/Price.js"
import type * as MarketData from "../MarketData.js"

type Service = MarketData.MarketData.Service

/** @internal */
export interface Source {
  readonly exchange: string
  /** The source itself, without patience and circuits. */
  readonly service: Service
  readonly ask: <A>(question: Question<A>) => Effect.Effect<A, MarketDataError>
  /** Whether what it says of an instant is too old now, or ahead. */
  readonly isStale: (at: number, now: number) => boolean
}

/** @internal */
export interface Question<A> {
  readonly operation: string
  readonly ask: (service: Service) => Effect.Effect<A, MarketDataError>
  /** The instants that its answer speaks of, and the symbols they belong to; none where an answer cannot be too old. */
  readonly dated?: { readonly symbols: string; readonly instants: (answer: A) => ReadonlyArray<number> } | undefined
}

/** @internal */
export interface Options {
  /** What the circuits' names begin with. */
  readonly name: string
  readonly patience: Duration.Duration
  /** In milliseconds; none if left out. */
  readonly maximumAge: number | undefined
}

/** @internal */
export const make = (service: Service, { maximumAge, name, patience }: Options): Effect.Effect<Source> =>
  Effect.gen(function*() {
    const { exchange } = service
    // A probe ends when patience does, and must be able to close the circuit until then.
    const circuit = { classify, halfOpen: { timeout: Duration.sum(patience, "1 second") } }
    const answering = yield* KeyedCircuitBreaker.make((operation: string) => ({
      ...circuit,
      name: `${name}.${exchange}.${operation}`
    }))
    // By symbol: that a market is quiet says nothing of the others. For a short time: nobody else may have the symbol, and
    // asking in vain costs little. Under one name: symbols label no metrics.
    const fresh = yield* KeyedCircuitBreaker.make<string, MarketDataError | CircuitBreaker.CircuitOpen>(() => ({
      ...circuit,
      name: `${name}.${exchange}.fresh`,
      trip: Trip.consecutive(5),
      openFor: Backoff.equal({ base: "1 second", max: "10 seconds" })
    }))
    return {
      exchange,
      service,
      isStale: (at, now) => maximumAge !== undefined && Math.abs(now - at) > maximumAge,
      ask: ({ ask, dated, operation }) => {
        const about = { exchange, operation }
        const answer = answering.protect(operation)(within(about, patience, ask(service)))
        const judged = dated === undefined || maximumAge === undefined
          ? answer
          : fresh.protect(`${operation} ${dated.symbols}`)(
            Effect.tap(answer, (value) => requireFresh(about, maximumAge, dated.instants(value)))
          )
        return Effect.catchIf(judged, isPassedOver, ({ retryAfter }) => Effect.fail(passedOver(about, retryAfter)))
      }
    }
  })

/**
 * What another source would refuse as well: we ourselves do, before anything is sent. A source's odd 400 is its own.
 *
 * @internal
 */
export const isOwnFault = (error: MarketDataError): boolean =>
  error._tag === "InvalidRequest" && error.status === undefined && error.code === undefined

/**
 * The prices of those symbols that a source lists: what it does not list hides no other. `SymbolNotFound` where it lists none.
 *
 * @internal
 */
export const pricesOf = (symbols: ReadonlyArray<string>): Question<ReadonlyArray<Price>> => ({
  operation: "prices",
  ask: (service) =>
    Effect.catchTag(
      service.prices(symbols),
      "SymbolNotFound",
      (missing) =>
        Effect.flatMap(service.markets, (markets) => {
          const listed = new Set<string>(markets.map(({ symbol }) => symbol))
          const known = symbols.filter((symbol) => listed.has(symbol))
          return known.length === 0 || known.length === symbols.length ? missing : service.prices(known)
        })
    )
})

/**
 * What is from the future tells as little about now as what is old.
 *
 * @internal
 */
export const describeAge = (age: number): string =>
  `is ${Duration.format(Duration.millis(Math.abs(age)))} ${age < 0 ? "ahead" : "old"}`

/** Of which source, and of what it was asked. */
interface About {
  readonly exchange: string
  readonly operation: string
}

const classify = (exit: Exit.Exit<unknown, MarketDataError | CircuitBreaker.CircuitOpen>): CircuitBreaker.Verdict => {
  if (Exit.isSuccess(exit)) return "success"
  return Option.match(Cause.failureOption(exit.cause), {
    // A defect: interruption alone never comes here.
    onNone: () => "failure",
    onSome: (error) => isPassedOver(error) || !countsAsFailure(error) ? "ignore" : "failure"
  })
}

// A source's own circuit fails with another class of that tag.
const isPassedOver = (
  error: MarketDataError | CircuitBreaker.CircuitOpen
): error is CircuitBreaker.CircuitOpen => error instanceof CircuitBreaker.CircuitOpen

const passedOver = (about: About, retryAfter: Duration.Duration): ExchangeUnavailable => {
  const left = Duration.format(Duration.millis(Math.ceil(Duration.toMillis(retryAfter))))
  return new ExchangeUnavailable({
    ...about,
    outcome: "NotSent",
    detail: `not asked for another ${left}, as it kept failing`
  })
}

const within = <A>(
  about: About,
  patience: Duration.Duration,
  self: Effect.Effect<A, MarketDataError>
): Effect.Effect<A, MarketDataError> =>
  Effect.timeoutFail(self, {
    duration: patience,
    onTimeout: () => new RequestTimedOut({ ...about, detail: `no answer within ${Duration.format(patience)}` })
  })

const requireFresh = (
  about: About,
  maximumAge: number,
  instants: ReadonlyArray<number>
): Effect.Effect<void, ExchangeUnavailable> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const stale = instants.find((at) => Math.abs(now - at) > maximumAge)
    return stale === undefined ? Effect.void : new ExchangeUnavailable({
      ...about,
      outcome: "Rejected",
      detail: `what it answers ${describeAge(now - stale)}`
    })
  })
