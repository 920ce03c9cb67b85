/**
 * The output of the command: results go to standard output, everything else to standard error.
 *
 * @since 0.1.0
 */
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * The service that writes to standard output and standard error.
 *
 * @since 0.1.0
 * @category tags
 */
export class Screen extends Context.Tag("@effect-exchange/cli/Screen")<Screen, Screen.Service>() {}

/**
 * Types of {@link Screen}.
 *
 * @since 0.1.0
 * @category models
 */
export declare namespace Screen {
  /** Writes to the two streams. Texts are written unchanged, without adding a line feed. */
  interface Service {
    readonly out: (text: string) => Effect.Effect<void>
    readonly err: (text: string) => Effect.Effect<void>
    /** `true` if standard output is a terminal, where output can be redrawn. */
    readonly outIsTerminal: boolean
    /** `true` if standard error is a terminal, where a line can be rewritten. */
    readonly errIsTerminal: boolean
    /** `true` to use colours: only on a terminal, and never when `NO_COLOR` is set (https://no-color.org). */
    readonly colors: boolean
  }
}

/**
 * Writes a line of results to standard output.
 *
 * @since 0.1.0
 * @category writing
 */
export const line = (text: string): Effect.Effect<void, never, Screen> =>
  Effect.flatMap(Screen, (screen) => screen.out(`${text}\n`))

/**
 * Writes a line for the user to standard error: progress, errors, advice.
 *
 * @since 0.1.0
 * @category writing
 */
export const note = (text: string): Effect.Effect<void, never, Screen> =>
  Effect.flatMap(Screen, (screen) => screen.err(`${text}\n`))

/**
 * Provides an Effect `Console` that writes what `@effect/cli` prints to the screen, reformatted by `form`.
 *
 * Styles are removed where colours are off. Errors are dropped: `Cli.run` reports them.
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
 * Removes the escape sequences that style a text.
 *
 * @since 0.1.0
 * @category formatting
 */
export const withoutStyle = (text: string): string => text.replace(/\p{Cc}\[[0-9;]*m/gu, "")
