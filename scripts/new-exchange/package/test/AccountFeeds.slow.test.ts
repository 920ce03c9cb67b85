import { registerSlow } from "../../exchanges/test/support/accountFeeds.js"
import { account } from "./feeds.js"

registerSlow(account)
