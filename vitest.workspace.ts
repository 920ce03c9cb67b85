import { existsSync, readdirSync } from "node:fs"
import type { TestProjectConfiguration } from "vitest/config"

/** Every package with tests is one Vitest project; `extends: true` inherits `vitest.config.ts`. */
const project = (name: string): TestProjectConfiguration => ({
  extends: true,
  root: `packages/${name}`,
  test: { name }
})

export default readdirSync(new URL("packages", import.meta.url))
  .filter((name) => existsSync(new URL(`packages/${name}/test`, import.meta.url)))
  .map(project)
