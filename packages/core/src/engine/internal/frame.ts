import * as Cause from "effect/Cause"
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
import * as RuntimeFlags from "effect/RuntimeFlags"
import * as Tracer from "effect/Tracer"

/** @internal */
export type Running = Fiber.RuntimeFiber<unknown, unknown>

/** @internal */
export type Status = FiberStatus.Running

/**
 * Makes an effect with the fiber that runs it at hand.
 *
 * @internal
 */
export const withFiber = <A, E, R>(
  f: (fiber: Running, status: Status) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => Effect.withFiberRuntime<A, E, R>(f)

/** @internal */
export type Restore = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/**
 * As `Effect.uninterruptibleMask`, for whoever is told of the fiber already: a step less, three where nobody interrupts anyway.
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
 * Whether somebody listens to spans: Effect's own tracer makes them for nobody, and each costs more than a circuit breaker.
 *
 * @internal
 */
export const isTraced = (fiber: Running): boolean => fiber.currentTracer !== native

/** What is done when an effect has ended. */
type Ended<A, E> = (exit: Exit.Exit<A, E>) => Effect.Effect<void> | undefined

const ignored = (): undefined => undefined

/**
 * Runs an effect in a span where somebody listens.
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
 * As {@link watched}, in a span where somebody listens.
 *
 * @internal
 */
export const watchedInSpan = <A, E, R>(
  fiber: Running,
  status: Status,
  self: Effect.Effect<A, E, R>,
  name: string,
  options: () => Tracer.SpanOptions,
  ended: Ended<A, E>
): Effect.Effect<A, E, R> =>
  isTraced(fiber) ? inSpan(fiber, status, name, options(), () => self, ended) : watched(status, self, ended)

/**
 * As `Effect.useSpan` with `Effect.withParentSpan` in it, in a third of the steps: a tracer may take part in each of them.
 * What {@link watched} does is done within the span, too.
 */
const inSpan = <A, E, R>(
  fiber: Running,
  status: Status,
  name: string,
  options: Tracer.SpanOptions,
  body: (span: Tracer.Span) => Effect.Effect<A, E, R>,
  ended: Ended<A, E> = ignored
): Effect.Effect<A, E, R> =>
  masked(
    status,
    (restore) =>
      Effect.flatMap(Effect.makeSpan(name, { ...options, captureStackTrace: false }), (span) =>
        Effect.flatMap(
          FiberRef.modify(FiberRef.currentContext, (outer) => [outer, Context.add(outer, Tracer.ParentSpan, span)]),
          (outer) => {
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
  )

const end = (fiber: Running, span: Tracer.Span, exit: Exit.Exit<unknown, unknown>): void => {
  if (span.status._tag !== "Started") return
  const isTimed = fiber.getFiberRef(FiberRef.currentTracerTimingEnabled)
  span.end(isTimed ? clockOf(fiber).unsafeCurrentTimeNanos() : 0n, exit)
}

/**
 * Makes a public method: each call has a span of the name, where somebody listens.
 *
 * `Effect.fn` makes one for nobody as well, and two stack traces with it, which costs more than reading a ticker.
 *
 * @internal
 */
export const method = (name: string) =>
<Args extends ReadonlyArray<unknown>, A, E, R>(
  body: (...args: Args) => Effect.Effect<A, E, R>
): (...args: Args) => Effect.Effect<A, E, R> =>
(...args) =>
  withFiber((fiber, status) =>
    isTraced(fiber)
      ? inSpan(fiber, status, name, {}, (span) => {
        methods.add(span)
        return body(...args)
      })
      : body(...args)
  )

const methods = new WeakSet<Tracer.AnySpan>()

/**
 * The span of the public method that a fiber is in, if it is right in one: what it asks needs no second one.
 *
 * @internal
 */
export const methodSpan = ({ currentSpan }: Running): Tracer.Span | undefined =>
  currentSpan?._tag === "Span" && methods.has(currentSpan) ? currentSpan : undefined

/**
 * As `Effect.mapError`, which takes steps of what succeeds, too.
 *
 * @internal
 */
export const failingWith = <A, E, R, E2>(self: Effect.Effect<A, E, R>, f: (error: E) => E2): Effect.Effect<A, E2, R> =>
  Effect.catchAllCause(self, (cause) => Effect.mapError(Effect.failCause(cause), f))

/**
 * Has `ended` called with how an effect ended, whatever that is, and goes on with what that answers, if it is anything.
 *
 * @internal
 */
export const watched = <A, E, R>(
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
 * As {@link watched}, with what is logged on the way annotated: in one step, as each that sets something for an effect and
 * takes it back costs as much as a gate.
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
 * What an effect ended with, as metrics say it: the tag of its error.
 *
 * @internal
 */
export const outcomeOf = (exit: Exit.Exit<unknown, { readonly _tag: string }>): string => {
  if (Exit.isSuccess(exit)) return "none"
  const error = Cause.failureOption(exit.cause)
  if (error._tag === "Some") return error.value._tag
  return Cause.isInterruptedOnly(exit.cause) ? "Interrupted" : "Defect"
}
