import * as Attack from "./attack/suite.js"
import { whole } from "./support/sampling.js"

// In a separate file, so that it runs in parallel with the reads.
Attack.register(whole(), ["place", "cancel"])
