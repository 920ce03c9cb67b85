import * as Attack from "./attack/suite.js"
import { whole } from "./support/sampling.js"

// In a file of its own, so that it runs beside the reads.
Attack.register(whole(), ["place", "cancel"])
