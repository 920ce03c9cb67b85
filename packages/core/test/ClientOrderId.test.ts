import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Random, TestClock } from "effect"
import { ClientOrderId } from "../src/adapter.js"

const hex: ClientOrderId.Alphabet = { pattern: /^[0-9a-f]{32}$/, described: "hex", make: (hex) => hex }

const seeded = (seed: string) => Effect.withRandom(ClientOrderId.make(hex), Random.make(seed))

describe("ClientOrderId", () => {
  it.effect.prop("consists of 32 hex digits derived from the time and Random", [
    FastCheck.string(),
    FastCheck.integer({ min: 0, max: 4_102_444_800_000 })
  ], ([seed, now]) =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const id = yield* seeded(seed)
      assert.match(id, hex.pattern)
      assert.strictEqual(Number.parseInt(id.slice(0, 12), 16), now)
      assert.strictEqual(yield* seeded(seed), id)
    }))

  it.effect("two processes with the same Random seed get different ids", () =>
    Effect.gen(function*() {
      const first = yield* seeded("the same")
      yield* TestClock.adjust("1 millis")
      const second = yield* seeded("the same")
      assert.notStrictEqual(first, second)
      assert.strictEqual(first.slice(12), second.slice(12))
    }))

  it.effect("ten thousand ids of one instant are distinct", () =>
    Effect.gen(function*() {
      const ids = yield* Effect.replicateEffect(ClientOrderId.make(hex), 10_000).pipe(
        Effect.withRandom(Random.make("seed"))
      )
      assert.strictEqual(new Set(ids).size, 10_000)
    }))

  it("upTo accepts ids of the given characters up to the given length, and makes ids of hex digits by default", () => {
    const alphabet = ClientOrderId.upTo(4, "A-Z 0-9 . _ -")
    for (const id of ["A", "Z9._", "-"]) assert.match(id, alphabet.pattern)
    for (const id of ["", "a", "AAAAA", "A B", "A,"]) assert.notMatch(id, alphabet.pattern)
    assert.strictEqual(alphabet.described, "1 to 4 characters of A-Z 0-9 . _ -")
    assert.strictEqual(alphabet.make("0f"), "0f")
    assert.strictEqual(ClientOrderId.upTo(36, "0-9 a-z -", ClientOrderId.asUuid).make, ClientOrderId.asUuid)
  })

  it("validate refuses an alphabet whose own ids do not match its pattern, as define does", () => {
    ClientOrderId.validate(ClientOrderId.upTo(32, "0-9 a-f"))
    ClientOrderId.validate(ClientOrderId.upTo(36, "0-9 a-f -", ClientOrderId.asUuid))
    const tooLong = ClientOrderId.upTo(20, "0-9 a-f")
    assert.throws(
      () => ClientOrderId.validate(tooLong),
      RangeError,
      "names.make created \"01930000000000000000000000000000\", expected 1 to 20 characters of 0-9 a-f"
    )
    // At most 45 bits: fits while the other bits are zero.
    const short = { pattern: /^\d{1,14}$/, described: "a number below 10^14" }
    const numbers = { ...short, make: (hex: string) => String(BigInt(`0x${hex.slice(18)}`)) }
    assert.throws(() => ClientOrderId.validate(numbers), RangeError, "below 10^14")
    ClientOrderId.validate({ ...short, make: (hex) => String(BigInt(`0x${hex}`) % 10n ** 14n) })
  })

  it.prop("asUuid returns a version 4 UUID and keeps the other digits", [
    FastCheck.hexaString({ minLength: 32, maxLength: 32 })
  ], ([digits]) => {
    const uuid = ClientOrderId.asUuid(digits)
    assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    const plain = uuid.replaceAll("-", "")
    assert.strictEqual(
      plain.slice(0, 12) + plain.slice(13, 16) + plain.slice(17),
      digits.slice(0, 12) + digits.slice(13, 16) + digits.slice(17)
    )
  })
})
