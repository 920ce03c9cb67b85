/**
 * Requests that ask for an upgrade of their connection, which this service never grants.
 *
 * @internal
 */
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import * as Predicate from "effect/Predicate"

/**
 * Ignores the errors of a connection whose request asks for an upgrade. Node.js removes its own listener from such a
 * connection, and the platform adds none: a client that resets it would end the process.
 *
 * @internal
 */
export const withErrorListener = <E, R>(app: HttpApp.Default<E, R>): HttpApp.Default<E, R> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers, source }) => {
    if (headers["upgrade"] !== undefined) ignoreErrors(source)
    return app
  })

const ignoreErrors = (source: unknown): void => {
  const socket = Predicate.hasProperty(source, "socket") ? source.socket : undefined
  if (Predicate.hasProperty(socket, "on") && Predicate.isFunction(socket.on)) {
    Reflect.apply(socket.on, socket, ["error", constVoid])
  }
}
