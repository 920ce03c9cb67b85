import { assert, describe, it } from "@effect/vitest"
import { assertEquals, assertNone, deepStrictEqual } from "@effect/vitest/utils"
import {
  BigDecimal,
  Effect,
  Either,
  Equal,
  FastCheck,
  Hash,
  HashMap,
  Inspectable,
  Logger,
  Option,
  Schema
} from "effect"
import { inspect } from "node:util"
import { Decimal } from "../src/index.js"
import * as Hostile from "./support/hostile.js"

const digits = (min: number, max: number) =>
  FastCheck.array(FastCheck.integer({ min: 0, max: 9 }), { minLength: min, maxLength: max }).map((all) => all.join(""))

/** Plain notation as an exchange may send it: redundant zeros, a sign, a point or none. */
const plain = FastCheck.tuple(FastCheck.constantFrom("", "-"), digits(1, 40), digits(0, 40)).map((
  [sign, whole, part]
) => `${sign}${whole}${part === "" ? "" : `.${part}`}`)

/** Removes leading zeros and the sign of a negative zero. */
const canonical = (text: string): string => {
  const bare = text.replace(/^(-?)0+(?=\d)/, "$1")
  return /^-[0.]*$/.test(bare) ? bare.slice(1) : bare
}

/** The exact value of a double's shortest decimal, computed independently: digits and exponent from `toExponential`. */
const shortest = (value: number): string => {
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e")
  const negative = mantissa.startsWith("-")
  const all = mantissa.replace(/[-.]/g, "")
  const point = Number(exponent) + 1
  const text = point <= 0
    ? `0.${"0".repeat(-point)}${all}`
    : point >= all.length
    ? all + "0".repeat(point - all.length)
    : `${all.slice(0, point)}.${all.slice(point)}`
  return negative ? `-${text}` : text
}

/** A number as exchanges send them, with few digits before and after the point. */
const common = FastCheck.tuple(FastCheck.integer({ min: -1e15, max: 1e15 }), FastCheck.integer({ min: 0, max: 20 }))
  .map(([count, scale]) => Number(`${count}e-${scale}`))

describe("Decimal", () => {
  it.prop("fromNumber gives the shortest decimal that denotes the number", [common], ([value]) => {
    const decimal = Option.getOrThrow(Decimal.fromNumber(value))
    assert.strictEqual(Decimal.format(decimal), shortest(value + 0))
  })

  it.prop("format prints what parse read, without leading zeros and the sign of zero", [plain], ([text]) => {
    assert.strictEqual(Decimal.format(Option.getOrThrow(Decimal.parse(text))), canonical(text))
  })

  it.prop("the codec decodes what it encodes", [plain], ([text]) => {
    const decimal = Option.getOrThrow(Decimal.parse(text))
    const back = Schema.decodeSync(Decimal.FromString)(Schema.encodeSync(Decimal.FromString)(decimal))
    assert.isTrue(BigDecimal.equals(back, decimal))
  })

  it.prop(
    "format is exact and never uses an exponent",
    [FastCheck.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), FastCheck.integer({ min: -40, max: 60 })],
    ([value, scale]) => {
      const decimal = BigDecimal.make(value, scale)
      const text = Decimal.format(decimal)
      assert.match(text, /^-?\d+(\.\d+)?$/)
      assert.isTrue(BigDecimal.equals(BigDecimal.unsafeFromString(text), decimal))
    }
  )

  it.prop(
    "fromNumber is exact for every double, or none beyond 60 decimal places",
    [FastCheck.double({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, noNaN: true })],
    ([value]) => {
      const text = value === 0 ? "0" : shortest(value)
      const read = Decimal.fromNumber(value)
      if ((text.split(".")[1] ?? "").length > 60) assertNone(read)
      else assert.strictEqual(Decimal.format(Option.getOrThrow(read)), text)
    }
  )

  it.prop(
    "fromNumber is exact for very small and very large numbers",
    [FastCheck.integer({ min: 1, max: 99_999 }), FastCheck.integer({ min: -35, max: 9 })],
    ([mantissa, exponent]) => {
      const value = Number(`${mantissa}e${exponent}`)
      const read = Option.getOrThrow(Decimal.fromNumber(value))
      assert.isTrue(BigDecimal.equals(read, BigDecimal.make(BigInt(mantissa), -exponent)))
    }
  )

  for (
    const [value, text] of [
      [0, "0"],
      [-0, "0"],
      [0.1, "0.1"],
      [-1.5, "-1.5"],
      [1e-7, "0.0000001"],
      [-1.5e-7, "-0.00000015"],
      [9007199254740991, "9007199254740991"],
      [64000.5, "64000.5"]
    ] as const
  ) {
    it(`fromNumber reads ${value} as ${text}`, () => {
      assert.strictEqual(Decimal.format(Option.getOrThrow(Decimal.fromNumber(value))), text)
    })
  }

  for (const value of [Number.NaN, Infinity, -Infinity, 9007199254740992, 1e21, 1e308, 5e-324, 1e-61]) {
    it(`fromNumber refuses ${value}`, () => {
      assertNone(Decimal.fromNumber(value))
      assert.isTrue(Either.isLeft(Schema.decodeEither(Decimal.FromNumber)(value)))
    })
  }

  for (
    const text of [
      "",
      " ",
      "-",
      "+1",
      ".5",
      "5.",
      "1e",
      "e5",
      "1e1.5",
      "1e40",
      "1e-61",
      "1e999",
      "1e10000000",
      "1e-10000000",
      "0x10",
      "0b1",
      "NaN",
      "Infinity",
      "1_000",
      "1,000",
      " 1",
      "1 ",
      "1\n",
      "--1",
      "1.2.3",
      "١٢",
      "½",
      "1n",
      "9".repeat(41),
      `0.${"1".repeat(61)}`,
      "9".repeat(100_000)
    ]
  ) {
    it(`parse, make and FromString refuse ${JSON.stringify(text.slice(0, 20))}`, () => {
      assertNone(Decimal.parse(text))
      assert.isTrue(Either.isLeft(Schema.decodeEither(Decimal.FromString)(text)))
      assert.throws(() => Decimal.make(text), "is not plain decimal notation")
    })
  }

  for (
    const [text, expected] of [
      ["1e-8", "0.00000001"],
      ["1.5E+3", "1500"],
      ["-12.50e1", "-125.0"],
      ["0E-8", "0.00000000"],
      ["1e39", `1${"0".repeat(39)}`],
      ["1e-60", `0.${"0".repeat(59)}1`],
      [`0.${"1".repeat(60)}`, `0.${"1".repeat(60)}`]
    ] as const
  ) {
    it(`FromString decodes ${text.slice(0, 20)} exactly, and parse accepts only plain notation`, () => {
      const decimal = Schema.decodeSync(Decimal.FromString)(text)
      assert.strictEqual(Schema.encodeSync(Decimal.FromString)(decimal), expected)
      assert.isTrue(BigDecimal.equals(decimal, BigDecimal.unsafeFromString(text)))
      if (text !== expected) assertNone(Decimal.parse(text))
    })
  }

  it("refusing a long number with an exponent is cheap", () => {
    const text = `${"9".repeat(100)}.${"9".repeat(100)}e999`
    for (let count = 0; count < 20_000; count++) assertNone(Decimal.read(text))
  })

  it.prop("parse accepts exactly plain notation and never throws", [Hostile.text()], ([text]) => {
    const read = Decimal.parse(text)
    assert.strictEqual(Option.isSome(read), /^-?[0-9]{1,40}(\.[0-9]{1,40})?$/.test(text))
  })

  for (
    const [name, decimal] of [
      ["too many digits before the point", BigDecimal.make(1n, -40)],
      ["a gigabyte of zeros", BigDecimal.make(1n, -1_000_000_000)],
      ["too many digits after the point", BigDecimal.make(1n, 61)],
      ["a gigabyte of decimal places", BigDecimal.make(1n, 1_000_000_000)],
      ["too many digits", BigDecimal.make(10n ** 60n, 1)]
    ] as const
  ) {
    it(`FromString does not encode ${name}`, () => {
      assert.isTrue(Either.isLeft(Schema.encodeEither(Decimal.FromString)(decimal)))
    })
  }

  it("FromString encodes the longest decimals", () => {
    for (const decimal of [BigDecimal.make(1n, -39), BigDecimal.make(-1n, 60), BigDecimal.make(10n ** 100n - 1n, 60)]) {
      const text = Schema.encodeSync(Decimal.FromString)(decimal)
      assert.isTrue(BigDecimal.equals(Schema.decodeSync(Decimal.FromString)(text), decimal))
    }
  })

  it("FromNumber encodes a decimal as a JSON number", () => {
    assert.strictEqual(Schema.encodeSync(Decimal.FromNumber)(Decimal.make("64000.5")), 64000.5)
    assert.strictEqual(Schema.encodeSync(Decimal.FromNumber)(Decimal.make("0.000000010")), 1e-8)
  })

  it("FromNumber refuses a decimal that a JSON number would round", () => {
    for (const text of ["0.12345678901234567890", "9007199254740993", "100000.00000000000001"]) {
      assert.isTrue(Either.isLeft(Schema.encodeEither(Decimal.FromNumber)(Decimal.make(text))), text)
    }
  })

  for (const [text, shown] of [["64000.50", "64000.50"], ["0.00000001", "0.00000001"], ["-3", "-3"]] as const) {
    it(`${text} is shown as ${shown} by JSON, inspect and string templates`, () => {
      const price = { amount: Decimal.make(text), levels: [Decimal.make(text)] }
      assert.strictEqual(JSON.stringify(price), `{"amount":"${shown}","levels":["${shown}"]}`)
      assert.strictEqual(inspect(price), `{ amount: ${shown}, levels: [ ${shown} ] }`)
      assert.strictEqual(inspect({ ...price }), inspect(price))
      assert.strictEqual(`${price.amount}`, shown)
      assert.strictEqual(Inspectable.format(price.amount), JSON.stringify(shown))
    })
  }

  it.effect("log lines show plain decimals", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const logger = Logger.map(Logger.logfmtLogger, (line) => lines.push(line))
      yield* Effect.log("price", { last: Decimal.make("64000.5") }).pipe(
        Effect.annotateLogs("bid", Decimal.make("64000.4")),
        Effect.provide(Logger.replace(Logger.defaultLogger, logger))
      )
      assert.include(lines[0], "64000.5")
      assert.include(lines[0], "64000.4")
      assert.notInclude(lines[0], "BigDecimal")
    }))

  it("Decimal.of shows the result of a computation plainly", () => {
    const sum = BigDecimal.sum(Decimal.make("0.1"), Decimal.make("0.2"))
    assert.strictEqual(JSON.stringify([Decimal.of(sum)]), `["0.3"]`)
    assert.deepStrictEqual(Decimal.of(sum), Decimal.make("0.3"))
  })

  it("shows a decimal far beyond the limits in a short text", () => {
    assert.isBelow(String(Decimal.of(BigDecimal.make(1n, -1_000_000_000))).length, 20)
  })

  it("behaves like Effect's BigDecimal: Equal, Hash, HashMap, Schema and arithmetic", () => {
    const [ours, effects] = [Decimal.make("1.50"), BigDecimal.unsafeFromString("1.5")]
    assert.isTrue(BigDecimal.isBigDecimal(ours))
    assert.isTrue(Equal.equals(ours, effects) && Equal.equals(effects, ours))
    assert.strictEqual(Hash.hash(ours), Hash.hash(effects))
    assert.strictEqual(Decimal.format(BigDecimal.normalize(ours)), "1.5")
    assert.isTrue(HashMap.has(HashMap.make([ours, 1]), effects))
    assert.isTrue(Schema.is(Schema.BigDecimalFromSelf)(ours))
    assert.strictEqual(ours.pipe(BigDecimal.multiply(effects), BigDecimal.format), "2.25")
  })

  it("equal digits are deeply equal even after one of them was hashed", () => {
    const used = Decimal.make("1.50")
    Hash.hash(used)
    assert.deepStrictEqual(used, Decimal.make("1.50"))
    assertEquals(used, Decimal.make("1.50"))
    const price = { amount: used, currency: "USDT" }
    deepStrictEqual({ ...price, currency: "USD" }, { amount: Decimal.make("1.50"), currency: "USD" })
    assert.deepStrictEqual(Object.keys(used), ["value", "scale"])
  })

  it("unsafeQuotient rounds to 16 places, drops trailing zeros and throws on a zero divisor", () => {
    const quotient = (dividend: string, divisor: string) =>
      String(Decimal.unsafeQuotient(Decimal.make(dividend), Decimal.make(divisor)))
    assert.strictEqual(quotient("1", "3"), "0.3333333333333333")
    assert.strictEqual(quotient("2", "3"), "0.6666666666666667")
    assert.strictEqual(quotient("5.00", "2"), "2.5")
    assert.throws(() => quotient("1", "0"))
  })
})
