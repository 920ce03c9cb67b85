import type { ErrorBody } from "../../engine/Protocol.js"
import type { Message } from "./protocol.js"

/**
 * The settings of a session. Times are in milliseconds.
 *
 * @internal
 */
export interface Rules {
  /** Whether subscribe messages must wait until a login is confirmed. */
  readonly login: boolean
  readonly confirmsLogin: boolean
  /** How long to wait for the confirmation of a login or a subscription. */
  readonly patience: number
  /** How many times to request a subscription that is not confirmed. */
  readonly tries: number
  /** The maximum silence of the socket. */
  readonly silence: number
  readonly ping: { readonly after: number; readonly within: number; readonly always: boolean } | undefined
  /** The age at which another socket should replace this one. */
  readonly maxAge: number | undefined
  /** The maximum number of subscriptions per request. */
  readonly batch: number
  /**
   * Returns the delay before a subscription is requested again after `faults` faults in a row; `random` is from 0 to 1.
   */
  readonly again: (faults: number, random: number) => number
  /** Whether a subscription that was refused for this reason may be accepted a little later. */
  readonly isTemporary: (error: ErrorBody) => boolean
  /** How long a subscription must be without a fault until its faults are forgotten. */
  readonly stable: number
}

/**
 * A subscription that is wanted. `maxSilence` is the maximum time without data, in milliseconds.
 *
 * @internal
 */
export interface Wanted {
  readonly key: string
  readonly maxSilence: number | undefined
}

/**
 * The state of a subscription.
 *
 * @internal
 */
export type Topic =
  & Wanted
  & { readonly faults: number }
  & (
    /** With `isAlone`, it is requested by a message of its own. */
    | { readonly phase: "waiting"; readonly until: number; readonly isAlone?: true }
    /** Requested; `since` is `undefined` until the message is sent. */
    | { readonly phase: "asked"; readonly request: number; readonly since: number | undefined }
    | { readonly phase: "live"; readonly since: number }
  )

/**
 * A subscription to end, with the exchange's id for it, if any.
 *
 * @internal
 */
export interface Leaving {
  readonly key: string
  readonly id: string | undefined
}

/** @internal */
export interface State {
  readonly opened: number
  readonly phase: "greeting" | "live" | "ended"
  readonly greetedAt: number
  readonly topics: ReadonlyMap<string, Topic>
  readonly leaving: ReadonlyArray<Leaving>
  /** The keys of the subscriptions to which the exchange gave an id of its own, by that id. */
  readonly keyOfId: ReadonlyMap<string, string>
  readonly next: number
  readonly pinged: number | undefined
  readonly isLeaving: boolean
}

/**
 * The messages of the exchange other than data.
 *
 * @internal
 */
export type Control = Exclude<Message, { readonly _tag: "Data" }>

/** @internal */
export type Event =
  | Control
  | ({ readonly _tag: "Want" } & Wanted)
  | { readonly _tag: "Unwant"; readonly key: string }
  | { readonly _tag: "Sent"; readonly request: number }
  /** The data of the subscription cannot be trusted: it must be requested again. */
  | { readonly _tag: "Resync"; readonly key: string }
  /** Asks the exchange for a sign that the connection is up, if there is a ping. */
  | { readonly _tag: "Probe" }
  /**
   * `lastReceivedAt` is when anything was last received; `lastReceivedOf` returns when a subscription last received
   * data.
   */
  | {
    readonly _tag: "Tick"
    readonly lastReceivedAt: number
    readonly lastReceivedOf: (key: string) => number | undefined
  }

/** @internal */
export type Output =
  | { readonly _tag: "Login" }
  | { readonly _tag: "Subscribe"; readonly request: number; readonly keys: ReadonlyArray<string> }
  | { readonly _tag: "Unsubscribe"; readonly request: number; readonly topics: ReadonlyArray<Leaving> }
  | { readonly _tag: "Ping"; readonly request: number }
  | { readonly _tag: "Send"; readonly message: unknown }
  | { readonly _tag: "Live"; readonly key: string }
  | { readonly _tag: "Stale"; readonly key: string; readonly since: number; readonly because: string }
  /**
   * The exchange has ended the subscription, or refused it for the time being, but the connection is up. It will be
   * requested again.
   */
  | { readonly _tag: "Lost"; readonly key: string; readonly because: string }
  /** Without `error`, the subscription was requested several times without a response. */
  | { readonly _tag: "Refuse"; readonly key: string; readonly error: ErrorBody | undefined }
  | { readonly _tag: "RefuseLogin"; readonly error: ErrorBody }
  /** Another socket should replace this one, which remains in use until then. */
  | { readonly _tag: "Replace" }
  | { readonly _tag: "End"; readonly because: string }

/** @internal */
export type Step = readonly [State, ReadonlyArray<Output>]
