import { answer, chunked, head, inChunks, type Original, type Row, rows } from "./row.js"
import { end, flood, reset, type Script, send, wait } from "./wire.js"

const raw = (text: string): Script => [send(Buffer.from(text, "latin1"))]
const text = (original: Original): string => original.body.toString("latin1")

/** Sends the original body with another status line, and closes the connection. */
const withStatusLine = (line: string) => (original: Original): Script => [answer(original, { line }), end]
const withLength =
  (length: string) => (original: Original): Script => [answer(original, { headers: { "content-length": length } })]
const withInformational = (status: number, count: number) => (original: Original): Script => [
  send(`HTTP/1.1 ${status} Wait\r\n\r\n`.repeat(count)),
  answer(original)
]
const withHeaderLine = (line: string) => (original: Original): Script => [
  send(Buffer.concat([Buffer.from(head(original).replace("\r\n", `\r\n${line}\r\n`), "latin1"), original.body]))
]
const withTransferEncoding = (encoding: string) => (original: Original): Script => [
  send(
    head(original, { headers: { "content-length": undefined, "transfer-encoding": encoding } }) + chunked(original.body)
  )
]
const withChunks = (body: (text: string) => string) => (original: Original): Script => [
  ...raw(head(original, { headers: inChunks }) + body(text(original))),
  end
]

/** Responses that are invalid HTTP. */
export const framing: ReadonlyArray<Row> = rows("framing", {
  "chunks of another size": withChunks((body) => `5\r\n${body}\r\n0\r\n\r\n`),
  "a chunk of negative size": withChunks((body) => `-1\r\n${body}\r\n0\r\n\r\n`),
  "a chunk without a size": withChunks((body) => `\r\n${body}\r\n0\r\n\r\n`),
  "a chunk size that is not a number": withChunks((body) => `zz\r\n${body}\r\n0\r\n\r\n`),
  "a chunk larger than memory": withChunks((body) => `ffffffffffffffff\r\n${body}`),
  "a chunk size that overflows": withChunks((body) => `${"f".repeat(100)}\r\n${body}`),
  "no last chunk": withChunks((body) => `${body.length.toString(16)}\r\n${body}\r\n`),
  "no last chunk, and silence": (original) => [
    ...raw(`${head(original, { headers: inChunks })}${original.body.length.toString(16)}\r\n${text(original)}\r\n`)
  ],
  "no line break after a chunk": withChunks((body) => `${body.length.toString(16)}\r\n${body}0\r\n\r\n`),
  "an extension of 100 kB on a chunk": withChunks((body) =>
    `${body.length.toString(16)};x=${"y".repeat(100_000)}\r\n${body}\r\n0\r\n\r\n`
  ),
  "the last chunk too early": withChunks((body) => `1\r\n${body.slice(0, 1)}\r\n0\r\n\r\n${body.slice(1)}`),
  "trailers": withChunks((body) => `${body.length.toString(16)}\r\n${body}\r\n0\r\nx-late: 1\r\n\r\n`),
  "chunks of one byte": (original) => [...raw(head(original, { headers: inChunks }) + chunked(original.body, 1))],
  "chunks and a length": (original) => [
    ...raw(head(original, { headers: { "transfer-encoding": "chunked" } }) + chunked(original.body))
  ],
  "chunked twice": withTransferEncoding("chunked, chunked"),
  "chunked in upper case": withTransferEncoding("CHUNKED"),
  "an unknown transfer coding": withTransferEncoding("cow"),
  "an identity coding": withTransferEncoding("identity"),
  "chunks before another coding": withTransferEncoding("chunked, gzip"),
  "a length beyond the body": (original) => [...withLength(String(original.body.length + 10))(original), end],
  "a length beyond the body, and silence": (original) => withLength(String(original.body.length + 10))(original),
  "a length that cuts the body": (original) => withLength(String(Math.floor(original.body.length / 2)))(original),
  "a length of one byte less": (original) => withLength(String(original.body.length - 1))(original),
  "a negative length": withLength("-5"),
  "a length that is not a number": withLength("some"),
  "a length with an exponent": withLength("1e3"),
  "a length in hexadecimal": withLength("0x10"),
  "a blank length": withLength(""),
  "two lengths in one": (original) => withLength(`${original.body.length}, ${original.body.length}`)(original),
  "the length twice": (original) => withHeaderLine(`content-length: ${original.body.length}`)(original),
  "another length as well": withHeaderLine("content-length: 3"),
  "no length, to the end of the connection": (
    original
  ) => [answer(original, { headers: { "content-length": undefined } }), end],
  "no length, cut in the middle": (original) => [
    answer(original, {
      headers: { "content-length": undefined },
      body: original.body.subarray(0, Math.floor(original.body.length / 2))
    }),
    end
  ],
  "no head": (original) => [send(original.body), end],
  "HTTP/0.9": (original) => [send("200 OK\r\n"), send(original.body), end],
  "HTTP/1.0": withStatusLine("HTTP/1.0 200 OK"),
  "HTTP/2.0": withStatusLine("HTTP/2.0 200 OK"),
  "HTTP/9.9": withStatusLine("HTTP/9.9 200 OK"),
  "HTTP without a version": withStatusLine("HTTP 200 OK"),
  "another protocol": withStatusLine("ICY 200 OK"),
  "http in lower case": withStatusLine("http/1.1 200 ok"),
  "no code": withStatusLine("HTTP/1.1 OK"),
  "a code of two digits": withStatusLine("HTTP/1.1 20 OK"),
  "a code of four digits": withStatusLine("HTTP/1.1 2000 OK"),
  "a negative code": withStatusLine("HTTP/1.1 -200 OK"),
  "a code that is not a number": withStatusLine("HTTP/1.1 abc OK"),
  "code 000": withStatusLine("HTTP/1.1 000 None"),
  "code 999": withStatusLine("HTTP/1.1 999 All"),
  "no reason": withStatusLine("HTTP/1.1 200"),
  "a reason of bytes": withStatusLine("HTTP/1.1 200 \x80\xff\xfe"),
  "line feeds only": (original) => [send(head(original).replaceAll("\r\n", "\n")), send(original.body)],
  "carriage returns only": (original) => [send(head(original).replaceAll("\r\n", "\r")), send(original.body), end],
  "a folded header": withHeaderLine("x-folded: one\r\n two\r\n\tthree"),
  "a header without colon": withHeaderLine("nonsense"),
  "a header without name": withHeaderLine(": nothing"),
  "a space before the colon": withHeaderLine("x-blank : 1"),
  "a header of spaces only": withHeaderLine("   "),
  "a NUL in a header": withHeaderLine("x-nul: a\0b"),
  "a carriage return in a header": withHeaderLine("x-cr: a\rb"),
  "the head twice": (original) => [send(head(original)), answer(original), end],
  "the answer twice": (original) => [answer(original), answer(original)],
  "the answer and garbage": (original) => [answer(original), send("garbage\0".repeat(100))],
  "bytes after the body": (original) => [
    answer(original, { headers: { "content-length": String(original.body.length) } }),
    send("}}}}")
  ],
  "an error and then the answer": (original) => [
    answer(original, { status: 500, body: "no" }),
    answer(original)
  ],
  "one 100 before the response": withInformational(100, 1),
  "a thousand 100s before the response": withInformational(100, 1000),
  "100 without end": () => [flood("HTTP/1.1 100 Continue\r\n\r\n".repeat(100))],
  "102 before the response": withInformational(102, 1),
  "a hundred 103s with links before the response": (original) => [
    send("HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n".repeat(100)),
    answer(original)
  ],
  "101 to a web socket": (original) => [
    send("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"),
    send(original.body)
  ],
  "204 with a body": (original) => [answer(original, { status: 204 })],
  "205 with a body": (original) => [answer(original, { status: 205 })],
  "304 with a body": (original) => [answer(original, { status: 304 })],
  "204 without length, with a body": (original) => [
    answer(original, { status: 204, headers: { "content-length": undefined } }),
    end
  ],
  "half a head": (original) => [send(head(original).slice(0, 40)), end],
  "half a head, and silence": (original) => [send(head(original).slice(0, 40))],
  "a head without its blank line": (original) => [send(head(original).slice(0, -2)), end],
  "the first five characters": () => [send("HTTP/"), end],
  "nothing": () => [end],
  "nothing, and a reset": () => [reset],
  "a blank line": () => [send("\r\n"), end],
  "blank lines without end": () => [flood("\r\n".repeat(1000))],
  "garbage": () => [send(Buffer.from(Array.from({ length: 4000 }, (_, index) => (index * 7919) % 256))), end],
  "garbage without end": () => [flood(Buffer.from(Array.from({ length: 4000 }, (_, index) => (index * 7919) % 256)))],
  "a TLS alert": () => [send(Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28])), end],
  "an SSH greeting": () => [send("SSH-2.0-OpenSSH_9.2\r\n"), end],
  "an SMTP greeting": () => [send("220 mail ready\r\n")],
  "HTTP/2 frames": () => [send(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0])), end],
  "a request": (original) => [send(`GET / HTTP/1.1\r\nhost: x\r\n\r\n`), answer(original), end],
  "a proxy that requires authentication": (original) => [
    answer(original, { status: 407, headers: { "proxy-authenticate": "Basic" }, body: "" })
  ]
})

const tenths = Array.from({ length: 10 }, (_, index) => index)

const cut = (original: Original, tenth: number): Uint8Array => {
  const whole = Buffer.concat([Buffer.from(head(original)), original.body])
  return whole.subarray(0, Math.floor((whole.length * tenth) / 10))
}

/** Responses that are cut or too slow. */
export const cuts: ReadonlyArray<Row> = [
  ...rows(
    "cut",
    Object.fromEntries(tenths.flatMap((tenth) => [
      [`reset after ${tenth} tenths`, (original: Original) => [send(cut(original, tenth)), reset]],
      [`closed after ${tenth} tenths`, (original: Original) => [send(cut(original, tenth)), end]]
    ]))
  ),
  ...rows("slow", {
    "silence": () => [],
    "silence after the head": (original) => [send(head(original))],
    "silence after half of the body": (original) => [send(cut(original, 8))],
    "silence before the last byte": (original) => [
      send(Buffer.concat([Buffer.from(head(original)), original.body.subarray(0, -1)]))
    ],
    "a byte at a time": (original) => [
      send(head(original)),
      ...Array.from({ length: 40 }, (_, index) => [wait(50), send(original.body.subarray(index, index + 1))]).flat()
    ],
    "a byte of the head at a time": (original) =>
      Array.from({ length: 40 }, (_, index) => [wait(50), send(head(original).slice(index, index + 1))]).flat(),
    "a header at a time, without end": (original) => [
      send(head(original).slice(0, -2)),
      ...Array.from({ length: 40 }, (_, index) => [wait(50), send(`x-${index}: 1\r\n`)]).flat()
    ],
    "the answer too late": (original) => [wait(1500), answer(original)],
    "the answer in three parts": (original) => [
      send(cut(original, 3)),
      wait(20),
      send(cut(original, 6).subarray(cut(original, 3).length)),
      wait(20),
      send(cut(original, 10).subarray(cut(original, 6).length))
    ]
  })
]
