/**
 * BitMEX's realtime API. A table is sent as a whole (`partial`), and then as the rows that change. The tables of the
 * account use a connection of their own, which logs in first.
 *
 * **Gotchas**
 *
 * - Candles arrive when they have ended. The current candle is not streamed.
 * - Order books have neither sequence numbers nor checksums. A lost update is detected only if a later update is about
 *   a missing level, or if the book is crossed.
 * - Balances are requested if one of them is in a minor unit that is not known in advance.
 *
 * @since 0.1.0
 */
import { type Balance, LocalOrderBook, type Market } from "@effect-exchange/core"
import { Feeds, Listing, type Row, Signature, Wire } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Record from "effect/Record"
import * as Redacted from "effect/Redacted"
import * as Struct from "effect/Struct"
import { bar, binSizes, fromMinorUnits, unknownMinorUnit } from "./Markets.js"
import { expiresAfter } from "./Protocol.js"
import * as Rows from "./Rows.js"

const { get, list, text, whole } = Feeds

const keyOf = (table: unknown, symbol: unknown): string => `${table}:${symbol}`

const topic = (table: string, { id }: Market.Market): Feeds.Topic => ({
  socket: "realtime",
  key: keyOf(table, id),
  channel: table,
  market: id
})

const ofAccount = (table: "order" | "execution" | "margin"): Feeds.Topic => ({
  socket: "private",
  key: table,
  channel: table
})

const subscriptionMessages =
  (op: "subscribe" | "unsubscribe") => (topics: ReadonlyArray<Feeds.Topic>): ReadonlyArray<unknown> => [
    { op, args: topics.map(({ key }) => key) }
  ]

const login: NonNullable<Feeds.SocketFacts["login"]> = ({ key, secret }, { crypto, now }) => {
  const expires = Math.floor(now / 1000) + expiresAfter
  const signature = Signature.hmacSha256Hex(secret, `GET/realtime${expires}`, crypto)
  return Either.right([{ op: "authKeyExpires", args: [Redacted.value(key), expires, signature] }])
}

// ---- frames

/** The tables of the account cover all symbols. The other tables are split by symbol. */
const dataOf = (frame: unknown): ReadonlyArray<Feeds.Message> => {
  const table = get(frame, "table")
  return table === "order" || table === "execution" || table === "margin"
    ? [{ _tag: "Data", key: table, frame }]
    : rowsOf(frame)
}

/**
 * Splits the rows of a frame by symbol, since a frame may have several. A frame without rows has its symbol only in its
 * filter.
 */
const rowsOf = (frame: unknown): ReadonlyArray<Feeds.Message> => {
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

/**
 * An error repeats the request that it is about. An error without a request, or with status 429, is about a rate limit.
 * Status 401 is about the login, even in response to a subscription to a table of the account.
 */
const refused = (frame: unknown, because: string): ReadonlyArray<Feeds.Message> => {
  const request = get(frame, "request")
  const args = get(request, "args")
  const keys = (typeof args === "string" ? [args] : list(args)).filter((key) => typeof key === "string")
  if (/already subscribed/i.test(because)) return [{ _tag: "Acknowledged", keys }]
  if (get(frame, "status") === 429 || request === undefined) return [{ _tag: "Ended", because }]
  if (get(frame, "status") === 401 || get(request, "op") === "authKeyExpires") {
    return [{ _tag: "LoginRefused", error: { code: String(get(frame, "status")), text: because } }]
  }
  return get(request, "op") === "subscribe" ? [{ _tag: "Refused", keys, error: { code: "", text: because } }] : []
}

const read = (frame: unknown): ReadonlyArray<Feeds.Message> | undefined => {
  if (frame === "pong") return [{ _tag: "Pong" }]
  if (get(frame, "table") !== undefined) return dataOf(frame)
  const because = text(get(frame, "error"))
  if (because !== undefined) return refused(frame, because)
  if (get(frame, "success") === true) {
    // The response repeats the login, including its signature.
    if (get(get(frame, "request"), "op") === "authKeyExpires") return [{ _tag: "LoggedIn" }]
    const key = text(get(frame, "subscribe"))
    return key === undefined ? [] : [{ _tag: "Acknowledged", keys: [key] }]
  }
  return get(frame, "info") === undefined ? undefined : []
}

// ---- tables

/** How many ended rows of a table are remembered. */
const most = 10_000

const final = new Set<unknown>(["Filled", "Canceled", "Rejected", "Expired"])

/**
 * Restores whole rows, because an update has only the fields that changed. Emits nothing before the `partial` frame.
 */
const merging = (column: string) => {
  const known = new Map<unknown, object>()
  const ended = new Map<unknown, object>()
  let hasBegun = false
  return (frame: unknown): ReadonlyArray<unknown> => {
    const action = get(frame, "action")
    hasBegun ||= action === "partial"
    return list(hasBegun ? get(frame, "data") : []).flatMap((row) => {
      const id = get(row, column)
      // Only an update leaves out what has not changed. Other rows leave out what is null.
      const before = action === "update" ? known.get(id) ?? ended.get(id) : undefined
      const merged = { ...before, ...Object(row) }
      known.delete(id)
      ended.delete(id)
      if (action === "delete") return []
      if (!final.has(get(merged, "ordStatus"))) known.set(id, merged)
      else {
        ended.set(id, merged)
        for (const oldest of ended.keys()) {
          if (ended.size <= most) break
          ended.delete(oldest)
        }
      }
      return [merged]
    })
  }
}

const tickers = Feeds.readingOne(Wire.one(Rows.Ticker))

const tickerReader = () => {
  const merged = merging("symbol")
  return (frame: unknown) => {
    const row = merged(frame).at(-1)
    return row === undefined ? [] : tickers(row)?.map(Struct.omit("market"))
  }
}

const prints = Feeds.reading(Wire.list(Rows.Trade))
const buckets = Feeds.reading(Wire.list(Rows.Bucket))

/** Reads the rows of an append-only table, and maps each of them to zero or more values. */
const appended =
  <A, B>(rows: (frame: unknown) => Listing.Rows<A> | undefined, to: (row: A) => ReadonlyArray<B>) =>
  (frame: unknown): Listing.Listing<B> | undefined => {
    const found = rows(get(frame, "data"))
    if (found === undefined) return undefined
    const { rows: known, unknown } = Listing.from(found)
    return { rows: known.flatMap(to), unknown }
  }

// ---- books

const sides: { readonly [side: string]: "bids" | "asks" | undefined } = { Buy: "bids", Sell: "asks" }

/** Changes one level. The level of an update or a deletion must exist; the price in such a row adds nothing. */
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

// ---- account

const orders = Feeds.reading(Wire.list(Rows.Order))
const executions = Feeds.reading(Wire.list(Rows.Execution))
const margins = Feeds.reading(Wire.list(Rows.Margin))

const orderReader = () => {
  const merged = merging("orderID")
  return (frame: unknown) => orders(merged(frame))
}

/** A fill whose fee is in an unknown minor unit is read from the history, where the unit can be requested. */
const withFee = ({ fill }: Row.Entry): ReadonlyArray<Row.Fill | Feeds.FillsOf> => {
  if (fill === undefined) return []
  const { fee, feeAsset = "", market } = fill
  const unit = Rows.minorUnits.get(feeAsset)
  if (fee === undefined) return [fill]
  return unit === undefined
    ? [{ fillsOf: market }]
    : [{ ...fill, fee: fromMinorUnits(fee, unit.places), feeAsset: unit.asset }]
}

/** The first frame of the table has earlier executions, which are not new fills. */
const fillReader = () => {
  const inserted = appended(executions, withFee)
  return (frame: unknown) => get(frame, "action") === "insert" ? inserted(frame) : []
}

const balanceReader = () => {
  const merged = merging("currency")
  return (frame: unknown): Listing.Listing<Balance.Balance> | undefined => {
    const found = margins(merged(frame))
    if (found === undefined) return undefined
    const rows: Array<Balance.Balance> = []
    const unknown = [...found.unknown]
    for (const { currency, free, total } of found.rows) {
      const unit = Rows.minorUnits.get(currency)
      if (unit !== undefined) {
        rows.push({
          asset: unit.asset,
          free: fromMinorUnits(free, unit.places),
          total: fromMinorUnits(total, unit.places)
        })
      } else if (!BigDecimal.isZero(total)) {
        unknown.push({ ...unnamed, detail: unknownMinorUnit(currency) })
      }
    }
    return { rows, unknown }
  }
}

const unnamed = { id: undefined, market: undefined, clientOrderId: undefined, createdAt: undefined }

/**
 * The feeds of BitMEX. Each message subscribes to one topic, because a refusal does not say which topic it is about.
 *
 * @since 0.1.0
 * @category feeds
 */
export const feeds: Feeds.Feeds = {
  protocol: {
    // The exchange is gone, and so are its addresses. These sockets exist only at a custom base URL.
    sockets: { realtime: { at: {}, path: "/realtime" }, private: { at: {}, path: "/realtime", login } },
    // BitMEX does not document a maximum.
    most: 100,
    batch: 1,
    subscribe: subscriptionMessages("subscribe"),
    unsubscribe: subscriptionMessages("unsubscribe"),
    read,
    connects: { connections: 1 },
    ping: { message: () => "ping", after: "5 seconds", within: "5 seconds" },
    silence: "15 seconds"
  },
  ticker: { topic: (market) => topic("instrument", market), reader: tickerReader },
  trades: {
    topic: (market) => topic("trade", market),
    reader: () => appended(prints, ({ trade }) => trade === undefined ? [] : [trade])
  },
  candles: {
    words: Record.map(binSizes, (size) => `tradeBin${size}`),
    topic: (market, table) => topic(table, market),
    reader: (_, table) => appended(buckets, bar(table.replace("tradeBin", "")))
  },
  book: {
    depths: Number.POSITIVE_INFINITY,
    topic: (market) => topic("orderBookL2", market),
    reader: () => bookUpdates,
    rules: () => ({})
  },
  orders: { topic: () => ofAccount("order"), reader: orderReader },
  fills: { topic: () => ofAccount("execution"), reader: fillReader },
  balances: { topic: () => ofAccount("margin"), reader: balanceReader }
}
