import { describe, expect, it } from "@effect/vitest"
import * as OrderBookSync from "../../src/feed/OrderBookSync.js"
import { ExchangeSymbol, LocalOrderBook } from "../../src/index.js"

const symbol = ExchangeSymbol.ExchangeSymbol.make("BTC/USDT")
const bids = [["100", "1"], ["99", "2"]]
const asks = [["101", "1"], ["102", "2"]]

const makeSync = (rules: OrderBookSync.Rules) =>
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
const best = (read: ReturnType<ReturnType<typeof makeSync>["read"]>) =>
  read.values.map((view) => view.depth(1).bids.map(({ amount }) => String(amount.value)).join())

describe("a book whose feed begins with a snapshot", () => {
  const follows: OrderBookSync.Rules["follows"] = (last, { last: next = 0, previous }) =>
    previous === last ? "next" : next <= (last ?? 0) ? "old" : "gap"

  it("is complete from its snapshot on, and drops earlier updates", () => {
    const sync = makeSync({ follows })
    expect(sync.read([update({ last: 1, previous: 0 })], 0)).toEqual({ values: [], isWhole: false })
    expect(sync.read([snapshot(5)], 0).isWhole).toBe(true)
    expect(best(sync.read([update({ last: 9, previous: 5 })], 0))).toEqual(["3"])
  })

  it("has a fault when an update was lost, and none when one is repeated", () => {
    const sync = makeSync({ follows })
    sync.read([snapshot(5)], 0)
    sync.read([update({ last: 9, previous: 5 })], 0)
    expect(sync.read([update({ last: 9, previous: 5, bids: [["100", "8"]] })], 0).fault).toBeUndefined()
    expect(best(sync.read([update({ last: 12, previous: 9, bids: [] })], 0))).toEqual(["3"])
    expect(sync.read([update({ last: 20, previous: 15 })], 0).fault).toContain("lost")
  })

  it("is replaced by any later snapshot, and never merged with it", () => {
    const sync = makeSync({ follows })
    sync.read([snapshot(5)], 0)
    sync.read([update({ last: 9, previous: 5, bids: [["100.5", "3"], ["98", "1"]] })], 0)
    const after = sync.read([snapshot(2)], 0)
    expect(best(after)).toEqual(["1"])
    expect(after.values.map((view) => view.depth(10).bids.map(({ price }) => String(price.value)))).toEqual([
      ["100", "99"]
    ])
    expect(sync.read([update({ last: 4, previous: 2 })], 0).fault).toBeUndefined()
  })

  it("waits for another snapshot after begin", () => {
    const sync = makeSync({ follows })
    sync.read([snapshot(5)], 0)
    sync.begin()
    expect(sync.read([update({ last: 9, previous: 5 })], 0)).toEqual({ values: [], isWhole: false })
  })

  it("has a fault when it is crossed, its checksum differs or a level cannot be decoded", () => {
    expect(makeSync({}).read([{ ...snapshot(), asks: [["100", "1"]] }], 0).fault).toContain("not below")
    const checked = makeSync({ checksum: (book) => LocalOrderBook.top(book, "bids", 1).length })
    expect(checked.read([{ ...snapshot(), checksum: 1 }], 0).fault).toBeUndefined()
    expect(checked.read([update({ checksum: 7 })], 0).fault).toContain("checksum")
    expect(makeSync({}).read([{ ...snapshot(), bids: [["-1", "1"]] }], 0).fault).toContain("could not be decoded")
    expect(makeSync({}).read("garbage", 0).fault).toContain("could not be decoded")
  })

  it("takes the last level of a price that one update names twice", () => {
    const sync = makeSync({})
    sync.read([snapshot()], 0)
    expect(best(sync.read([update({ bids: [["100", "7"], ["100", "4"]] })], 0))).toEqual(["4"])
  })

  it("has the exchange's checksum after an update that names a price twice, even if it removes or restores the level", () => {
    const all = (book: LocalOrderBook.LocalOrderBook) =>
      LocalOrderBook.crc32(
        (["asks", "bids"] as const).map((side) =>
          LocalOrderBook.top(book, side, 10).map(({ amount, price }) => `${price}:${amount}`).join()
        ).join(";")
      )
    const sync = makeSync({ checksum: all })
    sync.read([snapshot()], 0)
    const apply = (bids: ReadonlyArray<readonly [string, string]>, checksum: number) =>
      sync.read([update({ bids, checksum })], 0)
    const twice = apply([["100", "7"], ["100", "4"]], LocalOrderBook.crc32("101:1,102:2;100:4,99:2"))
    expect([twice.fault, twice.isWhole]).toEqual([undefined, true])
    const gone = apply([["99", "9"], ["99", "0"]], LocalOrderBook.crc32("101:1,102:2;100:4"))
    expect([gone.fault, gone.isWhole]).toEqual([undefined, true])
    const back = apply([["100", "0"], ["100", "5"]], LocalOrderBook.crc32("101:1,102:2;100:5"))
    expect([back.fault, back.isWhole]).toEqual([undefined, true])
  })
})

describe("a book whose snapshot is requested", () => {
  const follows: OrderBookSync.Rules["follows"] = (last = 0, { first = 0, last: next = 0 }) =>
    next <= last ? "old" : first > last + 1 ? "gap" : "next"
  const rules: OrderBookSync.Rules = { follows, asksForSnapshot: true }
  const numbered = (first: number, last: number) => update({ first, last, bids: [["100", String(last)]] })

  it("requests a snapshot at its first update, buffers updates meanwhile, and applies those that follow the snapshot", () => {
    const sync = makeSync(rules)
    for (const [first, last] of [[155, 158], [159, 162], [163, 165]] as const) {
      expect(sync.read([numbered(first, last)], 0)).toEqual({ values: [], isWhole: false, wants: true })
    }
    expect(best(sync.read([snapshot(160)], 0))).toEqual(["165"])
    expect(sync.read([numbered(167, 170)], 0).fault).toContain("lost")
  })

  it("requests another snapshot if it is older than all buffered updates", () => {
    const sync = makeSync(rules)
    sync.read([numbered(200, 203)], 0)
    expect(sync.read([snapshot(160)], 0)).toEqual({ values: [], isWhole: false, wants: true })
    expect(best(sync.read([snapshot(201)], 0))).toEqual(["203"])
  })

  it("is complete from its snapshot on, although no update has arrived", () => {
    const sync = makeSync(rules)
    expect(best(sync.read([snapshot(160)], 0))).toEqual(["1"])
    expect(best(sync.read([numbered(159, 161)], 0))).toEqual(["161"])
    expect(sync.read([numbered(163, 163)], 0).fault).toContain("lost")
  })

  it("keeps a book that is newer than a snapshot, and takes a newer snapshot", () => {
    const sync = makeSync(rules)
    sync.read([snapshot(160)], 0)
    sync.read([numbered(161, 165)], 0)
    expect(best(sync.read([snapshot(164)], 0))).toEqual(["165"])
    expect(best(sync.read([numbered(166, 166)], 0))).toEqual(["166"])
    expect(best(sync.read([snapshot(170)], 0))).toEqual(["1"])
    expect(best(sync.read([numbered(171, 171)], 0))).toEqual(["171"])
  })

  it("buffers a limited number of updates while no snapshot arrives", () => {
    const sync = makeSync(rules)
    for (let last = 1; last <= 20_000; last++) sync.read([numbered(last, last)], 0)
    // The oldest updates are dropped: a snapshot of their age is useless, and a current one is not.
    expect(sync.read([snapshot(10)], 0)).toEqual({ values: [], isWhole: false, wants: true })
    expect(sync.read([snapshot(14_000)], 0)).toEqual({ values: [], isWhole: false, wants: true })
    expect(best(sync.read([snapshot(19_999)], 0))).toEqual(["20000"])
  })
})
