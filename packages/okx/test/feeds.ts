import type { Subject } from "../../exchanges/test/support/feeds.js"
import { Okx } from "../src/index.js"

/** What the suite of feeds is told of the exchange. */
export const subject: Subject = {
  id: "okx",
  layer: Okx.layerMarketData,
  symbol: "BTC/USDT",
  gaps: "numbered",
  checksum: true,
  notice: true
}
