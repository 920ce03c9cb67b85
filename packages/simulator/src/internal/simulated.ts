import type * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type * as Dialect from "../Dialect.js"
import type * as Account from "../engine/Account.js"
import * as Engine from "../engine/Engine.js"
import type * as Faults from "../engine/Faults.js"
import { quoter } from "../engine/internal/quoter.js"
import * as Market from "../engine/Market.js"
import { demoBalances } from "./demo.js"

/**
 * A simulated exchange at an instant.
 *
 * @since 0.1.0
 * @category models
 */
export interface State {
  /** The time of the exchange's own clock, in milliseconds since the epoch. */
  readonly now: number
  readonly faults: Faults.Faults
  readonly markets: ReadonlyArray<MarketState>
  /** The account's open orders under the exchange's ids, oldest first. */
  readonly orders: ReadonlyArray<readonly [id: string, order: Engine.Order]>
  readonly balances: ReadonlyArray<Account.Balance>
  readonly positions: ReadonlyArray<Engine.Position>
  readonly usage: ReadonlyArray<Dialect.Usage>
}

/**
 * A market of a simulated exchange at an instant.
 *
 * @since 0.1.0
 * @category models
 */
export interface MarketState {
  readonly id: string
  readonly symbol: string
  readonly top: Market.Top
  /** Whether the price was set with `setPrice`. */
  readonly isSet: boolean
}

/** @internal The whole state of an exchange. */
export interface Simulated {
  readonly responder: Dialect.Responder
  readonly engine: Engine.Engine
  readonly pins: ReadonlyMap<string, ReadonlyArray<Market.PriceOverride>>
}

/** @internal The time of an event, and how far the exchange's clock is ahead at that time, in milliseconds. */
export interface Instant {
  readonly at: number
  readonly skew: number
}

/** @internal The transitions of an exchange for requests, prices and fills, as functions of its state. */
export interface Transitions {
  readonly start: (balances: ReadonlyArray<Account.Balance> | undefined) => Simulated
  /** Responds to a request. A request that `kind` prevents is counted, but not carried out. */
  readonly respond: (
    current: Simulated,
    request: Dialect.SimulatedRequest,
    now: number,
    faults: Faults.Faults,
    kind: Faults.Kind | undefined
  ) => readonly [response: Dialect.SimulatedResponse, next: Simulated]
  /** Applies `f` to the current exchange. Updates the engine if something was traded. */
  readonly runTurn: <A extends { readonly engine?: Engine.Engine | undefined }>(
    current: Simulated,
    now: number,
    faults: Faults.Faults,
    f: (world: Dialect.World) => A
  ) => readonly [A, Simulated]
  readonly setPrice: (current: Simulated, market: string, last: BigDecimal.BigDecimal, instant: Instant) => Simulated
  /** Fills an open order, completely or by an amount. The id is that of the exchange. */
  readonly fill: (
    current: Simulated,
    orderId: string,
    amount: BigDecimal.BigDecimal | undefined,
    instant: Instant
  ) => readonly [order: Either.Either<Engine.Order, Engine.FillRefusal>, next: Simulated]
  readonly show: (current: Simulated, instant: Instant) => Omit<State, "faults">
}

/** @internal */
export const transitionsOf = (
  dialect: Dialect.Dialect,
  seed: string,
  keys: ReadonlyArray<Account.ApiKey>
): Transitions => {
  const quote = quoter(seed)
  const listings = new Map(dialect.listings.map((listing) => [listing.id, listing]))

  // Prices change at whole seconds, so the engine is advanced at most once per second.
  let latest: { readonly engine: Engine.Engine; readonly pins: Simulated["pins"]; readonly second: number } | undefined
  const advance = ({ engine, pins }: Simulated, { at, skew }: Instant): Engine.Engine => {
    const second = Math.floor(at / 1000)
    if (latest?.engine === engine && latest.pins === pins && latest.second === second) return engine
    const next = Engine.advance(engine, at + skew, (market) => {
      const listing = listings.get(market)
      return listing === undefined ? undefined : Market.top(seed, listing, at, pins.get(market))
    })
    latest = { engine: next, pins, second }
    return next
  }

  const world = (current: Simulated, at: number, { clockSkew: skew, orderLag }: Faults.Faults): Dialect.World => ({
    now: at + skew,
    quote: (listing) => quote(listing, at, current.pins.get(listing.id)),
    keys,
    engine: advance(current, { at, skew }),
    trades: (listing, limit) =>
      Market.trades(seed, listing, at, limit, current.pins.get(listing.id)).map((trade) => ({
        ...trade,
        at: trade.at + skew
      })),
    candles: (listing, intervalMillis, from, to) =>
      Market.candles(seed, listing, intervalMillis, { from, to, now: at }, current.pins.get(listing.id)),
    isVisible: ({ createdAt }) => createdAt + orderLag <= at + skew
  })

  return {
    start: (balances) => {
      const instruments = dialect.listings.flatMap(({ instrument }) => instrument ?? [])
      return {
        responder: dialect.start,
        engine: Engine.make({ instruments, balances: balances ?? demoBalances(instruments) }),
        pins: new Map()
      }
    },
    respond: (current, request, now, faults, kind) => {
      const seen = world(current, now, faults)
      const [response, responder, traded] = current.responder.respond(request, seen)
      const engine = kind === "http503" || kind === "http429" ? seen.engine : traded ?? seen.engine
      return [response, { responder, engine, pins: current.pins }]
    },
    runTurn: (current, now, faults, f) => {
      const seen = world(current, now, faults)
      const result = f(seen)
      return [result, { ...current, engine: result.engine ?? seen.engine }]
    },
    setPrice: (current, market, last, instant) => {
      const pinned = [...(current.pins.get(market) ?? []), { at: instant.at, last }]
      const next = { ...current, pins: new Map(current.pins).set(market, pinned) }
      return { ...next, engine: advance(next, instant) }
    },
    fill: (current, orderId, amount, instant) => {
      const engine = advance(current, instant)
      const order = Engine.orders(engine).find((one) => dialect.orderId(one) === orderId)
      const done = order === undefined
        ? Either.left<Engine.FillRefusal>("NotFound")
        : Engine.fill(engine, order.id, amount, instant.at + instant.skew)
      return [
        Either.map(done, ([order]) => order),
        { ...current, engine: Either.isRight(done) ? done.right[1] : engine }
      ]
    },
    show: (current, instant) => {
      const engine = advance(current, instant)
      const now = instant.at + instant.skew
      return {
        now,
        markets: dialect.listings.map((listing) => ({
          id: listing.id,
          symbol: listing.symbol,
          top: Market.top(seed, listing, instant.at, current.pins.get(listing.id)),
          isSet: current.pins.has(listing.id)
        })),
        orders: Engine.openOrders(engine).map((order) => [dialect.orderId(order), order] as const),
        balances: Engine.balances(engine),
        positions: Engine.positions(engine),
        usage: current.responder.usage(now)
      }
    }
  }
}
