/**
 * Measures the cost of a stream among 1, 100, 1,000 and 5,000 streams of one client (to open it, to receive a trade and
 * to keep it): `npm run bench -- streams`. Each stream has the trades of another market, which a server on the loopback
 * in another process sends.
 */
import { Binance } from "@effect-exchange/binance"
import { ExchangeSymbol, type Market, MarketData } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import { Effect, Layer, ManagedRuntime, Stream } from "effect"
import { alternate, cpuOf, heapUsed } from "./internal/measure.js"
import { compare, judge, print, quantile } from "./internal/report.js"
import { serve } from "./internal/serve.js"

const markets = Array.from({ length: 5000 }, (_, index): Market.Market => ({
  symbol: ExchangeSymbol.make(`C${index}/USDT`),
  id: `C${index}USDT`,
  base: `C${index}`,
  quote: "USDT",
  kind: "spot",
  status: "open"
}))

/** Creates a counter that can wait until it reaches a number. */
const counter = () => {
  let count = 0
  let wanted = Number.POSITIVE_INFINITY
  let resume = (): void => undefined
  return {
    add: (): void => {
      if (++count === wanted) resume()
    },
    more: (more: number, self: () => void): Promise<void> => {
      wanted = count + more
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`${wanted - count} of ${more} are missing`)), 60_000)
        resume = () => {
          clearTimeout(late)
          resolve()
        }
        self()
      })
    }
  }
}

/** Opens streams. The cost includes the client, its connections and the subscriptions. */
const open = async (streams: number) => {
  const { baseUrl, send, stop } = await serve()
  const runtime = ManagedRuntime.make(
    Binance.layerMarketData({ environment: { name: "bench", baseUrl }, markets, marketsMaxAge: "1 day" }).pipe(
      Layer.provide(NodeExchange.layer)
    )
  )
  const market = await runtime.runPromise(MarketData.MarketData)
  const connected = counter()
  const trades = counter()
  const one = ({ symbol }: Market.Market) =>
    Stream.runForEach(market.streamTrades(symbol), (item) =>
      Effect.sync(() => {
        if (item._tag === "Connected") connected.add()
        else if (item._tag === "Data") trades.add()
      }))
  const all = Effect.forEach(markets.slice(0, streams), one, { concurrency: "unbounded", discard: true })
  const heap = heapUsed()
  const opening = await cpuOf(() => connected.more(streams, () => runtime.runFork(Effect.orDie(all))))
  const held = (heapUsed() - heap) / 1024
  let first = 1
  return {
    /** Microseconds and kilobytes per stream. */
    opening: opening / streams,
    held: held / streams,
    /** Returns the microseconds per trade when each stream receives one trade, `times` times. */
    take: async (times: number): Promise<number> => {
      const us = await cpuOf(async () => {
        for (let time = 0; time < times; time++) {
          await trades.more(streams, () => send({ what: "each", times: 1, first }))
          first++
        }
      })
      return us / times / streams
    },
    close: async () => {
      await runtime.dispose()
      stop()
    }
  }
}

const counts = [1, 100, 1000, 5000]
const opened: Record<string, Array<number>> = {}
const heaps: Record<string, Array<number>> = {}

const openOnce = async (count: number) => {
  const streams = await open(count)
  console.error(`${count}: ${streams.opening.toFixed(0)} us each`)
  opened[count] = [...opened[count] ?? [], streams.opening]
  heaps[count] = [...heaps[count] ?? [], streams.held]
  return streams
}

console.error("opening 1,000 to warm up")
await (await open(1000)).close()
console.error("opening 1 to 1,000")
for (const count of [1, 100, 1000, 100, 1]) await (await openOnce(count)).close()
console.error("opening 5,000 to 1 to send trades to")
const streams: Record<string, Awaited<ReturnType<typeof open>>> = {}
// Starts with the largest number: opening it keeps the process busy for so long that existing connections would miss
// their pings.
for (const count of counts.toReversed()) streams[count] = await openOnce(count)
console.error("sending")
const us = await alternate(
  Object.fromEntries(
    Object.entries(streams).map((
      [count, { take }]
    ) => [count, () => take(Math.ceil(Math.min(200, 4000 / Number(count))))])
  ),
  { rounds: 7, warmUp: 1 }
)
await Promise.all(Object.values(streams).map(({ close }) => close()))

for (
  const [what, unit, costs] of [
    ["handing out a trade", "us", us],
    ["opening a stream", "us", (count: string) => opened[count] ?? []],
    ["heap per stream", "KB", (count: string) => heaps[count] ?? []]
  ] as const
) {
  judge(`${what}, 1 stream`, costs("1"), unit)
  for (const count of ["1000", "5000"]) {
    const few = costs("100")
    // There are fewer measurements for many streams than for few, so these are compared with the median of those.
    const beside = few.length === costs(count).length ? few : costs(count).map(() => quantile(few, 0.5))
    compare(`${what}, ${Number(count).toLocaleString("en")} streams`, costs(count), "100 streams", beside, unit, 1.2)
  }
}
process.exitCode = print() ? 0 : 1
