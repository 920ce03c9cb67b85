/**
 * A simulated exchange: it speaks the protocol of a real exchange, checks signatures, meters requests, bans clients and
 * fails on demand. All of its behaviour is determined by Effect's clock and a seed.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Socket from "@effect/platform/Socket"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as Dialect from "./Dialect.js"
import { dialects, type ExchangeId } from "./Dialects.js"
import type * as Account from "./engine/Account.js"
import type * as Engine from "./engine/Engine.js"
import * as Faults from "./engine/Faults.js"
import { requireMillis } from "./engine/internal/delay.js"
import * as FaultDraw from "./engine/internal/faultDraw.js"
import type * as Market from "./engine/Market.js"
import * as Connections from "./internal/connections.js"
import { demoKeys } from "./internal/demo.js"
import { httpClient } from "./internal/httpClient.js"
import * as MemorySocket from "./internal/memorySocket.js"
import * as PlainText from "./internal/plainText.js"
import { redactor } from "./internal/redactor.js"
import * as RequestLog from "./internal/requestLog.js"
import * as ResponseFaults from "./internal/responseFaults.js"
import { type State, transitionsOf } from "./internal/simulated.js"
import { ExchangeNotSimulated, FillRejected, type PriceRejected, SimulatedFault } from "./SimulatorError.js"

export {
  /**
   * The id of an exchange that can be simulated.
   *
   * @since 0.1.0
   * @category models
   */
  type ExchangeId,
  /**
   * The ids of all exchanges that can be simulated.
   *
   * @since 0.1.0
   * @category models
   */
  exchangeIds
} from "./Dialects.js"

export { type RecordedRequest } from "./internal/requestLog.js"

export { type MarketState, type State } from "./internal/simulated.js"

export { type Disturbance, type Peer, type Sink } from "./internal/connections.js"

export * from "./SimulatorError.js"

/**
 * An exchange to simulate: the id of one that has a dialect in this package, or a dialect of your own.
 *
 * @since 0.1.0
 * @category models
 */
export type Exchange = ExchangeId | Dialect.Dialect

const dialectOf = (exchange: Exchange): Dialect.Dialect => typeof exchange === "string" ? dialects[exchange] : exchange

/**
 * Returns the id of an exchange.
 *
 * @since 0.1.0
 * @category getters
 */
export const idOf = (exchange: ExchangeId | Pick<Dialect.Dialect, "id">): string =>
  typeof exchange === "string" ? exchange : exchange.id

/**
 * The options of a simulated exchange.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Determines the prices and, mixed with the seed of the faults, which requests fail. Defaults to `"simulator"`. */
  readonly seed?: string | undefined
  /** The faults of the exchange. Defaults to `Faults.none`. */
  readonly faults?: Faults.Faults | undefined
  /** The balances of the account. Defaults to the assets of `Account.demoBalances` that the exchange trades. */
  readonly balances?: ReadonlyArray<Account.Balance> | undefined
  /**
   * How often the exchange sends news on its sockets. Defaults to one second, the interval at which prices change. A
   * longer interval suits tests that let days pass; it also delays other messages, such as heartbeats. The simulator
   * dies with a `RangeError` unless it is above zero.
   */
  readonly beat?: Duration.DurationInput | undefined
  /** The keys that the exchange accepts. Defaults to the three demo keys that {@link credentials} returns. */
  readonly keys?: ReadonlyArray<Account.ApiKey> | undefined
}

/**
 * One simulated exchange.
 *
 * @since 0.1.0
 * @category models
 */
export interface Simulator {
  readonly id: string
  readonly dialect: Dialect.Dialect
  /** Responds to a request, after the latency of the current faults. */
  readonly handle: (
    request: Dialect.SimulatedRequest
  ) => Effect.Effect<Dialect.SimulatedResponse, SimulatedFault>
  /** The last 1000 requests, oldest first. A request is added once the exchange has served it. */
  readonly requests: Effect.Effect<ReadonlyArray<RequestLog.RecordedRequest>>
  /** The usage of each metered scope, by the exchange's own clock. */
  readonly usage: Effect.Effect<ReadonlyArray<Dialect.Usage>>
  /** Replaces the faults. Phases still count from the start of the simulator. */
  readonly setFaults: (faults: Faults.Faults) => Effect.Effect<void>
  /**
   * Sets the last price of a market until it is set again. The bid and ask move with it and fill the orders that they
   * reach. The market is named by the exchange's own name or by its symbol. The price is plain decimal text and a
   * positive multiple of the tick size.
   */
  readonly setPrice: (market: string, last: string) => Effect.Effect<void, PriceRejected>
  /**
   * Fills an open order at its own price, in full or by the given amount. The house takes the amount, so the order is
   * the maker. The id is the exchange's order id. The amount is plain decimal text, in contracts for inverse contracts.
   */
  readonly fill: (orderId: string, amount?: string) => Effect.Effect<Engine.Order, FillRejected>
  /** The current state of the exchange. */
  readonly state: Effect.Effect<State>
  /** The markets that the exchange lists. */
  readonly listings: ReadonlyArray<Market.Listing>
  /**
   * Reads from the exchange as its dialect sees it now: books, trades and all orders. The read is not metered, and no
   * fault applies to it.
   */
  readonly see: <A>(f: (world: Dialect.World) => A) => Effect.Effect<A>
  /** Disturbs the sockets of the exchange: see {@link Disturbance}. */
  readonly disturb: (disturbance: Connections.Disturbance) => Effect.Effect<void>
  /** The number of open sockets. */
  readonly connections: Effect.Effect<number>
  /**
   * Opens a connection to the socket at a path until the scope closes, and sends its frames to the sink. Returns
   * `undefined` if the exchange has no such socket or accepts no connection.
   */
  readonly connect: (
    target: string,
    sink: Connections.Sink
  ) => Effect.Effect<Connections.Peer | undefined, never, Scope.Scope>
}

/**
 * The exchanges of a layer, by id.
 *
 * @since 0.1.0
 * @category tags
 */
export class Simulators extends Context.Tag("@effect-exchange/simulator/Simulator/Simulators")<Simulators, {
  readonly ids: ReadonlyArray<string>
  readonly get: (exchange: Exchange) => Effect.Effect<Simulator, ExchangeNotSimulated>
}>() {}

/**
 * Starts an exchange. The phases of its faults count from now.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function*(
  exchange: Exchange,
  options: Options = {}
): Effect.fn.Return<Simulator> {
  const dialect = dialectOf(exchange)
  const { id } = dialect
  const { beat = "1 second", keys = demoKeys(dialect), seed = "simulator" } = options
  const interval = yield* Effect.sync(() => requireMillis("beat", beat))
  if (interval === 0) return yield* Effect.die(new RangeError("beat must be above zero."))
  const startedAt = yield* Clock.currentTimeMillis
  const faults = yield* Ref.make(options.faults ?? Faults.none)
  const sequence = yield* Ref.make(0)
  const transitions = transitionsOf(dialect, seed, keys)
  const standing = yield* Ref.make(transitions.start(options.balances))
  const log = yield* RequestLog.make(redactor(keys))

  const runTurn = <A extends { readonly engine?: Engine.Engine | undefined }>(f: (world: Dialect.World) => A) =>
    Effect.gen(function*() {
      const now = yield* wholeMillis
      const active = FaultDraw.at(yield* Ref.get(faults), now - startedAt, "", "")
      return yield* Ref.modify(standing, (current) => transitions.runTurn(current, now, active, f))
    })

  const connections = Connections.make(dialect.streaming, runTurn, interval)

  const handle = Effect.fnUntraced(function*(
    request: Dialect.SimulatedRequest
  ): Effect.fn.Return<Dialect.SimulatedResponse, SimulatedFault> {
    const number = yield* Ref.getAndUpdate(sequence, (count) => count + 1)
    const sent = yield* Clock.currentTimeMillis
    const all = yield* Ref.get(faults)
    const active = FaultDraw.at(all, sent - startedAt, request.method, Dialect.pathOf(request.target))
    const drawn = FaultDraw.draw(active, `${seed}/${id}/${all.seed}`, number)
    const outward = Math.floor(drawn.latency / 2)
    yield* pause(outward)
    const now = yield* wholeMillis
    if (drawn.kind === "refused") {
      yield* log.add(request, now, undefined, "refused")
      return yield* new SimulatedFault({ exchange: id, code: "ECONNREFUSED" })
    }
    const served = yield* Ref.modify(
      standing,
      (current) => transitions.respond(current, request, now, active, drawn.kind)
    )
    if (request.method !== "GET") yield* connections.flush
    const response = ResponseFaults.apply(dialect, drawn, active, {
      ...served,
      headers: { date: Dialect.httpDate(now + active.clockSkew), ...served.headers }
    })
    yield* log.add(request, now, response?.status, drawn.kind)
    if (drawn.kind === "drop") return yield* Effect.never
    yield* pause(drawn.latency - outward)
    return response ?? (yield* new SimulatedFault({ exchange: id, code: "ECONNRESET" }))
  })

  const instant = Effect.gen(function*() {
    const at = yield* wholeMillis
    return { at, skew: FaultDraw.at(yield* Ref.get(faults), at - startedAt, "", "").clockSkew }
  })

  return {
    id,
    dialect,
    handle,
    disturb: connections.disturb,
    connections: connections.count,
    connect: connections.connect,
    requests: log.requests,
    usage: Effect.gen(function*() {
      const { at, skew } = yield* instant
      const { responder } = yield* Ref.get(standing)
      return responder.usage(at + skew)
    }),
    setFaults: (next) => Ref.set(faults, next),
    setPrice: Effect.fnUntraced(function*(market, last) {
      const now = yield* instant
      const [listing, price] = yield* PlainText.price(dialect, market, last)
      yield* Ref.update(standing, (current) => transitions.setPrice(current, listing.id, price, now))
      yield* connections.flush
    }),
    fill: Effect.fnUntraced(function*(orderId, amount) {
      const now = yield* instant
      const rejected = (reason: FillRejected["reason"]) => new FillRejected({ exchange: id, orderId, reason })
      const wanted = amount === undefined ? undefined : PlainText.positive(amount)
      if (wanted === null) return yield* rejected("OffLot")
      const filled = yield* Ref.modify(standing, (current) => transitions.fill(current, orderId, wanted, now))
      yield* connections.flush
      return yield* Either.mapLeft(filled, rejected)
    }),
    listings: dialect.listings,
    see: (f) => Effect.map(runTurn((world) => ({ seen: f(world), engine: undefined })), ({ seen }) => seen),
    state: Effect.gen(function*() {
      const now = yield* instant
      const shown = transitions.show(yield* Ref.get(standing), now)
      return { ...shown, faults: yield* Ref.get(faults) }
    })
  }
})

/**
 * Returns the environment that points a client to an exchange of {@link layer}. The base URL has no path.
 *
 * @since 0.1.0
 * @category constructors
 */
export const environment = (
  exchange: ExchangeId | Pick<Dialect.Dialect, "id">
): { readonly name: "simulated"; readonly baseUrl: string } => ({
  name: "simulated",
  baseUrl: `http://${idOf(exchange)}.localhost`
})

/**
 * Returns the credentials of the demo account. The permission defaults to `trade`, which may read and trade but not
 * withdraw.
 *
 * @example
 * import { Binance } from "@effect-exchange/binance"
 * import { Account } from "@effect-exchange/core"
 * import { Simulator } from "@effect-exchange/simulator"
 * import { Effect, Layer } from "effect"
 *
 * const reading = Binance.layerAccount({
 *   environment: Simulator.environment("binance"),
 *   credentials: Simulator.credentials("binance", "read")
 * }).pipe(Layer.provide(Simulator.layer("binance")))
 *
 * const program = Effect.flatMap(Account.Account, (account) => account.balances)
 *
 * Effect.runFork(Effect.provide(program, reading))
 *
 * @since 0.1.0
 * @category constructors
 */
export const credentials = (exchange: Exchange, permission: Account.Permission = "trade"): Account.Credentials =>
  dialectOf(exchange).demoKey(permission).credentials

/**
 * Provides exchanges in memory through an `HttpClient` and a `WebSocketConstructor` that reach these exchanges only.
 *
 * No network socket is opened, and all waiting follows Effect's clock. A connection fault fails with a `RequestError`
 * whose reason is `Transport` and whose cause is a {@link SimulatedFault} with the code that Node would report. A
 * request to any other host fails with `ENOTFOUND`. Interrupting the client's fiber interrupts the request in the
 * simulator, too.
 *
 * @example
 * import { Simulator } from "@effect-exchange/simulator"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const simulators = yield* Simulator.Simulators
 *   const binance = yield* simulators.get("binance")
 *   yield* binance.setPrice("BTC/USDT", "64000.5")
 *   return yield* binance.state
 * }).pipe(Effect.provide(Simulator.layer("binance", { seed: "a Monday" })))
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  exchanges: Exchange | ReadonlyArray<Exchange>,
  options: Options = {}
): Layer.Layer<HttpClient.HttpClient | Socket.WebSocketConstructor | Simulators> =>
  Layer.scopedContext(
    Effect.gen(function*() {
      const simulators = yield* makeAll(exchanges, options)
      const hosts = new Map(simulators.map((simulator) => [`${simulator.id}.localhost`, simulator]))
      const sockets = yield* MemorySocket.webSockets(hosts)
      return httpClient(hosts, fault("ENOTFOUND"), fault("ECONNRESET")).pipe(
        Context.add(Simulators, registry(simulators)),
        Context.add(Socket.WebSocketConstructor, sockets)
      )
    })
  )

/**
 * Starts several exchanges with the same options. Of several exchanges with the same id, only the first is started.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeAll = (
  exchanges: Exchange | ReadonlyArray<Exchange>,
  options: Options = {}
): Effect.Effect<ReadonlyArray<Simulator>> =>
  Effect.forEach(
    Arr.dedupeWith(Arr.ensure(exchanges), (one, other) => idOf(one) === idOf(other)),
    (exchange) => make(exchange, options)
  )

/**
 * Creates the service that returns running simulators by id.
 *
 * @since 0.1.0
 * @category constructors
 */
export const registry = (simulators: ReadonlyArray<Simulator>): Context.Tag.Service<Simulators> => ({
  ids: simulators.map(({ id }) => id),
  get: (exchange) => {
    const id = idOf(exchange)
    const found = simulators.find((simulator) => simulator.id === id)
    return found === undefined ? new ExchangeNotSimulated({ exchange: id }) : Effect.succeed(found)
  }
})

// A test clock may stand between two milliseconds, but exchanges report whole milliseconds.
const wholeMillis = Effect.map(Clock.currentTimeMillis, Math.floor)

const fault = (code: SimulatedFault["code"]) => (exchange: string): SimulatedFault =>
  new SimulatedFault({ exchange, code })

// Skips a sleep of zero: it would still yield, and a test without latency should not have to advance its clock.
const pause = (milliseconds: number): Effect.Effect<void> =>
  milliseconds === 0 ? Effect.void : Effect.sleep(milliseconds)
