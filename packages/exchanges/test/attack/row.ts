import type { Exchanges } from "../../src/index.js"
import { type Act, type Request, type Script, send } from "./wire.js"

/** The operations that are called on each exchange. */
export type Operation = "ticker" | "orderBook" | "candles" | "balances" | "openOrders" | "place" | "cancel"

/** The original response of the exchange, and data from which others are made. */
export interface Original {
  readonly exchange: Exchanges.ExchangeId
  readonly operation: Operation
  readonly request: Request
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** The origin of the server. */
  readonly origin: string
  /** The exchange's ids of the requested market and of another one. */
  readonly ids: { readonly asked: string; readonly other: string }
  /** The responses of this exchange to other operations, and of other exchanges to this one. */
  readonly otherResponses: ReadonlyMap<string, Buffer>
}

/**
 * A hostile response. Without a `rule`, the call must fail or return the true result:
 *
 * - `part`: the result may also be a part of it, if the response contains no more;
 * - `unverifiable`: a client cannot detect the lie, so the result only has to be about the requested market.
 */
export interface Row {
  readonly name: string
  readonly kind: string
  readonly rule?: "part" | "unverifiable" | undefined
  /** The operations that the row applies to. Defaults to all. */
  readonly operations?: ReadonlyArray<Operation> | undefined
  /** Runs in advance, if the response takes long to create. */
  readonly ready?: (() => unknown) | undefined
  readonly answer: (original: Original) => Script
}

export interface Changes {
  /** The status line. */
  readonly line?: string
  readonly status?: number
  /** Headers to add to those of the exchange. `undefined` removes one. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: string | Uint8Array
}

/** Returns the head of a response, with the blank line at its end. */
export const head = (
  original: Original,
  { body = original.body, headers, line, status = original.status }: Changes = {}
): string => {
  const all = {
    ...original.headers,
    "content-length": String(Buffer.byteLength(body)),
    ...headers
  }
  const lines = Object.entries(all).flatMap(([name, value]) => value === undefined ? [] : [`${name}: ${value}`])
  return `${[line ?? `HTTP/1.1 ${status} Whatever`, ...lines].join("\r\n")}\r\n\r\n`
}

/** Sends the original response with changes. */
export const answer = (original: Original, changes: Changes = {}): Act =>
  send(Buffer.concat([Buffer.from(head(original, changes), "latin1"), Buffer.from(changes.body ?? original.body)]))

/** Splits a body into chunks of `size` bytes. */
export const chunked = (body: Uint8Array, size = 1000): string => {
  const text = Buffer.from(body).toString("latin1")
  const chunks = Array.from(
    { length: Math.ceil(text.length / size) },
    (_, index) => text.slice(index * size, (index + 1) * size)
  )
  return `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("")}0\r\n\r\n`
}

export const inChunks = { "content-length": undefined, "transfer-encoding": "chunked" }

/** Creates the rows of one kind. */
export const rows = (
  kind: string,
  answers: Readonly<Record<string, Row["answer"]>>,
  rest: Pick<Row, "rule" | "operations"> = {}
): ReadonlyArray<Row> => Object.entries(answers).map(([name, answer]) => ({ name, kind, answer, ...rest }))
