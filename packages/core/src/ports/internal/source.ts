/**
 * A source of a composite, behind circuit breakers. A source that is always late or always stale would cost every call
 * its time. The source's own circuit breaker counts neither: a late request is interrupted, and a stale response is a
 * success.
 *
 * @internal
 */
import * as Backoff from "@effect-exchange/resilience/Backoff"
import * as CircuitBreaker from "@effect-exchange/resilience/CircuitBreaker"
import * as KeyedCircuitBreaker from "@effect-exchange/resilience/KeyedCircuitBreaker"
import * as Timeout from "@effect-exchange/resilience/Timeout"
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
  MalformedResponse,
  type MarketDataError,
  RequestTimedOut
} from "../../model/ExchangeError.js"
import type { Price } from "../../model/Price.js"
import type { Ticker } from "../../model/Ticker.js"
import type * as MarketData from "../MarketData.js"

type Service = MarketData.MarketData.Service

/** @internal */
export interface Source {
  readonly exchange: string
  /** The source itself, without the time limit and the circuit breakers. */
  readonly service: Service
  readonly ask: <A>(question: Question<A>) => Effect.Effect<A, MarketDataError>
  /** Limits the time of an effect that is not behind the circuit breakers. */
  readonly within: <A, E>(operation: string, self: Effect.Effect<A, E>) => Effect.Effect<A, E | RequestTimedOut>
  /** Whether data of an instant is too old now, or too far in the future. */
  readonly isStale: (at: number, now: number) => boolean
}

/** @internal */
export interface Question<A> {
  readonly operation: string
  readonly ask: (service: Service) => Effect.Effect<A, MarketDataError>
  /** The timestamps in the response, and the symbols they belong to; `undefined` if the response cannot be outdated. */
  readonly dated?: { readonly symbols: string; readonly instants: (answer: A) => ReadonlyArray<number> } | undefined
}

/** @internal */
export interface Options {
  /** The prefix of the names of the circuit breakers. */
  readonly name: string
  readonly patience: Duration.Duration
  /** In milliseconds; no limit if `undefined`. */
  readonly maximumAge: number | undefined
}

/** @internal */
export const make = (service: Service, { maximumAge, name, patience }: Options): Effect.Effect<Source> =>
  Effect.gen(function*() {
    const { exchange } = service
    // A probe takes at most `patience`, and must still be able to close the circuit then.
    const circuit = { classify, halfOpen: { timeout: Duration.sum(patience, "1 second") } }
    const answering = yield* KeyedCircuitBreaker.make((operation: string) => ({
      ...circuit,
      name: `${name}.${exchange}.${operation}`
    }))
    // One circuit breaker per symbol, because a quiet market says nothing about the others. It opens only briefly: the
    // symbol may have no other source, and a vain request costs little. All have one name, because symbols are never
    // labels of metrics.
    const fresh = yield* KeyedCircuitBreaker.make<string, MarketDataError | CircuitBreaker.CircuitOpen>(() => ({
      ...circuit,
      name: `${name}.${exchange}.fresh`,
      trip: Trip.consecutive(5),
      openFor: Backoff.equal({ base: "1 second", max: "10 seconds" })
    }))
    return {
      exchange,
      service,
      within: (operation, self) => within({ exchange, operation }, patience, self),
      isStale: (at, now) => maximumAge !== undefined && Math.abs(now - at) > maximumAge,
      ask: ({ ask, dated, operation }) => {
        const about = { exchange, operation }
        const answer = answering.protect(operation)(within(about, patience, ask(service)))
        const judged = dated === undefined || maximumAge === undefined
          ? answer
          : fresh.protect(`${operation} ${dated.symbols}`)(
            Effect.tap(answer, (value) => requireFresh(about, maximumAge, dated.instants(value)))
          )
        return Effect.catchIf(judged, isSkipped, ({ retryAfter }) => Effect.fail(skipped(about, retryAfter)))
      }
    }
  })

/**
 * Returns `true` for an error that every source would return: one raised by this library before anything is sent. A 400
 * from an exchange may be specific to that exchange.
 *
 * @internal
 */
export const isOwnFault = (error: MarketDataError): boolean =>
  error._tag === "InvalidRequest" && error.status === undefined && error.code === undefined

/**
 * Asks a source for the prices of the symbols that it lists, so that an unlisted symbol does not hide the others. Fails
 * with `SymbolNotFound` if it lists none of them.
 *
 * @internal
 */
export const pricesOf = (symbols: ReadonlyArray<string>): Question<ReadonlyArray<Price>> =>
  ofListed("prices", symbols, ({ prices }) => prices)

/**
 * Asks a source for the tickers of the symbols that it lists, like {@link pricesOf}. Fails with `MalformedResponse` if
 * it has no ticker of any of them.
 *
 * @internal
 */
export const tickersOf = (symbols: ReadonlyArray<string>): Question<ReadonlyArray<Ticker>> =>
  ofListed("tickers", symbols, ({ exchange, tickers }) => (listed) =>
    Effect.filterOrFail(
      tickers(listed),
      ({ length }) => length > 0,
      () =>
        new MalformedResponse({
          exchange,
          operation: "tickers",
          detail: "the response has no ticker for any requested market"
        })
    ))

const ofListed = <A>(
  operation: string,
  symbols: ReadonlyArray<string>,
  from: (service: Service) => (symbols: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<A>, MarketDataError>
): Question<ReadonlyArray<A>> => ({
  operation,
  ask: (service) =>
    Effect.catchTag(
      from(service)(symbols),
      "SymbolNotFound",
      (missing) =>
        Effect.flatMap(service.markets, (markets) => {
          const listed = new Set<string>(markets.map(({ symbol }) => symbol))
          const known = symbols.filter((symbol) => listed.has(symbol))
          return known.length === 0 || known.length === symbols.length ? missing : from(service)(known)
        })
    )
})

/**
 * Describes the age of data. Data from the future is as useless for the present as old data.
 *
 * @internal
 */
export const describeAge = (age: number): string =>
  `is ${Duration.format(Duration.millis(Math.abs(age)))} ${age < 0 ? "in the future" : "old"}`

/** The source, and the operation it was asked for. */
interface About {
  readonly exchange: string
  readonly operation: string
}

const classify = (exit: Exit.Exit<unknown, MarketDataError | CircuitBreaker.CircuitOpen>): CircuitBreaker.Verdict => {
  if (Exit.isSuccess(exit)) return "success"
  return Option.match(Cause.failureOption(exit.cause), {
    // A defect. An exit that is only an interruption is never classified.
    onNone: () => "failure",
    onSome: (error) => isSkipped(error) || !countsAsFailure(error) ? "ignore" : "failure"
  })
}

// The circuit breaker of a source itself fails with a different class that has the same tag.
const isSkipped = (
  error: MarketDataError | CircuitBreaker.CircuitOpen
): error is CircuitBreaker.CircuitOpen => error instanceof CircuitBreaker.CircuitOpen

const skipped = (about: About, retryAfter: Duration.Duration): ExchangeUnavailable => {
  const left = Duration.format(Duration.millis(Math.ceil(Duration.toMillis(retryAfter))))
  return new ExchangeUnavailable({
    ...about,
    outcome: "NotSent",
    detail: `skipped for another ${left} because it kept failing`
  })
}

const within = <A, E>(
  about: About,
  patience: Duration.Duration,
  self: Effect.Effect<A, E>
): Effect.Effect<A, E | RequestTimedOut> =>
  Timeout.attempt(self, {
    duration: patience,
    onTimeout: () => new RequestTimedOut({ ...about, detail: `no response within ${Duration.format(patience)}` })
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
      detail: `its response ${describeAge(now - stale)}`
    })
  })
