import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as ForAuthors from "../src/adapter.js"
import * as ForPrograms from "../src/index.js"
import * as Node from "../src/node.js"

describe("the entry points", () => {
  it.effect("export every public module exactly once: index, adapter and node", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const src = yield* path.fromFileUrl(new URL("../src", import.meta.url))
      const modules = (yield* fs.readDirectory(src, { recursive: true }))
        .filter((name) => /^[a-z]+\/[A-Z]\w*\.ts$/.test(name))
        .map((name) => path.basename(name, ".ts"))
        .toSorted()
      assert.isAbove(modules.length, 40)
      const exported = [...Object.keys(ForPrograms), ...Object.keys(ForAuthors), ...Object.keys(Node)]
      assert.deepStrictEqual(modules.filter((name) => name.startsWith("Node")), Object.keys(Node).toSorted())
      for (const name of exported) assert.include(modules, name)
      assert.strictEqual(new Set(exported).size, exported.length)
      const texts = yield* Effect.forEach(
        ["index", "adapter", "node"],
        (name) => fs.readFileString(path.join(src, `${name}.ts`))
      )
      for (const name of modules) assert.match(texts.join(""), new RegExp(`export \\* as ${name} from`))
    }).pipe(Effect.provide(NodeContext.layer)))

  it.effect("only the modules of the node entry import from Node", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const src = yield* path.fromFileUrl(new URL("../src", import.meta.url))
      for (const name of yield* fs.readDirectory(src, { recursive: true })) {
        if (
          !name.endsWith(".ts") || /^(?:node|engine\/Node\w+|(?:engine|model)\/internal\/node\w+)\.ts$/.test(name)
        ) continue
        const text = yield* fs.readFileString(path.join(src, name))
        assert.notMatch(text, /from "(?:node:|undici|ws"|@effect\/platform-node)/, name)
      }
    }).pipe(Effect.provide(NodeContext.layer)))
})
