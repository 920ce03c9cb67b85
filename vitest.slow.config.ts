import { configDefaults, defineConfig, mergeConfig } from "vitest/config"
import fast from "./vitest.config.js"

// The configuration of `npm run test:slow`, which runs in full what `npm test` runs in samples.
const slow = mergeConfig(
  fast,
  defineConfig({
    test: {
      passWithNoTests: true,
      testTimeout: 600_000,
      // Read by `*.sampled.test.ts`, to run in full.
      env: { TEST_WHOLE: "true" }
    }
  })
)

export default {
  ...slow,
  // Not merged, because merging would concatenate these lists instead of replacing them.
  test: { ...slow.test, include: ["packages/*/test/**/*.{slow,sampled}.test.ts"], exclude: configDefaults.exclude }
}
