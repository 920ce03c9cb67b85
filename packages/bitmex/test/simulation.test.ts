import { register } from "../../exchanges/test/simulation/suite.js"
import { sampled } from "../../exchanges/test/support/sampling.js"

register("bitmex", sampled(5), 12)
