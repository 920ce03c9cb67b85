/**
 * Shows a text that is redrawn repeatedly.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import { Screen } from "./Screen.js"

const enter = "\u{1b}[?1049h\u{1b}[?25l"
const leave = "\u{1b}[?25h\u{1b}[?1049l"
const clearScreen = "\u{1b}[H\u{1b}[2J"

/**
 * Creates a function that shows a text in place of the previous one.
 *
 * On a terminal it uses the alternate screen and hides the cursor. When the scope closes, the terminal is restored and
 * the last text is printed. Elsewhere the texts are printed one after another.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<(text: string) => Effect.Effect<void>, never, Screen | Scope.Scope> = Effect.gen(
  function*() {
    const screen = yield* Screen
    if (!screen.outIsTerminal) return (text: string) => screen.out(`${text}\n\n`)
    const last = yield* Ref.make("")
    yield* Effect.acquireRelease(
      screen.out(enter),
      () => Effect.flatMap(Ref.get(last), (text) => screen.out(`${leave}${text}\n`))
    )
    return (text: string) => Effect.zipRight(Ref.set(last, text), screen.out(`${clearScreen}${text}\n`))
  }
)
