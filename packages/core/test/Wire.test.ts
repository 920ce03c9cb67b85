import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Either, FastCheck, Schema } from "effect"
import { Listing, Row, Wire } from "../src/adapter.js"
import { Decimal } from "../src/index.js"

const { all, always, at, blank, decimal, millis, none, positive, text, when, words, wordsOr } = Wire

const reads = <A, I>(schema: Schema.Schema<A, I>, value: unknown): A | "not understood" =>
  Either.getOrElse(Schema.decodeUnknownEither(schema)(value), () => "not understood" as const)

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
    ["", "not understood"],
    [undefined, "not understood"],
    [null, "not understood"],
    [{}, "not understood"]
  ])
  table("blank text", blank(text), [
    ["a", "a"],
    ["", undefined],
    [null, undefined],
    [undefined, undefined],
    [{}, "not understood"]
  ])
  table("a decimal", decimal, [["64000.50", "64000.50"], ["", "not understood"], [1.5, "not understood"]])
  table("a positive decimal", positive(decimal), [
    ["0.10", "0.10"],
    ["0", undefined],
    ["0.000", undefined],
    ["-1", undefined],
    ["", undefined],
    [undefined, undefined],
    ["many", "not understood"]
  ])
  table("a decimal or zero", Wire.orZero(decimal), [
    ["0.10", "0.10"],
    ["", "0"],
    [null, "0"],
    [undefined, "0"],
    ["many", "not understood"]
  ])
  table("words", words({ BUY: "buy", SELL: "sell", true: "yes" }), [
    ["BUY", "buy"],
    [true, "yes"],
    ["buy", "not understood"],
    ["toString", "not understood"],
    ["__proto__", "not understood"],
    [undefined, "not understood"]
  ])
  table("words or another", wordsOr({ M: "maker", T: undefined }, "unknown"), [
    ["M", "maker"],
    ["T", undefined],
    ["X", "unknown"],
    [undefined, "unknown"]
  ])
  const states = { open: "NEW PARTLY", canceled: "GONE" }
  table("meaning", Wire.meaning(states), [
    ["PARTLY", "open"],
    ["GONE", "canceled"],
    ["open", "not understood"],
    ["NEW PARTLY", "not understood"],
    [undefined, "not understood"]
  ])
  table("meaning or another", Wire.meaningOr(states, "unknown"), [["NEW", "open"], ["OLD", "unknown"]])
  table("what is true", Wire.isTrue, [[true, true], ["true", true], [false, false], ["yes", false], [undefined, false]])
  table("milliseconds", Wire.millis, [
    [1_700_000_000_123, 1_700_000_000_123],
    ["1700000000123", 1_700_000_000_123],
    [0, 0],
    [-1, "not understood"],
    ["", "not understood"],
    ["soon", "not understood"],
    [Number.NaN, "not understood"],
    [1e300, "not understood"]
  ])
  table("seconds", Wire.seconds, [[1_700_000_000.1234, 1_700_000_000_123], ["1700000000.5", 1_700_000_000_500]])
  table("microseconds", Wire.micros, [[1_700_000_000_123_456, 1_700_000_000_123]])
  table("an instant in ISO 8601", Wire.isoTime, [
    ["2025-11-24T00:00:00.001Z", 1_763_942_400_001],
    ["soon", "not understood"],
    [1, "not understood"]
  ])
  table("what may be unreadable", Wire.lenient(Wire.isoTime), [
    ["2025-11-24T00:00:00Z", 1_763_942_400_000],
    ["soon", undefined],
    [undefined, undefined]
  ])
})

describe("values that are read by hand", () => {
  const iso = FastCheck.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true }).chain((
    date
  ) =>
    FastCheck.integer({ min: 0, max: 9 }).map((digits) => {
      const [whole = "", part = ""] = date.toISOString().slice(0, -1).split(".")
      return digits === 0 ? `${whole}Z` : `${whole}.${part.padEnd(9, "7").slice(0, digits)}Z`
    })
  )

  it.prop("instants are those that JavaScript reads", [iso], ([instant]) => {
    assert.strictEqual(reads(Wire.isoTime, instant), Date.parse(instant))
  })

  it("instants that no calendar has are read as JavaScript reads them, or not at all", () => {
    for (
      const instant of ["2026-02-29T00:00:00Z", "2028-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z"]
        .concat("2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1x3Z")
        .concat("2026-01-01T00:00:00+01:00", "2026-01-01 00:00:00Z", "2026-01-0/T00:00:00Z", "1969-12-31T23:59:59Z")
    ) {
      const expected = Date.parse(instant)
      assert.strictEqual(reads(Wire.isoTime, instant), Number.isNaN(expected) ? "not understood" : expected, instant)
    }
  })

  const anything = FastCheck.oneof(
    FastCheck.anything(),
    FastCheck.double(),
    FastCheck.stringMatching(/^-?\d{0,20}\.?\d{0,20}(e-?\d{1,3})?$/)
  )

  // Mostly what is understood, so that any of the fields may be the one that is not.
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

  it.prop("candles, trades and levels are the same whatever reads them", [cells], ([row]) => {
    const bar = { open: at(1, decimal), high: at(2, decimal), low: at(3, decimal), close: at(4, decimal) }
    const candle = { openTime: at(0, millis), ...bar, volume: at(5, decimal) }
    assert.deepStrictEqual(Row.bar(candle).take(row), Row.of(candle).take(row))
    const level = { price: at(1, decimal), amount: at(2, decimal) }
    assert.deepStrictEqual(Row.level(level).take(row), Row.of(level).take(row))
    const trade = { id: at(0, text), side: at(6, words({ b: "buy", s: "sell" })), ...level, at: at(0, millis) } as const
    assert.deepStrictEqual(Row.trade(trade).take(row), Row.of(trade).take(row))
  })

  it.prop("what is not taken has a reason, and what is taken is what the schema reads", [anything], ([value]) => {
    const agree = <A>(schema: Wire.Value<A>) => {
      const taken = schema.take(value)
      assert.deepStrictEqual(reads(schema, value), taken === Wire.unread ? "not understood" : taken)
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
const understood = { id: "O1", pair: "XBTUSD", side: "buy", kind: "spot", note: undefined, amount: "1.5", price: "2" }
const shown = (row: object) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]))

describe("rows", () => {
  it("are read from where their fields stand", () => {
    const read = reads(Wire.one(Order), row)
    assert(read !== "not understood")
    assert.deepStrictEqual(shown(read), understood)
  })

  it("make one value of several, and read what is there only for some", () => {
    const read = reads(Wire.one(Order), { ...row, flags: "quote", type: "market", price: "nothing" })
    assert(read !== "not understood")
    assert.deepStrictEqual(shown(read), { ...understood, amount: undefined, price: undefined })
  })

  it("that are not understood say which field is not", () => {
    const read = Schema.decodeUnknownEither(Wire.one(Order))({ ...row, descr: { pair: "XBTUSD", type: "up" } })
    const { message } = Either.getOrThrow(Either.flip(read))
    assert.include(message, "expected one of b, s")
    assert.include(message, "[\"descr\"]")
    assert.include(message, "[\"type\"]")
  })

  it("are never read from what every object and list inherits", () => {
    assert.strictEqual(reads(Wire.within("constructor.name", text), {}), "not understood")
    assert.strictEqual(reads(Wire.within("at.name", text), []), "not understood")
    assert.strictEqual(reads(Wire.within("at.name", text), JSON.parse("{\"at\":{\"name\":\"own\"}}")), "own")
  })

  it("are read from tuples", () => {
    const Bar = Row.of({ open: at(1, decimal), at: at(0, Wire.seconds) })
    assert.deepStrictEqual(reads(Wire.one(Bar), [1, "2.5"]), { open: Decimal.make("2.5"), at: 1000 })
    assert.strictEqual(reads(Wire.one(Bar), [1]), "not understood")
    assert.strictEqual(reads(Wire.one(Bar), null), "not understood")
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

  it("say what the one says, or else the other", () => {
    assert.strictEqual(read({ first: "a", second: "bcd" }), "a")
    assert.strictEqual(read({ first: "a" }), "a")
    assert.strictEqual(read({ second: "bcd" }), 3)
    assert.strictEqual(read({}), "not understood")
    assert.strictEqual(read({ first: {}, second: "bcd" }), "not understood")
  })

  it("are alike under several names", () => {
    const row = Row.of(Wire.each(["bid", "ask"], at("price", decimal)))
    const read = reads(Wire.one(row), { price: "5" })
    assert(read !== "not understood")
    assert.deepStrictEqual(shown(read), { bid: "5", ask: "5" })
  })

  it("are true where any of them is, and are not understood where any of them is not", () => {
    const any = Wire.one(Wire.anyOf(at("a", Schema.Boolean), at("b", blank(Schema.Boolean))))
    assert.strictEqual(reads(any, { a: false, b: true }), true)
    assert.strictEqual(reads(any, { a: true }), true)
    assert.strictEqual(reads(any, { a: false }), false)
    assert.strictEqual(reads(any, { b: true }), "not understood")
    assert.strictEqual(reads(any, { a: true, b: 1 }), "not understood")
    assert.strictEqual(reads(Wire.one(Wire.anyOf()), {}), false)
  })

  it("are words of one text, separated by commas or blanks", () => {
    const words = (value: unknown) => reads(Wire.listed, value)
    assert.deepStrictEqual(words("post,viqc"), ["post", "viqc"])
    assert.deepStrictEqual(words(" read_only, trade "), ["read_only", "trade"])
    for (const none of ["", " , "]) assert.deepStrictEqual(words(none), [])
    for (const other of [["post"], null, undefined]) assert.strictEqual(words(other), "not understood")
  })

  it("are summed where both are there", () => {
    const total = Wire.one(Wire.sum(at("free", decimal), at("locked", decimal)))
    assert.strictEqual(plain(reads(total, { free: "1.5", locked: "0.25" })), "1.75")
    assert.strictEqual(reads(total, { free: "1.5" }), "not understood")
  })

  it("are taken from the first where all of them are there", () => {
    const free = Wire.one(Wire.minus(at("total", decimal), at("held", Wire.orZero(decimal)), at("lent", decimal)))
    assert.strictEqual(plain(reads(free, { total: "1.5", held: "0.25", lent: "1.5" })), "-0.25")
    assert.strictEqual(plain(reads(free, { total: "1.5", lent: "1" })), "0.5")
    assert.strictEqual(reads(free, { total: "1.5", held: "0.25" }), "not understood")
  })

  it("are read only where another field has a value, or only where it has any other", () => {
    const type = at("type", words({ l: "limit", m: "market" }))
    const [price, stop] = [when(type, "limit", at("price", decimal)), Wire.unless(type, "limit", at("price", decimal))]
    const both = (row: object) => [price, stop].map((field) => plain(reads(Wire.one(field), row)))
    assert.deepStrictEqual(both({ type: "l", price: "5" }), ["5", undefined])
    assert.deepStrictEqual(both({ type: "m", price: "5" }), [undefined, "5"])
    assert.deepStrictEqual(both({ type: "m" }), [undefined, "not understood"])
    assert.deepStrictEqual(both({ type: "x", price: "5" }), ["not understood", "not understood"])
  })

  it("are read where a value has the shape, and are none where it has another", () => {
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
    assert(read !== "not understood")
    return [plain(read.price), plain(read.averagePrice)]
  }

  it("have no price at the market, and were filled at none before some of them was", () => {
    assert.deepStrictEqual(prices("limit", "0"), ["5", undefined])
    assert.deepStrictEqual(prices("limit", "1"), ["5", "4"])
    assert.deepStrictEqual(prices("market", "1"), [undefined, "4"])
    assert.deepStrictEqual(prices("stop", "0.0"), ["5", undefined])
  })

  it("that are candles and levels are read from their places", () => {
    const candle = reads(Wire.one(Row.ohlcv(millis, decimal, [0, 1, 2, 3, 4, 6])), [7, "1", "3", "0.5", "2", "x", "9"])
    assert(candle !== "not understood")
    assert.deepStrictEqual(shown(candle), { openTime: 7, open: "1", high: "3", low: "0.5", close: "2", volume: "9" })
    const levels = reads(Row.levels(decimal, "price", "size"), [{ price: "5", size: "1" }, { price: "4", size: "2" }])
    assert(levels !== "not understood")
    assert.deepStrictEqual(levels.map(shown), [{ price: "5", amount: "1" }, { price: "4", amount: "2" }])
    assert.strictEqual(reads(Row.levels(decimal, 0, 1), [["5", "1"], ["4"]]), "not understood")
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

  it("that are orders or fills are named from their places, which may be without a client order id", () => {
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
    assert.strictEqual(reads(Wire.one(row), { orderId: "7", s: "", link: [] }), "not understood")
    const nameless = Row.of(Row.namesOfFill({ id: 0, orderId: 1, market: 2, clientOrderId: undefined }))
    assert.deepStrictEqual(reads(Wire.one(nameless), ["F1", "O1", "A", "mine"]), {
      id: "F1",
      orderId: "O1",
      market: "A",
      clientOrderId: undefined
    })
    assert.strictEqual(reads(Wire.one(nameless), ["F1", "", "A"]), "not understood")
  })

  it("that are orders have a status of ours, or none that is understood", () => {
    const row = Row.of({ status: Row.status("s", { open: "live part", filled: "done" }) })
    assert.deepStrictEqual(reads(Wire.one(row), { s: "part" }), { status: "open" })
    assert.strictEqual(reads(Wire.one(row), { s: "open" }), "not understood")
    // @ts-expect-error there is no such status
    Row.status("s", { opened: "live" })
  })

  it("that are markets or tell of the exchange have a status of ours, or one that is unknown", () => {
    const row = Row.of({ status: Row.statusOrUnknown("s", { open: "live", halted: "paused pre" }) })
    assert.deepStrictEqual(reads(Wire.one(row), { s: "pre" }), { status: "halted" })
    assert.deepStrictEqual(reads(Wire.one(row), { s: "open" }), { status: "unknown" })
    // @ts-expect-error there is no such status
    Row.statusOrUnknown("s", { opened: "live" })
  })

  it("that are orders are filled by nothing where that is not said, unless they are said to be filled", () => {
    const row = Row.of({ filled: Row.filled("size", decimal, at("done", Wire.isTrue)) })
    const filled = (value: unknown) => {
      const read = reads(Wire.one(row), value)
      return read === "not understood" ? read : shown(read)
    }
    assert.deepStrictEqual(filled({}), { filled: "0" })
    assert.deepStrictEqual(filled({ size: "1.5" }), { filled: "1.5" })
    assert.deepStrictEqual(filled({ size: "1.5", done: true }), { filled: "1.5" })
    for (const size of [undefined, "", "0", "x"]) assert.strictEqual(filled({ size, done: true }), "not understood")
    assert.strictEqual(filled({ size: "x" }), "not understood")
  })

  it("that are positions have a side where there is something of them", () => {
    const row = Row.position({
      market: at("market", text),
      side: at("side", words({ Buy: "long", Sell: "short" })),
      amount: at("size", decimal),
      ...Wire.each(["entryPrice", "markPrice", "liquidationPrice", "leverage", "unrealizedPnl"], none)
    })
    const sideOf = (side: string, size: string) => {
      const read = reads(Wire.one(row), { market: "A", side, size })
      return read === "not understood" ? read : read.side
    }
    assert.strictEqual(sideOf("Sell", "2"), "short")
    assert.strictEqual(sideOf("", "2"), "not understood")
    assert.strictEqual(sideOf("Sell", "x"), "not understood")
    assert.notStrictEqual(sideOf("", "0.0"), "not understood")
  })

  it("that are trades and books are read from their places", () => {
    const row = Row.tradeAt(millis, decimal, { id: 0, side: at(3, words({ b: "buy" })), price: 1, amount: 2, at: 4 })
    const trade = reads(Wire.one(row), [17, "5", "0.5", "b", 7])
    assert(trade !== "not understood")
    assert.deepStrictEqual(shown(trade), { id: "17", side: "buy", price: "5", amount: "0.5", at: 7 })
    assert.strictEqual(row.identify([17, "much"]).id, "17")
    const asked = Row.book(Row.levels(decimal, 0, 1), ["b", "a"], { at: at("ts", millis) })
    const book = reads(asked, { b: [["5", "1"]], a: [["6", "2"]], ts: 7 })
    assert(book !== "not understood")
    const { asks: [ask], at: time, bids: [bid] } = book
    assert(ask !== undefined && bid !== undefined)
    assert.deepStrictEqual([shown(bid), shown(ask), time], [
      { price: "5", amount: "1" },
      { price: "6", amount: "2" },
      7
    ])
    assert.strictEqual(reads(asked, { b: [["5", "1"]], ts: 7 }), "not understood")
  })

  it("that have something beside them are named as they are, understood or not", () => {
    const both = reads(Wire.list(Row.withFields(fill, { coin: at("coin", text) })), [
      { trade: "T1", price: "1", size: "2", coin: "BTC" },
      { trade: "T2", price: "1", size: "2" }
    ])
    assert(both !== "not understood")
    assert.deepStrictEqual(both.rows.map(({ coin, row }) => [coin, row.id]), [["BTC", "T1"]])
    assert.deepStrictEqual(both.unknown.map(({ detail, id, market }) => [id, market, detail]), [["T2", "X", "coin"]])
  })

  it("that are entries have an id of their own, whatever they are about and whether they are understood or not", () => {
    const entry = Row.entry(at("entry", text), fill, at("fill", Wire.isTrue))
    const entries = reads(Wire.list(entry), [
      { entry: "E1", trade: "T1", price: "1", size: "2", fill: true },
      { entry: "E2", fill: false },
      { entry: "E3", trade: "T1", price: "much", size: "2", fill: true }
    ])
    assert(entries !== "not understood")
    assert.deepStrictEqual(entries.rows.map(({ fill, id }) => [id, fill?.id]), [["E1", "T1"], ["E2", undefined]])
    assert.deepStrictEqual(entries.unknown.map(({ id, market }) => [id, market]), [["E3", "X"]])
  })
})

describe("lists", () => {
  it("hand over what they know, and tell apart what they do not, by the names that can be read", () => {
    const listing = reads(Wire.list(Named), [
      named({}),
      named({ id: "2", status: "frozen" }),
      named({ id: "3", market: 7, filled: "much" }),
      "nothing of the kind"
    ])
    assert(listing !== "not understood")
    assert.deepStrictEqual(listing.rows.map(({ id }) => id), ["1"])
    const nobody = { id: undefined, market: undefined, clientOrderId: undefined, createdAt: undefined }
    assert.deepStrictEqual(listing.unknown.map(({ detail: _, ...names }) => names), [
      { id: "2", market: "XBTUSD", clientOrderId: "mine", createdAt: 5 },
      { id: "3", market: "7", clientOrderId: "mine", createdAt: 5 },
      nobody
    ])
    assert.deepStrictEqual(listing.unknown.map(({ detail }) => detail), ["status", "filled", "id"])
  })

  it("make of each row none, one or several, and keep what is not understood", () => {
    const unknown = [{ id: "3", market: undefined, clientOrderId: undefined, createdAt: undefined, detail: "x" }]
    const listing = { rows: [1, 2, 3], unknown }
    assert.deepStrictEqual(Listing.flatMap(listing, (row) => row === 1 ? [] : row === 2 ? row : [row, row]), {
      rows: [2, 3, 3],
      unknown
    })
  })

  it("have each row once, as it was read last, by its id or by what else is said", () => {
    const row = (id: string, at: number) => ({ id, at })
    const twice = { rows: [row("1", 1), row("2", 2), row("1", 3)], unknown: [] }
    assert.deepStrictEqual(Listing.unique(twice).rows, [row("1", 3), row("2", 2)])
    assert.deepStrictEqual(Listing.unique(twice, ({ at, id }) => `${id} ${at}`), twice)
  })

  it("fail when they are no lists", () => {
    for (const value of [undefined, null, {}, "", 0]) {
      assert.strictEqual(reads(Wire.list(Named), value), "not understood")
    }
  })

  it("of one are that one, in a list or under any name, whatever else is said to be beside it", () => {
    const sole = Wire.sole(Wire.within("id", text), "last")
    for (const answer of [[{ id: 7 }], { XXBTZUSD: { id: "7" } }, { last: { id: "8" }, XXBTZUSD: { id: "7" } }]) {
      assert.strictEqual(reads(sole, answer), "7")
    }
    for (
      const answer of [[], {}, { last: { id: "8" } }, [{ id: 7 }, { id: 7 }], { a: { id: 7 }, b: 1 }, [{}], null, "7"]
    ) {
      assert.strictEqual(reads(sole, answer), "not understood", JSON.stringify(answer))
    }
  })

  it("by keys have the key among their fields, and may be empty lists", () => {
    const { id: _, ...row } = named({})
    const listing = reads(Wire.keyed("id", Named), { O1: row, O2: { ...row, side: "up" }, O3: 1 })
    assert(listing !== "not understood")
    assert.deepStrictEqual(listing.rows.map(({ id }) => id), ["O1"])
    assert.deepStrictEqual(listing.unknown.map(({ id }) => id), ["O2", undefined])
    assert.deepStrictEqual(reads(Wire.keyed("id", Named), []), Listing.of([]))
    assert.strictEqual(reads(Wire.keyed("id", Named), [row]), "not understood")
  })

  it("are all understood or none of them is, of a list or by keys", () => {
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
      assert(read !== "not understood")
      assert.strictEqual(read.length, 2)
      assert.strictEqual(reads(schema, values(row, { ...row, side: "up" })), "not understood")
      assert.deepStrictEqual(reads(schema, []), [])
    }
    assert.strictEqual(reads(Wire.every(Named, "id"), [row]), "not understood")
    assert.strictEqual(reads(Wire.every(Named), { O1: row }), "not understood")
  })

  it("hide no other where one is nested deeper than anybody could print", () => {
    const Plain = Row.of({ id: at("id", text), side: at("side", Schema.String) })
    const deep: unknown = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`)
    const listing = reads(Wire.list(Plain), [{ id: "1", side: deep }, { id: "2", side: "b" }])
    assert(listing !== "not understood")
    assert.deepStrictEqual(listing.rows, [{ id: "2", side: "b" }])
    assert.strictEqual(listing.unknown.length, 1)
  })

  it.prop("lose no row, whatever the rows are", [FastCheck.array(FastCheck.anything())], ([values]) => {
    const listing = reads(Wire.list(Named), values)
    assert(listing !== "not understood")
    assert.strictEqual(listing.rows.length + listing.unknown.length, values.length)
  })
})

describe("constructors of rows", () => {
  const fields = { price: at(0, decimal), amount: at(1, decimal) }

  it("want every field said, and no other", () => {
    Row.level(fields)
    // @ts-expect-error the amount is forgotten
    Row.level({ price: fields.price })
    // @ts-expect-error there is no such field
    Row.level({ ...fields, ammount: fields.amount })
    // @ts-expect-error an optional field that is misspelt is forgotten under its name
    Row.trade({ id: at("i", text), sid: at("s", words({ b: "buy" })), ...fields, at: at("t", Wire.millis) })
    // @ts-expect-error "bid" is not a side
    Row.trade({ id: at("i", text), side: at("s", words({ b: "bid" })), ...fields, at: at("t", Wire.millis) })
    // @ts-expect-error a price is no text
    Row.level({ ...fields, price: at(0, text) })
    // @ts-expect-error what has to be there cannot be none
    Row.level({ ...fields, amount: none })
  })
})
