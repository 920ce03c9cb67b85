import { register, registerPatient } from "../../exchanges/test/support/accountFeeds.js"
import { account, inverseAccount } from "./feeds.js"

registerPatient(account)
register(inverseAccount)
registerPatient(inverseAccount)
