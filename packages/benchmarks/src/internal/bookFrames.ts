/**
 * Generates books and their updates in the formats of exchanges, the same on every run.
 */
import type { LocalOrderBook } from "@effect-exchange/core"

export type Exchange = "binance" | "bybit" | "kraken" | "okx"

/** How an exchange writes its levels, in which order, and where a frame contains them. */
interface Dialect {
  readonly level: (price: string, amount: string) => string
  /** Whether the levels of a frame are sorted by price. If not, they are in order of time. */
  readonly ordered: boolean
  readonly frame: (bids: string, asks: string, sequence: number) => string
  /** Reads the levels of a frame as an exchange package does, without assuming its shape. */
  readonly read: (frame: unknown) => readonly [bids: unknown, asks: unknown]
  readonly places?: LocalOrderBook.Places
}

const nothing = [undefined, undefined] as const

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

export const dialects: Readonly<Record<Exchange, Dialect>> = {
  binance: {
    level: (price, amount) => `["${price}","${amount}"]`,
    ordered: true,
    frame: (bids, asks, sequence) =>
      `{"e":"depthUpdate","E":${1672515782136 + sequence * 100},"s":"BTCUSDT","U":${sequence},"u":${sequence},` +
      `"b":[${bids}],"a":[${asks}]}`,
    read: (frame) => isObject(frame) && "b" in frame && "a" in frame ? [frame.b, frame.a] : nothing
  },
  bybit: {
    level: (price, amount) => `["${price}","${amount}"]`,
    ordered: true,
    frame: (bids, asks, sequence) =>
      `{"topic":"orderbook.1000.BTCUSDT","type":"${sequence === 0 ? "snapshot" : "delta"}",` +
      `"ts":${1687940967466 + sequence * 100},"data":{"s":"BTCUSDT","b":[${bids}],"a":[${asks}],"u":${sequence},` +
      `"seq":${66544703342 + sequence}},"cts":1687940967464}`,
    read: (frame) => isObject(frame) && "data" in frame ? dialects.binance.read(frame.data) : nothing
  },
  kraken: {
    level: (price, amount) => `{"price":${price},"qty":${amount}}`,
    ordered: false,
    frame: (bids, asks, sequence) =>
      `{"channel":"book","type":"${sequence === 0 ? "snapshot" : "update"}","data":[{"symbol":"BTC/USD",` +
      `"bids":[${bids}],"asks":[${asks}],"checksum":${2439117997 + sequence},` +
      `"timestamp":"2023-10-06T17:35:55.440295Z"}]}`,
    read: (frame) => dialects.okx.read(frame),
    places: ["price", "qty"]
  },
  okx: {
    level: (price, amount) => `["${price}","${amount}","0","3"]`,
    ordered: true,
    frame: (bids, asks, sequence) =>
      `{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"${sequence === 0 ? "snapshot" : "update"}",` +
      `"data":[{"asks":[${asks}],"bids":[${bids}],"ts":"1597026383085","checksum":0,"prevSeqId":${sequence - 1},` +
      `"seqId":${sequence}}]}`,
    read: (frame) => {
      const data: unknown = isObject(frame) && "data" in frame && Array.isArray(frame.data) ? frame.data[0] : undefined
      return isObject(data) && "bids" in data && "asks" in data ? [data.bids, data.asks] : nothing
    }
  }
}

/** The depths of the books of an exchange, per side. */
export const depths: ReadonlyArray<readonly [Exchange, ...ReadonlyArray<number>]> = [
  ["binance", 1000, 5000],
  ["bybit", 1000, 5000],
  ["kraken", 1000],
  ["okx", 400, 5000]
]

/** Creates a linear congruential generator of numbers from 0 (included) to 1 (excluded). */
const seeded = (seed: number) => (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}

interface Change {
  readonly tick: number
  readonly text: string
}

export interface Recording {
  readonly depth: number
  readonly snapshot: string
  readonly frames: ReadonlyArray<string>
  /** The number of levels in all frames together. */
  readonly levels: number
}

/**
 * Generates a book with `depth` levels, which occupy four prices out of five, and frames of 5 to 100 levels that keep
 * it about as deep. Most changes are near the best price. One change in five adds a price, one in five removes a price,
 * and the others change an amount.
 */
export const record = ({ frame, level, ordered }: Dialect, depth: number, count: number): Recording => {
  const next = seeded(depth)
  const width = depth * 1.25
  const price = (side: number, tick: number) => ((6_400_000 + (side === 0 ? -1 - tick : tick)) / 100).toFixed(2)
  const amount = () => (0.00001 + next() ** 4 * 20).toFixed(8)
  const standing = [0, 1].map(() => Array.from({ length: width }, () => next() < 0.8))
  const whole = standing.map((side, index) =>
    side.flatMap((stands, tick) => stands ? [level(price(index, tick), amount())] : []).join()
  )
  let levels = 0
  const frames = Array.from({ length: count }, (_, sequence) => {
    const changes: [Array<Change>, Array<Change>] = [[], []]
    for (let left = 5 + Math.floor(next() ** 2 * 96); left > 0; left--) {
      const side = next() < 0.5 ? 0 : 1
      const tick = Math.floor((next() < 0.7 ? Math.min(0.999, -Math.log(1 - next()) / 20) : next()) * width)
      const gone = standing[side]?.[tick] === true && next() < 0.25
      standing[side]?.splice(tick, 1, !gone)
      changes[side].push({ tick, text: level(price(side, tick), gone ? "0.00000000" : amount()) })
      levels++
    }
    const [bids, asks] = changes.map((side) => {
      if (ordered) side.sort((a, b) => a.tick - b.tick)
      return side.map(({ text }) => text).join()
    })
    return frame(bids ?? "", asks ?? "", sequence + 1)
  })
  return { depth, snapshot: frame(whole[0] ?? "", whole[1] ?? "", 0), frames, levels }
}
