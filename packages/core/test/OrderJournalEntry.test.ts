import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option, Schema } from "effect"
import { OrderJournal } from "../src/index.js"
import { parse, print } from "../src/trading/internal/journalEntry.js"
import * as JournalReader from "../src/trading/internal/journalReader.js"
import * as Hostile from "./support/hostile.js"

const text = Hostile.text({ minLength: 1, maxLength: 8 })
const optional = <A>(arbitrary: FastCheck.Arbitrary<A>) => FastCheck.option(arbitrary, { nil: undefined })

/** The fields of an entry, valid most of the time. */
const fields: { readonly [name: string]: FastCheck.Arbitrary<unknown> } = {
  _tag: FastCheck.constantFrom("Intent", "Intent", "Intent", "Placed", "NotPlaced"),
  exchange: text,
  environment: text,
  account: optional(text),
  clientOrderId: text,
  symbol: text,
  side: FastCheck.constantFrom("buy", "sell"),
  type: FastCheck.constantFrom("limit", "market"),
  amount: text,
  price: optional(text),
  timeInForce: FastCheck.constantFrom("GTC", "IOC", "FOK"),
  worth: optional(FastCheck.record({ currency: text, amount: text, other: FastCheck.jsonValue() })),
  amends: optional(text),
  orderId: optional(text),
  reason: optional(Hostile.text()),
  begunAt: optional(FastCheck.integer()),
  skew: optional(FastCheck.integer()),
  market: optional(text),
  at: FastCheck.oneof(FastCheck.integer(), FastCheck.double({ noNaN: true, noDefaultInfinity: true }))
}

const rows = FastCheck.record(fields)

/** A row in which some fields have any value or are missing, and others are unknown. */
const invalidRows = FastCheck.tuple(
  rows,
  FastCheck.array(
    FastCheck.tuple(
      FastCheck.constantFrom(...Object.keys(fields)),
      FastCheck.oneof(
        FastCheck.jsonValue({ maxDepth: 1 }),
        FastCheck.constantFrom("", null, undefined, "BUY", "Intent", 0, [], {}, { currency: "USDT" }, {
          currency: "USDT",
          amount: ""
        })
      )
    ),
    { maxLength: 3 }
  ),
  FastCheck.dictionary(text, FastCheck.jsonValue({ maxDepth: 1 }), { maxKeys: 2 })
).map(([row, changes, more]) => ({ ...more, ...row, ...Object.fromEntries(changes) }))

const lines = FastCheck.oneof(
  rows.map((row) => JSON.stringify(row)),
  invalidRows.map((row) => JSON.stringify(row)),
  FastCheck.json(),
  FastCheck.string(),
  FastCheck.constantFrom("", "null", "[]", "{", "{\"__proto__\":{\"_tag\":\"Intent\"}}", "{\"_tag\":\"Intent\"}")
)

const decode = Schema.decodeOption(Schema.parseJson(OrderJournal.Entry))

describe("a line of a journal", () => {
  it.prop("is parsed as the Schema decodes it", [lines], ([line]) => {
    assert.deepStrictEqual(parse(line), Option.getOrUndefined(decode(line)))
  }, { fastCheck: { numRuns: 2000 } })

  it.prop("parses to the entry it was printed from, and contains no line break", [rows], ([row]) => {
    const entry = Option.getOrThrow(decode(JSON.stringify(row)))
    const line = print(entry)
    assert.notInclude(line, "\n")
    assert.deepStrictEqual(parse(line), entry)
  })

  it("without an account has the account OrderJournal.unnamed", () => {
    const entry = parse(
      "{\"_tag\":\"Placed\",\"exchange\":\"acme\",\"environment\":\"live\",\"clientOrderId\":\"a\",\"orderId\":\"1\",\"at\":1}"
    )
    assert.strictEqual(entry?.account, OrderJournal.unnamed)
  })
})

describe("JournalReader", () => {
  it.prop(
    "reads the same entries however the bytes are split into chunks",
    [
      FastCheck.array(FastCheck.tuple(rows, FastCheck.boolean()), { maxLength: 6 }),
      FastCheck.array(FastCheck.integer({ min: 1, max: 40 }), { minLength: 1 }),
      FastCheck.boolean()
    ],
    ([all, sizes, isEnded]) => {
      const written = all.map(([row, isCut]) => JSON.stringify(row) + (isCut ? JournalReader.unfinishedMark : "")).join(
        "\n"
      )
      const bytes = new TextEncoder().encode(isEnded ? `${written}\n` : written)
      const read: Array<OrderJournal.Entry> = []
      const reader = JournalReader.make((entry) => read.push(entry))
      for (let start = 0, turn = 0; start < bytes.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1
        assert.isUndefined(reader.push(bytes.subarray(start, start + size)))
        start += size
      }
      const end = reader.end()
      const expected = all.flatMap(([row, isCut]) => isCut ? [] : [Option.getOrThrow(decode(JSON.stringify(row)))])
      assert.deepStrictEqual(read, expected)
      assert.strictEqual(end, isEnded || all.length === 0 ? "line break" : all.at(-1)?.[1] === true ? "cut" : "whole")
    }
  )

  it("refuses a line that exceeds the maximum length", () => {
    const reader = JournalReader.make(() => assert.fail("no entry"))
    const zeros = new Uint8Array(1 << 16)
    const refused = Array.from({ length: 20 }, () => reader.push(zeros)).find((detail) => detail !== undefined)
    assert.include(refused, "line 1 exceeds the maximum length of an entry")
  })
})
