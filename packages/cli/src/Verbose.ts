/**
 * `--verbose`: each request and its answer, as they come. What tells them is loaded where it is asked for.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { once } from "./internal/once.js"
import type { Settings } from "./Options.js"
import { Screen } from "./Screen.js"

const wire = once(() => import("./internal/verbose.js"))

/**
 * Loads the code.
 *
 * @since 0.1.0
 * @category loading
 */
export const load: Effect.Effect<void> = Effect.asVoid(wire)

/**
 * What has all that goes through an `HttpClient` told on standard error, until the scope closes, where that is wanted; else what
 * leaves it as it is.
 *
 * @since 0.1.0
 * @category combinators
 */
export const watching = Effect.fnUntraced(function*<R>(
  { verbose }: Pick<Settings, "verbose">
): Effect.fn.Return<
  (
    network: Context.Context<R | HttpClient.HttpClient>
  ) => Context.Context<R | HttpClient.HttpClient>,
  never,
  Scope.Scope | Screen
> {
  if (!verbose) return (network) => network
  const screen = yield* Screen
  const { tracer, watched } = yield* wire
  yield* Effect.withTracerScoped(tracer)
  return (network) => watched(network, screen)
})
