import { registerPatient } from "../../exchanges/test/support/feeds.js"
import { subject } from "./feeds.js"

registerPatient(subject)
