/**
 * Measures the cost of keeping a book, from the text of a frame to the updated book, compared with ccxt and with
 * `JSON.parse` alone: `npm run bench -- book`, or some of its parts, `npm run bench -- book binance kraken heap`.
 *
 * Compare the ratios: all subjects take turns within one run, and the cost is the CPU time of the process.
 */
import { ExchangeSymbol, LocalOrderBook } from "@effect-exchange/core"
import { depths, dialects, type Exchange, record, type Recording } from "./internal/bookFrames.js"
import { bookOfCcxt } from "./internal/bookOfCcxt.js"
import { measure, over } from "./internal/measure.js"
import { judge, print, report } from "./internal/report.js"

const parse = ({ frames }: Recording) => (): void => {
  for (const frame of frames) JSON.parse(frame)
}

const symbol = ExchangeSymbol.make("BTC/USDT")

const keep = (exchange: Exchange, { frames, snapshot }: Recording, viewed: boolean): () => void => {
  const { places, read } = dialects[exchange]
  const book = LocalOrderBook.make({ exchange, symbol })
  if (!LocalOrderBook.replace(book, ...read(JSON.parse(snapshot)), places)) {
    throw new Error("The snapshot could not be decoded")
  }
  return () => {
    for (const frame of frames) {
      const [bids, asks] = read(JSON.parse(frame))
      if (!LocalOrderBook.apply(book, bids, asks, places) || LocalOrderBook.isCrossed(book)) {
        throw new Error("A frame was lost")
      }
      if (viewed) LocalOrderBook.view(book)
    }
  }
}

const compare = (exchange: Exchange, depth: number): void => {
  const recording = record(dialects[exchange], depth, 500)
  const ns = measure({
    "JSON.parse": parse(recording),
    "ours": keep(exchange, recording, false),
    "ours, viewed": keep(exchange, recording, true),
    "ccxt": bookOfCcxt(exchange, recording)
  }, recording.levels)
  const what = `${exchange}, 2x${depth}`
  judge(`${what}: parsing and applying a frame, per level`, ns("ours"), "ns")
  judge(`${what}: compared with JSON.parse alone`, over(ns("ours"), ns("JSON.parse")), "x", 2)
  judge(
    `${what}: with a view after every frame, compared with JSON.parse`,
    over(ns("ours, viewed"), ns("JSON.parse")),
    "x"
  )
  judge(`${what}: compared with ccxt`, over(ns("ours"), ns("ccxt")), "x", 0.33)
}

const heap = (): void => {
  const recording = record(dialects.binance, 1000, 500)
  const pass = keep("binance", recording, true)
  const used = () => {
    globalThis.gc?.()
    return process.memoryUsage().heapUsed
  }
  for (let count = 0; count < 20; count++) pass()
  const before = used()
  for (let count = 0; count < 200; count++) pass()
  const grown = (used() - before) / 1024
  report("binance, 2x1000: heap growth over 100,000 frames", `${grown.toFixed(0)} KB`, "<= 100 KB", grown <= 100)
}

const parts: Readonly<Record<string, () => void>> = {
  ...Object.fromEntries(
    depths.map(([exchange, ...each]) => [exchange, () => each.forEach((depth) => compare(exchange, depth))])
  ),
  heap
}
const asked = process.argv.slice(2)
if (asked.some((name) => parts[name] === undefined)) {
  console.error(`Unknown part; use one of: ${Object.keys(parts).join(", ")}.`)
  process.exit(2)
}
for (const [name, part] of Object.entries(parts)) {
  if (asked.length === 0 || asked.includes(name)) part()
}
process.exitCode = print() ? 0 : 1
