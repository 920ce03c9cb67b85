import { chai } from "vitest"

// The proxies detect misspelt assertions, which the compiler does as well, and they take most of the time.
chai.config.useProxy = false
