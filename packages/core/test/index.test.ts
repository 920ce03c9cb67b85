import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Core from "../src/index.js"
import * as Node from "../src/node.js"

describe("index", () => {
  it.effect("exports every public module, and those of Node apart", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const src = yield* path.fromFileUrl(new URL("../src", import.meta.url))
      const modules = (yield* fs.readDirectory(src))
        .filter((name) => /^[A-Z]\w*\.ts$/.test(name))
        .map((name) => name.replace(/\.ts$/, ""))
        .toSorted()
      assert.isAbove(modules.length, 20)
      const exported = [...Object.keys(Core), ...Object.keys(Node)].toSorted()
      const typesOnly = modules.filter((name) => !exported.includes(name))
      assert.deepStrictEqual(modules.filter((name) => name.startsWith("Node")), Object.keys(Node).toSorted())
      for (const name of exported) assert.include(modules, name)
      const index = yield* fs.readFileString(path.join(src, "index.ts"))
      for (const name of typesOnly) assert.include(index, `export * as ${name} from "./${name}.js"`)
    }).pipe(Effect.provide(NodeContext.layer)))

  it.effect("nothing but the modules of Node imports from Node", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const src = yield* path.fromFileUrl(new URL("../src", import.meta.url))
      for (const name of yield* fs.readDirectory(src, { recursive: true })) {
        if (!name.endsWith(".ts") || /^(?:node|Node\w+)\.ts$/.test(name)) continue
        const text = yield* fs.readFileString(path.join(src, name))
        assert.notMatch(text, /from "(?:node:|undici|ws"|@effect\/platform-node)/, name)
      }
    }).pipe(Effect.provide(NodeContext.layer)))
})
