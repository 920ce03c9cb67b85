import { constants } from "node:buffer"
import * as Zlib from "node:zlib"
import type { Dispatcher } from "undici"
import { type Limit, NotUnpacked, TooLarge } from "./unread.js"

/**
 * A request and the limit of whoever sends it, which a packed answer is held to while it is unpacked: a bomb is cut off there.
 *
 * @internal
 */
export interface Limited extends Dispatcher.DispatchOptions {
  readonly maxBytes?: number | undefined
}

/**
 * Reads no answer beyond `maxBytes`, and unpacks those in gzip, deflate or Brotli: what comes out keeps to the same limit,
 * however little came in, and to that of the request where it is smaller. Answers in other codings are handed on as they are.
 *
 * @internal
 */
export const reading = (maxBytes: number): Dispatcher.DispatcherComposeInterceptor => (dispatch) => (options, next) => {
  const own: Limit = { bytes: maxBytes, option: "maxBytes of NodeExchange" }
  const limit = smaller(own, options)
  return dispatch(options, new Reader(own, limit, next))
}

// A class, see `docs/decisions`, 12.
class Reader implements Dispatcher.DispatchHandler {
  private readonly own: Limit
  /** Of what is packed: of the request, where that is smaller. */
  private readonly limit: Limit
  private readonly next: Dispatcher.DispatchHandler
  private packed: Packed | undefined
  private size = 0

  constructor(own: Limit, limit: Limit, next: Dispatcher.DispatchHandler) {
    this.own = own
    this.limit = limit
    this.next = next
  }

  onRequestStart(...[controller, context]: HandlerParameters<"onRequestStart">): void {
    this.next.onRequestStart?.(controller, context)
  }

  onRequestUpgrade(...upgrade: HandlerParameters<"onRequestUpgrade">): void {
    this.next.onRequestUpgrade?.(...upgrade)
  }

  onResponseStart(...[controller, status, headers, text]: HandlerParameters<"onResponseStart">): void {
    const coding = status < 200 ? undefined : codingOf(headers["content-encoding"])
    if (coding === undefined) return this.next.onResponseStart?.(controller, status, headers, text)
    const { "content-encoding": _, ...rest } = headers
    this.packed = {
      coding,
      chunks: [],
      // Not before its length is known, by which it can be read at once.
      begin: (length) =>
        this.next.onResponseStart?.(controller, status, { ...rest, "content-length": String(length) }, text)
    }
  }

  onResponseData(...[controller, chunk]: HandlerParameters<"onResponseData">): void {
    const { limit, next, own, packed } = this
    this.size += chunk.length
    if (packed === undefined) {
      return this.size > own.bytes ? controller.abort(new TooLarge(own)) : next.onResponseData?.(controller, chunk)
    }
    if (this.size > limit.bytes) return controller.abort(new TooLarge({ ...limit, counted: "packed" }))
    packed.chunks.push(chunk)
  }

  onResponseEnd(...[controller, trailers]: HandlerParameters<"onResponseEnd">): void {
    const { limit, next, packed } = this
    if (packed === undefined) return next.onResponseEnd?.(controller, trailers)
    const { begin, chunks, coding } = packed
    unpack(coding, Buffer.concat(chunks), limit, (body) => {
      if (body instanceof Error) return next.onResponseError?.(controller, body)
      begin(body.length)
      next.onResponseData?.(controller, body)
      next.onResponseEnd?.(controller, trailers)
    })
  }

  onResponseError(...[controller, error]: HandlerParameters<"onResponseError">): void {
    this.next.onResponseError?.(controller, error)
  }
}

type HandlerParameters<K extends keyof Dispatcher.DispatchHandler> = Parameters<
  NonNullable<Dispatcher.DispatchHandler[K]>
>

const smaller = (own: Limit, options: Limited): Limit =>
  options.maxBytes !== undefined && options.maxBytes < own.bytes
    ? { bytes: options.maxBytes, option: "maxResponseBytes" }
    : own

interface Packed {
  readonly coding: string
  readonly chunks: Array<Buffer>
  readonly begin: (length: number) => void
}

type Unpacked = Buffer | TooLarge | NotUnpacked

/** How a coding is undone, at once and beside the event loop. */
interface Unpacking {
  readonly sync: (packed: Buffer, options: Zlib.ZlibOptions) => Buffer
  readonly async: (
    packed: Buffer,
    options: Zlib.ZlibOptions,
    callback: (error: Error | null, body: Buffer) => void
  ) => void
}

const gzip: Unpacking = { sync: Zlib.gunzipSync, async: Zlib.gunzip }
const deflate: Unpacking = { sync: Zlib.inflateSync, async: Zlib.inflate }
const bare: Unpacking = { sync: Zlib.inflateRawSync, async: Zlib.inflateRaw }
const brotli: Unpacking = { sync: Zlib.brotliDecompressSync, async: Zlib.brotliDecompress }

const codings: ReadonlyMap<string, (packed: Buffer) => Unpacking> = new Map([
  ["gzip", () => gzip],
  ["x-gzip", () => gzip],
  // Some leave out the header that RFC 9110 §8.4.1.2 asks for: its first half byte names the method, 8.
  ["deflate", ([first = 0]: Buffer) => (first & 0x0f) === 8 ? deflate : bare],
  ["br", () => brotli]
])

const codingOf = (header: string | ReadonlyArray<string> | undefined): string | undefined => {
  const coding = typeof header === "string" ? header.trim().toLowerCase() : ""
  return codings.has(coding) ? coding : undefined
}

/** So much is unpacked sooner than a thread could be asked to. */
const little = 16 * 1024

const unpack = (coding: string, packed: Buffer, limit: Limit, done: (body: Unpacked) => void): void => {
  const unpacking = codings.get(coding)?.(packed)
  if (unpacking === undefined || packed.length === 0) return done(packed)
  const options = { maxOutputLength: Math.min(limit.bytes, constants.MAX_LENGTH) }
  const failed = (error: unknown): Unpacked =>
    error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE"
      ? new TooLarge({ ...limit, counted: "unpacked" })
      : new NotUnpacked({ coding })
  if (packed.length > little) {
    // Each chunk of what comes out is a way to the thread and back.
    const inChunks = { ...options, chunkSize: 256 * 1024 }
    return unpacking.async(packed, inChunks, (error, body) => done(error === null ? body : failed(error)))
  }
  let body: Unpacked
  try {
    body = unpacking.sync(packed, options)
  } catch (error) {
    body = failed(error)
  }
  done(body)
}
