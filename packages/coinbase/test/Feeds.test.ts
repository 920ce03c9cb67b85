import { register } from "../../exchanges/test/support/feeds.js"
import { Coinbase } from "../src/index.js"

register({
  id: "coinbase",
  layer: Coinbase.layerMarketData,
  symbol: "BTC/USD",
  gaps: "numbered",
  checksum: false,
  notice: false
})
