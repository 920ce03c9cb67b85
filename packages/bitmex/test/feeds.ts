import type { Subject as AccountSubject } from "../../exchanges/test/support/accountFeeds.js"
import type { Subject } from "../../exchanges/test/support/feeds.js"
import { BitMex } from "../src/index.js"

/** The subject of the suite of feeds. */
export const subject: Subject = {
  id: "bitmex",
  layer: BitMex.layerMarketData,
  symbol: "BTC/USD:BTC",
  contracts: ["SOL/USDT:USDT"],
  gaps: "unfitting",
  checksum: false,
  notice: false,
  endedCandles: true
}

/** The subject of the suite of account feeds. */
export const account: AccountSubject = {
  id: "bitmex",
  layer: BitMex.layer,
  symbol: "BTC/USDT",
  amount: "0.02",
  half: "0.01",
  other: { symbol: "ETH/USDT", amount: "0.2" }
}

/** The same for inverse contracts, whose amounts are counted in contracts. */
export const inverseAccount: AccountSubject = {
  id: "bitmex",
  layer: BitMex.layer,
  symbol: "BTC/USD:BTC",
  amount: "200",
  half: "100"
}
