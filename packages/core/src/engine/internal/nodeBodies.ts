import { constants } from "node:buffer"
import * as Zlib from "node:zlib"
import type { Dispatcher } from "undici"
import { type Limit, NotUnpacked, TooLarge } from "./unreadableBody.js"

/**
 * A request with the body limit of its caller. The limit also applies while a response is decompressed, to stop a
 * decompression bomb early.
 *
 * @internal
 */
export interface Limited extends Dispatcher.DispatchOptions {
  readonly maxBytes?: number | undefined
}

/**
 * Limits responses to `maxBytes` and decompresses gzip, deflate and Brotli. The decompressed body has the same limit,
 * however small the response, and also that of the request if it is smaller. Responses in other codings are passed on
 * unchanged.
 *
 * @internal
 */
export const reading = (maxBytes: number): Dispatcher.DispatcherComposeInterceptor => (dispatch) => (options, next) => {
  const own: Limit = { bytes: maxBytes, option: "maxBytes of NodeExchange" }
  const limit = smaller(own, options)
  return dispatch(options, new Reader(own, limit, next))
}

// A class rather than a literal: see decision 12 in `docs/decisions`.
class Reader implements Dispatcher.DispatchHandler {
  private readonly own: Limit
  /** The limit for compressed responses: the smaller of `own` and that of the request. */
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
      // Called when the decompressed length is known, because a body with a `content-length` can be read in one piece.
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

/** The two decoders of a content coding: synchronous, and in a thread. */
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
  // Some servers omit the zlib header that RFC 9110 §8.4.1.2 requires. The lower half of its first byte is 8.
  ["deflate", ([first = 0]: Buffer) => (first & 0x0f) === 8 ? deflate : bare],
  ["br", () => brotli]
])

const codingOf = (header: string | ReadonlyArray<string> | undefined): string | undefined => {
  const coding = typeof header === "string" ? header.trim().toLowerCase() : ""
  return codings.has(coding) ? coding : undefined
}

/**
 * Up to this size in bytes, handing the body to a thread costs more than decompressing it. A body that is packed a
 * thousand times smaller than it is stops the process for about as long as parsing it would.
 */
const little = 32 * 1024

const unpack = (coding: string, packed: Buffer, limit: Limit, done: (body: Unpacked) => void): void => {
  const unpacking = codings.get(coding)?.(packed)
  if (unpacking === undefined || packed.length === 0) return done(packed)
  const options = {
    maxOutputLength: Math.min(limit.bytes, constants.MAX_LENGTH),
    // Each chunk of output is copied, and costs a round trip if a thread decompresses.
    ...packed.length > 4096 ? { chunkSize: 256 * 1024 } : {}
  }
  const failed = (error: unknown): Unpacked =>
    error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE"
      ? new TooLarge({ ...limit, counted: "unpacked" })
      : new NotUnpacked({ coding })
  if (packed.length > little) {
    return unpacking.async(packed, options, (error, body) => done(error === null ? body : failed(error)))
  }
  let body: Unpacked
  try {
    body = unpacking.sync(packed, options)
  } catch (error) {
    body = failed(error)
  }
  done(body)
}
