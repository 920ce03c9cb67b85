import { register, registerSlow } from "../../exchanges/test/support/accountFeeds.js"
import { account, inverseAccount } from "./feeds.js"

registerSlow(account)
register(inverseAccount)
registerSlow(inverseAccount)
