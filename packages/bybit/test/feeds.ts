import type { Subject as AccountSubject } from "../../exchanges/test/support/accountFeeds.js"
import type { Subject } from "../../exchanges/test/support/feeds.js"
import { Bybit } from "../src/index.js"

/** The subject of the suite of feeds. */
export const subject: Subject = {
  id: "bybit",
  longest: "1M",
  layer: Bybit.layerMarketData,
  symbol: "BTC/USDT:USDT",
  contracts: ["BTC/USDT:USDT", "BTC/USD:BTC"],
  gaps: "numbered",
  checksum: false,
  notice: false
}

/** The subject of the suite of account feeds. */
export const account: AccountSubject = {
  id: "bybit",
  layer: Bybit.layer,
  symbol: "BTC/USDT:USDT",
  amount: "0.02",
  half: "0.01",
  other: { symbol: "ETH/USDT:USDT", amount: "0.2" }
}
