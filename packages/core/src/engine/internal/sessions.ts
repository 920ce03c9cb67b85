import * as Idempotent from "@effect-exchange/resilience/Idempotent"
import * as SingleFlight from "@effect-exchange/resilience/SingleFlight"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as ExchangeError from "../../model/ExchangeError.js"
import { beforeSending } from "../../model/internal/beforeSending.js"
import type * as Credentials from "../../ports/Credentials.js"
import type { Opened } from "../Session.js"
import { clockOf, withFiber } from "./frame.js"
import * as SessionState from "./sessionState.js"

/**
 * The session of one key.
 *
 * @internal
 */
export interface Held {
  /** Returns a valid token. Opens a session by `open` if there is none, and renews it in `scope` before it ends. */
  readonly token: (
    by: Credentials.Credentials,
    open: Effect.Effect<Opened, ExchangeError.ExchangeError>,
    scope: Scope.Scope
  ) => Effect.Effect<Redacted.Redacted<string>, ExchangeError.ExchangeError>
  readonly refused: (token: Redacted.Redacted<string>) => Effect.Effect<void>
}

/** @internal */
export const make = (exchange: string): Effect.Effect<Held> =>
  Effect.map(
    SingleFlight.make<Redacted.Redacted<string>, ExchangeError.ExchangeError, Credentials.Credentials>({
      name: `${exchange}.session`
    }),
    (flights): Held => {
      let state = SessionState.none
      const dispatch = (event: SessionState.Event, now: number): SessionState.Step => {
        const step = SessionState.step(state, event, now)
        state = step.state
        return step
      }
      const opening = (
        by: Credentials.Credentials,
        open: Effect.Effect<Opened, ExchangeError.ExchangeError>
      ): Effect.Effect<Redacted.Redacted<string>, ExchangeError.ExchangeError> =>
        flights.run(
          // Compared by value, so that two Layers with the same key wait for one token.
          Data.struct(by),
          Idempotent.mark(timed((now) =>
            Effect.map(open, ({ lasts, token }) => {
              dispatch({ _tag: "Opened", by, token, askedAt: now, lasts: Duration.toMillis(lasts) }, now)
              return token
            })
          ))
        )
      return {
        token: (by, open, scope) =>
          timed((now) => {
            const step = dispatch({ _tag: "Asked", by }, now)
            if (step.use === undefined) {
              return Effect.mapError(opening(by, open), beforeSending("no session could be opened"))
            }
            return step.open
              // Wherever the request is made, in a finalizer too: the client could not end before it otherwise.
              ? Effect.as(Effect.forkIn(Effect.interruptible(renewed(opening(by, open))), scope), step.use)
              : Effect.succeed(step.use)
          }),
        refused: (token) =>
          timed((now) => {
            dispatch({ _tag: "Refused", token }, now)
            return Effect.void
          })
      }
    }
  )

/** Passes the monotonic time, which corrections of the system clock do not affect. */
const timed = <A, E>(f: (now: number) => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  withFiber((fiber) => f(Number(clockOf(fiber).unsafeCurrentTimeNanos() / 1_000_000n)))

const renewed = (opening: Effect.Effect<unknown, ExchangeError.ExchangeError>): Effect.Effect<void> =>
  Effect.matchEffect(opening, {
    onFailure: (error) =>
      Effect.logWarning("A session could not be renewed; the current one is used until it expires", {
        because: error.message
      }),
    onSuccess: () => Effect.void
  })
