import type { Subject as AccountSubject } from "../../exchanges/test/support/accountFeeds.js"
import type { Subject } from "../../exchanges/test/support/feeds.js"
import { Coinbase } from "../src/index.js"

/** The subject of the suite of feeds. */
export const subject: Subject = {
  id: "coinbase",
  layer: Coinbase.layerMarketData,
  symbol: "BTC/USD",
  gaps: "numbered",
  checksum: false,
  notice: false
}

/** The subject of the suite of account feeds. */
export const account: AccountSubject = {
  id: "coinbase",
  layer: Coinbase.layer,
  symbol: "BTC/USD",
  amount: "0.02",
  half: "0.01",
  other: { symbol: "ETH/USD", amount: "0.2" }
}
