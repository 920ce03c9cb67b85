import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import { Fields } from "../src/kit.js"
import { emptyWorld } from "./utils.js"

const world = emptyWorld(7)

const { checked, integer, mapped, required } = Fields.reading((name, reason) => Either.left(`${name}: ${reason}`))

describe("a reader made of other readers", () => {
  const name = { first: required("first"), count: integer("count", 3) }

  it("gets what they have read, the world and the input", () => {
    const read = mapped(name, ({ count, first }, { now }, { more }) => [first, count, now, more])
    assert.deepStrictEqual(Either.getOrThrow(read({ first: "a", more: true }, world)), ["a", 3, 7, true])
  })

  it("refuses with the first refusal among theirs, in their order, and only then with its own", () => {
    const read = checked(name, ({ count, first }) => count < 5 ? Either.right(first) : Either.left("too many"))
    assert.strictEqual(Either.merge(read({ count: "x" }, world)), "first: value required")
    assert.strictEqual(Either.merge(read({ first: "a", count: "x" }, world)), "count: out of range")
    assert.strictEqual(Either.merge(read({ first: "a", count: "5" }, world)), "too many")
    assert.strictEqual(Either.merge(read({ first: "a", count: "4" }, world)), "a")
  })
})
