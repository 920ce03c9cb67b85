import type { Subject } from "../../exchanges/test/support/feeds.js"
import { Bybit } from "../src/index.js"

/** What the suite of feeds is told of the exchange. */
export const subject: Subject = {
  id: "bybit",
  layer: Bybit.layerMarketData,
  symbol: "BTC/USDT:USDT",
  gaps: "numbered",
  checksum: false,
  notice: false
}
