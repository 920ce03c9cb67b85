import type { Subject as AccountSubject } from "../../exchanges/test/support/accountFeeds.js"
import type { Subject } from "../../exchanges/test/support/feeds.js"
import { Coinbase } from "../src/index.js"

/** What the suite of feeds is told of the exchange. */
export const subject: Subject = {
  id: "coinbase",
  layer: Coinbase.layerMarketData,
  symbol: "BTC/USD",
  gaps: "numbered",
  checksum: false,
  notice: false
}

/** What that of an account's feeds is told. */
export const account: AccountSubject = {
  id: "coinbase",
  layer: Coinbase.layer,
  symbol: "BTC/USD",
  amount: "0.02",
  half: "0.01"
}
