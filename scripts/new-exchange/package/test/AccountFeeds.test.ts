import { register } from "../../exchanges/test/support/accountFeeds.js"
import { account } from "./feeds.js"

register(account)
