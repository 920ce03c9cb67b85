import { expect, it } from "@effect/vitest"
import { Chunk, Effect, Either, Fiber, Stream } from "effect"
import * as Consumer from "../../src/feed/internal/consumer.js"
import { FeedItem } from "../../src/index.js"

const { Connected, Data, Dropped, Stale } = FeedItem.FeedItem

const made = (buffer: FeedItem.Buffer) => Consumer.make<number, string>(buffer, (capacity) => `more than ${capacity}`)
const offer = ({ consumer }: ReturnType<typeof made>, ...values: ReadonlyArray<number>) => {
  for (const value of values) consumer.offer(Data({ value }))
}
const taken = ({ stream }: ReturnType<typeof made>, count: number) =>
  Effect.map(Stream.runCollect(Stream.take(stream, count)), Chunk.toReadonlyArray)

it.effect("the latest value is kept, and every change of the feed before it", () =>
  Effect.gen(function*() {
    const one = made(FeedItem.latest)
    one.consumer.offer(Connected())
    offer(one, 1, 2)
    one.consumer.offer(Stale({ since: 5, because: "a test" }))
    offer(one, 3)
    expect(yield* taken(one, 3)).toEqual([Connected(), Stale({ since: 5, because: "a test" }), Data({ value: 3 })])
  }))

it.effect("of too many values the oldest are dropped, and it is said how many", () =>
  Effect.gen(function*() {
    const one = made(FeedItem.sliding(3))
    offer(one, 1, 2, 3, 4, 5)
    expect(yield* taken(one, 4)).toEqual([Dropped({ count: 2 }), ...[3, 4, 5].map((value) => Data({ value }))])
    offer(one, 6)
    expect(yield* taken(one, 1)).toEqual([Data({ value: 6 })])
  }))

it.effect("a consumer that may miss nothing fails when it is too far behind, after what waited for it", () =>
  Effect.gen(function*() {
    const one = made(FeedItem.failing(2))
    offer(one, 1, 2, 3, 4, 5)
    const heard: Array<number> = []
    const failed = yield* Effect.either(
      Stream.runForEach(one.stream, (item) => Effect.sync(() => item._tag === "Data" && heard.push(item.value)))
    )
    expect(failed).toEqual(Either.left("more than 2"))
    expect(heard).toEqual([1, 2, 3])
  }))

it.effect("what waits is bounded however long nobody listens", () =>
  Effect.gen(function*() {
    const one = made(FeedItem.latest)
    for (let round = 0; round < 10_000; round++) {
      one.consumer.offer(Stale({ since: round, because: "a test" }))
      offer(one, round)
    }
    const items = yield* taken(one, 1)
    expect(items.length).toBe(1)
    const rest = yield* Stream.runCollect(Stream.takeUntil(one.stream, ({ _tag }) => _tag === "Data")).pipe(
      Effect.timeoutOption("1 second"),
      Effect.fork,
      Effect.flatMap(Fiber.interrupt)
    )
    expect(rest._tag).toBeDefined()
  }))

it.effect("a listener waits without turning, and hears what comes", () =>
  Effect.gen(function*() {
    const one = made(FeedItem.latest)
    const fiber = yield* Effect.fork(taken(one, 1))
    yield* Effect.yieldNow()
    offer(one, 7)
    expect(yield* Fiber.join(fiber)).toEqual([Data({ value: 7 })])
  }))

it.effect("who keeps the latest value alone has it made when it is taken, or when something else is said", () =>
  Effect.gen(function*() {
    const one = made(FeedItem.latest)
    const asked: Array<number> = []
    const renew = (value: number) =>
      one.consumer.renew?.(() => {
        asked.push(value)
        return Data({ value })
      })
    for (const value of [1, 2, 3]) renew(value)
    expect(asked).toEqual([])
    expect(yield* taken(one, 1)).toEqual([Data({ value: 3 })])
    renew(4)
    one.consumer.offer(Stale({ since: 5, because: "a test" }))
    renew(5)
    expect(yield* taken(one, 2)).toEqual([Stale({ since: 5, because: "a test" }), Data({ value: 5 })])
    renew(6)
    one.consumer.fail("the end")
    expect(yield* taken(one, 1)).toEqual([Data({ value: 6 })])
    expect(asked).toEqual([3, 4, 5, 6])
    expect(made(FeedItem.sliding(3)).consumer.renew).toBeUndefined()
  }))
