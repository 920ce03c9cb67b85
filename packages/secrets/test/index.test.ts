import { assert, describe, it } from "@effect/vitest"
import { readdirSync } from "node:fs"
import * as Secrets from "../src/index.js"

describe("The entry point of the package", () => {
  it("exports every public module", () => {
    const modules = readdirSync(new URL("../src", import.meta.url))
      .filter((name) => /^[A-Z]\w*\.ts$/.test(name))
      .map((name) => name.replace(/\.ts$/, ""))
    assert.deepStrictEqual(Object.keys(Secrets).toSorted(), modules.toSorted())
  })
})
