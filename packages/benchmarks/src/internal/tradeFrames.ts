import type { Exchange } from "./tradesOfCcxt.js"

/**
 * The format of an exchange's trade frames. `each` is the number of trades per frame, as in a busy market of the
 * exchange.
 */
const frames: Readonly<Record<Exchange, { readonly each: number; readonly frame: (first: number) => unknown }>> = {
  binance: {
    each: 1,
    frame: (id) => ({
      e: "trade",
      E: at(id),
      s: "BTCUSDT",
      t: id,
      p: `${price(id)}000000`,
      q: `${amount(id)}000`,
      T: at(id),
      m: id % 2 === 0,
      M: true
    })
  },
  bybit: {
    each: 4,
    frame: (first) => ({
      topic: "publicTrade.BTCUSDT",
      type: "snapshot",
      ts: at(first),
      data: four(first).map((id) => ({
        T: at(id),
        s: "BTCUSDT",
        S: id % 2 === 0 ? "Buy" : "Sell",
        v: amount(id),
        p: price(id),
        i: `22900000${id}`,
        BT: false,
        RPI: false,
        seq: id
      }))
    })
  },
  kraken: {
    each: 4,
    frame: (first) => ({
      channel: "trade",
      type: "update",
      data: four(first).map((id) => ({
        symbol: "BTC/USDT",
        side: id % 2 === 0 ? "buy" : "sell",
        price: Number(price(id)),
        qty: Number(amount(id)),
        ord_type: "limit",
        trade_id: id,
        timestamp: new Date(at(id)).toISOString()
      }))
    })
  },
  okx: {
    each: 1,
    frame: (id) => ({
      arg: { channel: "trades-all", instId: "BTC-USDT" },
      data: [{
        instId: "BTC-USDT",
        tradeId: String(id),
        px: price(id),
        sz: amount(id),
        side: id % 2 === 0 ? "buy" : "sell",
        ts: String(at(id)),
        source: "0"
      }]
    })
  }
}

const four = (first: number): ReadonlyArray<number> => [0, 1, 2, 3].map((offset) => first + offset)
const at = (id: number): number => 1_790_000_000_000 + id
const price = (id: number): string => `6${4000 + id % 1000}.${10 + id % 90}`
const amount = (id: number): string => `0.0${1000 + id % 9000}`

/**
 * Generates trades in the format of an exchange, with the wrapper of a connection with several streams if `isCombined`.
 * Their ids rise from `first`.
 */
export const recordTrades = (
  exchange: Exchange,
  trades: number,
  isCombined: boolean,
  first: number = 700_000_000
): ReadonlyArray<string> => {
  const { each, frame } = frames[exchange]
  return Array.from({ length: trades / each }, (_, index) => {
    const one = frame(first + index * each)
    return JSON.stringify(isCombined && exchange === "binance" ? { stream: "btcusdt@trade", data: one } : one)
  })
}
