import type { Subject as AccountSubject } from "../../exchanges/test/support/accountFeeds.js"
import type { Subject } from "../../exchanges/test/support/feeds.js"
import { Kraken } from "../src/index.js"

/** The subject of the suite of feeds. */
export const subject: Subject = {
  id: "kraken",
  layer: Kraken.layerMarketData,
  symbol: "BTC/USD",
  gaps: "checked",
  checksum: true,
  notice: false
}

/** The subject of the suite of account feeds. */
export const account: AccountSubject = {
  id: "kraken",
  layer: Kraken.layer,
  symbol: "BTC/USD",
  amount: "0.02",
  half: "0.01",
  other: { symbol: "ETH/USDT", amount: "0.2" }
}
