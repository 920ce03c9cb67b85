import { register } from "../../exchanges/test/support/feeds.js"
import { subject } from "./feeds.js"

register(subject)
