import * as Canary from "./canary/suite.js"
import { sampled } from "./support/sampling.js"

Canary.register(sampled(20))
