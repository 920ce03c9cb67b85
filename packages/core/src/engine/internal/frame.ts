import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import type * as FiberStatus from "effect/FiberStatus"
import { identity } from "effect/Function"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as RuntimeFlags from "effect/RuntimeFlags"
import * as Tracer from "effect/Tracer"
import { attributes } from "../../ports/Telemetry.js"

/** @internal */
export type Running = Fiber.RuntimeFiber<unknown, unknown>

/** @internal */
export type Status = FiberStatus.Running

/**
 * Makes an effect from the fiber that runs it.
 *
 * @internal
 */
export const withFiber = <A, E, R>(
  f: (fiber: Running, status: Status) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => Effect.withFiberRuntime<A, E, R>(f)

/** @internal */
export type Restore = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/**
 * Does the same as `Effect.uninterruptibleMask` for code that already has the status of the fiber. This saves one
 * operation, and the whole mask if the fiber is uninterruptible already.
 *
 * @internal
 */
export const masked = <A, E, R>(
  { runtimeFlags }: Status,
  body: (restore: Restore) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  RuntimeFlags.interruption(runtimeFlags) ? Effect.uninterruptible(body(Effect.interruptible)) : body(identity)

/** @internal */
export const clockOf = (fiber: Running): Clock.Clock => Context.get(fiber.currentDefaultServices, Clock.Clock)

const native = Context.get(DefaultServices.liveServices, Tracer.Tracer)

/**
 * Returns `true` if a tracer other than Effect's default one is installed and enabled. The default tracer discards its
 * spans, and creating one costs more than a circuit breaker.
 *
 * @internal
 */
export const isTraced = (fiber: Running): boolean =>
  fiber.currentTracer !== native && fiber.getFiberRef(FiberRef.currentTracerEnabled)

/** Runs when an effect has ended. Returns the rest of the work, if any. */
type Ended<A, E> = (exit: Exit.Exit<A, E>) => Effect.Effect<void> | undefined

const ignored = (): undefined => undefined

/**
 * Runs an effect in a span if a tracer is installed.
 *
 * @internal
 */
export const spanned = <A, E, R>(
  fiber: Running,
  status: Status,
  self: Effect.Effect<A, E, R>,
  name: string,
  options: () => Tracer.SpanOptions
): Effect.Effect<A, E, R> => isTraced(fiber) ? inSpan(fiber, status, name, options(), () => self) : self

/**
 * Does the same as `Effect.useSpan` with `Effect.withParentSpan`, in a third of the operations, since a tracer may
 * intercept each one. Calls `ended` as {@link onExit} does, within the span.
 *
 * @internal
 */
export const inSpan = <A, E, R>(
  fiber: Running,
  status: Status,
  name: string,
  options: Tracer.SpanOptions,
  body: (span: Tracer.Span) => Effect.Effect<A, E, R>,
  ended: Ended<A, E> = ignored
): Effect.Effect<A, E, R> =>
  masked(status, (restore) =>
    Effect.flatMap(
      FiberRef.modify(FiberRef.currentContext, (outer) => {
        const span = startSpan(fiber, name, options)
        return [{ outer, span }, Context.add(outer, Tracer.ParentSpan, span)]
      }),
      ({ outer, span }) => {
        const failed = (cause: Cause.Cause<E>): Effect.Effect<A, E> => {
          end(fiber, span, Exit.failCause(cause))
          return Effect.zipRight(FiberRef.set(FiberRef.currentContext, outer), Effect.failCause(cause))
        }
        const succeeded = (value: A): Effect.Effect<A> => {
          end(fiber, span, Exit.succeed(value))
          return FiberRef.modify(FiberRef.currentContext, () => [value, outer])
        }
        return Effect.matchCauseEffect(restore(Effect.suspend(() => body(span))), {
          onFailure: (cause) => {
            const then = ended(Exit.failCause(cause))
            return then === undefined
              ? failed(cause)
              : Effect.matchCauseEffect(then, { onFailure: failed, onSuccess: () => failed(cause) })
          },
          onSuccess: (value) => {
            const then = ended(Exit.succeed(value))
            return then === undefined
              ? succeeded(value)
              : Effect.matchCauseEffect(then, { onFailure: failed, onSuccess: () => succeeded(value) })
          }
        })
      }
    ))

/**
 * Does the same as {@link inSpan}, but the span does not become the fiber's current one: that copies the fiber's
 * references twice, for as long as the effect runs. What the effect logs becomes an event of the span around it. Only
 * for an effect that makes no spans itself.
 *
 * @internal
 */
export const recordSpan = <A, E, R>(
  fiber: Running,
  status: Status,
  name: string,
  options: Tracer.SpanOptions,
  body: (span: Tracer.Span) => Effect.Effect<A, E, R>,
  ended: Ended<A, E>
): Effect.Effect<A, E, R> =>
  masked(status, (restore) =>
    Effect.suspend(() => {
      const span = startSpan(fiber, name, options)
      const ending: Ended<A, E> = (exit) => {
        const then = ended(exit)
        end(fiber, span, exit)
        return then
      }
      return Effect.matchCauseEffect(restore(body(span)), {
        onFailure: (cause) => after(Exit.failCause(cause), ending),
        onSuccess: (value) => after(Exit.succeed(value), ending)
      })
    }))

/** Does the same as `Effect.makeSpan` without a trace of its own, which copies the fiber's references. */
const startSpan = (fiber: Running, name: string, options: Tracer.SpanOptions): Tracer.Span => {
  const span = fiber.currentTracer.span(
    name,
    propagated(fiber.currentSpan),
    Context.empty(),
    Chunk.toReadonlyArray(fiber.getFiberRef(FiberRef.currentTracerSpanLinks)),
    nanosOf(fiber),
    options.kind ?? "internal",
    options
  )
  HashMap.forEach(fiber.getFiberRef(FiberRef.currentTracerSpanAnnotations), (value, key) => span.attribute(key, value))
  for (const [key, value] of Object.entries(options.attributes ?? {})) span.attribute(key, value)
  return span
}

/** Returns the closest span that may be a parent: some libraries exclude theirs. */
const propagated = (span: Tracer.AnySpan | undefined): Option.Option<Tracer.AnySpan> => {
  if (span === undefined || !Context.get(span.context, Tracer.DisablePropagation)) return Option.fromNullable(span)
  return span._tag === "Span" ? propagated(Option.getOrUndefined(span.parent)) : Option.none()
}

const end = (fiber: Running, span: Tracer.Span, exit: Exit.Exit<unknown, unknown>): void => {
  if (span.status._tag === "Started") span.end(nanosOf(fiber), exit)
}

const nanosOf = (fiber: Running): bigint =>
  fiber.getFiberRef(FiberRef.currentTracerTimingEnabled) ? clockOf(fiber).unsafeCurrentTimeNanos() : 0n

/**
 * Returns the attributes of a span of an exchange.
 *
 * @internal
 */
export const spanAttributes = (
  { environment, exchange }: { readonly exchange: string; readonly environment: string }
): Readonly<Record<string, string>> => ({ [attributes.exchange]: exchange, [attributes.environment]: environment })

/**
 * Makes a public method whose calls run in a span of the given name and attributes, if a tracer is installed. The span
 * has them from the start: a call that fails before any request is observed by nothing else.
 *
 * `Effect.fn` makes a span and two stack traces even for the default tracer, which costs more than reading a ticker.
 *
 * @internal
 */
export const method =
  (name: string, attributes: Readonly<Record<string, string>>) =>
  <Args extends ReadonlyArray<unknown>, A, E, R>(
    body: (...args: Args) => Effect.Effect<A, E, R>
  ): (...args: Args) => Effect.Effect<A, E, R> =>
  (...args) =>
    withFiber((fiber, status) =>
      isTraced(fiber)
        ? inSpan(fiber, status, name, { attributes }, (span) => {
          methods.add(span)
          return body(...args)
        })
        : body(...args)
    )

const methods = new WeakSet<Tracer.AnySpan>()

/**
 * Returns the span of the public method that a fiber is directly in, if any. A request within it needs no span of its
 * own.
 *
 * @internal
 */
export const methodSpan = ({ currentSpan }: Running): Tracer.Span | undefined =>
  currentSpan?._tag === "Span" && methods.has(currentSpan) ? currentSpan : undefined

/**
 * Does the same as `Effect.mapError`, without the operation that `mapError` takes on success.
 *
 * @internal
 */
export const mapErrorOnly = <A, E, R, E2>(self: Effect.Effect<A, E, R>, f: (error: E) => E2): Effect.Effect<A, E2, R> =>
  Effect.catchAllCause(self, (cause) => Effect.mapError(Effect.failCause(cause), f))

/**
 * Calls `ended` with the exit of the effect, however it exits, then runs the effect that `ended` returns, if any.
 *
 * @internal
 */
export const onExit = <A, E, R>(
  status: Status,
  self: Effect.Effect<A, E, R>,
  ended: Ended<A, E>
): Effect.Effect<A, E, R> =>
  masked(status, (restore) =>
    Effect.matchCauseEffect(restore(self), {
      onFailure: (cause) => after(Exit.failCause(cause), ended),
      onSuccess: (value) => after(Exit.succeed(value), ended)
    }))

const after = <A, E>(exit: Exit.Exit<A, E>, ended: Ended<A, E>): Effect.Effect<A, E> => {
  const then = ended(exit)
  return then === undefined ? exit : Effect.zipRight(then, exit)
}

/**
 * Does the same as {@link onExit} and adds log annotations, in one step: each operator that sets something for an
 * effect and restores it costs as much as a gate.
 *
 * @internal
 */
export const annotated = <A, E, R>(
  status: Status,
  self: Effect.Effect<A, E, R>,
  annotations: HashMap.HashMap<string, unknown>,
  ended: (exit: Exit.Exit<A, E>) => void
): Effect.Effect<A, E, R> =>
  masked(status, (restore) =>
    Effect.flatMap(
      FiberRef.modify(FiberRef.currentLogAnnotations, (outer) => [
        outer,
        HashMap.isEmpty(outer) ? annotations : HashMap.union(outer, annotations)
      ]),
      (outer) =>
        Effect.matchCauseEffect(restore(self), {
          onFailure: (cause) => {
            ended(Exit.failCause(cause))
            return Effect.zipRight(FiberRef.set(FiberRef.currentLogAnnotations, outer), Effect.failCause(cause))
          },
          onSuccess: (value) => {
            ended(Exit.succeed(value))
            return FiberRef.modify(FiberRef.currentLogAnnotations, () => [value, outer])
          }
        })
    ))

/**
 * Returns the metric label of an exit: the tag of its error, `none`, `Interrupted` or `Defect`.
 *
 * @internal
 */
export const outcomeOf = (exit: Exit.Exit<unknown, { readonly _tag: string }>): string => {
  if (Exit.isSuccess(exit)) return "none"
  const error = Cause.failureOption(exit.cause)
  if (error._tag === "Some") return error.value._tag
  return Cause.isInterruptedOnly(exit.cause) ? "Interrupted" : "Defect"
}
