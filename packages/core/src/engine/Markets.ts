/**
 * Loads the markets of an exchange on first use, once for all callers, and caches them.
 *
 * @since 0.1.0
 */
import * as Deadline from "@effect-exchange/resilience/Deadline"
import * as SingleFlight from "@effect-exchange/resilience/SingleFlight"
import * as Timeout from "@effect-exchange/resilience/Timeout"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { DeadlineExceeded, InvalidRequest, type MarketDataError, SymbolNotFound } from "../model/ExchangeError.js"
import * as ExchangeSymbol from "../model/ExchangeSymbol.js"
import type { Market } from "../model/Market.js"

/**
 * The markets of an exchange, made by {@link make}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Markets {
  readonly all: Effect.Effect<ReadonlyArray<Market>, MarketDataError>
  /**
   * Finds the market of a symbol. Fails with `InvalidRequest` if the text is not a symbol, and with `SymbolNotFound` if
   * the symbol is not listed even after the list is reloaded, or if several open markets share it.
   */
  readonly find: (operation: string, symbol: string) => Effect.Effect<Market, MarketDataError>
  /**
   * Runs `go` with the market of a symbol, like `find` and `Effect.flatMap`, but in a single step if the market is
   * cached. If it is not, `searching` wraps both.
   */
  readonly use: <A, E, R>(
    operation: string,
    symbol: string,
    go: (market: Market) => Effect.Effect<A, E, R>,
    searching?: (self: Effect.Effect<A, E | MarketDataError, R>) => Effect.Effect<A, E | MarketDataError, R>
  ) => Effect.Effect<A, E | MarketDataError, R>
  /**
   * Finds the market by the exchange's id. Returns none if no market has the id, or if several do (spot and contract).
   */
  readonly byId: (id: string) => Effect.Effect<Option.Option<Market>, MarketDataError>
  /**
   * Finds the market of a symbol, for facts of a market that turn out to be outdated: like `find`, but first reloads a
   * list that was loaded, or tried to be loaded, more than a minute ago.
   */
  readonly recent: (operation: string, symbol: string) => Effect.Effect<Market, MarketDataError>
}

interface Loaded {
  readonly all: ReadonlyArray<Market>
  readonly bySymbol: ReadonlyMap<string, Market>
  /** The ids of the open markets that share a symbol. None of them can be found by it. */
  readonly several: ReadonlyMap<string, ReadonlyArray<string>>
  /** None for an id that several markets share. */
  readonly byId: ReadonlyMap<string, Option.Option<Market>>
  readonly at: number
}

/**
 * Makes a cache of the markets that `load` returns.
 *
 * - Markets older than `maxAge` are reloaded. If that fails or takes longer than two seconds, the old ones remain in
 *   use, because an outage of the listing must neither fail a request for a price nor delay the cancellation of an
 *   order. After a failure, they are not reloaded within `missedAfter`.
 * - A market that is missing may have been listed since, so the markets are reloaded, but not within `missedAfter` of
 *   the last load. A misspelled symbol therefore costs little however often it is requested.
 * - Callers share one load. It continues if they are interrupted, and ends with the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: {
  readonly exchange: string
  readonly load: Effect.Effect<ReadonlyArray<Market>, MarketDataError>
  readonly maxAge: Duration.DurationInput
  /**
   * How long after a load a missing market, or after a failed load an old one, causes no reload. Defaults to 5 seconds.
   */
  readonly missedAfter?: Duration.DurationInput | undefined
  /**
   * Markets that are known beforehand. They are not reloaded until they are older than `maxAge` or a market is missing.
   */
  readonly given?: ReadonlyArray<Market> | undefined
  /** The names by which rows of the exchange refer to a market, for `byId`. Defaults to its id. */
  readonly names?: ((market: Market) => ReadonlyArray<string>) | undefined
}): Effect.Effect<Markets, never, Scope.Scope> =>
  Effect.gen(function*() {
    const scope = yield* Effect.scope
    const maxAge = Duration.toMillis(options.maxAge)
    const names = options.names ?? (({ id }: Market) => [id])
    let loaded = options.given === undefined ? undefined : index(options.given, names, yield* Clock.currentTimeMillis)
    const missedAfter = Duration.toMillis(options.missedAfter ?? "5 seconds")
    // Set even if the load fails, so that missing or old markets do not make an outage of the listing worse.
    let triedAt = Number.NEGATIVE_INFINITY
    let hasFailed = false
    const flight = yield* SingleFlight.make<Loaded, MarketDataError>({ name: `${options.exchange}.markets` })

    const load = Effect.gen(function*() {
      triedAt = yield* Clock.currentTimeMillis
      hasFailed = true
      const all = yield* options.load
      const at = yield* Clock.currentTimeMillis
      hasFailed = false
      return loaded = index(all, names, at)
    })

    // All callers share the load, so it has the full time of an operation, not what is left to the caller that started
    // it.
    const shared = flight.run("markets", Deadline.within(load, "30 seconds"))
    // A background fiber also waits for the load, so that it completes even if all callers leave, and the next caller
    // finds the markets loaded.
    const refresh = Effect.flatMap(flight.inFlight, (inFlight) =>
      inFlight > 0 ? shared : Effect.zipRight(Effect.forkIn(Effect.ignore(shared), scope), shared))

    const current = (operation: string) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const known = loaded
        if (known === undefined) {
          return inTime(options.exchange, operation, refresh)
        }
        if (ageOf(known.at, now) < maxAge) {
          return Effect.succeed(known)
        }
        return Effect.flatMap(flight.inFlight, (inFlight) => {
          const elapsed = ageOf(triedAt, now)
          const left = inFlight > 0 ? patience - elapsed : hasFailed && elapsed < missedAfter ? 0 : patience
          return left <= 0 ? Effect.succeed(known) : Effect.catchAll(
            Deadline.within(inTime(options.exchange, operation, refresh), left),
            (error) =>
              Effect.as(
                Effect.logWarning("Markets could not be reloaded; the cached ones remain in use", error.message),
                known
              )
          )
        })
      })

    /** Searches the cached markets, and if nothing is found, once more after a reload. */
    const search = <A>(
      operation: string,
      find: (loaded: Loaded) => Option.Option<A>
    ): Effect.Effect<{ readonly found: Option.Option<A>; readonly loaded: Loaded }, MarketDataError> =>
      Effect.gen(function*() {
        const known = yield* current(operation)
        const found = find(known)
        if (Option.isSome(found)) {
          return { found, loaded: known }
        }
        const now = yield* Clock.currentTimeMillis
        const mayLoad = Math.min(ageOf(known.at, now), ageOf(triedAt, now)) >= missedAfter ||
          (yield* flight.inFlight) > 0
        const latest = mayLoad
          ? yield* Effect.orElseSucceed(inTime(options.exchange, operation, refresh), () =>
            known)
          : loaded ?? known
        return { found: find(latest), loaded: latest }
      })

    const find = (operation: string, symbol: string): Effect.Effect<Market, MarketDataError> =>
      Either.match(ExchangeSymbol.decode(symbol), {
        onLeft: (error) => new InvalidRequest({ exchange: options.exchange, operation, detail: error.message }),
        onRight: (symbol) =>
          Effect.flatMap(
            search(operation, ({ bySymbol }) => Option.fromNullable(bySymbol.get(symbol))),
            ({ found, loaded }) =>
              Option.match(found, {
                onSome: Effect.succeed,
                onNone: () =>
                  new SymbolNotFound({
                    exchange: options.exchange,
                    operation,
                    symbol,
                    detail: loaded.several.has(symbol)
                      ? `several open markets have the symbol ${symbol}: ${loaded.several.get(symbol)?.join(" and ")}`
                      : `no market ${symbol}${suggestion(symbol, loaded.bySymbol.keys())}`
                  })
              })
          )
      })

    // Nearly every call begins here with a market that is cached, which then takes a single step.
    const use: Markets["use"] = (operation, symbol, go, searching = identity) =>
      Effect.clockWith((clock) => {
        const isFresh = loaded !== undefined && ageOf(loaded.at, clock.unsafeCurrentTimeMillis()) < maxAge
        const market = isFresh ? loaded?.bySymbol.get(symbol) : undefined
        return market === undefined ? searching(Effect.flatMap(find(operation, symbol), go)) : go(market)
      })

    return {
      all: Effect.map(current("markets"), ({ all }) => all),
      byId: (id) =>
        Effect.map(
          search("markets", ({ byId }) => Option.fromNullable(byId.get(id))),
          ({ found }) => Option.flatten(found)
        ),
      recent: (operation, symbol) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const isRecent = Math.min(ageOf(loaded?.at ?? 0, now), ageOf(triedAt, now)) < recently
          const found = find(operation, symbol)
          return isRecent ? found : Effect.zipRight(refresh, found)
        }),
      find: (operation, symbol) => use(operation, symbol, Effect.succeed),
      use
    }
  })

// Nobody knows the age of what was loaded before the clock was set back.
const ageOf = (at: number, now: number): number => now < at ? Number.POSITIVE_INFINITY : now - at

// How long after a load `recent` causes no reload, in milliseconds.
const recently = 60_000

// How long a call waits for a reload while it could use the markets that are known, in milliseconds.
const patience = 2000

/** Waits for a load until the operation's deadline. The load itself continues. */
const inTime = <A>(
  exchange: string,
  operation: string,
  self: Effect.Effect<A, MarketDataError>
): Effect.Effect<A, MarketDataError> =>
  Effect.flatMap(
    Deadline.remaining,
    Option.match({
      onNone: () => self,
      onSome: (remaining) =>
        Timeout.attempt(self, {
          duration: remaining,
          onTimeout: () =>
            new DeadlineExceeded({
              exchange,
              operation,
              detail: "the markets were not loaded in time"
            })
        })
    })
  )

const index = (
  all: ReadonlyArray<Market>,
  names: (market: Market) => ReadonlyArray<string>,
  at: number
): Loaded => {
  // A market that is closed for good must not hide a current one of the same symbol, nor a halted market an open one.
  const [others, closed] = Arr.partition(all, ({ status }) => status === "closed")
  const [open, halted] = Arr.partition(others, ({ status }) => status !== "open")
  const bySymbol = new Map<string, Market>([...closed, ...halted].map((market) => [market.symbol, market]))
  const several = new Map<string, ReadonlyArray<string>>()
  // An order must not go to one of several markets by chance.
  for (const [symbol, [market, ...twins]] of Object.entries(Arr.groupBy(open, ({ symbol }) => symbol))) {
    if (twins.length === 0) bySymbol.set(symbol, market)
    else {
      bySymbol.delete(symbol)
      several.set(symbol, [market, ...twins].map(({ id }) => id))
    }
  }
  return {
    all,
    bySymbol,
    several,
    byId: byId(all.flatMap((market) => names(market).map((name) => [name, market]))),
    at
  }
}

const byId = (named: ReadonlyArray<readonly [string, Market]>): ReadonlyMap<string, Option.Option<Market>> => {
  const found = new Map<string, Option.Option<Market>>()
  for (const [name, market] of named) {
    const isShared = found.has(name) && !Option.contains(found.get(name) ?? Option.none(), market)
    found.set(name, isShared ? Option.none() : Option.some(market))
  }
  return found
}

const suggestion = (symbol: ExchangeSymbol.ExchangeSymbol, listed: Iterable<string>): string => {
  const folded = symbol.toUpperCase()
  const base = folded.slice(0, folded.indexOf("/") + 1)
  const near = Array.from(listed).filter((other) => other.toUpperCase().startsWith(base))
  const same = near.filter((other) => other.toUpperCase() === folded)
  const first = [...same, ...near.filter((other) => !same.includes(other))].slice(0, 3)
  return first.length === 0 ? "" : `; similar symbols are ${first.join(", ")}`
}
