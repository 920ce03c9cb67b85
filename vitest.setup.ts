import { chai } from "vitest"

// The proxies around assertions are there to tell of misspelt ones, which the compiler does, and take most of the time.
chai.config.useProxy = false
