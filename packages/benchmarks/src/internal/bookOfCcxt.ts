import * as ccxt from "ccxt"
import type { Exchange, Recording } from "./bookFrames.js"

const exchanges = {
  binance: {
    make: () => new ccxt.pro.binance(),
    id: "BTCUSDT",
    symbol: "BTC/USDT",
    url: "wss://stream.binance.com:9443/ws"
  },
  bybit: {
    make: () => new ccxt.pro.bybit(),
    id: "BTCUSDT",
    symbol: "BTC/USDT",
    url: "wss://stream.bybit.com/v5/public/spot"
  },
  kraken: {
    make: () => new ccxt.pro.kraken(),
    id: "BTC/USD",
    symbol: "BTC/USD",
    url: "wss://ws.kraken.com/v2"
  },
  okx: {
    make: () => new ccxt.pro.okx(),
    id: "BTC-USDT",
    symbol: "BTC/USDT",
    url: "wss://ws.okx.com:8443/ws/v5/public"
  }
}

/**
 * Applies frames with the handler of ccxt to the book that ccxt keeps. It opens no connection.
 */
export const bookOfCcxt = (exchange: Exchange, { depth, frames, snapshot }: Recording): () => void => {
  const { id, make, symbol, url } = exchanges[exchange]
  const keeper = make()
  keeper.setMarkets([keeper.safeMarketStructure({ id, symbol, type: "spot", spot: true, active: true })])
  const client = keeper.client(url)
  const take = (text: string): void => {
    keeper.handleOrderBook(client, JSON.parse(text))
  }
  // A book that waits for its first frame, as after Binance's snapshot over HTTP. The other exchanges start the book
  // themselves.
  const first = keeper.orderBook({}, depth * 2)
  first.nonce = -1
  first.timestamp = 1
  keeper.orderbooks[symbol] = first
  take(snapshot)
  const book = keeper.orderbooks[symbol]
  return () => {
    // The frames are repeated, and their sequence numbers are consecutive except where they start over.
    book.nonce = 0
    for (const frame of frames) take(frame)
    if (keeper.orderbooks[symbol] !== book || book.bids.length < depth / 2) throw new Error("ccxt lost the book")
  }
}
