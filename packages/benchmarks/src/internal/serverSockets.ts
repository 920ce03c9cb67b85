/**
 * The WebSockets of the exchange on the loopback. It acknowledges subscriptions. It sends data when the measuring
 * process asks for it, all in one piece, so that no client waits for the next frame.
 */
import type { Server } from "node:http"
import type { Duplex } from "node:stream"
import { WebSocketServer } from "ws"
import { dialects, record } from "./bookFrames.js"
import { recordTrades } from "./tradeFrames.js"

/**
 * A request of the measuring process: a number of trades, a number of updates of a book, or a number of trades for each
 * subscribed market.
 */
export type Burst =
  | { readonly what: "trades"; readonly trades: number; readonly first: number }
  | { readonly what: "book"; readonly frames: number; readonly mark: number }
  | { readonly what: "each"; readonly times: number; readonly first: number }

export const depth = 1000
const book = record(dialects.bybit, depth, 500)

interface Connection {
  readonly raw: Duplex
  readonly dialect: "bybit" | "binance" | "binance, combined"
  /** The subscribed topics. */
  readonly topics: Array<string>
  /** The sequence number of the last book update that was sent. */
  sequence: number
}

/** Encodes a text as a WebSocket frame of a server. */
const framed = (text: string): Buffer => {
  const payload = Buffer.from(text)
  const { length } = payload
  if (length < 126) return Buffer.concat([Buffer.from([0x81, length]), payload])
  if (length < 65_536) return Buffer.concat([Buffer.from([0x81, 126, length >> 8, length & 255]), payload])
  const head = Buffer.alloc(10)
  head[0] = 0x81
  head[1] = 127
  head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([head, payload])
}

const numbered = (frame: string, sequence: number): string => frame.replace(/"u":\d+/, `"u":${sequence}`)

/** Returns an update of the best bid with an amount that no other update has. */
const marked = (mark: number): string =>
  dialects.bybit.frame(`["63999.99","${mark}.5"]`, "", 0).replace("snapshot", "delta")

const trade = (topic: string, id: number): string =>
  JSON.stringify({
    stream: topic,
    data: {
      e: "trade",
      E: id,
      s: (topic.split("@")[0] ?? "").toUpperCase(),
      t: id,
      p: "64000.10000000",
      q: "0.01000000",
      T: 1_790_000_000_000,
      m: true,
      M: true
    }
  })

const texts = (connection: Connection, burst: Burst): ReadonlyArray<string> => {
  const { dialect, topics } = connection
  switch (burst.what) {
    case "trades":
      return recordTrades(dialect === "bybit" ? "bybit" : "binance", burst.trades, dialect !== "binance", burst.first)
    case "book":
      return Array.from({ length: burst.frames + 1 }, (_, index) => {
        const frame = book.frames[index % book.frames.length] ?? ""
        return numbered(index === burst.frames ? marked(burst.mark) : frame, ++connection.sequence)
      })
    case "each":
      return Array.from(
        { length: burst.times },
        (_, time) => topics.map((topic) => trade(topic, burst.first + time))
      ).flat()
  }
}

export const sockets = (server: Server): void => {
  const upgrades = new WebSocketServer({ noServer: true })
  const connections = new Set<Connection>()
  server.on("upgrade", (request, raw, head) => {
    const url = request.url ?? ""
    const dialect = url.startsWith("/v5") ? "bybit" : url.startsWith("/stream") ? "binance, combined" : "binance"
    const connection: Connection = { raw, dialect, topics: [], sequence: 1 }
    upgrades.handleUpgrade(request, raw, head, (socket) => {
      connections.add(connection)
      socket.on("close", () => connections.delete(connection))
      socket.on("message", (data) => {
        const said = JSON.parse(String(data))
        const topics: ReadonlyArray<string> = said.args ?? said.params ?? []
        if (said.op === "ping") {
          socket.send(JSON.stringify({ success: true, ret_msg: "pong", req_id: said.req_id, op: "ping" }))
        } else if (said.op === "subscribe") {
          socket.send(JSON.stringify({ success: true, ret_msg: "", req_id: said.req_id, op: "subscribe" }))
        } else if (said.id !== undefined) {
          // A client that has received nothing for a long time asks for its subscriptions.
          const result = said.method === "LIST_SUBSCRIPTIONS" ? connection.topics : null
          socket.send(JSON.stringify({ result, id: said.id }))
        }
        if (said.op !== "subscribe" && said.method !== "SUBSCRIBE") return
        connection.topics.push(...topics)
        if (topics.some((topic) => topic.startsWith("orderbook"))) {
          socket.send(numbered(book.snapshot, connection.sequence))
        }
      })
    })
  })
  process.on("message", (burst: Burst) => {
    for (const connection of connections) {
      connection.raw.write(Buffer.concat(texts(connection, burst).map(framed)))
    }
  })
}
