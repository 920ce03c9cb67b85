/**
 * Implements `--verbose`: writes each request and response as it happens. The code is loaded on demand.
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
 * Returns a function that makes the `HttpClient` of a context log its traffic on standard error, until the scope
 * closes. Without `--verbose` the function leaves the context unchanged.
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
