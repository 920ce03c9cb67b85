import type { Subject as AccountSubject } from "../../exchanges/test/support/accountFeeds.js"
import type { Subject } from "../../exchanges/test/support/feeds.js"
import { Acme } from "../src/index.js"

// Delete this file and the tests that import it if the exchange has no feeds.

/** The subject of the suite of feeds. */
export const subject: Subject = {
  id: "acme",
  layer: Acme.layerMarketData,
  symbol: "BTC/USDT",
  gaps: "numbered",
  checksum: false,
  notice: false
}

/** The subject of the suite of account feeds. */
export const account: AccountSubject = {
  id: "acme",
  layer: Acme.layer,
  symbol: "BTC/USDT",
  amount: "0.02",
  half: "0.01"
}
