/**
 * Measures the cost of loading 3,000 markets and their size on the heap, compared with ccxt's `loadMarkets`:
 * `npm run bench -- markets`.
 *
 * A new client loads them each time, over a new connection. Creating the client is not counted. The response is
 * compressed with gzip.
 */
import { MarketData } from "@effect-exchange/core"
import { ManagedRuntime } from "effect"
import { makeCcxt } from "./internal/httpPeers.js"
import { alternate, cpuOf, heapUsed } from "./internal/measure.js"
import { client } from "./internal/ours.js"
import { compare, print } from "./internal/report.js"
import { serve } from "./internal/serve.js"

const count = 3000
const { baseUrl, stop } = await serve({ symbols: count })

interface Loading {
  readonly load: () => Promise<number>
  readonly close: () => Promise<void>
}

const ours = async (): Promise<Loading> => {
  const runtime = ManagedRuntime.make(client(baseUrl))
  const market = await runtime.runPromise(MarketData.MarketData)
  return {
    load: async () => (await runtime.runPromise(market.markets)).length,
    close: () => runtime.dispose()
  }
}

const theirs = async (): Promise<Loading> => {
  const exchange = await makeCcxt(baseUrl)
  return { load: async () => Object.keys(await exchange.loadMarkets()).length, close: () => exchange.close() }
}

const check = (found: number): void => {
  if (found !== count) throw new Error(`loaded only ${found} of ${count} markets`)
}

/** Returns the milliseconds of CPU time. */
const cost = (make: () => Promise<Loading>) => async (): Promise<number> => {
  const { close, load } = await make()
  const us = await cpuOf(async () => check(await load()))
  await close()
  return us / 1000
}

/** Returns the growth of the heap in kilobytes while the markets are held. */
const heap = (make: () => Promise<Loading>) => async (): Promise<number> => {
  const { close, load } = await make()
  const before = heapUsed()
  check(await load())
  const grown = (heapUsed() - before) / 1024
  await close()
  return grown
}

const ms = await alternate({ ours: cost(ours), theirs: cost(theirs) }, { rounds: 11, warmUp: 4 })
const kb = await alternate({ ours: heap(ours), theirs: heap(theirs) }, { rounds: 5, warmUp: 1 })
compare(`loading ${count.toLocaleString("en")} markets`, ms("ours"), "ccxt", ms("theirs"), "ms", 1)
compare(`heap of ${count.toLocaleString("en")} markets`, kb("ours"), "ccxt", kb("theirs"), "KB", 1)
stop()
process.exitCode = print() ? 0 : 1
