/**
 * OKX's endpoints of public data and of the account, named as its documents name them. Each is metered by itself: those
 * of public data for the address, those of the account for its user.
 *
 * Source: OKX API v5 documentation.
 *
 * @since 0.1.0
 */
import { Endpoint } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.js"

const InstId = Schema.Struct({ instId: Schema.String })
const InstType = Schema.Struct({ instType: Schema.Literal("SPOT", "SWAP", "FUTURES") })

/**
 * @since 0.1.0
 * @category endpoints
 */
export const serverTime = Endpoint.make({
  capability: "marketData",
  name: "serverTime",
  path: "/api/v5/public/time",
  input: Endpoint.NoInput,
  response: Wire.row(Schema.pluck(Schema.Struct({ ts: Wire.Instant }), "ts")),
  cost: { time: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const status = Endpoint.make({
  capability: "marketData",
  name: "status",
  path: "/api/v5/system/status",
  input: Endpoint.NoInput,
  response: Wire.knownRows(Wire.Maintenance),
  cost: { status: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const instruments = Endpoint.make({
  capability: "marketData",
  name: "instruments",
  path: "/api/v5/public/instruments",
  input: InstType,
  response: Wire.knownRows(Wire.Instrument),
  cost: { instruments: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const ticker = Endpoint.make({
  capability: "marketData",
  name: "ticker",
  path: "/api/v5/market/ticker",
  input: InstId,
  response: Wire.row(Wire.Ticker),
  cost: { ticker: 1 }
})

/**
 * All tickers of a type: OKX takes no list of names.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tickers = Endpoint.make({
  capability: "marketData",
  name: "tickers",
  path: "/api/v5/market/tickers",
  input: InstType,
  response: Wire.knownRows(Wire.Ticker),
  cost: { tickers: 1 }
})

const BookInput = Schema.Struct({ instId: Schema.String, sz: Schema.Number })

/**
 * Up to 400 levels a side.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const books = Endpoint.make({
  capability: "marketData",
  name: "books",
  path: "/api/v5/market/books",
  input: BookInput,
  response: Wire.row(Wire.Book),
  cost: { books: 1 }
})

/**
 * Up to 5000 levels a side.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const booksFull = Endpoint.make({
  capability: "marketData",
  name: "booksFull",
  path: "/api/v5/market/books-full",
  input: BookInput,
  response: Wire.row(Wire.Book),
  cost: { booksFull: 1 }
})

/**
 * The latest, newest first, up to 500.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const trades = Endpoint.make({
  capability: "marketData",
  name: "trades",
  path: "/api/v5/market/trades",
  input: Schema.Struct({ instId: Schema.String, limit: Schema.Number }),
  response: Wire.rows(Wire.Trade),
  cost: { trades: 1 }
})

// Newer than `before` and older than `after`, both left out themselves.
const CandlesInput = Schema.Struct({
  instId: Schema.String,
  bar: Schema.String,
  after: Schema.Number,
  before: Schema.Number,
  limit: Schema.Number
})

/**
 * The latest 1440 candles, the open one included; newest first, up to 300 at once.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const candles = Endpoint.make({
  capability: "marketData",
  name: "candles",
  path: "/api/v5/market/candles",
  input: CandlesInput,
  response: Wire.rows(Wire.Candle),
  cost: { candles: 1 }
})

/**
 * Candles of years; newest first, up to 300 at once.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const historyCandles = Endpoint.make({
  capability: "marketData",
  name: "historyCandles",
  path: "/api/v5/market/history-candles",
  input: CandlesInput,
  response: Wire.rows(Wire.Candle),
  cost: { historyCandles: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const accountConfig = Endpoint.make({
  capability: "account",
  name: "accountConfig",
  path: "/api/v5/account/config",
  input: Endpoint.NoInput,
  response: Wire.row(Wire.AccountConfig),
  cost: { accountConfig: 1 }
})

/**
 * Without currencies of which there is nothing.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const balance = Endpoint.make({
  capability: "account",
  name: "balance",
  path: "/api/v5/account/balance",
  input: Endpoint.NoInput,
  response: Wire.row(Wire.Balance),
  cost: { balance: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const positions = Endpoint.make({
  capability: "account",
  name: "positions",
  path: "/api/v5/account/positions",
  input: Endpoint.NoInput,
  response: Wire.rows(Wire.Position),
  cost: { positions: 1 }
})
