import * as SingleFlight from "@effect-exchange/resilience/SingleFlight"
import * as Timeout from "@effect-exchange/resilience/Timeout"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { SecretSourceError } from "../SecretSourceError.js"
import * as CacheState from "./cacheState.js"
import { requireDuration } from "./limits.js"
import { now } from "./now.js"

/** @internal */
export interface Source<A> {
  readonly name: string
  readonly read: Effect.Effect<A, SecretSourceError>
}

/** @internal */
export interface Options {
  readonly timeToLive?: Duration.DurationInput | undefined
  readonly staleFor?: Duration.DurationInput | undefined
  readonly patience?: Duration.DurationInput | undefined
}

/** @internal */
export interface SecretCache<A> {
  readonly get: Effect.Effect<A, SecretSourceError>
}

/**
 * Creates a cache of a source's secrets. They are fresh for `timeToLive`, and stay in use until `staleFor` while the
 * source is slow or fails.
 *
 * @internal
 */
export const make = <A>(
  { name, read }: Source<A>,
  options: Options
): Effect.Effect<SecretCache<A>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const scope = yield* Effect.scope
    const flight = yield* SingleFlight.make<A, SecretSourceError>({ name: `secrets of ${name}` })
    const limit = (name: "patience" | "timeToLive" | "staleFor", usual: Duration.DurationInput): Duration.Duration =>
      requireDuration(`SecretSource: ${name}`, options[name] ?? usual)
    const patience = limit("patience", "1 second")
    const times: CacheState.Times = {
      timeToLive: Duration.toMillis(limit("timeToLive", "30 seconds")),
      staleFor: Duration.toMillis(limit("staleFor", "1 hour"))
    }
    let cacheState: CacheState.CacheState<A> = CacheState.empty

    const succeed = (secrets: A): Effect.Effect<void> =>
      Effect.map(now, (now) => {
        cacheState = CacheState.succeeded(secrets, now)
      })

    const fail = (error: SecretSourceError): Effect.Effect<void> =>
      Effect.flatMap(now, (now) => {
        cacheState = CacheState.failed(cacheState, error, now, times)
        const stale = CacheState.usable(cacheState, now, times)
        return stale === undefined ? Effect.void : Effect.logWarning(
          `${error.message} The secrets read ${inWords(now - stale.at)} ago stay in use for ${
            inWords(stale.at + times.staleFor - now)
          } at most.`
        )
      })

    const sharedRead = flight.run("all", read.pipe(Effect.tap(succeed), Effect.tapError(fail)))

    /**
     * Reads in a fiber of the Layer's scope, so that interrupting a waiting load does not interrupt the read. The fiber
     * is interruptible even if it is started in an uninterruptible region, so that closing the scope ends it.
     */
    const readInBackground = Effect.forkIn(Effect.interruptible(sharedRead), scope)

    const readWithFallback = (stale: A): Effect.Effect<A, SecretSourceError> =>
      Effect.flatMap(readInBackground, (fiber) =>
        Fiber.await(fiber).pipe(
          Timeout.attempt({ duration: patience, onTimeout: () => "slow" }),
          Effect.option,
          Effect.zip(now),
          Effect.flatMap(([exit, now]) => {
            if (Option.isNone(exit)) cacheState = CacheState.slow(cacheState, now)
            else if (Exit.isSuccess(exit.value)) return Effect.succeed(exit.value.value)
            const error = Option.flatMap(Option.flatMap(exit, Exit.causeOption), Cause.failureOption)
            return Option.isSome(error) && CacheState.usable(cacheState, now, times) === undefined
              ? Effect.fail(error.value)
              : Effect.succeed(stale)
          })
        ))

    const get = Effect.flatMap(now, (now): Effect.Effect<A, SecretSourceError> => {
      const verdict = CacheState.decide(cacheState, now, times)
      switch (verdict._tag) {
        case "Use":
          return Effect.succeed(verdict.secrets)
        case "Fail":
          return Effect.fail(verdict.error)
        case "Read":
          return sharedRead
        case "ReadWithFallback":
          return readWithFallback(verdict.secrets)
        case "ReadInBackground":
          cacheState = CacheState.slow(cacheState, now)
          return Effect.as(readInBackground, verdict.secrets)
      }
    })
    return { get }
  })

const inWords = (millis: number): string => Duration.format(Duration.seconds(Math.round(millis / 1000)))
