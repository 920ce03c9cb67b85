import { operations } from "./attack/stage.js"
import * as Attack from "./attack/suite.js"
import { sampled } from "./support/sampling.js"

Attack.register(sampled(2), operations)
