import type { TestProjectConfiguration } from "vitest/config"

/**
 * All packages are one Vitest project, because each project has its own server, which transforms all modules again, and
 * its own workers, which import them again. `npm test -- packages/core` runs the tests of one package. `extends: true`
 * inherits `vitest.config.ts`.
 */
const workspace: ReadonlyArray<TestProjectConfiguration> = [{ extends: true, test: { name: "packages" } }]

export default workspace
