import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { type BookView, Decimal, ExchangeSymbol, LocalOrderBook } from "../../src/index.js"

const symbol = ExchangeSymbol.make("BTC/USDT")
const make = (maximumDepth?: number) => LocalOrderBook.make({ exchange: "acme", symbol, maximumDepth })

const shown = (book: LocalOrderBook.LocalOrderBook) => ({
  bids: LocalOrderBook.top(book, "bids", 10_000),
  asks: LocalOrderBook.top(book, "asks", 10_000)
})

const viewed = (view: BookView.BookView) => {
  const { asks, bids } = view.depth(10_000)
  const text = (levels: typeof bids) =>
    levels.map(({ amount, price }) => `${Decimal.format(price)} ${Decimal.format(amount)}`)
  return { bids: text(bids), asks: text(asks), counts: [view.bids, view.asks] }
}

const prices = (book: LocalOrderBook.LocalOrderBook, side: BookView.Side) =>
  LocalOrderBook.top(book, side, 10_000).map(({ price }) => price)

const anyTick = FastCheck.integer({ min: 1, max: 400 })

/** A price and its rank among all prices: every second one exceeds the previous by less than a double can tell. */
const price = FastCheck.tuple(anyTick, FastCheck.integer({ min: 0, max: 9 })).map(([tick, spelling]) => {
  const short = (tick / 10).toFixed(1)
  if (spelling === 9) return { rank: tick * 2 + 1, sent: `${short}0000000000000000000001` }
  const sent = spelling < 5 ? short : spelling === 5 ? `${short}00` : spelling === 6 ? `${tick}e-1` : tick / 10
  return { rank: tick * 2, sent }
})

const amount = FastCheck.oneof(
  { weight: 4, arbitrary: FastCheck.constantFrom<string | number>("0", 0, "0.00000000", "0e3") },
  { weight: 6, arbitrary: FastCheck.constantFrom<string | number>("1", 2.5, "1.50", 1e-7, "123456789012.12345678") }
)

const levels = FastCheck.array(FastCheck.record({ price, amount }), { maxLength: 150, size: "max" })

const program = FastCheck.array(
  FastCheck.record({
    kind: FastCheck.constantFrom("replace" as const, "apply" as const, "apply" as const, "view" as const),
    bids: levels,
    asks: levels
  }),
  { minLength: 1, maxLength: 12, size: "max" }
)

type Figure = string | number

interface Row {
  readonly price: { readonly rank: number; readonly sent: Figure }
  readonly amount: Figure
}

/** A simple model of an order book: rows by the rank of their price. */
class Model {
  readonly bids = new Map<number, Row>()
  readonly asks = new Map<number, Row>()

  replace(bids: ReadonlyArray<Row>, asks: ReadonlyArray<Row>) {
    this.bids.clear()
    this.asks.clear()
    this.apply(bids, asks)
  }

  apply(bids: ReadonlyArray<Row>, asks: ReadonlyArray<Row>) {
    for (const [side, rows] of [[this.bids, bids], [this.asks, asks]] as const) {
      for (const row of rows) {
        if (Number(row.amount) === 0) side.delete(row.price.rank)
        else side.set(row.price.rank, row)
      }
    }
  }

  sorted(side: BookView.Side): ReadonlyArray<Row> {
    return [...this[side].values()].toSorted((a, b) => (a.price.rank - b.price.rank) * (side === "bids" ? -1 : 1))
  }

  truncate(most: number) {
    for (const side of ["bids", "asks"] as const) {
      for (const { price } of this.sorted(side).slice(most)) this[side].delete(price.rank)
    }
  }

  shown() {
    const text = (figure: Figure) => typeof figure === "number" ? figure.toFixed(7).replace(/\.?0+$/, "") : figure
    const side = (rows: ReadonlyArray<Row>) =>
      rows.map(({ amount, price }) => ({ price: text(price.sent), amount: text(amount) }))
    return { bids: side(this.sorted("bids")), asks: side(this.sorted("asks")) }
  }

  isCrossed() {
    const [bid, ask] = [this.sorted("bids")[0], this.sorted("asks")[0]]
    return bid !== undefined && ask !== undefined && bid.price.rank >= ask.price.rank
  }
}

const raw = (rows: ReadonlyArray<Row>) => rows.map(({ amount, price }) => [price.sent, amount])

describe("LocalOrderBook", () => {
  it.prop(
    "equals a map of exact prices, and views do not change later",
    [program, FastCheck.option(FastCheck.integer({ min: 1, max: 100 }), { nil: undefined })],
    ([steps, maximumDepth]) => {
      const book = make(maximumDepth)
      const model = new Model()
      const views: Array<readonly [BookView.BookView, ReturnType<typeof viewed>]> = []
      for (const { asks, bids, kind } of steps) {
        if (kind === "view") {
          const view = LocalOrderBook.view(book)
          views.push([view, viewed(view)])
          assert.deepStrictEqual([view.bids, view.asks], [model.bids.size, model.asks.size])
          continue
        }
        const update = kind === "apply" ? LocalOrderBook.apply : LocalOrderBook.replace
        assert.isTrue(update(book, raw(bids), raw(asks)))
        model[kind](bids, asks)
        if (maximumDepth !== undefined) model.truncate(maximumDepth)
        assert.deepStrictEqual(shown(book), model.shown())
        assert.strictEqual(LocalOrderBook.isCrossed(book), model.isCrossed())
        assert.strictEqual(LocalOrderBook.isEmpty(book), model.bids.size + model.asks.size === 0)
      }
      for (const [view, before] of views) assert.deepStrictEqual(viewed(view), before)
    }
  )

  it("replace takes levels in any order and discards the previous ones", () => {
    const book = make()
    LocalOrderBook.apply(book, [["9", "9"]], [["90", "9"]])
    assert.isTrue(LocalOrderBook.replace(book, [["1", "1"], ["3", "1"], ["2", "1"]], [["5", "1"], ["4", "1"]]))
    assert.deepStrictEqual(prices(book, "bids"), ["3", "2", "1"])
    assert.deepStrictEqual(prices(book, "asks"), ["4", "5"])
  })

  it("the last of several changes of one price in an update wins", () => {
    const book = make()
    LocalOrderBook.apply(book, [["1", "1"], ["1", "2"], ["2", "1"], ["2.0", "0"]], [["3", "0"], ["3", "1"]])
    assert.deepStrictEqual(shown(book), {
      bids: [{ price: "1", amount: "2" }],
      asks: [{ price: "3", amount: "1" }]
    })
  })

  it("distinguishes prices that are the same double", () => {
    const book = make()
    const [low, middle, high] = [
      "0.1000000000000000055511151231257827021181583404541015624",
      "0.1",
      "0.10000000000000001"
    ]
    LocalOrderBook.apply(book, [[middle, "1"], [high, "2"]], [[high, "3"], [low, "4"], [0.1, "5"]])
    assert.deepStrictEqual(prices(book, "bids"), [high, middle])
    assert.deepStrictEqual(prices(book, "asks"), [middle, high, low].toSorted())
    LocalOrderBook.apply(book, [["0.10", 0]], [["0.100", "0"]])
    assert.deepStrictEqual(prices(book, "bids"), [high])
    assert.notInclude(prices(book, "asks"), "0.1")
  })

  for (
    const [what, level] of [
      ["an empty price", ["", "1"]],
      ["a price of zero", ["0.00", "1"]],
      ["a negative price", ["-1", "1"]],
      ["a price of null", [null, "1"]],
      ["a price of NaN", [Number.NaN, 1]],
      ["an infinite price", [Number.POSITIVE_INFINITY, 1]],
      ["an inexact number", [2 ** 53, 1]],
      ["a number too small", [1e-61, 1]],
      ["a hexadecimal price", ["0x10", "1"]],
      ["a price with a blank", ["1 ", "1"]],
      ["a price with a trailing point", ["1.", "1"]],
      ["a price with a leading point", [".5", "1"]],
      ["a price with two points", ["1.2.3", "1"]],
      ["a price with a plus", ["+1", "1"]],
      ["a price of 41 digits", ["1".repeat(41), "1"]],
      ["an empty amount", ["1", ""]],
      ["a missing amount", ["1"]],
      ["a negative amount", ["1", "-0.1"]],
      ["an amount that is a negative number", [1, -0.1]],
      ["an amount in words", ["1", "all"]],
      ["an object", { price: "1", amount: "1" }],
      ["null", null]
    ] as const
  ) {
    it(`refuses an update with an invalid level, and is empty afterwards: ${what}`, () => {
      for (const update of [LocalOrderBook.apply, LocalOrderBook.replace]) {
        const book = make()
        LocalOrderBook.replace(book, [["1", "1"]], [["2", "1"]])
        assert.isFalse(update(book, [["1", "2"]], [["3", "1"], level]))
        assert.isTrue(LocalOrderBook.isEmpty(book))
      }
    })
  }

  it("reads price and amount from other positions of arrays or fields of objects", () => {
    const named = make()
    const bids = [{ price: "2", qty: 1 }, { qty: 3, price: 1.5 }]
    assert.isTrue(LocalOrderBook.replace(named, bids, [{ price: 3, qty: "0.5" }], ["price", "qty"]))
    const listed = make()
    assert.isTrue(LocalOrderBook.replace(listed, [["new", "2", 1], ["new", 1.5, 3]], [["new", 3, "0.5"]], [1, 2]))
    for (const book of [named, listed]) {
      assert.deepStrictEqual(LocalOrderBook.top(book, "bids", 9), [
        { price: "2", amount: "1" },
        { price: "1.5", amount: "3" }
      ])
      assert.deepStrictEqual(LocalOrderBook.top(book, "asks", 9), [{ price: "3", amount: "0.5" }])
    }
    assert.isFalse(LocalOrderBook.apply(named, [{ price: "2" }], [], ["price", "qty"]))
    assert.isFalse(LocalOrderBook.apply(listed, [["new", "2"]], [], [1, 2]))
  })

  it("refuses a side that is not an array", () => {
    for (const side of [undefined, null, "", {}, 1]) assert.isFalse(LocalOrderBook.apply(make(), [], side))
  })

  it("reads exponents and long digits, and ignores further elements of a level", () => {
    const book = make()
    assert.isTrue(LocalOrderBook.apply(book, [[1e-7, "1E+3"], ["2.5e-9", 1e-9]], [["1", "9".repeat(40), "0", "3"]]))
    assert.deepStrictEqual(shown(book), {
      bids: [{ price: "0.0000001", amount: "1E+3" }, { price: "2.5e-9", amount: "0.000000001" }],
      asks: [{ price: "1", amount: "9".repeat(40) }]
    })
  })

  it("is crossed if the best bid is at or above the best ask, compared exactly", () => {
    for (
      const [bid, ask, crossed] of [
        ["1.5", "1.50", true],
        [1.5, "1.5000", true],
        ["1.6", "1.5", true],
        ["1.4", "1.5", false],
        ["0.30000000000000000001", "0.30000000000000000002", false],
        ["0.30000000000000000002", "0.30000000000000000001", true]
      ] as const
    ) {
      const book = make()
      LocalOrderBook.replace(book, [["0.1", "1"], [bid, "1"]], [[ask, "1"], ["2", "1"]])
      assert.strictEqual(LocalOrderBook.isCrossed(book), crossed, `${bid} and ${ask}`)
    }
    const half = make()
    LocalOrderBook.replace(half, [["1", "1"]], [])
    assert.isFalse(LocalOrderBook.isCrossed(half))
  })

  it("drops levels beyond the maximum depth only after the whole update", () => {
    const book = make(2)
    LocalOrderBook.replace(book, [["3", "1"], ["2", "1"], ["1", "1"]], [["4", "1"], ["5", "1"]])
    assert.deepStrictEqual(prices(book, "bids"), ["3", "2"])
    LocalOrderBook.apply(book, [["4", "1"], ["4", "0"]], [["4.5", "1"]])
    assert.deepStrictEqual(prices(book, "bids"), ["3", "2"])
    assert.deepStrictEqual(prices(book, "asks"), ["4", "4.5"])
  })

  it("merges its chunks after most of its levels are removed", () => {
    const book = make()
    const ticks = Array.from({ length: 20_000 }, (_, index) => index + 1)
    LocalOrderBook.replace(book, ticks.map((tick) => [tick, 1]), [])
    LocalOrderBook.apply(book, ticks.map((tick) => [tick, tick % 40 === 0 ? 1 : 0]), [])
    assert.strictEqual(LocalOrderBook.view(book).bids, 500)
    assert.isBelow(book.bids.chunks.length, 100)
  })
})

describe("LocalOrderBook by id", () => {
  const bitmex = () => {
    const book = make()
    assert.isTrue(LocalOrderBook.setById(book, "bids", 8799900000, 100, 99.5))
    assert.isTrue(LocalOrderBook.setById(book, "asks", 8799899900, 200, 100.5))
    return book
  }

  it("setById without a price changes the amount of the level", () => {
    const book = bitmex()
    assert.isTrue(LocalOrderBook.setById(book, "bids", 8799900000, 150))
    assert.deepStrictEqual(shown(book).bids, [{ price: "99.5", amount: "150" }])
  })

  it("setById with another price moves the level", () => {
    const book = bitmex()
    assert.isTrue(LocalOrderBook.setById(book, "asks", 8799899900, 200, 101))
    assert.deepStrictEqual(shown(book).asks, [{ price: "101", amount: "200" }])
  })

  it("removeById removes the level and its id", () => {
    const book = bitmex()
    assert.isTrue(LocalOrderBook.removeById(book, "bids", 8799900000))
    assert.deepStrictEqual(prices(book, "bids"), [])
    assert.isFalse(LocalOrderBook.removeById(book, "bids", 8799900000))
  })

  it("refuses an id that was never set on that side, and invalid figures, and is empty afterwards", () => {
    for (
      const update of [
        (book: LocalOrderBook.LocalOrderBook) => LocalOrderBook.setById(book, "bids", 8799899900, 1),
        (book: LocalOrderBook.LocalOrderBook) => LocalOrderBook.removeById(book, "bids", 8799899900),
        (book: LocalOrderBook.LocalOrderBook) => LocalOrderBook.setById(book, "bids", 8799900000, "all"),
        (book: LocalOrderBook.LocalOrderBook) => LocalOrderBook.setById(book, "bids", 8799900000, 1, "-1")
      ]
    ) {
      const book = bitmex()
      assert.isFalse(update(book))
      assert.isTrue(LocalOrderBook.isEmpty(book))
    }
  })

  it("replace discards the ids", () => {
    const book = bitmex()
    LocalOrderBook.replace(book, [], [])
    assert.isFalse(LocalOrderBook.setById(book, "bids", 8799900000, 1))
  })
})

describe("the checksum of an order book", () => {
  it("uses the CRC-32 of zlib", () => {
    assert.strictEqual(LocalOrderBook.crc32(""), 0)
    assert.strictEqual(LocalOrderBook.crc32("123456789"), 0xcbf43926)
    assert.strictEqual(LocalOrderBook.crc32("123456789") | 0, -873187034)
  })

  it("matches OKX's example", () => {
    const book = make()
    LocalOrderBook.replace(book, [["3366.1", "7"], ["3366", "6"]], [["3366.8", "9"], ["3368", "8"], ["3372", "8"]])
    const bids = LocalOrderBook.top(book, "bids", 25)
    const text = LocalOrderBook.top(book, "asks", 25).flatMap((ask, at) =>
      [bids[at], ask].flatMap((level) => level === undefined ? [] : [level.price, level.amount])
    ).join(":")
    assert.strictEqual(LocalOrderBook.crc32(text) | 0, 1362239393)
  })

  it("matches Kraken's examples after removals and truncation", () => {
    const book = make(10)
    const digits = (text: string, places: number) => {
      const [whole = "", part = ""] = text.split(".")
      return (whole + part.padEnd(places, "0")).replace(/^0+/, "")
    }
    const checksum = () =>
      LocalOrderBook.crc32(
        [...LocalOrderBook.top(book, "asks", 10), ...LocalOrderBook.top(book, "bids", 10)]
          .map(({ amount, price }) => digits(price, 1) + digits(amount, 8)).join("")
      )
    LocalOrderBook.replace(book, krakenBids, krakenAsks)
    assert.strictEqual(checksum(), 3310070434)
    LocalOrderBook.apply(book, [[45283.5, 0], [45275.0, 0.2]], [[45285.2, 0.5]])
    assert.strictEqual(checksum(), 4115056263)
    LocalOrderBook.apply(book, [], [[45290.0, 0.25]])
    assert.strictEqual(checksum(), 3477122797)
  })
})

const krakenAsks = [
  [45285.2, 0.001],
  [45286.4, 1.54571953],
  [45286.6, 1.54571109],
  [45289.6, 1.54560911],
  [45290.2, 0.1589066],
  [45291.8, 1.54553491],
  [45294.7, 0.04454749],
  [45296.1, 0.3538],
  [45297.5, 0.09945542],
  [45299.5, 0.18772827]
]

const krakenBids = [
  [45283.5, 0.1],
  [45283.4, 1.54582015],
  [45282.1, 0.1],
  [45281.0, 0.1],
  [45280.3, 1.54592586],
  [45279.0, 0.0799],
  [45277.6, 0.03310103],
  [45277.5, 0.3],
  [45277.3, 1.54602737],
  [45276.6, 0.15445238]
]
