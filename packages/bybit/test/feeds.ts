import type { Subject as AccountSubject } from "../../exchanges/test/support/accountFeeds.js"
import type { Subject } from "../../exchanges/test/support/feeds.js"
import { Bybit } from "../src/index.js"

/** What the suite of feeds is told of the exchange. */
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

/** What that of an account's feeds is told. */
export const account: AccountSubject = {
  id: "bybit",
  layer: Bybit.layer,
  symbol: "BTC/USDT:USDT",
  amount: "0.02",
  half: "0.01"
}
