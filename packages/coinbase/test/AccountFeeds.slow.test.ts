import { registerPatient } from "../../exchanges/test/support/accountFeeds.js"
import { account } from "./feeds.js"

registerPatient(account)
