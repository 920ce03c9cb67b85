/**
 * A buffer for slow readers: it keeps the latest event of each key, so that no key is left at an outdated event.
 *
 * @internal
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

/**
 * An event, which replaces the earlier events with the same key that were not read yet.
 *
 * @internal
 */
export interface Event {
  readonly key: string
  readonly text: string
}

/**
 * Returns the texts of the events. It reads the events without waiting for its consumer, and drops those that were
 * replaced before the consumer was ready.
 *
 * @internal
 */
export const latest = (events: Stream.Stream<Event>): Stream.Stream<string> =>
  Stream.unwrapScoped(Effect.gen(function*() {
    const unread = new Map<string, string>()
    const hasNews = yield* Effect.makeLatch()
    let end: Exit.Exit<void> | undefined
    yield* events.pipe(
      Stream.runForEach(({ key, text }) =>
        Effect.suspend(() => {
          // The events stay in the order of the latest of each key.
          unread.delete(key)
          unread.set(key, text)
          return hasNews.open
        })
      ),
      Effect.onExit((exit) =>
        Effect.suspend(() => {
          end = exit
          return hasNews.open
        })
      ),
      Effect.forkScoped
    )
    const read = Effect.suspend(() => {
      const texts = Chunk.fromIterable(unread.values())
      unread.clear()
      if (end === undefined) return Effect.succeed(texts)
      if (Chunk.isNonEmpty(texts)) return Effect.as(hasNews.open, texts)
      return Exit.isFailure(end) ? Effect.failCause(end.cause) : Effect.fail(Option.none())
    })
    // Closed before reading, so that an event that comes meanwhile is noticed.
    return Stream.repeatEffectChunkOption(hasNews.await.pipe(Effect.zipRight(hasNews.close), Effect.zipRight(read)))
  }))
