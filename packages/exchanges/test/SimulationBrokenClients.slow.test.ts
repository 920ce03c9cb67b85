import { type Account, type FeedItem, MarketData, Trading } from "@effect-exchange/core"
import { Simulation, type SimulationWorld } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option, Stream } from "effect"
import { world } from "./simulation/world.js"

type World = SimulationWorld.World<unknown>
type Services = Context.Context<MarketData.MarketData | Account.Account | Trading.Trading>

/** Waits less long for silent streams. */
const kraken: World = { ...world("kraken"), patience: 20_000 }

/** Wraps the client of Kraken so that it breaks a promise. */
const wrapped = (fault: (services: Services) => Services): World => ({
  ...kraken,
  client: Layer.map(kraken.client, fault)
})

const market = (fault: (market: MarketData.MarketData.Service) => Partial<MarketData.MarketData.Service>): World =>
  wrapped((services) => {
    const intact = Context.get(services, MarketData.MarketData)
    return Context.add(services, MarketData.MarketData, { ...intact, ...fault(intact) })
  })

const trading = (fault: (trading: Trading.Trading.Service) => Partial<Trading.Trading.Service>): World =>
  wrapped((services) => {
    const intact = Context.get(services, Trading.Trading)
    return Context.add(services, Trading.Trading, { ...intact, ...fault(intact) })
  })

const twice = <A>(item: FeedItem.FeedItem<A>): ReadonlyArray<FeedItem.FeedItem<A>> =>
  item._tag === "Data" ? [item, item] : [item]

const brokenClients: ReadonlyArray<readonly [fault: string, found: SimulationWorld.Invariant, world: World]> = [
  [
    "emits each trade twice",
    "trades",
    market(({ streamTrades }) => ({
      streamTrades: (...of) => Stream.mapConcat(streamTrades(...of), twice)
    }))
  ],
  [
    "leaves out a trade",
    "trades",
    market(({ streamTrades }) => ({
      streamTrades: (...of) =>
        streamTrades(...of).pipe(
          Stream.zipWithIndex,
          Stream.filterMap(([item, index]) => index === 3 ? Option.none() : Option.some(item))
        )
    }))
  ],
  [
    "emits every order book one update late",
    "book",
    market(({ streamOrderBook }) => ({
      streamOrderBook: (...of) =>
        streamOrderBook(...of).pipe(Stream.zipWithPrevious, Stream.filterMap(([before]) => before))
    }))
  ],
  [
    "stops emitting tickers after a while",
    "hearing",
    market(({ streamTicker }) => ({
      streamTicker: (...of) => Stream.concat(Stream.take(streamTicker(...of), 3), Stream.never)
    }))
  ],
  [
    "never emits a ticker",
    "staleness",
    market(() => ({ streamTicker: () => Stream.never }))
  ],
  [
    "fails with a defect",
    "defect",
    market(() => ({ streamTrades: () => Stream.dieMessage("boom") }))
  ],
  [
    "places an order under another client order id",
    "orders",
    trading(({ place }) => ({
      place: (request) => Effect.tap(place({ ...request, clientOrderId: "another" }), () => Effect.void)
    }))
  ],
  [
    "logs its secret",
    "secrets",
    market(({ ticker }) => ({ ticker: (symbol) => Effect.zipRight(Effect.logDebug(kraken.secrets), ticker(symbol)) }))
  ]
]

describe("a simulation finds a client that", () => {
  for (const [fault, invariant, broken] of brokenClients) {
    it.effect(fault, () =>
      Effect.gen(function*() {
        const failed = yield* Effect.flip(
          Effect.forEach(
            Array.from({ length: 40 }, (_, seed) => seed),
            (seed) => Simulation.run(broken, seed, { steps: 8, shrinks: 12 }),
            { concurrency: 2, discard: true }
          )
        )
        assert.strictEqual(failed.violation.invariant, invariant, failed.message)
        // The trace is shrunk to the steps that show the violation.
        assert.isAtMost(failed.trace.length, 4, failed.message)
      }), 600_000)
  }
})
