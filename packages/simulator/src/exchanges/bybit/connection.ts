/**
 * What Bybit's public and private sockets have in common: requests with an `op`, their responses, and topics.
 *
 * @internal
 */
import * as Either from "effect/Either"
import type { ApiKey } from "../../engine/Account.js"
import type * as Channels from "../../internal/channels.js"
import { type Input, isInput } from "../../internal/inputs.js"
import { type Json, parse, quoted } from "../../internal/json.js"
import * as Methods from "../../internal/methods.js"
import * as Topics from "../../internal/topics.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"

/** @internal A message of a topic, without the topic. */
export type Message = { readonly [name: string]: Json }

/** @internal */
export interface State {
  readonly topics: Topics.Topics<Message>
  /** The key of the login. */
  readonly key?: ApiKey
}

/** @internal Returns the text of the response, or that of a refusal. */
export type Method = Methods.Method<State, string>

/** @internal */
export const conn_id = "cejreaspqfm9se7usbrg-2xh"

const topicsOf = ({ args }: Input): ReadonlyArray<string> => Array.isArray(args) ? args.map(String) : []

/** @internal Subscribes to all topics of a request, unless one of them is unknown, subscribed to, or not allowed. */
export const subscribe = (
  channels: Channels.Channels<Message, unknown>,
  refusalOf: (names: ReadonlyArray<string>, state: State) => string | undefined,
  done: string,
  about: Input = {}
): Method =>
(input, state, world) =>
  Either.gen(function*() {
    const names = topicsOf(input)
    const refusal = refusalOf(names, state)
    if (refusal !== undefined) return yield* Either.left(refusal)
    let { topics } = state
    for (const name of names) {
      const found = channels(name, world, about)
      const channel = yield* Either.mapLeft(found, () => `error:handler not found,topic:${name}`)
      if (topics.has(name)) return yield* Either.left(`error:already subscribed,topic:${name}`)
      topics = Topics.add(topics, name, channel)
    }
    return [done, { ...state, topics }] as const
  })

/** @internal */
export const unsubscribe: Method = (input, state) =>
  Either.right(["", { ...state, topics: Topics.remove(state.topics, topicsOf(input)) }])

/** @internal Reads a message. Returns an empty object if it is not a JSON object. */
export const read = (text: string): Input => {
  const value = parse(text)
  return isInput(value) ? value : {}
}

/** @internal */
export const receive = (methods: Readonly<Record<string, Method>>): Streaming.Definition<State>["receive"] =>
(
  state,
  text,
  world,
  times
) => {
  const input = read(text)
  const { op, req_id } = input
  const outcome = Methods.find(methods, String(op), "error:request op not support")(input, state, world)
  const encode = (result: Either.Either<Json, string>): Json => ({
    success: Either.isRight(result),
    ret_msg: Either.merge(result),
    conn_id,
    req_id: typeof req_id === "string" ? req_id : "",
    op: typeof op === "string" ? op : ""
  })
  const turn = Methods.answer(outcome, state, encode, (next) => pass(next, world, times))
  // A refused login closes the connection. Public sockets have no logins.
  return op === "auth" && Either.isLeft(outcome) && "auth" in methods
    ? { ...turn, close: { code: 1008, reason: "the login was refused" } }
    : turn
}

const idleTimeout = 600_000

// A connection whose client has sent nothing for ten minutes is closed.
const pass = (state: State, world: World, { receivedAt }: Streaming.Times): Streaming.Turn<State> => {
  if (world.now - receivedAt >= idleTimeout) {
    return Streaming.closing(state, 1000, "no message from the client in ten minutes")
  }
  return Topics.turn(state, world, (topic, message) => quoted({ topic, ...message }))
}

/** @internal Creates a socket that responds to the methods, or as `definition` says. */
export const make = (
  methods: Readonly<Record<string, Method>>,
  definition: Partial<Streaming.Definition<State>> = {}
): Streaming.Conversation =>
  Streaming.make<State>({
    initial: { topics: Topics.none },
    receive: receive(methods),
    poll: pass,
    ...definition
  })
