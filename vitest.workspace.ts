import type { TestProjectConfiguration } from "vitest/config"

/**
 * All packages are one Vitest project: every project has a server that transforms the modules anew, and workers that
 * import them anew. One package's tests are `npm test -- packages/core`. `extends: true` inherits `vitest.config.ts`.
 */
const workspace: ReadonlyArray<TestProjectConfiguration> = [{ extends: true, test: { name: "packages" } }]

export default workspace
