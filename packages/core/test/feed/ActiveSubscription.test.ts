import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as ActiveSubscription from "../../src/feed/internal/activeSubscription.js"
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

const setup = (fetch?: Effect.Effect<unknown, ExchangeError.AccountError>) => {
  const calls: Array<string> = []
  const fetches: Array<Effect.Effect<unknown, ExchangeError.AccountError>> = []
  const subscription = ActiveSubscription.make<BookView.BookView, ExchangeError.AccountError>({
    operation: "streamOrderBook",
    topic: { socket: "public", key: "book", channel: "book" },
    reading: () =>
      OrderBookSync.make({
        exchange: "acme",
        symbol,
        rules: { asksForSnapshot: fetch !== undefined },
        read: (frame) => ({ snapshot: [snapshot], update: [update], crossed: [crossed], odd: [] })[String(frame)]
      }),
    fail: (error) => error,
    fetch
  }, {
    resync: () => void calls.push("resync"),
    stale: () => void calls.push("stale"),
    unread: () => void calls.push("unread"),
    fetch: (effect) => void fetches.push(effect),
    stopFetching: () => undefined,
    failed: () => void calls.push("failed")
  })
  return { calls, fetches, subscription }
}

it("a book waits for a new snapshot after its connection was lost", () => {
  const { subscription } = setup()
  const one = listener()
  subscription.join(one.consumer)
  subscription.live()
  expect(one.tags()).toEqual([])
  expect(subscription.data("update", 0)).toBe(false)
  expect(subscription.data("snapshot", 0)).toBe(true)
  expect(one.tags()).toEqual(["Connected", "Data"])
  subscription.lost(1, "a test")
  subscription.lost(2, "and again")
  subscription.live()
  expect(subscription.data("update", 3)).toBe(false)
  expect(one.tags()).toEqual(["Reconnecting"])
  subscription.data("snapshot", 4)
  expect(one.tags()).toEqual(["Resynced", "Data"])
})

it("a book with a fault is reported as stale once, requested again, and not delivered meanwhile", () => {
  const { calls, subscription } = setup()
  const one = listener()
  subscription.join(one.consumer)
  subscription.data("snapshot", 0)
  one.tags()
  expect(subscription.data("garbage", 1)).toBe(false)
  expect(subscription.data("garbage", 2)).toBe(false)
  expect(subscription.data("update", 3)).toBe(false)
  expect(one.tags()).toEqual(["Stale"])
  expect(calls).toEqual(["stale", "resync", "resync"])
})

it("a later consumer receives the current state: the latest value, or the reconnect", () => {
  const { subscription } = setup()
  subscription.data("snapshot", 0)
  const late = listener()
  subscription.join(late.consumer)
  expect(late.tags()).toEqual(["Connected", "Data"])
  subscription.lost(1, "a test")
  const later = listener()
  subscription.join(later.consumer)
  expect(later.tags()).toEqual(["Reconnecting"])
})

it.effect("a snapshot is requested once the subscription is confirmed, and ignored if the book has begun anew since", () =>
  Effect.gen(function*() {
    const { fetches, subscription } = setup(Effect.succeed("snapshot"))
    const one = listener()
    subscription.join(one.consumer)
    expect(fetches.length).toBe(0)
    subscription.live()
    expect(fetches.length).toBe(1)
    const early = yield* Effect.all(fetches)
    for (const restart of [() => subscription.data("garbage", 1), () => subscription.lost(1, "a test")]) {
      restart()
      one.tags()
      for (const answer of early) expect(subscription.data(answer, 2)).toBe(false)
      expect(one.tags()).toEqual([])
    }
    subscription.live()
    const current = yield* Effect.all(fetches.slice(1))
    expect(current.length).toBe(1)
    for (const answer of current) expect(subscription.data(answer, 3)).toBe(true)
    expect(one.tags()).toEqual(["Resynced", "Data"])
    subscription.live()
    expect(fetches.length).toBe(2)
    // Nothing shows that a silent subscription delivers anything, although it is confirmed again.
    subscription.stale(4, "no data")
    subscription.live()
    expect(fetches.length).toBe(2)
  }))

it("a refusal fails all consumers once, and ends the subscription", () => {
  const { calls, subscription } = setup()
  const [one, other] = [listener(), listener()]
  subscription.join(one.consumer)
  subscription.join(other.consumer)
  const error = new ExchangeError.PermissionDenied({ exchange: "acme", operation: "streamOrderBook", detail: "no" })
  subscription.fail(error)
  subscription.fail(error)
  expect([one.errors, other.errors]).toEqual([["PermissionDenied"], ["PermissionDenied"]])
  expect(calls).toContain("failed")
})

it("a consumer that reads late gets the book before a fault, unless the faulty update has changed the book", () => {
  const receivedAfter = (frame: string) => {
    const { subscription } = setup()
    let read: (() => FeedItem.FeedItem<BookView.BookView> | undefined) | undefined
    const amounts: Array<string | undefined> = []
    subscription.join({
      fail: () => undefined,
      renew: (renewed) => {
        read = renewed
      },
      offer: ({ _tag }) => {
        const item = read?.()
        read = undefined
        if (item?._tag === "Data") amounts.push(item.value.depth(1).bids.map(({ amount }) => String(amount)).join())
        amounts.push(_tag)
      }
    })
    subscription.data("snapshot", 0)
    subscription.data("update", 1)
    subscription.data(frame, 2)
    subscription.lost(3, "a test")
    return amounts
  }
  expect(receivedAfter("update")).toEqual(["Connected", "2", "Reconnecting"])
  expect(receivedAfter("garbage")).toEqual(["Connected", "2", "Stale", "Reconnecting"])
  expect(receivedAfter("crossed")).toEqual(["Connected", "Stale", "Reconnecting"])
})
