import { expect, it } from "@effect/vitest"
import { Chunk, Effect, Either, Fiber, Stream } from "effect"
import * as Consumer from "../../src/feed/internal/consumer.js"
import { FeedItem } from "../../src/index.js"

const { Connected, Data, Dropped, Stale } = FeedItem.FeedItem

const make = (buffer: FeedItem.Buffer) => Consumer.make<number, string>(buffer, (capacity) => `more than ${capacity}`)
const offer = ({ consumer }: ReturnType<typeof make>, ...values: ReadonlyArray<number>) => {
  for (const value of values) consumer.offer(Data({ value }))
}
const taken = ({ stream }: ReturnType<typeof make>, count: number) =>
  Effect.map(Stream.runCollect(Stream.take(stream, count)), Chunk.toReadonlyArray)

it.effect("`latest` keeps the latest value, and all changes of state before it", () =>
  Effect.gen(function*() {
    const one = make(FeedItem.latest)
    one.consumer.offer(Connected())
    offer(one, 1, 2)
    one.consumer.offer(Stale({ since: 5, because: "a test" }))
    offer(one, 3)
    expect(yield* taken(one, 3)).toEqual([Connected(), Stale({ since: 5, because: "a test" }), Data({ value: 3 })])
  }))

it.effect("`sliding` drops the oldest values and reports how many", () =>
  Effect.gen(function*() {
    const one = make(FeedItem.sliding(3))
    offer(one, 1, 2, 3, 4, 5)
    expect(yield* taken(one, 4)).toEqual([Dropped({ count: 2 }), ...[3, 4, 5].map((value) => Data({ value }))])
    offer(one, 6)
    expect(yield* taken(one, 1)).toEqual([Data({ value: 6 })])
  }))

it.effect("`failing` fails after delivering the buffered values if the consumer falls too far behind", () =>
  Effect.gen(function*() {
    const one = make(FeedItem.failing(2))
    offer(one, 1, 2, 3, 4, 5)
    const received: Array<number> = []
    const failed = yield* Effect.either(
      Stream.runForEach(one.stream, (item) => Effect.sync(() => item._tag === "Data" && received.push(item.value)))
    )
    expect(failed).toEqual(Either.left("more than 2"))
    expect(received).toEqual([1, 2, 3])
  }))

it.effect("`latest` buffers a bounded number of items without a listener", () =>
  Effect.gen(function*() {
    const one = make(FeedItem.latest)
    for (let round = 0; round < 10_000; round++) {
      one.consumer.offer(Stale({ since: round, because: "a test" }))
      offer(one, round)
    }
    // They are taken oldest first, so nothing follows the latest value.
    expect(yield* taken(one, 33)).toEqual([
      ...Array.from({ length: 32 }, (_, index) => Stale({ since: 9_968 + index, because: "a test" })),
      Data({ value: 9_999 })
    ])
  }))

it.effect("a listener waits for the next item", () =>
  Effect.gen(function*() {
    const one = make(FeedItem.latest)
    const fiber = yield* Effect.fork(taken(one, 1))
    yield* Effect.yieldNow()
    offer(one, 7)
    expect(yield* Fiber.join(fiber)).toEqual([Data({ value: 7 })])
  }))

it.effect("`renew` computes the latest value only when it is taken or another item follows", () =>
  Effect.gen(function*() {
    const one = make(FeedItem.latest)
    const computed: Array<number> = []
    const renew = (value: number) =>
      one.consumer.renew?.(() => {
        computed.push(value)
        return Data({ value })
      })
    for (const value of [1, 2, 3]) renew(value)
    expect(computed).toEqual([])
    expect(yield* taken(one, 1)).toEqual([Data({ value: 3 })])
    renew(4)
    one.consumer.offer(Stale({ since: 5, because: "a test" }))
    renew(5)
    expect(yield* taken(one, 2)).toEqual([Stale({ since: 5, because: "a test" }), Data({ value: 5 })])
    renew(6)
    one.consumer.fail("the end")
    expect(yield* taken(one, 1)).toEqual([Data({ value: 6 })])
    expect(computed).toEqual([3, 4, 5, 6])
    expect(make(FeedItem.sliding(3)).consumer.renew).toBeUndefined()
  }))
