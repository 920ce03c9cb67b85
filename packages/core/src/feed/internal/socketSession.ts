/**
 * The life of one socket, from open to end, as a pure state machine: what to send, which subscriptions are active, and
 * what is overdue.
 *
 * Data frames do not pass through it. What it needs to know about them, when each subscription last received data, is
 * part of the `Tick` event.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import type { ErrorBody } from "../../engine/Protocol.js"
import * as ExchangeIds from "./exchangeIds.js"
import * as Pings from "./pings.js"
import type { Control, Event, Output, Rules, State, Step, Topic, Wanted } from "./socketSessionModel.js"

export type { Event, Output, Rules, State, Wanted } from "./socketSessionModel.js"

/**
 * Creates the state of an opened socket with the subscriptions that are wanted.
 *
 * @internal
 */
export const open = (rules: Rules, wanted: Iterable<Wanted>, now: number): Step => {
  const topics = new Map<string, Topic>()
  for (const { key, maxSilence } of wanted) {
    topics.set(key, { key, maxSilence, faults: 0, phase: "waiting", until: now })
  }
  const state: State = {
    opened: now,
    phase: rules.login ? "greeting" : "live",
    greetedAt: now,
    topics,
    leaving: [],
    keyOfId: new Map(),
    next: 1,
    pinged: undefined,
    isLeaving: false
  }
  return rules.login && !rules.confirmsLogin
    ? [{ ...state, phase: "live" }, [{ _tag: "Login" }]]
    : [state, rules.login ? [{ _tag: "Login" }] : []]
}

/**
 * Returns `true` if every wanted subscription is confirmed.
 *
 * @internal
 */
export const isSettled = ({ phase, topics }: State): boolean => {
  if (phase !== "live") return false
  for (const topic of topics.values()) if (topic.phase !== "live") return false
  return true
}

/**
 * Returns when the next timeout is due if no event occurs, in epoch milliseconds; `Infinity` for never.
 *
 * @internal
 */
export const deadline = (
  rules: Rules,
  state: State,
  lastReceivedAt: number,
  lastReceivedOf: (key: string) => number | undefined
): number => {
  if (state.phase === "ended") return Number.POSITIVE_INFINITY
  let due = lastReceivedAt + rules.silence
  if (state.phase === "greeting") due = Math.min(due, state.greetedAt + rules.patience)
  if (rules.maxAge !== undefined && !state.isLeaving) due = Math.min(due, state.opened + rules.maxAge)
  if (rules.ping !== undefined) due = Math.min(due, Pings.due(rules.ping, state, lastReceivedAt))
  if (state.phase !== "live") return due
  for (const topic of state.topics.values()) {
    if (topic.phase === "waiting") due = Math.min(due, topic.until)
    else if (topic.phase === "asked") {
      if (topic.since !== undefined) due = Math.min(due, topic.since + rules.patience)
    } else if (topic.maxSilence !== undefined) {
      due = Math.min(due, Math.max(topic.since, lastReceivedOf(topic.key) ?? 0) + topic.maxSilence)
    }
  }
  return due
}

/** @internal */
export const step = (rules: Rules, state: State, event: Event, now: number, random: number): Step => {
  if (state.phase === "ended") return [state, []]
  switch (event._tag) {
    case "Want":
      return state.topics.has(event.key) ? [state, []] : [
        withTopic(state, { key: event.key, maxSilence: event.maxSilence, faults: 0, phase: "waiting", until: now }),
        []
      ]
    case "Unwant":
      return unwant(state, event.key)
    case "Sent":
      return [
        mapTopics(
          state,
          (topic) => topic.phase === "asked" && topic.request === event.request ? { ...topic, since: now } : topic
        ),
        []
      ]
    case "LoggedIn":
      return [state.phase === "greeting" ? { ...state, phase: "live" } : state, []]
    case "LoginRefused":
      return refusedLogin(state, event.error)
    case "Acknowledged":
      return acknowledged(state, event, now)
    case "Refused":
      // Nothing is requested before the login is confirmed.
      return state.phase === "greeting"
        ? refusedLogin(state, event.error)
        : refused(rules, state, event, now, random)
    case "Pong":
      return [state, []]
    case "Reply":
      return [state, [{ _tag: "Send", message: event.message }]]
    case "Leaving":
      return state.isLeaving ? [state, []] : [{ ...state, isLeaving: true }, [{ _tag: "Replace" }]]
    case "Ended":
      return event.keys === undefined
        ? end(state, event.because)
        : lost(rules, state, event.keys, event.because, now, random)
    case "Resync":
      return resync(rules, state, [event.key], now, random, true)
    case "Probe":
      return rules.ping === undefined ? [state, []] : Pings.send(state, now)
    case "Tick":
      return tick(rules, state, event, now, random)
  }
}

const end = (state: State, because: string, before: ReadonlyArray<Output> = []): Step => [
  { ...state, phase: "ended" },
  [...before, { _tag: "End", because }]
]

const refusedLogin = (state: State, error: ErrorBody): Step =>
  end(state, "the login was refused", [{ _tag: "RefuseLogin", error }])

const withTopic = (state: State, topic: Topic): State => ({
  ...state,
  topics: new Map(state.topics).set(topic.key, topic)
})

const without = (state: State, keys: ReadonlyArray<string>): State => {
  const topics = new Map(state.topics)
  for (const key of keys) topics.delete(key)
  return { ...keys.reduce(ExchangeIds.withoutId, state), topics }
}

const mapTopics = (state: State, f: (topic: Topic) => Topic): State => {
  const topics = new Map<string, Topic>()
  for (const [key, topic] of state.topics) topics.set(key, f(topic))
  return { ...state, topics }
}

/** A subscription that was never requested needs no unsubscribe message. */
const unwant = (state: State, key: string): Step => {
  const topic = state.topics.get(key)
  if (topic === undefined) return [state, []]
  return [without(topic.phase === "waiting" ? state : ExchangeIds.leave(state, key), [key]), []]
}

const namedBy = (
  state: State,
  { keys: names, request }: {
    readonly request?: number | undefined
    readonly keys?: ReadonlyArray<string> | undefined
  }
): ReadonlyArray<Topic> => {
  const keys = names && ExchangeIds.keysOf(state, names)
  const found: Array<Topic> = []
  for (const topic of state.topics.values()) {
    const isNamed = keys === undefined
      ? topic.phase === "asked" && topic.request === request
      : keys.includes(topic.key)
    if (isNamed) found.push(topic)
  }
  return found
}

const acknowledged = (state: State, control: Control & { readonly _tag: "Acknowledged" }, now: number): Step => {
  const outputs: Array<Output> = []
  let next = state
  for (const topic of namedBy(state, control)) {
    // Also skips a subscription that waits to be requested again: this may be the confirmation of an earlier request.
    if (topic.phase !== "asked") continue
    next = withTopic(next, { ...topic, phase: "live", since: now })
    outputs.push({ _tag: "Live", key: topic.key })
  }
  if (control.id !== undefined && control.keys?.length === 1) {
    for (const key of control.keys) next = ExchangeIds.identified(next, key, control.id)
  }
  if (control.keys === undefined || control.request === undefined) return [next, outputs]
  // The exchange named the subscriptions that it accepted, so it did not accept the others of the request.
  const missed = namedBy(next, { request: control.request })
  return refuse(next, missed, { code: "", text: "the exchange did not accept the subscription" }, outputs)
}

/** A refusal that names neither keys nor a request is for the oldest request. */
const refused = (
  rules: Rules,
  state: State,
  control: Control & { readonly _tag: "Refused" },
  now: number,
  random: number
): Step => {
  const topics = refusedBy(state, control)
  if (rules.isTemporary(control.error)) {
    return postpone(rules, state, topics, `the exchange refused temporarily: ${control.error.text}`, now, random)
  }
  return control.keys === undefined && topics.length > 1
    ? separate(state, topics, now)
    : refuse(state, topics, control.error)
}

/** Schedules a request for each subscription alone: one of them must not make the exchange refuse the others. */
const separate = (state: State, topics: ReadonlyArray<Topic>, now: number): Step => {
  let next = state
  for (const { faults, key, maxSilence } of topics) {
    next = withTopic(next, { key, maxSilence, faults, phase: "waiting", until: now, isAlone: true })
  }
  return [next, []]
}

const refusedBy = (state: State, control: Control & { readonly _tag: "Refused" }): ReadonlyArray<Topic> => {
  if (control.keys !== undefined || control.request !== undefined) {
    return namedBy(state, control).filter((topic) =>
      control.request === undefined || (topic.phase === "asked" && topic.request === control.request)
    )
  }
  const requests = Array.from(state.topics.values(), (topic) => topic.phase === "asked" ? topic.request : undefined)
    .filter((request) => request !== undefined)
  return requests.length === 0 ? [] : namedBy(state, { request: Math.min(...requests) })
}

/** Schedules a new request for each refused subscription, with a delay that grows each time. */
const postpone = (
  rules: Rules,
  state: State,
  topics: ReadonlyArray<Topic>,
  because: string,
  now: number,
  random: number
): Step => {
  let next = state
  for (const { faults: before, key, maxSilence } of topics) {
    const faults = before + 1
    const until = now + rules.again(faults, random)
    next = withTopic(next, { key, maxSilence, faults, phase: "waiting", until })
  }
  return [next, topics.map(({ key }): Output => ({ _tag: "Lost", key, because }))]
}

const refuse = (
  state: State,
  topics: ReadonlyArray<Topic>,
  error: ErrorBody | undefined,
  before: ReadonlyArray<Output> = []
): Step => [
  without(state, topics.map(({ key }) => key)),
  [...before, ...topics.map(({ key }): Output => ({ _tag: "Refuse", key, error }))]
]

/**
 * Schedules a new request for each active subscription, only once however often it is called. `unsubscribes` is whether
 * to unsubscribe first, which a subscription that is still active at the exchange needs.
 */
const resync = (
  rules: Rules,
  state: State,
  keys: ReadonlyArray<string>,
  now: number,
  random: number,
  unsubscribes: boolean
): Step => {
  let next = state
  for (const key of keys) {
    const topic = next.topics.get(key)
    if (topic === undefined || topic.phase !== "live") continue
    const faults = now - topic.since >= rules.stable ? 1 : topic.faults + 1
    const until = now + rules.again(faults, random)
    next = withTopic(next, { key, maxSilence: topic.maxSilence, faults, phase: "waiting", until })
    next = unsubscribes ? ExchangeIds.leave(next, key) : ExchangeIds.withoutId(next, key)
  }
  return [next, []]
}

/** Data is missed until the subscription is confirmed again, hence `Lost`. */
const lost = (
  rules: Rules,
  state: State,
  keys: ReadonlyArray<string>,
  because: string,
  now: number,
  random: number
): Step => {
  const stood = ExchangeIds.keysOf(state, keys).filter((key) => state.topics.get(key)?.phase === "live")
  const [next] = resync(rules, state, stood, now, random, false)
  return [next, stood.map((key): Output => ({ _tag: "Lost", key, because }))]
}

const tick = (
  rules: Rules,
  state: State,
  event: Event & { readonly _tag: "Tick" },
  now: number,
  random: number
): Step => {
  const { lastReceivedAt, lastReceivedOf } = event
  if (now >= lastReceivedAt + rules.silence) return end(state, "no message was received on the connection in time")
  if (state.phase === "greeting" && now >= state.greetedAt + rules.patience) {
    return end(state, "the exchange did not respond to the login in time")
  }
  const outputs: Array<Output> = []
  let next = state
  if (rules.ping !== undefined && now >= Pings.due(rules.ping, state, lastReceivedAt)) {
    if (Pings.isUnanswered(state, lastReceivedAt)) return end(state, "the exchange did not respond to a ping")
    const [pinged, pings] = Pings.send(next, now)
    next = pinged
    outputs.push(...pings)
  }
  if (rules.maxAge !== undefined && !next.isLeaving && now >= next.opened + rules.maxAge) {
    next = { ...next, isLeaving: true }
    outputs.push({ _tag: "Replace" })
  }
  if (next.phase !== "live") return [next, outputs]
  const [watched, overdue] = watch(rules, next, lastReceivedAt, lastReceivedOf, now, random)
  const [sent, requests] = ask(rules, watched, now)
  return [sent, [...outputs, ...overdue, ...requests]]
}

/** Handles what is overdue: confirmations, and silent subscriptions. */
const watch = (
  rules: Rules,
  state: State,
  lastReceivedAt: number,
  lastReceivedOf: (key: string) => number | undefined,
  now: number,
  random: number
): Step => {
  const outputs: Array<Output> = []
  let next = state
  for (const topic of state.topics.values()) {
    if (topic.phase === "asked" && topic.since !== undefined && now >= topic.since + rules.patience) {
      const faults = topic.faults + 1
      // If nothing at all was received since the request, it is the connection that does not respond.
      if (faults >= rules.tries && lastReceivedAt >= topic.since) {
        next = without(ExchangeIds.leave(next, topic.key), [topic.key])
        outputs.push({ _tag: "Refuse", key: topic.key, error: undefined })
      } else {
        const until = now + rules.again(faults, random)
        next = withTopic(next, { key: topic.key, maxSilence: topic.maxSilence, faults, phase: "waiting", until })
        // Only the confirmation may have been lost: an active subscription would not start from a snapshot again.
        next = ExchangeIds.leave(next, topic.key)
      }
    }
    if (topic.phase === "live" && topic.maxSilence !== undefined) {
      const since = Math.max(topic.since, lastReceivedOf(topic.key) ?? 0)
      if (now < since + topic.maxSilence) continue
      outputs.push({
        _tag: "Stale",
        key: topic.key,
        since,
        because: "no data was received for this subscription in time"
      })
      const [again] = resync(rules, next, [topic.key], now, random, true)
      next = again
    }
  }
  return [next, outputs]
}

/** Sends unsubscribe messages first: a subscription must end before it is requested again. */
const ask = (rules: Rules, state: State, now: number): Step => {
  const outputs: Array<Output> = []
  let { next } = state
  for (let from = 0; from < state.leaving.length; from += rules.batch) {
    outputs.push({ _tag: "Unsubscribe", request: next++, topics: state.leaving.slice(from, from + rules.batch) })
  }
  const due: Array<Topic> = []
  const alone: Array<Topic> = []
  for (const topic of state.topics.values()) {
    if (topic.phase === "waiting" && topic.until <= now) (topic.isAlone === true ? alone : due).push(topic)
  }
  if (due.length === 0 && alone.length === 0 && state.leaving.length === 0) return [state, []]
  const topics = new Map(state.topics)
  for (const part of [...Arr.chunksOf(due, rules.batch), ...alone.map((topic) => [topic])]) {
    const request = next++
    outputs.push({ _tag: "Subscribe", request, keys: part.map(({ key }) => key) })
    for (const { faults, key, maxSilence } of part) {
      topics.set(key, { key, maxSilence, faults, phase: "asked", request, since: undefined })
    }
  }
  return [{ ...state, topics, leaving: [], next }, outputs]
}
