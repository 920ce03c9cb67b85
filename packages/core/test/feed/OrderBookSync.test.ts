import { describe, expect, it } from "@effect/vitest"
import * as OrderBookSync from "../../src/feed/OrderBookSync.js"
import { ExchangeSymbol, LocalOrderBook } from "../../src/index.js"

const symbol = ExchangeSymbol.ExchangeSymbol.make("BTC/USDT")
const bids = [["100", "1"], ["99", "2"]]
const asks = [["101", "1"], ["102", "2"]]

const made = (rules: OrderBookSync.Rules) =>
  OrderBookSync.make({
    exchange: "acme",
    symbol,
    rules,
    read: (frame) => frame === "garbage" ? undefined : frame as ReadonlyArray<OrderBookSync.BookUpdate>
  })
const snapshot = (last?: number): OrderBookSync.BookUpdate => ({ kind: "snapshot", bids, asks, last })
const update = (more: Partial<OrderBookSync.BookUpdate> = {}): OrderBookSync.BookUpdate => ({
  kind: "update",
  bids: [["100", "3"]],
  asks: [],
  ...more
})
const best = (read: ReturnType<ReturnType<typeof made>["read"]>) =>
  read.values.map((view) => view.depth(1).bids.map(({ amount }) => String(amount.value)).join())

describe("a book whose snapshot comes first", () => {
  const follows: OrderBookSync.Rules["follows"] = (last, { last: next = 0, previous }) =>
    previous === last ? "next" : next <= (last ?? 0) ? "old" : "gap"

  it("is whole from its snapshot on, and drops what comes before", () => {
    const sync = made({ follows })
    expect(sync.read([update({ last: 1, previous: 0 })], 0)).toEqual({ values: [], isWhole: false })
    expect(sync.read([snapshot(5)], 0).isWhole).toBe(true)
    expect(best(sync.read([update({ last: 9, previous: 5 })], 0))).toEqual(["3"])
  })

  it("has a fault when an update was lost, and none when one comes again", () => {
    const sync = made({ follows })
    sync.read([snapshot(5)], 0)
    sync.read([update({ last: 9, previous: 5 })], 0)
    expect(sync.read([update({ last: 9, previous: 5, bids: [["100", "8"]] })], 0).fault).toBeUndefined()
    expect(best(sync.read([update({ last: 12, previous: 9, bids: [] })], 0))).toEqual(["3"])
    expect(sync.read([update({ last: 20, previous: 15 })], 0).fault).toContain("lost")
  })

  it("is replaced by any later snapshot, and never merged with it", () => {
    const sync = made({ follows })
    sync.read([snapshot(5)], 0)
    sync.read([update({ last: 9, previous: 5, bids: [["100.5", "3"], ["98", "1"]] })], 0)
    const after = sync.read([snapshot(2)], 0)
    expect(best(after)).toEqual(["1"])
    expect(after.values.map((view) => view.depth(10).bids.map(({ price }) => String(price.value)))).toEqual([
      ["100", "99"]
    ])
    expect(sync.read([update({ last: 4, previous: 2 })], 0).fault).toBeUndefined()
  })

  it("waits for another snapshot when it began anew", () => {
    const sync = made({ follows })
    sync.read([snapshot(5)], 0)
    sync.begin()
    expect(sync.read([update({ last: 9, previous: 5 })], 0)).toEqual({ values: [], isWhole: false })
  })

  it("has a fault when it is crossed, has another checksum, or a level is not understood", () => {
    expect(made({}).read([{ ...snapshot(), asks: [["100", "1"]] }], 0).fault).toContain("not below")
    const checked = made({ checksum: (book) => LocalOrderBook.top(book, "bids", 1).length })
    expect(checked.read([{ ...snapshot(), checksum: 1 }], 0).fault).toBeUndefined()
    expect(checked.read([update({ checksum: 7 })], 0).fault).toContain("checksum")
    expect(made({}).read([{ ...snapshot(), bids: [["-1", "1"]] }], 0).fault).toContain("could not be decoded")
    expect(made({}).read("garbage", 0).fault).toContain("could not be decoded")
  })

  it("takes the last word on a price that one update names twice", () => {
    const sync = made({})
    sync.read([snapshot()], 0)
    expect(best(sync.read([update({ bids: [["100", "7"], ["100", "4"]] })], 0))).toEqual(["4"])
  })

  it("has the exchange's checksum after an update that names a price twice, also where it comes, goes and comes again", () => {
    const all = (book: LocalOrderBook.LocalOrderBook) =>
      LocalOrderBook.crc32(
        (["asks", "bids"] as const).map((side) =>
          LocalOrderBook.top(book, side, 10).map(({ amount, price }) => `${price}:${amount}`).join()
        ).join(";")
      )
    const sync = made({ checksum: all })
    sync.read([snapshot()], 0)
    const told = (bids: ReadonlyArray<readonly [string, string]>, checksum: number) =>
      sync.read([update({ bids, checksum })], 0)
    const twice = told([["100", "7"], ["100", "4"]], LocalOrderBook.crc32("101:1,102:2;100:4,99:2"))
    expect([twice.fault, twice.isWhole]).toEqual([undefined, true])
    const gone = told([["99", "9"], ["99", "0"]], LocalOrderBook.crc32("101:1,102:2;100:4"))
    expect([gone.fault, gone.isWhole]).toEqual([undefined, true])
    const back = told([["100", "0"], ["100", "5"]], LocalOrderBook.crc32("101:1,102:2;100:5"))
    expect([back.fault, back.isWhole]).toEqual([undefined, true])
  })
})

describe("a book whose snapshot is asked for", () => {
  const follows: OrderBookSync.Rules["follows"] = (last = 0, { first = 0, last: next = 0 }) =>
    next <= last ? "old" : first > last + 1 ? "gap" : "next"
  const rules: OrderBookSync.Rules = { follows, asksForSnapshot: true }
  const numbered = (first: number, last: number) => update({ first, last, bids: [["100", String(last)]] })

  it("asks with its first update, keeps what comes meanwhile, and applies what follows the snapshot", () => {
    const sync = made(rules)
    for (const [first, last] of [[155, 158], [159, 162], [163, 165]] as const) {
      expect(sync.read([numbered(first, last)], 0)).toEqual({ values: [], isWhole: false, wants: true })
    }
    expect(best(sync.read([snapshot(160)], 0))).toEqual(["165"])
    expect(sync.read([numbered(167, 170)], 0).fault).toContain("lost")
  })

  it("asks again where the snapshot is older than all it has", () => {
    const sync = made(rules)
    sync.read([numbered(200, 203)], 0)
    expect(sync.read([snapshot(160)], 0)).toEqual({ values: [], isWhole: false, wants: true })
    expect(best(sync.read([snapshot(201)], 0))).toEqual(["203"])
  })

  it("keeps only so much of what comes while no snapshot does", () => {
    const sync = made(rules)
    for (let last = 1; last <= 20_000; last++) sync.read([numbered(last, last)], 0)
    // What came first is let go: a snapshot that old is of no use any more, and one of now is.
    expect(sync.read([snapshot(10)], 0)).toEqual({ values: [], isWhole: false, wants: true })
    expect(sync.read([snapshot(14_000)], 0)).toEqual({ values: [], isWhole: false, wants: true })
    expect(best(sync.read([snapshot(19_999)], 0))).toEqual(["20000"])
  })
})
