import { type Input, isInput } from "../../internal/inputs.js"
import { parse } from "../../internal/json.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"

/** @internal */
export const conn_id = "cejreaspqfm9se7usbrg-2xh"

/** @internal Parses a message. Returns an empty object if it is not a JSON object. */
export const parseMessage = (text: string): Input => {
  const value = parse(text)
  return isInput(value) ? value : {}
}

/** @internal Creates the response to a request. */
export const answer = ({ op, req_id }: Input, success: boolean, ret_msg: string): Streaming.Frame =>
  Streaming.control({
    success,
    ret_msg,
    conn_id,
    req_id: typeof req_id === "string" ? req_id : "",
    op: typeof op === "string" ? op : ""
  })

const idleTimeout = 600_000

/** @internal Closes a connection whose client has sent nothing for ten minutes. */
export const closeIfIdle = (lastReceivedAt: number, { now }: World): Streaming.Turn<unknown>["close"] =>
  now - lastReceivedAt < idleTimeout ? undefined : { code: 1000, reason: "no message from the client in ten minutes" }
