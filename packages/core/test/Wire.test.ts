import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Either, FastCheck, Schema } from "effect"
import { Listing, Row, Wire } from "../src/adapter.js"
import { Decimal } from "../src/index.js"

const { all, always, at, blank, decimal, millis, none, positive, text, when, words, wordsOr } = Wire

const reads = <A, I>(schema: Schema.Schema<A, I>, value: unknown): A | "undecodable" =>
  Either.getOrElse(Schema.decodeUnknownEither(schema)(value), () => "undecodable" as const)

const plain = (value: unknown): unknown => BigDecimal.isBigDecimal(value) ? Decimal.format(value) : value

describe("values", () => {
  const table = <A, I>(
    name: string,
    schema: Schema.Schema<A, I>,
    cases: ReadonlyArray<readonly [unknown, unknown]>
  ) => {
    for (const [value, expected] of cases) {
      it(`${name} of ${JSON.stringify(value) ?? "nothing"} is ${JSON.stringify(expected) ?? "nothing"}`, () => {
        assert.deepStrictEqual(plain(reads(schema, value)), expected)
      })
    }
  }
  table("text", text, [
    ["a", "a"],
    [17, "17"],
    ["", "undecodable"],
    [undefined, "undecodable"],
    [null, "undecodable"],
    [{}, "undecodable"]
  ])
  table("text that may be blank", blank(text), [
    ["a", "a"],
    ["", undefined],
    [null, undefined],
    [undefined, undefined],
    [{}, "undecodable"]
  ])
  table("a decimal", decimal, [["64000.50", "64000.50"], ["", "undecodable"], [1.5, "undecodable"]])
  table("a positive decimal", positive(decimal), [
    ["0.10", "0.10"],
    ["0", undefined],
    ["0.000", undefined],
    ["-1", undefined],
    ["", undefined],
    [undefined, undefined],
    ["many", "undecodable"]
  ])
  table("a decimal or zero", Wire.orZero(decimal), [
    ["0.10", "0.10"],
    ["", "0"],
    [null, "0"],
    [undefined, "0"],
    ["many", "undecodable"]
  ])
  table("a word", words({ BUY: "buy", SELL: "sell", true: "yes" }), [
    ["BUY", "buy"],
    [true, "yes"],
    ["buy", "undecodable"],
    ["toString", "undecodable"],
    ["__proto__", "undecodable"],
    [undefined, "undecodable"]
  ])
  table("a word or the default", wordsOr({ M: "maker", T: undefined }, "unknown"), [
    ["M", "maker"],
    ["T", undefined],
    ["X", "unknown"],
    [undefined, "unknown"]
  ])
  const states = { open: "NEW PARTLY", canceled: "GONE" }
  table("the meaning", Wire.meaning(states), [
    ["PARTLY", "open"],
    ["GONE", "canceled"],
    ["open", "undecodable"],
    ["NEW PARTLY", "undecodable"],
    [undefined, "undecodable"]
  ])
  table("the meaning or the default", Wire.meaningOr(states, "unknown"), [["NEW", "open"], ["OLD", "unknown"]])
  table("a boolean", Wire.isTrue, [[true, true], ["true", true], [false, false], ["yes", false], [undefined, false]])
  table("milliseconds", Wire.millis, [
    [1_700_000_000_123, 1_700_000_000_123],
    ["1700000000123", 1_700_000_000_123],
    [0, 0],
    [-1, "undecodable"],
    ["", "undecodable"],
    ["soon", "undecodable"],
    [Number.NaN, "undecodable"],
    [1e300, "undecodable"]
  ])
  table("seconds", Wire.seconds, [[1_700_000_000.1234, 1_700_000_000_123], ["1700000000.5", 1_700_000_000_500]])
  table("microseconds", Wire.micros, [[1_700_000_000_123_456, 1_700_000_000_123]])
  table("an instant in ISO 8601", Wire.isoTime, [
    ["2025-11-24T00:00:00.001Z", 1_763_942_400_001],
    ["2025-11-24T01:00:00+01:00", 1_763_942_400_000],
    // Without a time zone, it would be a different instant on every machine.
    ["2025-11-24T00:00:00", "undecodable"],
    ["2025-11-24", "undecodable"],
    ["2025-11-24 00:00:00Z", "undecodable"],
    ["2025-13-24T00:00:00Z", "undecodable"],
    ["", "undecodable"],
    ["12", "undecodable"],
    ["1969-12-31T23:59:59Z", "undecodable"],
    ["soon", "undecodable"],
    [1, "undecodable"]
  ])
  table("a lenient instant", Wire.lenient(Wire.isoTime), [
    ["2025-11-24T00:00:00Z", 1_763_942_400_000],
    ["soon", undefined],
    [undefined, undefined]
  ])
})

describe("values read without the Schema", () => {
  const iso = FastCheck.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true }).chain((
    date
  ) =>
    FastCheck.integer({ min: 0, max: 9 }).map((digits) => {
      const [whole = "", part = ""] = date.toISOString().slice(0, -1).split(".")
      return digits === 0 ? `${whole}Z` : `${whole}.${part.padEnd(9, "7").slice(0, digits)}Z`
    })
  )

  it.prop("instants equal those of Date.parse", [iso], ([instant]) => {
    assert.strictEqual(reads(Wire.isoTime, instant), Date.parse(instant))
  })

  it("invalid instants are read as Date.parse reads them, or not at all", () => {
    for (
      const instant of ["2026-02-29T00:00:00Z", "2028-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z"]
        .concat("2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1x3Z")
        .concat("2026-01-01T00:00:00+01:00", "2026-01-0/T00:00:00Z")
    ) {
      const expected = Date.parse(instant)
      assert.strictEqual(reads(Wire.isoTime, instant), Number.isNaN(expected) ? "undecodable" : expected, instant)
    }
  })

  const anything = FastCheck.oneof(
    FastCheck.anything(),
    FastCheck.double(),
    FastCheck.stringMatching(/^-?\d{0,20}\.?\d{0,20}(e-?\d{1,3})?$/)
  )

  // Mostly valid, so that any of the fields may be the one that cannot be decoded.
  const wrong = FastCheck.constantFrom("", "x", null, {}, -1, undefined)
  const or = (right: FastCheck.Arbitrary<unknown>) =>
    FastCheck.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: wrong })
  const amount = or(FastCheck.constantFrom("1.5", "20"))
  const cells = FastCheck.tuple(
    or(FastCheck.constant(7)),
    amount,
    amount,
    amount,
    amount,
    amount,
    or(FastCheck.constant("b"))
  )

  it.prop("the readers of candles, trades and levels agree with Row.of", [cells], ([row]) => {
    const bar = { open: at(1, decimal), high: at(2, decimal), low: at(3, decimal), close: at(4, decimal) }
    const candle = { openTime: at(0, millis), ...bar, volume: at(5, decimal) }
    assert.deepStrictEqual(Row.bar(candle).take(row), Row.of(candle).take(row))
    const level = { price: at(1, decimal), amount: at(2, decimal) }
    assert.deepStrictEqual(Row.level(level).take(row), Row.of(level).take(row))
    const trade = { id: at(0, text), side: at(6, words({ b: "buy", s: "sell" })), ...level, at: at(0, millis) } as const
    assert.deepStrictEqual(Row.trade(trade).take(row), Row.of(trade).take(row))
  })

  it.prop("take returns what the Schema decodes, and unread where the Schema fails", [anything], ([value]) => {
    const agree = <A>(schema: Wire.Value<A>) => {
      const taken = schema.take(value)
      assert.deepStrictEqual(reads(schema, value), taken === Wire.unread ? "undecodable" : taken)
    }
    for (const schema of [decimal, Wire.number]) agree(schema)
    for (const schema of [millis, Wire.seconds, Wire.isoTime]) agree(schema)
    for (const schema of [blank(decimal), positive(Wire.number)]) agree(schema)
    agree(text)
  })
})

const Order = Row.of({
  id: at("id", text),
  pair: at("descr.pair", text),
  side: at(["descr", "type"], words({ b: "buy", s: "sell" })),
  kind: always("spot"),
  note: none,
  amount: all(
    { size: at("vol", decimal), flags: at("flags", blank(text)) },
    ({ flags, size }) => flags === "quote" ? undefined : size
  ),
  price: when(at("type", text), "limit", at("price", decimal))
})

const row = { id: "O1", descr: { pair: "XBTUSD", type: "b" }, vol: "1.5", type: "limit", price: "2", more: true }
const decoded = { id: "O1", pair: "XBTUSD", side: "buy", kind: "spot", note: undefined, amount: "1.5", price: "2" }
const formatted = (row: object) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]))

describe("rows", () => {
  it("are read from fields at any path", () => {
    const read = reads(Wire.one(Order), row)
    assert(read !== "undecodable")
    assert.deepStrictEqual(formatted(read), decoded)
  })

  it("combine several fields into one value, and read a field only for some rows", () => {
    const read = reads(Wire.one(Order), { ...row, flags: "quote", type: "market", price: "nothing" })
    assert(read !== "undecodable")
    assert.deepStrictEqual(formatted(read), { ...decoded, amount: undefined, price: undefined })
  })

  it("that cannot be decoded report the field that cannot", () => {
    const read = Schema.decodeUnknownEither(Wire.one(Order))({ ...row, descr: { pair: "XBTUSD", type: "up" } })
    const { message } = Either.getOrThrow(Either.flip(read))
    assert.include(message, "expected one of b, s")
    assert.include(message, "[\"descr\"]")
    assert.include(message, "[\"type\"]")
  })

  it("are never read from inherited properties", () => {
    assert.strictEqual(reads(Wire.within("constructor.name", text), {}), "undecodable")
    assert.strictEqual(reads(Wire.within("at.name", text), []), "undecodable")
    assert.strictEqual(reads(Wire.within("at.name", text), JSON.parse("{\"at\":{\"name\":\"own\"}}")), "own")
  })

  it("are read from tuples", () => {
    const Bar = Row.of({ open: at(1, decimal), at: at(0, Wire.seconds) })
    assert.deepStrictEqual(reads(Wire.one(Bar), [1, "2.5"]), { open: Decimal.make("2.5"), at: 1000 })
    assert.strictEqual(reads(Wire.one(Bar), [1]), "undecodable")
    assert.strictEqual(reads(Wire.one(Bar), null), "undecodable")
  })
})

const Named = Row.order({
  id: at("id", text),
  market: at("market", text),
  clientOrderId: at("name", blank(text)),
  side: at("side", words({ b: "buy" })),
  type: always("limit"),
  status: at("status", words({ open: "open" })),
  price: none,
  amount: none,
  filled: at("filled", decimal),
  averagePrice: none,
  timeInForce: none,
  postOnly: none,
  reduceOnly: none,
  createdAt: at("at", blank(Wire.millis)),
  updatedAt: none
})
const named = (change: object) => ({
  id: "1",
  market: "XBTUSD",
  name: "mine",
  side: "b",
  status: "open",
  filled: "0",
  at: 5,
  ...change
})

describe("fields", () => {
  const either = Wire.orElse(at("first", blank(text)), Wire.map(at("second", text), (found) => found.length))
  const read = (row: object) => reads(Wire.one(either), row)

  it("orElse reads the second field only if the first has no value", () => {
    assert.strictEqual(read({ first: "a", second: "bcd" }), "a")
    assert.strictEqual(read({ first: "a" }), "a")
    assert.strictEqual(read({ second: "bcd" }), 3)
    assert.strictEqual(read({}), "undecodable")
    assert.strictEqual(read({ first: {}, second: "bcd" }), "undecodable")
  })

  it("each reads one field under several names", () => {
    const row = Row.of(Wire.each(["bid", "ask"], at("price", decimal)))
    const read = reads(Wire.one(row), { price: "5" })
    assert(read !== "undecodable")
    assert.deepStrictEqual(formatted(read), { bid: "5", ask: "5" })
  })

  it("anyOf is true if any field is, and fails if any field cannot be decoded", () => {
    const any = Wire.one(Wire.anyOf(at("a", Schema.Boolean), at("b", blank(Schema.Boolean))))
    assert.strictEqual(reads(any, { a: false, b: true }), true)
    assert.strictEqual(reads(any, { a: true }), true)
    assert.strictEqual(reads(any, { a: false }), false)
    assert.strictEqual(reads(any, { b: true }), "undecodable")
    assert.strictEqual(reads(any, { a: true, b: 1 }), "undecodable")
    assert.strictEqual(reads(Wire.one(Wire.anyOf()), {}), false)
  })

  it("listed splits text at commas and blanks", () => {
    const words = (value: unknown) => reads(Wire.listed, value)
    assert.deepStrictEqual(words("post,viqc"), ["post", "viqc"])
    assert.deepStrictEqual(words(" read_only, trade "), ["read_only", "trade"])
    for (const none of ["", " , "]) assert.deepStrictEqual(words(none), [])
    for (const other of [["post"], null, undefined]) assert.strictEqual(words(other), "undecodable")
  })

  it("sum adds fields, and fails if one is missing", () => {
    const total = Wire.one(Wire.sum(at("free", decimal), at("locked", decimal)))
    assert.strictEqual(plain(reads(total, { free: "1.5", locked: "0.25" })), "1.75")
    assert.strictEqual(reads(total, { free: "1.5" }), "undecodable")
  })

  it("minus subtracts fields from the first, and fails if one is missing", () => {
    const free = Wire.one(Wire.minus(at("total", decimal), at("held", Wire.orZero(decimal)), at("lent", decimal)))
    assert.strictEqual(plain(reads(free, { total: "1.5", held: "0.25", lent: "1.5" })), "-0.25")
    assert.strictEqual(plain(reads(free, { total: "1.5", lent: "1" })), "0.5")
    assert.strictEqual(reads(free, { total: "1.5", held: "0.25" }), "undecodable")
  })

  it("when and unless read a field depending on the value of another", () => {
    const type = at("type", words({ l: "limit", m: "market" }))
    const [price, stop] = [when(type, "limit", at("price", decimal)), Wire.unless(type, "limit", at("price", decimal))]
    const both = (row: object) => [price, stop].map((field) => plain(reads(Wire.one(field), row)))
    assert.deepStrictEqual(both({ type: "l", price: "5" }), ["5", undefined])
    assert.deepStrictEqual(both({ type: "m", price: "5" }), [undefined, "5"])
    assert.deepStrictEqual(both({ type: "m" }), [undefined, "undecodable"])
    assert.deepStrictEqual(both({ type: "x", price: "5" }), ["undecodable", "undecodable"])
  })

  it("ifAny reads a field of a value with its shape, and returns undefined for any other value", () => {
    const code = Wire.ifAny(Wire.within("error.code", text))
    assert.strictEqual(code({ error: { code: 7 } }), "7")
    for (const value of [{ error: "no" }, {}, null, undefined, []]) assert.isUndefined(code(value))
  })
})

describe("rows of a kind", () => {
  const order = Row.order({
    id: at("id", text),
    market: always("X"),
    clientOrderId: none,
    side: always("buy"),
    type: at("type", words({ limit: "limit", market: "market", stop: "other" })),
    status: always("open"),
    price: at("price", decimal),
    amount: none,
    filled: at("filled", decimal),
    averagePrice: at("average", positive(decimal)),
    timeInForce: none,
    postOnly: none,
    reduceOnly: none,
    createdAt: none,
    updatedAt: none
  })
  const prices = (type: string, filled: string) => {
    const read = reads(Wire.one(order), { id: "1", type, price: "5", filled, average: "4" })
    assert(read !== "undecodable")
    return [plain(read.price), plain(read.averagePrice)]
  }

  it("market orders have no price, and unfilled orders no average price", () => {
    assert.deepStrictEqual(prices("limit", "0"), ["5", undefined])
    assert.deepStrictEqual(prices("limit", "1"), ["5", "4"])
    assert.deepStrictEqual(prices("market", "1"), [undefined, "4"])
    assert.deepStrictEqual(prices("stop", "0.0"), ["5", undefined])
  })

  it("candles and levels are read from their positions or names", () => {
    const candle = reads(Wire.one(Row.ohlcv(millis, decimal, [0, 1, 2, 3, 4, 6])), [7, "1", "3", "0.5", "2", "x", "9"])
    assert(candle !== "undecodable")
    assert.deepStrictEqual(formatted(candle), {
      openTime: 7,
      open: "1",
      high: "3",
      low: "0.5",
      close: "2",
      volume: "9"
    })
    const levels = reads(Row.levels(decimal, "price", "size"), [{ price: "5", size: "1" }, { price: "4", size: "2" }])
    assert(levels !== "undecodable")
    assert.deepStrictEqual(levels.map(formatted), [{ price: "5", amount: "1" }, { price: "4", amount: "2" }])
    assert.strictEqual(reads(Row.levels(decimal, 0, 1), [["5", "1"], ["4"]]), "undecodable")
  })

  const fill = Row.fill({
    id: at("trade", text),
    orderId: always("O1"),
    market: always("X"),
    clientOrderId: none,
    side: always("buy"),
    price: at("price", decimal),
    amount: at("size", decimal),
    fee: none,
    feeAsset: none,
    liquidity: always("maker"),
    at: always(1)
  })

  it("ids of orders and fills are read from their paths, with or without a client order id", () => {
    const row = Row.of(Row.names({ id: "orderId", market: "s", clientOrderId: ["link", 0] }))
    assert.deepStrictEqual(reads(Wire.one(row), { orderId: 7, s: "A", link: ["mine"] }), {
      id: "7",
      market: "A",
      clientOrderId: "mine"
    })
    assert.deepStrictEqual(reads(Wire.one(row), { orderId: "7", s: "A", link: [""] }), {
      id: "7",
      market: "A",
      clientOrderId: undefined
    })
    assert.strictEqual(reads(Wire.one(row), { orderId: "7", s: "", link: [] }), "undecodable")
    const nameless = Row.of(Row.namesOfFill({ id: 0, orderId: 1, market: 2, clientOrderId: undefined }))
    assert.deepStrictEqual(reads(Wire.one(nameless), ["F1", "O1", "A", "mine"]), {
      id: "F1",
      orderId: "O1",
      market: "A",
      clientOrderId: undefined
    })
    assert.strictEqual(reads(Wire.one(nameless), ["F1", "", "A"]), "undecodable")
  })

  it("status translates the status of an order, and fails for an unknown one", () => {
    const row = Row.of({ status: Row.status("s", { open: "live part", filled: "done" }) })
    assert.deepStrictEqual(reads(Wire.one(row), { s: "part" }), { status: "open" })
    assert.strictEqual(reads(Wire.one(row), { s: "open" }), "undecodable")
    // @ts-expect-error there is no such status
    Row.status("s", { opened: "live" })
  })

  it("statusOrUnknown translates a status, and returns unknown for any other", () => {
    const row = Row.of({ status: Row.statusOrUnknown("s", { open: "live", halted: "paused pre" }) })
    assert.deepStrictEqual(reads(Wire.one(row), { s: "pre" }), { status: "halted" })
    assert.deepStrictEqual(reads(Wire.one(row), { s: "open" }), { status: "unknown" })
    // @ts-expect-error there is no such status
    Row.statusOrUnknown("s", { opened: "live" })
  })

  it("orders without a filled amount are unfilled, and undecodable if they are marked as filled", () => {
    const row = Row.of({ filled: Row.filled("size", decimal, at("done", Wire.isTrue)) })
    const filled = (value: unknown) => {
      const read = reads(Wire.one(row), value)
      return read === "undecodable" ? read : formatted(read)
    }
    assert.deepStrictEqual(filled({}), { filled: "0" })
    assert.deepStrictEqual(filled({ size: "1.5" }), { filled: "1.5" })
    assert.deepStrictEqual(filled({ size: "1.5", done: true }), { filled: "1.5" })
    for (const size of [undefined, "", "0", "x"]) assert.strictEqual(filled({ size, done: true }), "undecodable")
    assert.strictEqual(filled({ size: "x" }), "undecodable")
  })

  it("positions have a side unless their amount is zero", () => {
    const row = Row.position({
      market: at("market", text),
      side: at("side", words({ Buy: "long", Sell: "short" })),
      amount: at("size", decimal),
      ...Wire.each(["entryPrice", "markPrice", "liquidationPrice", "leverage", "unrealizedPnl"], none)
    })
    const sideOf = (side: string, size: string) => {
      const read = reads(Wire.one(row), { market: "A", side, size })
      return read === "undecodable" ? read : read.side
    }
    assert.strictEqual(sideOf("Sell", "2"), "short")
    assert.strictEqual(sideOf("", "2"), "undecodable")
    assert.strictEqual(sideOf("Sell", "x"), "undecodable")
    assert.notStrictEqual(sideOf("", "0.0"), "undecodable")
  })

  it("trades and order books are read from their positions or names", () => {
    const row = Row.tradeAt(millis, decimal, { id: 0, side: at(3, words({ b: "buy" })), price: 1, amount: 2, at: 4 })
    const trade = reads(Wire.one(row), [17, "5", "0.5", "b", 7])
    assert(trade !== "undecodable")
    assert.deepStrictEqual(formatted(trade), { id: "17", side: "buy", price: "5", amount: "0.5", at: 7 })
    assert.strictEqual(row.identify([17, "much"]).id, "17")
    const bookRow = Row.book(Row.levels(decimal, 0, 1), ["b", "a"], { at: at("ts", millis) })
    const book = reads(bookRow, { b: [["5", "1"]], a: [["6", "2"]], ts: 7 })
    assert(book !== "undecodable")
    const { asks: [ask], at: time, bids: [bid] } = book
    assert(ask !== undefined && bid !== undefined)
    assert.deepStrictEqual([formatted(bid), formatted(ask), time], [
      { price: "5", amount: "1" },
      { price: "6", amount: "2" },
      7
    ])
    assert.strictEqual(reads(bookRow, { b: [["5", "1"]], ts: 7 }), "undecodable")
  })

  it("withFields keeps the ids of rows, decoded or not", () => {
    const both = reads(Wire.list(Row.withFields(fill, { coin: at("coin", text) })), [
      { trade: "T1", price: "1", size: "2", coin: "BTC" },
      { trade: "T2", price: "1", size: "2" }
    ])
    assert(both !== "undecodable")
    assert.deepStrictEqual(both.rows.map(({ coin, row }) => [coin, row.id]), [["BTC", "T1"]])
    assert.deepStrictEqual(both.unknown.map(({ detail, id, market }) => [id, market, detail]), [["T2", "X", "coin"]])
  })

  it("entries have an id of their own, whatever they contain and whether they are decoded or not", () => {
    const entry = Row.entry(at("entry", text), fill, at("fill", Wire.isTrue))
    const entries = reads(Wire.list(entry), [
      { entry: "E1", trade: "T1", price: "1", size: "2", fill: true },
      { entry: "E2", fill: false },
      { entry: "E3", trade: "T1", price: "much", size: "2", fill: true }
    ])
    assert(entries !== "undecodable")
    assert.deepStrictEqual(entries.rows.map(({ fill, id }) => [id, fill?.id]), [["E1", "T1"], ["E2", undefined]])
    assert.deepStrictEqual(entries.unknown.map(({ id, market }) => [id, market]), [["E3", "X"]])
  })
})

describe("lists", () => {
  it("return the rows that can be decoded, and report the others with the ids that can be read", () => {
    const listing = reads(Wire.list(Named), [
      named({}),
      named({ id: "2", status: "frozen" }),
      named({ id: "3", market: 7, filled: "much" }),
      "nothing of the kind"
    ])
    assert(listing !== "undecodable")
    assert.deepStrictEqual(listing.rows.map(({ id }) => id), ["1"])
    const noNames = { id: undefined, market: undefined, clientOrderId: undefined, createdAt: undefined }
    assert.deepStrictEqual(listing.unknown.map(({ detail: _, ...names }) => names), [
      { id: "2", market: "XBTUSD", clientOrderId: "mine", createdAt: 5 },
      { id: "3", market: "7", clientOrderId: "mine", createdAt: 5 },
      noNames
    ])
    assert.deepStrictEqual(listing.unknown.map(({ detail }) => detail), ["status", "filled", "id"])
  })

  it("flatMap turns each row into none, one or several, and keeps the unknown rows", () => {
    const unknown = [{ id: "3", market: undefined, clientOrderId: undefined, createdAt: undefined, detail: "x" }]
    const listing = { rows: [1, 2, 3], unknown }
    assert.deepStrictEqual(Listing.flatMap(listing, (row) => row === 1 ? [] : row === 2 ? row : [row, row]), {
      rows: [2, 3, 3],
      unknown
    })
  })

  it("unique keeps the last row of each id, each fill of a trade with oneself, and each row without an id", () => {
    const row = (id: string, at: number) => ({ id, at })
    const twice = { rows: [row("1", 1), row("2", 2), row("1", 3)], unknown: [] }
    assert.deepStrictEqual(Listing.unique(twice).rows, [row("1", 3), row("2", 2)])
    const withOneself = Listing.of([{ id: "5", orderId: "1" }, { id: "5", orderId: "2" }, {}, {}])
    assert.deepStrictEqual(Listing.unique(withOneself), withOneself)
  })

  it("fail for a value that is not a list", () => {
    for (const value of [undefined, null, {}, "", 0]) {
      assert.strictEqual(reads(Wire.list(Named), value), "undecodable")
    }
  })

  it("sole reads the only row, in a list or under any name, beside the names it is told to ignore", () => {
    const sole = Wire.sole(Wire.within("id", text), "last")
    for (const answer of [[{ id: 7 }], { XXBTZUSD: { id: "7" } }, { last: { id: "8" }, XXBTZUSD: { id: "7" } }]) {
      assert.strictEqual(reads(sole, answer), "7")
    }
    for (
      const answer of [[], {}, { last: { id: "8" } }, [{ id: 7 }, { id: 7 }], { a: { id: 7 }, b: 1 }, [{}], null, "7"]
    ) {
      assert.strictEqual(reads(sole, answer), "undecodable", JSON.stringify(answer))
    }
  })

  it("keyed adds the key to each row, and accepts an empty list", () => {
    const { id: _, ...row } = named({})
    const listing = reads(Wire.keyed("id", Named), { O1: row, O2: { ...row, side: "up" }, O3: 1 })
    assert(listing !== "undecodable")
    assert.deepStrictEqual(listing.rows.map(({ id }) => id), ["O1"])
    assert.deepStrictEqual(listing.unknown.map(({ id }) => id), ["O2", undefined])
    assert.deepStrictEqual(reads(Wire.keyed("id", Named), []), Listing.of([]))
    assert.strictEqual(reads(Wire.keyed("id", Named), [row]), "undecodable")
  })

  it("every decodes all rows or fails, in a list or by keys", () => {
    const { id: _, ...row } = named({})
    for (
      const [schema, values] of [
        [
          Wire.every(Named),
          (...rows: ReadonlyArray<object>) => rows.map((row, index) => ({ id: `O${index}`, ...row }))
        ],
        [Wire.every(Named, "id"), (...rows: ReadonlyArray<object>) => ({ ...rows.map((row) => row) })]
      ] as const
    ) {
      const read = reads(schema, values(row, row))
      assert(read !== "undecodable")
      assert.strictEqual(read.length, 2)
      assert.strictEqual(reads(schema, values(row, { ...row, side: "up" })), "undecodable")
      assert.deepStrictEqual(reads(schema, []), [])
    }
    assert.strictEqual(reads(Wire.every(Named, "id"), [row]), "undecodable")
    assert.strictEqual(reads(Wire.every(Named), { O1: row }), "undecodable")
  })

  it("return the other rows if one is nested too deeply to print", () => {
    const Plain = Row.of({ id: at("id", text), side: at("side", Schema.String) })
    const deep: unknown = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`)
    const listing = reads(Wire.list(Plain), [{ id: "1", side: deep }, { id: "2", side: "b" }])
    assert(listing !== "undecodable")
    assert.deepStrictEqual(listing.rows, [{ id: "2", side: "b" }])
    assert.strictEqual(listing.unknown.length, 1)
  })

  it.prop("lose no row, whatever the values are", [FastCheck.array(FastCheck.anything())], ([values]) => {
    const listing = reads(Wire.list(Named), values)
    assert(listing !== "undecodable")
    assert.strictEqual(listing.rows.length + listing.unknown.length, values.length)
  })
})

describe("row constructors", () => {
  const fields = { price: at(0, decimal), amount: at(1, decimal) }

  it("require every field, and accept no other", () => {
    Row.level(fields)
    // @ts-expect-error the amount is missing
    Row.level({ price: fields.price })
    // @ts-expect-error there is no such field
    Row.level({ ...fields, ammount: fields.amount })
    // @ts-expect-error a misspelt optional field is missing under its name
    Row.trade({ id: at("i", text), sid: at("s", words({ b: "buy" })), ...fields, at: at("t", Wire.millis) })
    // @ts-expect-error "bid" is not a side
    Row.trade({ id: at("i", text), side: at("s", words({ b: "bid" })), ...fields, at: at("t", Wire.millis) })
    // @ts-expect-error a price is not text
    Row.level({ ...fields, price: at(0, text) })
    // @ts-expect-error a required field cannot be none
    Row.level({ ...fields, amount: none })
  })
})
