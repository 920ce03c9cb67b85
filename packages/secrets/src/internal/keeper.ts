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
import * as Kept from "./kept.js"
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
export interface Keeper<A> {
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
): Effect.Effect<Keeper<A>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const scope = yield* Effect.scope
    const flight = yield* SingleFlight.make<A, SecretSourceError>({ name: `secrets of ${name}` })
    const patience = Duration.decode(options.patience ?? "1 second")
    const times: Kept.Times = {
      timeToLive: Duration.toMillis(options.timeToLive ?? "30 seconds"),
      staleFor: Duration.toMillis(options.staleFor ?? "1 hour")
    }
    let kept: Kept.Kept<A> = Kept.nothing

    const succeed = (secrets: A): Effect.Effect<void> =>
      Effect.map(now, (now) => {
        kept = Kept.succeeded(secrets, now)
      })

    const fail = (error: SecretSourceError): Effect.Effect<void> =>
      Effect.flatMap(now, (now) => {
        kept = Kept.failed(kept, error, now, times)
        const stale = Kept.usable(kept, now, times)
        return stale === undefined ? Effect.void : Effect.logWarning(
          `${error.message} The secrets read ${inWords(now - stale.at)} ago stay in use for ${
            inWords(stale.at + times.staleFor - now)
          } at most.`
        )
      })

    const asking = flight.run("all", read.pipe(Effect.tap(succeed), Effect.tapError(fail)))

    /**
     * Reads in a fiber of the Layer's scope, so that interrupting a waiting load does not interrupt the read. The fiber
     * is interruptible even if it is started in an uninterruptible region, so that closing the scope ends it.
     */
    const behind = Effect.forkIn(Effect.interruptible(asking), scope)

    const patiently = (stale: A): Effect.Effect<A, SecretSourceError> =>
      Effect.flatMap(behind, (fiber) =>
        Fiber.await(fiber).pipe(
          Timeout.attempt({ duration: patience, onTimeout: () => "late" }),
          Effect.option,
          Effect.zip(now),
          Effect.flatMap(([exit, now]) => {
            if (Option.isNone(exit)) kept = Kept.late(kept, now)
            else if (Exit.isSuccess(exit.value)) return Effect.succeed(exit.value.value)
            const error = Option.flatMap(Option.flatMap(exit, Exit.causeOption), Cause.failureOption)
            return Option.isSome(error) && Kept.usable(kept, now, times) === undefined
              ? Effect.fail(error.value)
              : Effect.succeed(stale)
          })
        ))

    const get = Effect.flatMap(now, (now): Effect.Effect<A, SecretSourceError> => {
      const verdict = Kept.decide(kept, now, times)
      switch (verdict._tag) {
        case "Use":
          return Effect.succeed(verdict.secrets)
        case "Fail":
          return Effect.fail(verdict.error)
        case "Ask":
          return asking
        case "AskPatiently":
          return patiently(verdict.secrets)
        case "AskBehind":
          kept = Kept.late(kept, now)
          return Effect.as(behind, verdict.secrets)
      }
    })
    return { get }
  })

const inWords = (millis: number): string => Duration.format(Duration.seconds(Math.round(millis / 1000)))
