/**
 * Measures the cost of frames that arrive over a socket (trades that are read and handed out, books that are kept),
 * compared with ccxt's `watchTrades` and `watchOrderBook` and with `ws` plus `JSON.parse`: `npm run bench -- feeds`, or
 * some of them, `npm run bench -- feeds book`.
 *
 * Servers on the loopback send the frames of a round in one piece, so they arrive as fast as they are read. Each client
 * has its own server, in another process. The cost is the CPU time of this process from the request until the last
 * frame has been seen, divided by the number of frames. Our feeds and those of ccxt are read as a program reads them:
 * by running a stream, and by a loop that awaits.
 */
import { type Client, clients, type Exchange, type Kind } from "./internal/feedClients.js"
import { alternate, cpuOf, heapUsed, isQuick, over } from "./internal/measure.js"
import { compare, judge, print, report } from "./internal/report.js"
import { serve } from "./internal/serve.js"

interface Case {
  readonly exchange: Exchange
  readonly kind: Kind
  /** The number of frames per round, and the number of trades per frame. */
  readonly frames: number
  readonly each: number
  /** The number of frames in an hour. */
  readonly hour: number
}

const cases: ReadonlyArray<Case> = [
  { exchange: "bybit", kind: "trades", frames: 2500, each: 4, hour: 90_000 },
  { exchange: "binance", kind: "trades", frames: 5000, each: 1, hour: 360_000 },
  { exchange: "bybit", kind: "book", frames: 2000, each: 0, hour: 36_000 }
]

interface Feed extends Client {
  /** Returns the microseconds of CPU time per frame. */
  readonly take: (frames: number) => Promise<number>
}

const feed = async ({ each, exchange, kind }: Case, subject: keyof typeof clients): Promise<Feed> => {
  const served = await serve()
  const client = await clients[subject]({ exchange, kind, port: served.port })
  let last = 700_000_000
  let mark = 1
  const take = async (frames: number): Promise<number> => {
    const us = await cpuOf(async () => {
      if (kind === "trades") {
        served.send({ what: "trades", trades: frames * each, first: last })
        last += frames * each
        await client.seen(last - 1)
      } else {
        mark++
        served.send({ what: "book", frames: frames - 1, mark })
        await client.seen(mark + 0.5)
      }
    })
    return us / frames
  }
  return {
    ...client,
    take,
    close: async () => {
      await client.close()
      served.stop()
    }
  }
}

const asked = process.argv.slice(2)
for (const one of cases) {
  const { exchange, frames, hour, kind } = one
  if (asked.length > 0 && !asked.includes(kind) && !asked.includes(exchange)) continue
  const what = kind === "trades" ? `${exchange}, trades` : `${exchange}, order book of 2 x 1,000 levels`
  console.error(what)
  const feeds = { ours: await feed(one, "ours"), ccxt: await feed(one, "ccxt"), ws: await feed(one, "ws") }
  const us = await alternate({
    ours: () => feeds.ours.take(frames),
    ccxt: () => feeds.ccxt.take(frames),
    ws: () => feeds.ws.take(frames)
  }, { rounds: 11, warmUp: 4 })
  compare(`${what}, per frame`, us("ours"), "ccxt", us("ccxt"), "us", 0.33)
  compare(`${what}, per frame`, us("ours"), "ws and JSON.parse", us("ws"), "us", 2)
  judge(`${what}, frames per second of CPU time`, over(us("ours").map(() => 1e6), us("ours")), "frames/s")
  await Promise.all([feeds.ccxt.close(), feeds.ws.close()])
  if (!isQuick) {
    await feeds.ours.take(frames)
    const before = heapUsed()
    for (let taken = 0; taken < hour; taken += frames) await feeds.ours.take(frames)
    const grown = (heapUsed() - before) / 1024
    report(
      `${what}, heap growth over an hour (${hour.toLocaleString("en")} frames)`,
      `${grown.toFixed(0)} KB`,
      "<= 200 KB",
      grown <= 200
    )
  }
  if (kind === "trades" && feeds.ours.counts !== undefined) {
    const { dropped, handed } = feeds.ours.counts
    report(`${what}, share dropped for a slow consumer`, `${(100 * dropped / (dropped + handed)).toFixed(1)} %`)
  }
  await feeds.ours.close()
}
process.exitCode = print() ? 0 : 1
