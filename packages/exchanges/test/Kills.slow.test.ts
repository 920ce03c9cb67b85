import * as Kills from "./kills/suite.js"
import { whole } from "./support/sampling.js"

Kills.register(whole())
