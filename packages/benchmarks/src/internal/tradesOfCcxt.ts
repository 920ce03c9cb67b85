import * as ccxt from "ccxt"

/** The exchanges whose trades this benchmark reads. */
export type Exchange = "binance" | "bybit" | "kraken" | "okx"

const exchanges = {
  binance: { make: () => new ccxt.pro.binance(), id: "BTCUSDT", url: "wss://stream.binance.com:9443/ws" },
  bybit: { make: () => new ccxt.pro.bybit(), id: "BTCUSDT", url: "wss://stream.bybit.com/v5/public/spot" },
  kraken: { make: () => new ccxt.pro.kraken(), id: "BTC/USDT", url: "wss://ws.kraken.com/v2" },
  okx: { make: () => new ccxt.pro.okx(), id: "BTC-USDT", url: "wss://ws.okx.com:8443/ws/v5/public" }
}

const symbol = "BTC/USDT"

/** Applies frames with the handler of ccxt to the list that ccxt keeps. It opens no connection. */
export const tradesOfCcxt = (exchange: Exchange, frames: ReadonlyArray<string>): () => void => {
  const { id, make, url } = exchanges[exchange]
  const reader = make()
  reader.setMarkets([reader.safeMarketStructure({ id, symbol, type: "spot", spot: true, active: true })])
  const client = reader.client(url)
  const take = (frame: unknown): void => {
    if (reader instanceof ccxt.pro.binance) reader.handleTrade(client, frame)
    else if (reader instanceof ccxt.pro.kraken) reader.handleTrades(client, frame)
    else reader.handleTrades(client, frame)
  }
  return () => {
    for (const frame of frames) take(JSON.parse(frame))
    if (reader.trades[symbol]?.length !== 1000) throw new Error("ccxt lost trades")
  }
}
