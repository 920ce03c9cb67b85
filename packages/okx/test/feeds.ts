import type { Subject as AccountSubject } from "../../exchanges/test/support/accountFeeds.js"
import type { Subject } from "../../exchanges/test/support/feeds.js"
import { Okx } from "../src/index.js"

/** The subject of the suite of feeds. */
export const subject: Subject = {
  id: "okx",
  longest: "1M",
  layer: Okx.layerMarketData,
  symbol: "BTC/USDT",
  contracts: ["BTC/USDT:USDT", "BTC/USD:BTC"],
  gaps: "numbered",
  checksum: true,
  notice: true
}

/** The subject of the suite of account feeds. */
export const account: AccountSubject = {
  id: "okx",
  layer: Okx.layer,
  symbol: "BTC/USDT",
  amount: "0.02",
  half: "0.01",
  other: { symbol: "ETH/USDT", amount: "0.2" }
}
