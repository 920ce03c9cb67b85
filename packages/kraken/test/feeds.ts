import type { Subject } from "../../exchanges/test/support/feeds.js"
import { Kraken } from "../src/index.js"

/** What the suite of feeds is told of the exchange. */
export const subject: Subject = {
  id: "kraken",
  layer: Kraken.layerMarketData,
  symbol: "BTC/USD",
  gaps: "checked",
  checksum: true,
  notice: false
}
