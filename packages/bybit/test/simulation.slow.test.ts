import { register } from "../../exchanges/test/simulation/suite.js"
import { whole } from "../../exchanges/test/support/sampling.js"

register("bybit", whole())
