import type { FeedItem } from "@effect-exchange/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"

/** @internal Runs a stream in the background and records its items and its failure. */
export const recordItems = <A, E>(stream: Stream.Stream<FeedItem.FeedItem<A>, E>) =>
  Effect.gen(function*() {
    const items: Array<FeedItem.FeedItem<A>> = []
    let failure: E | undefined
    const listening = Stream.runForEach(stream, (item) => Effect.sync(() => items.push(item)))
    const fiber = yield* Effect.fork(Effect.catchAll(listening, (error) => Effect.sync(() => failure = error)))
    return {
      items,
      leave: Fiber.interrupt(fiber),
      exit: Fiber.await(fiber),
      tags: () => items.map(({ _tag }) => _tag),
      values: () => items.flatMap((item) => item._tag === "Data" ? [item.value] : []),
      statuses: () => items.flatMap(({ _tag }) => _tag === "Data" ? [] : [_tag]),
      last: () => items.at(-1),
      failure: () => failure
    }
  })
