/**
 * BitMEX's realtime API: tables that are sent whole (`partial`) and then by the rows that change.
 *
 * **Gotchas**
 *
 * Candles come when they have ended; the one under way is not streamed. Books have neither numbers nor checksums: a lost
 * update is seen only where a later one is of a level that is not there, or where the book is crossed.
 *
 * @since 0.1.0
 */
import { LocalOrderBook, type Market } from "@effect-exchange/core"
import { Feeds, Listing, Wire } from "@effect-exchange/core/adapter"
import * as Record from "effect/Record"
import * as Struct from "effect/Struct"
import { bar, binSizes } from "./Markets.js"
import * as Rows from "./Rows.js"

const { get, list, text, whole } = Feeds

const keyOf = (table: unknown, symbol: unknown): string => `${table}:${symbol}`

const topic = (table: string, { id }: Market.Market): Feeds.Topic => ({
  socket: "realtime",
  key: keyOf(table, id),
  channel: table,
  market: id
})

const asked = (op: "subscribe" | "unsubscribe") => (topics: ReadonlyArray<Feeds.Topic>): ReadonlyArray<unknown> => [
  { op, args: topics.map(({ key }) => key) }
]

// ---- frames

/** The rows of each symbol, as a table may be of several. One that is empty has its symbol in its filter alone. */
const rowsOf = (frame: unknown): ReadonlyArray<Feeds.Said> => {
  const table = get(frame, "table")
  const action = get(frame, "action")
  const rows = list(get(frame, "data"))
  const symbols = rows.length > 0
    ? new Set(rows.map((row) => get(row, "symbol")))
    : [get(get(frame, "filter"), "symbol")]
  return Array.from(symbols, (symbol) => ({
    _tag: "Data",
    key: keyOf(table, symbol),
    frame: { action, data: rows.filter((row) => get(row, "symbol") === symbol) }
  }))
}

/** An error repeats the request that it is about. One that does not is of a limit, as is status 429. */
const refused = (frame: unknown, because: string): ReadonlyArray<Feeds.Said> => {
  const request = get(frame, "request")
  const args = get(request, "args")
  const keys = (typeof args === "string" ? [args] : list(args)).filter((key) => typeof key === "string")
  if (/already subscribed/i.test(because)) return [{ _tag: "Acknowledged", keys }]
  if (get(frame, "status") === 429 || request === undefined) return [{ _tag: "Ended", because }]
  return get(request, "op") === "subscribe" ? [{ _tag: "Refused", keys, said: { code: "", text: because } }] : []
}

const read = (frame: unknown): ReadonlyArray<Feeds.Said> | undefined => {
  if (frame === "pong") return [{ _tag: "Pong" }]
  if (get(frame, "table") !== undefined) return rowsOf(frame)
  const because = text(get(frame, "error"))
  if (because !== undefined) return refused(frame, because)
  if (get(frame, "success") === true) {
    const key = text(get(frame, "subscribe"))
    return key === undefined ? [] : [{ _tag: "Acknowledged", keys: [key] }]
  }
  return get(frame, "info") === undefined ? undefined : []
}

// ---- tables

const tickers = Feeds.readingOne(Wire.one(Rows.Ticker))

/** Of what changes in an instrument only that is sent. */
const tickerReader = () => {
  let known: object | undefined
  return (frame: unknown) => {
    for (const row of list(get(frame, "data"))) {
      if (typeof row !== "object" || row === null) return undefined
      // Changes of what is not known yet say nothing.
      if (get(frame, "action") === "partial") known = row
      else if (known !== undefined) known = { ...known, ...row }
    }
    return known === undefined ? [] : tickers(known)?.map(Struct.omit("market"))
  }
}

const prints = Feeds.reading(Wire.list(Rows.Trade))
const buckets = Feeds.reading(Wire.list(Rows.Bucket))

/** Reads the rows of a table that only grows, each as those that it stands for. */
const growing =
  <A, B>(rows: (frame: unknown) => Listing.Rows<A> | undefined, to: (row: A) => ReadonlyArray<B>) =>
  (frame: unknown): Listing.Listing<B> | undefined => {
    const found = rows(get(frame, "data"))
    if (found === undefined) return undefined
    const { rows: known, unknown } = Listing.from(found)
    return { rows: known.flatMap(to), unknown }
  }

// ---- books

const sides: { readonly [side: string]: "bids" | "asks" | undefined } = { Buy: "bids", Sell: "asks" }

/** Changes one level. A row that is to be updated or deleted has to be there; its price says nothing new then. */
const changeLevel = (book: LocalOrderBook.LocalOrderBook, action: unknown, row: unknown): boolean => {
  const side = sides[String(get(row, "side"))]
  const id = whole(get(row, "id"))
  if (side === undefined || id === undefined) return false
  switch (action) {
    case "partial":
    case "insert":
      return LocalOrderBook.setById(book, side, id, get(row, "size"), get(row, "price"))
    case "update":
      return LocalOrderBook.setById(book, side, id, get(row, "size"))
    case "delete":
      return LocalOrderBook.removeById(book, side, id)
    default:
      return false
  }
}

const bookUpdates = (frame: unknown): ReadonlyArray<Feeds.BookUpdate> => {
  const action = get(frame, "action")
  const rows = list(get(frame, "data"))
  const isWhole = action === "partial"
  return [{
    kind: isWhole ? "snapshot" : "update",
    set: (book) =>
      (!isWhole || LocalOrderBook.replace(book, [], [])) && rows.every((row) => changeLevel(book, action, row))
  }]
}

/**
 * BitMEX's feeds. What is asked for is asked for alone, as a refusal does not say what of a request it is about.
 *
 * @since 0.1.0
 * @category feeds
 */
export const feeds: Feeds.Feeds = {
  protocol: {
    // The exchange is gone, and its addresses with it: this is at a base URL of one's own.
    sockets: { realtime: { at: {}, path: "/realtime" } },
    // BitMEX does not say.
    most: 100,
    batch: 1,
    subscribe: asked("subscribe"),
    unsubscribe: asked("unsubscribe"),
    read,
    connects: { connections: 1 },
    ping: { message: () => "ping", after: "5 seconds", within: "5 seconds" },
    silence: "15 seconds"
  },
  ticker: { topic: (market) => topic("instrument", market), reader: tickerReader },
  trades: {
    topic: (market) => topic("trade", market),
    reader: () => growing(prints, ({ trade }) => trade === undefined ? [] : [trade])
  },
  candles: {
    words: Record.map(binSizes, (size) => `tradeBin${size}`),
    topic: (market, table) => topic(table, market),
    reader: (market, table) => growing(buckets, bar(market, table.replace("tradeBin", "")))
  },
  book: {
    depths: Number.POSITIVE_INFINITY,
    topic: (market) => topic("orderBookL2", market),
    reader: () => bookUpdates,
    rules: () => ({})
  }
}
