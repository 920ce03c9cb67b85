/**
 * Turns every failure of a request into a problem.
 *
 * @internal
 */
import { Health } from "@effect-exchange/core"
import * as HttpApiError from "@effect/platform/HttpApiError"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Problem from "../Problem.js"
import * as Routes from "./routes.js"

/**
 * Turns failures and defects into a response. Only interruption passes through.
 *
 * @internal
 */
export const withProblems = <R>(app: HttpApp.Default<unknown, R>): HttpApp.Default<never, R> =>
  Effect.matchCauseEffect(app, {
    onFailure: (cause) =>
      Cause.isInterrupted(cause)
        ? Effect.interrupt
        : Effect.map(problemOf(cause), (problem) => withSecurityHeaders(Problem.respond(problem))),
    onSuccess: (response) => Effect.succeed(withSecurityHeaders(response))
  })

/**
 * Adds the security headers that every response carries.
 *
 * @internal
 */
export const withSecurityHeaders = HttpServerResponse.setHeaders({
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer"
})

/**
 * Adds the environments of the exchanges, such as `simulated`, to every response: a price alone does not show whether it
 * is real. The exchanges are known once their clients are built.
 *
 * @internal
 */
export const withEnvironments: Effect.Effect<
  <E, R>(app: HttpApp.Default<E, R>) => HttpApp.Default<E, R>,
  never,
  Health.Health
> = Effect.map(Effect.flatMap(Health.Health, ({ report }) => report), ({ exchanges }) => {
  const names = [...new Set(exchanges.map(({ environment }) => encodeURIComponent(environment)))].toSorted().join(", ")
  return (app) => names === "" ? app : Effect.map(app, HttpServerResponse.setHeader("exchange-environment", names))
})

const problemOf = (cause: Cause.Cause<unknown>): Effect.Effect<Problem.Problem> => {
  const error = Cause.squash(cause)
  if (Problem.isProblem(error)) return Effect.succeed(error)
  if (error instanceof HttpApiError.HttpApiDecodeError) {
    return Effect.succeed(Problem.make(400, "invalid-request", describeIssues(error)))
  }
  if (error instanceof HttpServerError.RouteNotFound) {
    const { method, url } = error.request
    if (Routes.templateOf(url) !== "other" && method !== "GET" && method !== "HEAD") {
      return Effect.succeed(Problem.make(405, "method-not-allowed", "Use GET; this API is read-only."))
    }
    return Effect.succeed(
      Problem.make(404, "no-such-path", "The path does not exist; /openapi.json lists all paths.")
    )
  }
  if (error instanceof HttpServerError.RequestError) {
    return Effect.succeed(Problem.make(400, "invalid-request", "The request cannot be read."))
  }
  return Effect.as(
    Effect.logError("A request failed because of a bug", cause),
    Problem.make(500, "bug", "This is a bug in the service; its log has the details.")
  )
}

/** Describes what is wrong, by the names of the parameters. */
const describeIssues = ({ issues }: HttpApiError.HttpApiDecodeError): string =>
  issues.slice(0, 5).map(({ message, path }) =>
    `${path.map(String).join(".") || "request"}: ${message.slice(0, 200).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, " ")}`
  ).join("; ")
