import type { Subject } from "../../exchanges/test/support/feeds.js"
import { Deribit } from "../src/index.js"

/** What the suite of feeds is told of the exchange. */
export const subject: Subject = {
  id: "deribit",
  layer: Deribit.layerMarketData,
  symbol: "BTC/USD:BTC",
  gaps: "numbered",
  checksum: false,
  notice: false
}
