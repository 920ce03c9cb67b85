import { register } from "../../exchanges/test/support/feeds.js"
import { Kraken } from "../src/index.js"

register({
  id: "kraken",
  layer: Kraken.layerMarketData,
  symbol: "BTC/USD",
  gaps: "checked",
  checksum: true,
  notice: false
})
