import { Examples, Help } from "@effect-exchange/cli"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { runCommand } from "./utils.js"

const commands = Object.keys(Examples.examples)

const helpOf = Effect.runSync(Effect.cachedFunction((command: string) => runCommand(`${command} --help`.trim())))

describe("help", () => {
  it.effect("has examples for every command, and only for those", () =>
    Effect.gen(function*() {
      const { out } = yield* runCommand("--help")
      const listed = [...out.matchAll(/^ {2}([a-z]+(?: [a-z-]+)?) {2,}\S/gm)].map(([, name]) => name)
      assert.sameMembers(commands.filter((name) => name !== ""), listed)
    }))

  for (const command of commands) {
    it.effect(`of "exchange ${command}" fits 80 columns, has no placeholders, and has only valid examples`, () =>
      Effect.gen(function*() {
        const { code, err, out } = yield* helpOf(command)
        assert.deepStrictEqual([code, err], [0, ""])
        for (const line of out.split("\n")) assert.isAtMost(line.length, 80, line)
        assert.notMatch(out, /user-defined|A true or false value|setting is optional|One of the following/)
        assert.notInclude(out, "\u{1b}")
        const shown = [...out.replace(/\n {4}(?=\S)/g, " ").matchAll(/^ {2}\$ exchange (.*)$/gm)].slice(1)
        assert.isAtLeast(shown.length, 1)
        for (const [, example = ""] of shown) {
          assert.include(Examples.examples[command]?.join("\n"), example)
          assert.isTrue(command === "" || example.startsWith(command))
          const { out: help } = yield* helpOf(Help.commandOf(example.split(" ")))
          for (const [option] of example.matchAll(/(?<= )--[\w-]+/g)) assert.include(help, `${option}`, example)
        }
      }))
  }

  it.effect("has the same text on a terminal, with bold headings", () =>
    Effect.gen(function*() {
      const plain = yield* runCommand("candles --help")
      const styled = yield* runCommand("candles --help", { terminal: true })
      assert.include(styled.out, "\u{1b}[1mOPTIONS\u{1b}[0m\n")
      assert.strictEqual(styled.out.replace(/\p{Cc}\[\d+m/gu, ""), plain.out)
    }))

  it.effect("marks a required option", () =>
    Effect.gen(function*() {
      const { out } = yield* runCommand("candles --help")
      assert.strictEqual(out.match(/Required\./g)?.length, 1)
    }))

  it.effect("names the program as the user calls it", () =>
    Effect.gen(function*() {
      const { out } = yield* runCommand("price --help", { program: "npm start --" })
      assert.include(out, "\n  $ npm start -- price [options] <symbol>")
      assert.include(out, "\n  $ npm start -- price BTC/USDT\n")
    }))
})
