import type { Subject as AccountSubject } from "../../exchanges/test/support/accountFeeds.js"
import type { Subject } from "../../exchanges/test/support/feeds.js"
import { Binance } from "../src/index.js"

/** What the suite of feeds is told of the exchange. */
export const subject: Subject = {
  id: "binance",
  longest: "1M",
  layer: Binance.layerMarketData,
  symbol: "BTC/USDT",
  gaps: "numbered",
  checksum: false,
  notice: true
}

/** What that of an account's feeds is told. */
export const account: AccountSubject = {
  id: "binance",
  layer: Binance.layer,
  symbol: "BTC/USDT",
  amount: "0.02",
  half: "0.01"
}
