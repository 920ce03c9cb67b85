import * as Equal from "effect/Equal"
import type * as Redacted from "effect/Redacted"
import * as Credentials from "../../ports/Credentials.js"

/**
 * The state of a key's session. Instants are milliseconds of one clock.
 *
 * @internal
 */
export type State = None | Open

interface None {
  readonly _tag: "None"
}

interface Open {
  readonly _tag: "Open"
  readonly token: Redacted.Redacted<string>
  /** The credentials that opened the session. A key may get another secret. */
  readonly by: Credentials.Credentials
  /** From when on a new session is opened while this one is still valid. */
  readonly renewAt: number
  readonly endsAt: number
}

/**
 * - `Asked`: a request needs the token.
 * - `Opened`: a token that was requested at `askedAt` is valid for `lasts` milliseconds from then on.
 * - `Refused`: the exchange no longer accepts this token.
 *
 * @internal
 */
export type Event =
  | { readonly _tag: "Asked"; readonly by: Credentials.Credentials }
  | {
    readonly _tag: "Opened"
    readonly by: Credentials.Credentials
    readonly token: Redacted.Redacted<string>
    readonly askedAt: number
    readonly lasts: number
  }
  | { readonly _tag: "Refused"; readonly token: Redacted.Redacted<string> }

/**
 * The new state, the token to use now, if any, and whether to open a session.
 *
 * @internal
 */
export interface Step {
  readonly state: State
  readonly use: Redacted.Redacted<string> | undefined
  readonly open: boolean
}

/** @internal */
export const none: State = { _tag: "None" }

/** @internal */
export const step = (state: State, event: Event, now: number): Step => {
  switch (event._tag) {
    case "Asked":
      return asked(state, event.by, now)
    case "Opened": {
      const { askedAt, by, lasts, token } = event
      const opened: State = { _tag: "Open", token, by, renewAt: askedAt + 0.8 * lasts, endsAt: askedAt + lasts }
      return { state: opened, use: token, open: false }
    }
    case "Refused":
      // The refused token may already have been replaced.
      return {
        state: state._tag === "Open" && Equal.equals(state.token, event.token) ? none : state,
        use: undefined,
        open: false
      }
  }
}

const asked = (state: State, by: Credentials.Credentials, now: number): Step => {
  if (state._tag === "None" || now >= state.endsAt || !Credentials.isSame(state.by, by)) {
    return { state: none, use: undefined, open: true }
  }
  if (now < state.renewAt) return { state, use: state.token, open: false }
  // The first request after `renewAt` renews the session. If that fails, the next attempt follows when half of the
  // remaining time has passed.
  return { state: { ...state, renewAt: (now + state.endsAt) / 2 }, use: state.token, open: true }
}
