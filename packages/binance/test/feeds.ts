import type { Subject as AccountSubject } from "../../exchanges/test/support/accountFeeds.js"
import type { Subject } from "../../exchanges/test/support/feeds.js"
import { Binance } from "../src/index.js"

/** The subject of the suite of feeds. */
export const subject: Subject = {
  id: "binance",
  longest: "1M",
  layer: Binance.layerMarketData,
  symbol: "BTC/USDT",
  gaps: "numbered",
  checksum: false,
  notice: true
}

/** The subject of the suite of account feeds. */
export const account: AccountSubject = {
  id: "binance",
  layer: Binance.layer,
  symbol: "BTC/USDT",
  amount: "0.02",
  half: "0.01"
}
