import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib"
import { answer, head, inChunks, type Original, type Row, rows } from "./row.js"
import { end, flood, type Script, send } from "./wire.js"

const limit = 40 * 1024 * 1024

/** Pads the body with spaces at the start. */
const padded = (original: Original, size: number): Buffer =>
  Buffer.concat([Buffer.alloc(Math.max(0, size - original.body.length), " "), original.body])

const lines = (count: number): string => Array.from({ length: count }, (_, index) => `x-${index}: y\r\n`).join("")

const withMoreHeaders = (
  original: Original,
  more: string
): Script => [send(head(original).slice(0, -2) + more), send("\r\n"), send(original.body)]

/** Bodies and heads that are too short or too long. */
export const sizes: ReadonlyArray<Row> = rows("size", {
  "an empty body": (original) => [answer(original, { body: "" })],
  "a body of one byte": (original) => [answer(original, { body: "{" })],
  "a body of whitespace": (original) => [answer(original, { body: " \r\n\t" })],
  "a huge length, and the end": (
    original
  ) => [answer(original, { headers: { "content-length": "9007199254740991" } }), end],
  "a huge length, and silence": (original) => [answer(original, { headers: { "content-length": "99999999999" } })],
  "a length of forty digits": (original) => [answer(original, { headers: { "content-length": "9".repeat(40) } })],
  "40 MiB": (original) => [answer(original, { body: padded(original, limit) })],
  "40 MiB and a byte": (original) => [answer(original, { body: padded(original, limit + 1) })],
  "40 MiB and a byte in chunks": (original) => {
    const body = padded(original, limit + 1)
    return [
      send(`${head(original, { headers: inChunks })}${body.length.toString(16)}\r\n`),
      send(body),
      send("\r\n0\r\n\r\n")
    ]
  },
  "1 MB of spaces first": (original) => [answer(original, { body: padded(original, 1_000_000) })],
  "a body without end": (original) => [
    send(head(original, { headers: { "content-length": undefined } })),
    flood(Buffer.alloc(65_536, " "))
  ],
  "chunks without end": (original) => [
    send(head(original, { headers: inChunks })),
    flood(`10000\r\n${" ".repeat(65_536)}\r\n`)
  ],
  "chunks of a byte without end": (original) => [
    send(head(original, { headers: inChunks })),
    flood("1\r\n \r\n".repeat(5000))
  ],
  "an array without end": (original) => [
    send(head(original, { headers: { "content-length": undefined } })),
    send("["),
    flood("\"1\",".repeat(10_000))
  ],
  "headers without end": (original) => [send(head(original).slice(0, -2)), flood(lines(1000))],
  "a header without end": (original) => [send(`${head(original).slice(0, -2)}x-long: `), flood("y".repeat(65_536))],
  "a reason without end": () => [send("HTTP/1.1 200 "), flood("y".repeat(65_536))],
  "a header of 1 MB": (original) => withMoreHeaders(original, `x-long: ${"y".repeat(1_000_000)}\r\n`),
  "a header of 10 kB": (original) => withMoreHeaders(original, `x-long: ${"y".repeat(10_000)}\r\n`),
  "100 headers": (original) => withMoreHeaders(original, lines(100)),
  "5,000 headers": (original) => withMoreHeaders(original, lines(5000)),
  "100,000 headers": (original) => withMoreHeaders(original, lines(100_000)),
  "500 cookies": (original) => withMoreHeaders(original, "set-cookie: a=b\r\n".repeat(500))
})

/** Creates a value once, when it is first needed. */
const lazily = <A>(make: () => A): () => A => {
  let made: A | undefined
  return () => made ??= make()
}

const huge = 100_000_000
const zeros = lazily(() => gzipSync(Buffer.alloc(huge), { level: 1 }))
const blanks = lazily(() => gzipSync(Buffer.alloc(huge, " "), { level: 1 }))
const brackets = lazily(() => gzipSync(Buffer.alloc(huge, "["), { level: 1 }))
const deflated = lazily(() => deflateSync(Buffer.alloc(huge), { level: 1 }))
const brotli = lazily(() => brotliCompressSync(Buffer.alloc(huge), { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }))
const twice = lazily(() => gzipSync(zeros(), { level: 1 }))

const encoded = (encoding: string, body: (original: Original) => Uint8Array) => (original: Original): Script => [
  answer(original, { headers: { "content-encoding": encoding }, body: body(original) })
]

const bomb = (name: string, body: () => Buffer, encoding: string): Row => ({
  name,
  kind: "bomb",
  // Compressing takes long, and must not count as time of the client.
  ready: body,
  answer: encoded(encoding, body)
})

/** Compressed bodies that become very large. */
export const bombs: ReadonlyArray<Row> = [
  bomb("100 MB of zeros in gzip", zeros, "gzip"),
  bomb("100 MB of spaces in gzip", blanks, "gzip"),
  bomb("100 MB of brackets in gzip", brackets, "gzip"),
  bomb("100 MB of zeros in deflate", deflated, "deflate"),
  bomb("100 MB of zeros in br", brotli, "br"),
  bomb("100 MB of zeros in gzip twice", twice, "gzip, gzip"),
  bomb("100 MB of zeros in gzip twice, with a header for one", twice, "gzip"),
  bomb("100 MB of zeros in gzip without a header", zeros, "identity"),
  bomb("100 MB of zeros in x-gzip", zeros, "x-gzip")
]

/** Encodings, with and without a matching header. */
export const encodings: ReadonlyArray<Row> = rows("content-encoding", {
  "gzip": encoded("gzip", ({ body }) => gzipSync(body)),
  "br": encoded("br", ({ body }) => brotliCompressSync(body)),
  "deflate": encoded("deflate", ({ body }) => deflateSync(body)),
  "deflate without its header": encoded("deflate", ({ body }) => deflateRawSync(body)),
  "gzip twice": encoded("gzip, gzip", ({ body }) => gzipSync(gzipSync(body))),
  "gzip twenty times": encoded(
    Array.from({ length: 20 }, () => "gzip").join(", "),
    ({ body }) => Array.from({ length: 20 }).reduce<Buffer>((packed) => gzipSync(packed), body)
  ),
  "identity": encoded("identity", ({ body }) => body),
  "gzip that is not compressed": encoded("gzip", ({ body }) => body),
  "br that is not compressed": encoded("br", ({ body }) => body),
  "br that is gzip": encoded("br", ({ body }) => gzipSync(body)),
  "an unknown encoding": encoded("cow", ({ body }) => body),
  "gzip without a header": (original) => [answer(original, { body: gzipSync(original.body) })],
  "gzip cut short": encoded("gzip", ({ body }) => gzipSync(body).subarray(0, -12)),
  "gzip with garbage behind": encoded("gzip", ({ body }) => Buffer.concat([gzipSync(body), Buffer.from("garbage")])),
  "gzip with another gzip behind": encoded("gzip", ({ body }) => Buffer.concat([gzipSync(body), gzipSync("null")])),
  "gzip with a wrong checksum": encoded("gzip", ({ body }) => {
    const packed = Buffer.from(gzipSync(body))
    packed.writeUInt32LE(1, packed.length - 8)
    return packed
  }),
  "gzip of an empty body": encoded("gzip", () => gzipSync("")),
  "gzip without any bytes": encoded("gzip", () => Buffer.alloc(0))
})
