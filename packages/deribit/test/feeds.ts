import type { Subject as AccountSubject } from "../../exchanges/test/support/accountFeeds.js"
import type { Subject } from "../../exchanges/test/support/feeds.js"
import { Deribit } from "../src/index.js"

/** The subject of the suite of feeds. */
export const subject: Subject = {
  id: "deribit",
  longest: "12h",
  layer: Deribit.layerMarketData,
  symbol: "BTC/USD:BTC",
  contracts: ["BTC/USD:BTC"],
  gaps: "numbered",
  checksum: false,
  notice: false
}

/** The subject of the suite of account feeds. */
export const account: AccountSubject = {
  id: "deribit",
  layer: Deribit.layer,
  symbol: "BTC/USD:BTC",
  amount: "200",
  half: "100"
}
