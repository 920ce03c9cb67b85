import type { Exchanges } from "../../src/index.js"
import { type Act, type Request, type Script, send } from "./wire.js"

/** What is called on each exchange. */
export type Operation = "ticker" | "orderBook" | "candles" | "balances" | "openOrders" | "place" | "cancel"

/** What the exchange would answer, and what there is to make something else of it. */
export interface Original {
  readonly exchange: Exchanges.ExchangeId
  readonly operation: Operation
  readonly request: Request
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** The origin of the server. */
  readonly origin: string
  /** The exchange's names for the market asked for, and for another one. */
  readonly ids: { readonly asked: string; readonly other: string }
  /** What this exchange answered to other operations, and what others answered to this one. */
  readonly elsewhere: ReadonlyMap<string, Buffer>
}

/**
 * One hostile answer. Without a `rule` the call has to fail or give the truth:
 *
 * - `part`: the result may also be a part of it, if the response contains no more;
 * - `unverifiable`: a client cannot detect the lie, so the result only has to be about the requested market.
 */
export interface Row {
  readonly name: string
  readonly kind: string
  readonly rule?: "part" | "unverifiable" | undefined
  /** The operations it says anything about; all unless given. */
  readonly operations?: ReadonlyArray<Operation> | undefined
  /** Run beforehand, for what takes long to make. */
  readonly ready?: (() => unknown) | undefined
  readonly answer: (original: Original) => Script
}

export interface Changes {
  /** The whole of the first line. */
  readonly line?: string
  readonly status?: number
  /** Added to those of the exchange; `undefined` leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: string | Uint8Array
}

/** The head of an answer, with the blank line at its end. */
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

/** A proper answer with something changed. */
export const answer = (original: Original, changes: Changes = {}): Act =>
  send(Buffer.concat([Buffer.from(head(original, changes), "latin1"), Buffer.from(changes.body ?? original.body)]))

/** A body in chunks of that many bytes. */
export const chunked = (body: Uint8Array, size = 1000): string => {
  const text = Buffer.from(body).toString("latin1")
  const chunks = Array.from(
    { length: Math.ceil(text.length / size) },
    (_, index) => text.slice(index * size, (index + 1) * size)
  )
  return `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("")}0\r\n\r\n`
}

export const inChunks = { "content-length": undefined, "transfer-encoding": "chunked" }

/** Rows of one kind from their names. */
export const rows = (
  kind: string,
  answers: Readonly<Record<string, Row["answer"]>>,
  rest: Pick<Row, "rule" | "operations"> = {}
): ReadonlyArray<Row> => Object.entries(answers).map(([name, answer]) => ({ name, kind, answer, ...rest }))
