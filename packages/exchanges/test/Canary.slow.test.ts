import * as Canary from "./canary/suite.js"
import { whole } from "./support/sampling.js"

Canary.register(whole())
