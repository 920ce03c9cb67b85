import { expect, it } from "@effect/vitest"
import * as Standing from "../../src/feed/internal/standing.js"
import * as OrderBookSync from "../../src/feed/OrderBookSync.js"
import { type BookView, ExchangeError, ExchangeSymbol, type FeedItem } from "../../src/index.js"

const symbol = ExchangeSymbol.ExchangeSymbol.make("BTC/USDT")
const snapshot: OrderBookSync.BookUpdate = { kind: "snapshot", bids: [["100", "1"]], asks: [["101", "1"]] }
const update: OrderBookSync.BookUpdate = { kind: "update", bids: [["100", "2"]], asks: [] }

const crossed: OrderBookSync.BookUpdate = { kind: "update", bids: [["102", "1"]], asks: [] }

const listener = () => {
  const items: Array<FeedItem.FeedItem<BookView.BookView>> = []
  const errors: Array<string> = []
  return {
    consumer: {
      offer: (item: FeedItem.FeedItem<BookView.BookView>) => void items.push(item),
      fail: (error: { readonly _tag: string }) => void errors.push(error._tag)
    },
    tags: () => items.splice(0).map(({ _tag }) => _tag),
    errors
  }
}

const made = () => {
  const asked: Array<string> = []
  const standing = Standing.make<BookView.BookView, ExchangeError.AccountError>({
    operation: "streamOrderBook",
    topic: { socket: "public", key: "book", channel: "book" },
    reading: () =>
      OrderBookSync.make({
        exchange: "acme",
        symbol,
        rules: {},
        read: (frame) => ({ snapshot: [snapshot], update: [update], crossed: [crossed], odd: [] })[String(frame)]
      }),
    fail: (error) => error
  }, {
    resync: () => void asked.push("resync"),
    stale: () => void asked.push("stale"),
    unread: () => void asked.push("unread"),
    fetch: () => void asked.push("fetch"),
    failed: () => void asked.push("failed")
  })
  return { asked, standing }
}

it("what was said on a lost connection is not built on: a book waits for the snapshot of the next", () => {
  const { standing } = made()
  const one = listener()
  standing.join(one.consumer)
  standing.live()
  expect(one.tags()).toEqual([])
  expect(standing.data("update", 0)).toBe(false)
  expect(standing.data("snapshot", 0)).toBe(true)
  expect(one.tags()).toEqual(["Connected", "Data"])
  standing.lost(1, "a test")
  standing.lost(2, "and again")
  standing.live()
  expect(standing.data("update", 3)).toBe(false)
  expect(one.tags()).toEqual(["Reconnecting"])
  standing.data("snapshot", 4)
  expect(one.tags()).toEqual(["Resynced", "Data"])
})

it("one that cannot be trusted is said once, asked for again, and not handed out meanwhile", () => {
  const { asked, standing } = made()
  const one = listener()
  standing.join(one.consumer)
  standing.data("snapshot", 0)
  one.tags()
  expect(standing.data("garbage", 1)).toBe(false)
  expect(standing.data("garbage", 2)).toBe(false)
  expect(standing.data("update", 3)).toBe(false)
  expect(one.tags()).toEqual(["Stale"])
  expect(asked).toEqual(["stale", "resync", "resync"])
})

it("who comes later is told how things are: the latest value, or what is wrong", () => {
  const { standing } = made()
  standing.data("snapshot", 0)
  const late = listener()
  standing.join(late.consumer)
  expect(late.tags()).toEqual(["Connected", "Data"])
  standing.lost(1, "a test")
  const later = listener()
  standing.join(later.consumer)
  expect(later.tags()).toEqual(["Reconnecting"])
})

it("a refusal is told to all who listen, once, and ends the subscription", () => {
  const { asked, standing } = made()
  const [one, other] = [listener(), listener()]
  standing.join(one.consumer)
  standing.join(other.consumer)
  const error = new ExchangeError.PermissionDenied({ exchange: "acme", operation: "streamOrderBook", detail: "no" })
  standing.fail(error)
  standing.fail(error)
  expect([one.errors, other.errors]).toEqual([["PermissionDenied"], ["PermissionDenied"]])
  expect(asked).toContain("failed")
})

it("a book is shown as it stood before what went wrong, and not at all where that cannot be told any more", () => {
  const taken = (frame: string) => {
    const { standing } = made()
    let show: (() => FeedItem.FeedItem<BookView.BookView> | undefined) | undefined
    const amounts: Array<string | undefined> = []
    standing.join({
      fail: () => undefined,
      renew: (made) => {
        show = made
      },
      offer: ({ _tag }) => {
        const item = show?.()
        show = undefined
        if (item?._tag === "Data") amounts.push(item.value.depth(1).bids.map(({ amount }) => String(amount)).join())
        amounts.push(_tag)
      }
    })
    standing.data("snapshot", 0)
    standing.data("update", 1)
    standing.data(frame, 2)
    standing.lost(3, "a test")
    return amounts
  }
  expect(taken("update")).toEqual(["Connected", "2", "Reconnecting"])
  expect(taken("garbage")).toEqual(["Connected", "2", "Stale", "Reconnecting"])
  expect(taken("crossed")).toEqual(["Connected", "Stale", "Reconnecting"])
})
