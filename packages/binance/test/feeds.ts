import type { Subject } from "../../exchanges/test/support/feeds.js"
import { Binance } from "../src/index.js"

/** What the suite of feeds is told of the exchange. */
export const subject: Subject = {
  id: "binance",
  layer: Binance.layerMarketData,
  symbol: "BTC/USDT",
  gaps: "numbered",
  checksum: false,
  notice: true
}
