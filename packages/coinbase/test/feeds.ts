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
