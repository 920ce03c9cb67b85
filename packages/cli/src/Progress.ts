/**
 * What is going on while somebody waits, on standard error.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import { Screen } from "./Screen.js"

const erase = "\r\u{1b}[2K"

/**
 * Reports steps out of `total`: on a terminal in one line, rewritten each time and gone when the scope closes; elsewhere
 * in a line each.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function*(
  total: number,
  waiting: string
): Effect.fn.Return<(step: string) => Effect.Effect<void>, never, Screen | Scope.Scope> {
  const screen = yield* Screen
  const done = yield* Ref.make(0)
  const show = (count: number, step: string) => {
    const text = `[${count}/${total}] ${step}`
    return screen.err(screen.errIsTerminal ? `${erase}${text}` : `${text}\n`)
  }
  yield* Effect.addFinalizer(() => screen.errIsTerminal ? screen.err(erase) : Effect.void)
  yield* show(0, waiting)
  return (step) => Effect.flatMap(Ref.updateAndGet(done, (count) => count + 1), (count) => show(count, step))
})

/**
 * No reports.
 *
 * @since 0.1.0
 * @category constructors
 */
export const silent = (): Effect.Effect<void> => Effect.void

/**
 * Reports how much of something is done, 0 to 1, as {@link make} does of steps.
 *
 * @since 0.1.0
 * @category constructors
 */
export const share: Effect.Effect<
  (fraction: number, what: string) => Effect.Effect<void>,
  never,
  Screen | Scope.Scope
> = Effect.gen(function*() {
  const screen = yield* Screen
  yield* Effect.addFinalizer(() => screen.errIsTerminal ? screen.err(erase) : Effect.void)
  return (fraction, what) => {
    const text = `[${Math.floor(fraction * 100)} %] ${what}`
    return screen.err(screen.errIsTerminal ? `${erase}${text}` : `${text}\n`)
  }
})
