/**
 * Where the command writes: results to standard output, everything else to standard error.
 *
 * @since 0.1.0
 */
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * @since 0.1.0
 * @category tags
 */
export class Screen extends Context.Tag("@effect-exchange/cli/Screen")<Screen, Screen.Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export declare namespace Screen {
  /** Texts are written as they are: whoever writes ends the line. */
  interface Service {
    readonly out: (text: string) => Effect.Effect<void>
    readonly err: (text: string) => Effect.Effect<void>
    /** Whether standard output is a terminal, where a picture can be redrawn. */
    readonly outIsTerminal: boolean
    /** Whether standard error is a terminal, where a line can be rewritten. */
    readonly errIsTerminal: boolean
    /** Whether to use colours: only on a terminal, and never when `NO_COLOR` is set (https://no-color.org). */
    readonly colors: boolean
  }
}

/**
 * A line of results.
 *
 * @since 0.1.0
 * @category writing
 */
export const line = (text: string): Effect.Effect<void, never, Screen> =>
  Effect.flatMap(Screen, (screen) => screen.out(`${text}\n`))

/**
 * A line for people: progress, failures, advice.
 *
 * @since 0.1.0
 * @category writing
 */
export const note = (text: string): Effect.Effect<void, never, Screen> =>
  Effect.flatMap(Screen, (screen) => screen.err(`${text}\n`))

/**
 * Effect's `Console` on the screen, for what `@effect/cli` prints, in the form that is made of it: it goes without colour where there
 * is none, and complaints are left to whoever turns them into an exit code.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConsole = (
  form: (text: string, colors: boolean) => string
): Layer.Layer<never, never, Screen> =>
  Layer.unwrapEffect(
    Effect.gen(function*() {
      const { colors, out } = yield* Screen
      const current = yield* Effect.console
      return Console.setConsole({
        ...current,
        log: (...args: ReadonlyArray<unknown>) => {
          const styled = args.map(String).join(" ")
          const plain = withoutStyle(styled)
          const formed = form(plain, colors)
          return out(`${formed === plain && colors ? styled : formed}\n`)
        },
        error: () => Effect.void
      })
    })
  )

/**
 * A text without the escape sequences that style it.
 *
 * @since 0.1.0
 * @category formatting
 */
export const withoutStyle = (text: string): string => text.replace(/\p{Cc}\[[0-9;]*m/gu, "")
