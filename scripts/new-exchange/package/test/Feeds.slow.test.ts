import { registerSlow } from "../../exchanges/test/support/feeds.js"
import { subject } from "./feeds.js"

registerSlow(subject)
