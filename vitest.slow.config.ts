import { configDefaults, defineConfig, mergeConfig } from "vitest/config"
import fast from "./vitest.config.js"

// What `npm run test:slow` runs: whole what `npm test` runs in samples. Isolated, as the files are few and each is long:
// whichever process is free takes the next.
const slow = mergeConfig(
  fast,
  defineConfig({
    test: {
      isolate: true,
      passWithNoTests: true,
      testTimeout: 600_000,
      // What a file that is imported into a slow one looks at, to leave nothing out.
      env: { TEST_WHOLE: "true" }
    }
  })
)

export default {
  ...slow,
  // Not merged: lists are joined, and these two take the place of the others.
  test: { ...slow.test, include: ["packages/*/test/**/*.slow.test.ts"], exclude: configDefaults.exclude }
}
