import { Decimal } from "@effect-exchange/core"
import { Engine, Faults, Simulator } from "@effect-exchange/simulator"
import type { SimulationWorld } from "@effect-exchange/testing"
import { HttpClient, Socket } from "@effect/platform"
import { BigDecimal, Context, Effect, Layer, Redacted } from "effect"
import type { Exchanges } from "../../src/index.js"
import { far, symbol, trading } from "../support/exchanges.js"

type Disturbance = Parameters<Simulator.Simulator["disturb"]>[0]
interface Fault extends SimulationWorld.Fault {
  readonly inject: (simulator: Simulator.Simulator) => Effect.Effect<void>
}

const socket = (
  name: string,
  disturbance: Disturbance,
  lag: Fault["lag"],
  trades: Fault["trades"] = "kept"
): Fault => ({ name, lag, trades, inject: ({ disturb }) => disturb(disturbance) })

const requests = (name: string, faults: Faults.Faults): Fault => ({
  name,
  lag: "none",
  trades: "kept",
  inject: ({ setFaults }) => setFaults(faults)
})

const faults: ReadonlyArray<Fault> = [
  socket("all connections are cut", { _tag: "Close", code: 1006 }, "none"),
  socket("the exchange closes every connection", { _tag: "Close", code: 1012 }, "none"),
  socket("all new connections are refused", { _tag: "Refuse" }, "none"),
  socket("new connections open, but stay silent", { _tag: "HalfOpen" }, "none"),
  socket("all open connections become silent", { _tag: "Silence" }, "watchdog"),
  socket("the exchange stops sending data", { _tag: "Mute" }, "watchdog", "lost"),
  socket("the next message is lost", { _tag: "Gap" }, "beat", "lost"),
  socket("the next message arrives twice", { _tag: "Duplicate" }, "beat"),
  socket("the next two messages arrive in reverse order", { _tag: "Reorder" }, "beat", "muddled"),
  socket("the next book has a wrong checksum", { _tag: "Checksum" }, "beat"),
  socket("the next book is crossed", { _tag: "Crossed" }, "beat"),
  socket("an invalid message arrives", { _tag: "Garbage" }, "none"),
  socket("the exchange announces that it will close all connections", { _tag: "Notice" }, "beat"),
  requests("some requests fail, and responses are slow", Faults.flaky),
  requests("all requests fail", Faults.outage),
  requests("responses are slow", Faults.make({ latency: { min: "50 millis", max: "1500 millis" } }))
]

/**
 * Exchanges that do not number the updates of a book. A lost update leaves the book wrong for good, and no client can
 * detect it.
 */
const unnumbered: ReadonlyArray<Exchanges.ExchangeId> = ["bitmex"]

const plain = (value: BigDecimal.BigDecimal): string => Decimal.format(BigDecimal.normalize(value))

const level = (
  { amount, price }: { readonly amount: BigDecimal.BigDecimal; readonly price: BigDecimal.BigDecimal }
) => ({
  amount: plain(amount),
  price: plain(price)
})

const truth = (
  simulator: Simulator.Simulator,
  symbol: string,
  count: number
): Effect.Effect<SimulationWorld.Truth> => {
  const listing = simulator.listings.find((one) => one.symbol === symbol)
  if (listing === undefined) return Effect.dieMessage(`${simulator.id} does not list ${symbol}`)
  const named = new RegExp(`(?<![A-Za-z0-9])(?:${listing.id}|${symbol})(?![A-Za-z0-9-])`, "i")
  return simulator.see((world) => {
    const { asks, bids } = Engine.book(world.engine, listing.id, 10)
    const trades = world.trades(listing, count)
      .map(({ at, id, price }) => ({ at, id, price: plain(price) }))
    return {
      asks: asks.map(level),
      bids: bids.map(level),
      // There is always a last trade, because every second has one.
      last: trades.at(-1)?.price ?? "",
      trades,
      isNamedIn: (frame) => named.test(frame)
    }
  })
}

const exchange = (id: Exchanges.ExchangeId) => (seed: string) =>
  Effect.gen(function*() {
    const context = yield* Layer.build(Simulator.layer(id, { seed }))
    const simulator = yield* Effect.orDie(Context.get(context, Simulator.Simulators).get(id))
    return {
      wire: Context.pick(HttpClient.HttpClient, Socket.WebSocketConstructor)(context),
      inject: (name) => faults.find((fault) => fault.name === name)?.inject(simulator) ?? Effect.void,
      calm: Effect.zipRight(simulator.disturb({ _tag: "Calm" }), simulator.setFaults(Faults.none)),
      truth: (symbol, trades) => truth(simulator, symbol, trades),
      orders: simulator.see(({ engine }) =>
        Engine.orders(engine).map(({ clientOrderId, filled, id, status, updatedAt }) => ({
          clientOrderId,
          isOpen: status === "open",
          filled: plain(filled),
          fills: Engine.fillsOf(engine, id),
          updatedAt
        }))
      ),
      fill: (clientOrderId) =>
        Effect.gen(function*() {
          const { orders } = yield* simulator.state
          const [id, order] = orders.find(([, order]) => order.clientOrderId === clientOrderId) ?? []
          if (id === undefined || order === undefined) return
          const half = BigDecimal.unsafeDivide(
            BigDecimal.subtract(order.amount, order.filled),
            BigDecimal.fromBigInt(2n)
          )
          // Fills the whole order if half of it is not a whole number of lots.
          yield* Effect.ignore(Effect.orElse(simulator.fill(id, plain(half)), () => simulator.fill(id)))
        }),
      connections: simulator.connections,
      refusals: Effect.map(
        simulator.requests,
        (all) => all.filter(({ fault, status }) => fault === undefined && (status === 429 || status === 418)).length
      )
    } satisfies SimulationWorld.Exchange
  })

/** Orders that are far below the market, and large enough for every exchange. */
const resting: { readonly [symbol: string]: { readonly amount: string; readonly price: string } } = {
  "BTC/USDT": { amount: "0.01", price: "30000" },
  "ETH/USDT": { amount: "0.1", price: "1000" },
  "ETH/BTC": { amount: "0.1", price: "0.02" }
}

/** Returns the world of a simulation: the client of an exchange, on the simulator. */
export const world = (id: Exchanges.ExchangeId) => ({
  name: id,
  symbols: [symbol, id === "coinbase" || id === "kraken" ? "ETH/BTC" : "ETH/USDT"],
  client: trading(id),
  exchange: exchange(id),
  faults: faults.filter(({ trades }) => trades === "kept" || !unnumbered.includes(id)),
  // The simulator's own number is the last ten digits of an id, after any prefix.
  tradeNumber: (tradeId) => id === "bitmex" ? Number.parseInt(tradeId.slice(-12), 16) : Number(tradeId.slice(-10)),
  // BitMEX reports removed, changed and new levels in separate messages.
  hasWholeBooks: id !== "bitmex",
  patience: 135_000,
  secrets: Object.values(Simulator.credentials(id)).map((secret) => Redacted.value(secret)),
  order: (symbol, clientOrderId) => ({ ...far(clientOrderId), symbol, ...resting[symbol] })
} satisfies SimulationWorld.World<unknown>)

/** Returns the command that runs a seed again. */
export const replay = (
  { seed, steps, world }: { readonly seed: number; readonly steps: number; readonly world: string }
) => `pnpm simulate --seeds 1 --seed ${seed} --exchange ${world} --steps ${steps}`
