import { register } from "../../exchanges/test/support/accountFeeds.js"
import { Okx } from "../src/index.js"

register({ id: "okx", layer: Okx.layer, symbol: "BTC/USDT", amount: "0.02", half: "0.01" })
