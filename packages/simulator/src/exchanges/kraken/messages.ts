/**
 * The parts that Kraken's sockets share: requests with a `method`, responses with two timestamps, subscriptions, the
 * initial status and heartbeats.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import type { Channel } from "../../internal/channels.js"
import { type Input, isInput, iso } from "../../internal/inputs.js"
import { type Json, parse } from "../../internal/json.js"
import * as Topics from "../../internal/topics.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"

/** @internal */
export interface State {
  readonly topics: Topics.Topics
  /** Tokens issued earlier are no longer valid. */
  readonly tokensFrom: number
}

/** @internal */
export interface Request {
  readonly method: string
  readonly params: Input
}

/** @internal A subscription that a request names, and the result of subscribing or unsubscribing. */
export interface Named {
  readonly key: string
  readonly channel: Either.Either<Channel, string>
  readonly result: Json
  readonly symbol?: string
}

type Response = { readonly [name: string]: Json | undefined }

const times = ({ now }: World) => ({ time_in: iso(now), time_out: iso(now) })

const receive =
  (named: (request: Request, state: State, world: World) => ReadonlyArray<Named>) =>
  (state: State, text: string, world: World): Streaming.Turn<State> => {
    const turn = (responses: ReadonlyArray<Response>, topics = state.topics): Streaming.Turn<State> => {
      const { frames, next } = poll({ ...state, topics }, world)
      return { frames: [...responses.map(Streaming.control), ...frames], next }
    }
    const request = parse(text)
    if (!isInput(request) || typeof request["method"] !== "string") {
      return turn([{ error: "Malformed request", success: false, ...times(world) }])
    }
    const { method, params, req_id } = request
    const id = typeof req_id === "number" ? req_id : undefined
    if (method === "ping") return turn([{ method: "pong", ...times(world), req_id: id }])
    const response = (more: Response): Response => ({ method, ...more, ...times(world), req_id: id })
    if (method !== "subscribe" && method !== "unsubscribe") {
      return turn([response({ error: "Unsupported method", success: false })])
    }
    const all = named({ method, params: isInput(params) ? params : {} }, state, world)
    const [topics, responses] = Arr.mapAccum(all, state.topics, (topics, { channel, key, result, symbol }) => {
      const refuse = (error: string) => [topics, response({ error, success: false, symbol })] as const
      if (Either.isLeft(channel)) return refuse(channel.left)
      const isThere = topics.has(key)
      if (isThere === (method === "subscribe")) return refuse(isThere ? "Already subscribed" : "Subscription Not Found")
      const next = isThere ? Topics.remove(topics, [key]) : Topics.add(topics, key, channel.right)
      return [next, response({ result, success: true })]
    })
    return turn(responses, topics)
  }

const poll = (state: State, world: World) => Topics.turn(state, world, (_, message) => message)

const pass = (state: State, world: World, { sentAt }: Streaming.Times): Streaming.Turn<State> => {
  const turn = poll(state, world)
  const isQuiet = turn.frames.length === 0 && state.topics.size > 0 && world.now - sentAt >= 1000
  return isQuiet ? { ...turn, frames: [heartbeat] } : turn
}

/** The first message of a connection. */
const greeting: Streaming.Frame = Streaming.control({
  channel: "status",
  type: "update",
  data: [{ system: "online", api_version: "v2", connection_id: 12345678901234567890n, version: "2.0.9" }]
})

const heartbeat: Streaming.Frame = Streaming.control({ channel: "heartbeat" })

/** @internal Creates a socket from the subscriptions that its requests name. */
export const make = (named: Parameters<typeof receive>[0]): Streaming.Conversation =>
  Streaming.make<State>({
    initial: { topics: Topics.none, tokensFrom: 0 },
    begin: (next) => ({ frames: [greeting], next }),
    receive: receive(named),
    poll: pass,
    expire: (state, world) => ({ frames: [], next: { ...state, tokensFrom: world.now } })
  })
