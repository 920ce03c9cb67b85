import * as Equal from "effect/Equal"
import type * as Redacted from "effect/Redacted"
import * as Credentials from "../../ports/Credentials.js"

/**
 * What is known of the session of a key. Instants are milliseconds of one clock.
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
  /** Whose token it is: a key may be given another secret. */
  readonly by: Credentials.Credentials
  /** From when on another is opened while this one is still taken. */
  readonly renewAt: number
  readonly endsAt: number
}

/**
 * - `Asked`: somebody has a request to send.
 * - `Opened`: a token that was asked for at `askedAt` is taken for so many milliseconds from then on.
 * - `Refused`: the exchange does not take this token any more.
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
 * What follows: the token to be used now, if there is one, and whether one is to be opened.
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
      // It may have been replaced since.
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
  // Whoever asks first renews it, and if that fails the next one, once half of what is left has passed.
  return { state: { ...state, renewAt: (now + state.endsAt) / 2 }, use: state.token, open: true }
}
