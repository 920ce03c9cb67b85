/**
 * The markets of an exchange: loaded when first asked for, once for all who ask, and kept for a while.
 *
 * @since 0.1.0
 */
import * as Deadline from "@effect-exchange/resilience/Deadline"
import * as SingleFlight from "@effect-exchange/resilience/SingleFlight"
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
 * @since 0.1.0
 * @category models
 */
export interface Markets {
  readonly all: Effect.Effect<ReadonlyArray<Market>, MarketDataError>
  /**
   * The market of a symbol: `InvalidRequest` for what is not a symbol, `SymbolNotFound` for what is not listed, also not
   * when the listing is read again, and for that of several open markets.
   */
  readonly find: (operation: string, symbol: string) => Effect.Effect<Market, MarketDataError>
  /**
   * Goes on with the market of a symbol: as `find` and `Effect.flatMap`, in a step where it is known. `searching` is put
   * around both where it is not.
   */
  readonly use: <A, E, R>(
    operation: string,
    symbol: string,
    go: (market: Market) => Effect.Effect<A, E, R>,
    searching?: (self: Effect.Effect<A, E | MarketDataError, R>) => Effect.Effect<A, E | MarketDataError, R>
  ) => Effect.Effect<A, E | MarketDataError, R>
  /** The market that the exchange calls so: none if it lists no such, or several under one id (spot and contract). */
  readonly byId: (id: string) => Effect.Effect<Option.Option<Market>, MarketDataError>
}

interface Loaded {
  readonly all: ReadonlyArray<Market>
  readonly bySymbol: ReadonlyMap<string, Market>
  /** The ids of open markets that have one symbol: by that none of them is found. */
  readonly several: ReadonlyMap<string, ReadonlyArray<string>>
  /** None where an id is that of several. */
  readonly byId: ReadonlyMap<string, Option.Option<Market>>
  readonly at: number
}

/**
 * Markets from whatever loads them. Older than `maxAge`, they are loaded again; if that fails the old ones serve on, as
 * an outage of the listing is no reason to fail a price. What is missed in them may have been listed since: they are
 * loaded again, but not within `missedAfter` of the last load, so that a misspelt symbol costs little however often it is
 * asked for. Callers share one load, which goes on when they are interrupted and ends with the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: {
  readonly exchange: string
  readonly load: Effect.Effect<ReadonlyArray<Market>, MarketDataError>
  readonly maxAge: Duration.DurationInput
  /** How long after a load nothing is loaded again for what is missing in it. Defaults to 5 seconds. */
  readonly missedAfter?: Duration.DurationInput | undefined
  /** Markets known beforehand: nothing is loaded before they are older than `maxAge`, or miss something. */
  readonly given?: ReadonlyArray<Market> | undefined
  /** What rows of the exchange call a market: by these names it is found. Defaults to its id. */
  readonly names?: ((market: Market) => ReadonlyArray<string>) | undefined
}): Effect.Effect<Markets, never, Scope.Scope> =>
  Effect.gen(function*() {
    const scope = yield* Effect.scope
    const maxAge = Duration.toMillis(options.maxAge)
    const names = options.names ?? (({ id }: Market) => [id])
    let loaded = options.given === undefined ? undefined : index(options.given, names, yield* Clock.currentTimeMillis)
    const missedAfter = Duration.toMillis(options.missedAfter ?? "5 seconds")
    // Whether it succeeds or not: an outage of the listing is not made worse by what is missed in it.
    let triedAt = Number.NEGATIVE_INFINITY
    const flight = yield* SingleFlight.make<Loaded, MarketDataError>({ name: `${options.exchange}.markets` })

    const load = Effect.gen(function*() {
      triedAt = yield* Clock.currentTimeMillis
      const all = yield* options.load
      const at = yield* Clock.currentTimeMillis
      return loaded = index(all, names, at)
    })

    // The load is everybody's: it has all the time of an operation, however little the one has left who began it.
    const shared = flight.run(
      "markets",
      Deadline.within(Effect.provideService(load, Deadline.Deadline, Option.none()), "30 seconds")
    )
    // One that waits in the background keeps a load going whose callers have all left: the next one finds it loaded.
    const refresh = Effect.flatMap(flight.inFlight, (inFlight) =>
      inFlight > 0 ? shared : Effect.zipRight(Effect.forkIn(Effect.ignore(shared), scope), shared))

    const current = (operation: string) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const known = loaded
        if (known === undefined) {
          return inTime(options.exchange, operation, refresh)
        }
        if (now - known.at < maxAge) {
          return Effect.succeed(known)
        }
        return Effect.catchAll(
          inTime(options.exchange, operation, refresh),
          (error) =>
            Effect.as(
              Effect.logWarning("Markets could not be loaded again; the old ones serve on", error.message),
              known
            )
        )
      })

    /** What is found in the markets as they are, or else, once, in those of now. */
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
        const mayLoad = now - Math.max(known.at, triedAt) >= missedAfter || (yield* flight.inFlight) > 0
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
                      ? `several open markets are ${symbol}: ${loaded.several.get(symbol)?.join(" and ")}`
                      : `no market ${symbol}${suggestion(symbol, loaded.bySymbol.keys())}`
                  })
              })
          )
      })

    // Nearly always it is there: what every call begins with is one step then.
    const use: Markets["use"] = (operation, symbol, go, searching = identity) =>
      Effect.clockWith((clock) => {
        const isFresh = loaded !== undefined && clock.unsafeCurrentTimeMillis() - loaded.at < maxAge
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
      find: (operation, symbol) => use(operation, symbol, Effect.succeed),
      use
    }
  })

/** Waits for a load no longer than the operation may that needs it. The load goes on. */
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
        Effect.timeoutFail(self, {
          duration: remaining,
          onTimeout: () =>
            new DeadlineExceeded({
              exchange,
              operation,
              detail: "the list of markets had not come when the time for the whole operation was over"
            })
        })
    })
  )

const index = (
  all: ReadonlyArray<Market>,
  names: (market: Market) => ReadonlyArray<string>,
  at: number
): Loaded => {
  // One that is closed for good hides none that has its symbol now, and one that is halted none that is open.
  const [others, closed] = Arr.partition(all, ({ status }) => status === "closed")
  const [open, halted] = Arr.partition(others, ({ status }) => status !== "open")
  const bySymbol = new Map<string, Market>([...closed, ...halted].map((market) => [market.symbol, market]))
  const several = new Map<string, ReadonlyArray<string>>()
  // An order is not to go to the one or to the other by chance.
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
  return first.length === 0 ? "" : `; listed are ${first.join(", ")}`
}
