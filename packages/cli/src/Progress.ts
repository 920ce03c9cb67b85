/**
 * Reports progress on standard error while the user waits.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import { Screen } from "./Screen.js"

const clearLine = "\r\u{1b}[2K"

/**
 * Creates a function that reports one more step out of `total`. On a terminal the report is a single line, which is
 * rewritten each time and erased when the scope closes. Elsewhere each report is a line.
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
    return screen.err(screen.errIsTerminal ? `${clearLine}${text}` : `${text}\n`)
  }
  yield* Effect.addFinalizer(() => screen.errIsTerminal ? screen.err(clearLine) : Effect.void)
  yield* show(0, waiting)
  return (step) => Effect.flatMap(Ref.updateAndGet(done, (count) => count + 1), (count) => show(count, step))
})

/**
 * Creates a function that reports nothing, with the signature of {@link make}.
 *
 * @since 0.1.0
 * @category constructors
 */
export const silent = (): Effect.Effect<void> => Effect.void

/**
 * Reports the fraction that is done, from 0 to 1, in the same way as {@link make}.
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
  yield* Effect.addFinalizer(() => screen.errIsTerminal ? screen.err(clearLine) : Effect.void)
  return (fraction, what) => {
    const text = `[${Math.floor(fraction * 100)} %] ${what}`
    return screen.err(screen.errIsTerminal ? `${clearLine}${text}` : `${text}\n`)
  }
})
