import type { TestProjectConfiguration } from "vitest/config"

/** Every package is one Vitest project; `extends: true` inherits `vitest.config.ts`. */
const project = (name: string): TestProjectConfiguration => ({
  extends: true,
  root: `packages/${name}`,
  test: { name }
})

export default [
  project("resilience"),
  project("core"),
  project("binance"),
  project("bitmex"),
  project("bybit"),
  project("coinbase"),
  project("kraken"),
  project("okx"),
  project("exchanges"),
  project("simulator"),
  project("testing"),
  project("cli"),
  project("examples")
]
