import * as Attack from "./attack/suite.js"
import { whole } from "./support/sampling.js"

Attack.register(whole(), ["ticker", "orderBook", "candles", "balances", "openOrders"])
