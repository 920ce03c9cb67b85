import type { Subject } from "../../exchanges/test/support/feeds.js"
import { BitMex } from "../src/index.js"

/** What the suite of feeds is told of the exchange. */
export const subject: Subject = {
  id: "bitmex",
  layer: BitMex.layerMarketData,
  symbol: "BTC/USD:BTC",
  gaps: "unseen",
  checksum: false,
  notice: false,
  endedCandles: true
}
