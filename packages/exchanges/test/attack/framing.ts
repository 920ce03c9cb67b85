import { answer, chunked, type Good, head, inChunks, type Row, rows } from "./row.js"
import { end, flood, reset, type Script, send, wait } from "./wire.js"

const raw = (text: string): Script => [send(Buffer.from(text, "latin1"))]
const text = (good: Good): string => good.body.toString("latin1")

/** The good body after another head, and the end of the connection. */
const under = (line: string) => (good: Good): Script => [answer(good, { line }), end]
const lying = (length: string) => (good: Good): Script => [answer(good, { headers: { "content-length": length } })]
const informing = (status: number, count: number) => (good: Good): Script => [
  send(`HTTP/1.1 ${status} Wait\r\n\r\n`.repeat(count)),
  answer(good)
]
const beside = (line: string) => (good: Good): Script => [
  send(Buffer.concat([Buffer.from(head(good).replace("\r\n", `\r\n${line}\r\n`), "latin1"), good.body]))
]
const coded = (encoding: string) => (good: Good): Script => [
  send(
    head(good, { headers: { "content-length": undefined, "transfer-encoding": encoding } }) + chunked(good.body)
  )
]
const chunks = (body: (text: string) => string) => (good: Good): Script => [
  ...raw(head(good, { headers: inChunks }) + body(text(good))),
  end
]

/** Answers that are no HTTP, or nearly. */
export const framing: ReadonlyArray<Row> = rows("framing", {
  "chunks of another size": chunks((body) => `5\r\n${body}\r\n0\r\n\r\n`),
  "a chunk of negative size": chunks((body) => `-1\r\n${body}\r\n0\r\n\r\n`),
  "a chunk of no size": chunks((body) => `\r\n${body}\r\n0\r\n\r\n`),
  "a chunk size that is no number": chunks((body) => `zz\r\n${body}\r\n0\r\n\r\n`),
  "a chunk beyond all memory": chunks((body) => `ffffffffffffffff\r\n${body}`),
  "a chunk size that overflows": chunks((body) => `${"f".repeat(100)}\r\n${body}`),
  "no last chunk": chunks((body) => `${body.length.toString(16)}\r\n${body}\r\n`),
  "no last chunk, and silence": (good) => [
    ...raw(`${head(good, { headers: inChunks })}${good.body.length.toString(16)}\r\n${text(good)}\r\n`)
  ],
  "no line break after a chunk": chunks((body) => `${body.length.toString(16)}\r\n${body}0\r\n\r\n`),
  "an extension of 100 kB on a chunk": chunks((body) =>
    `${body.length.toString(16)};x=${"y".repeat(100_000)}\r\n${body}\r\n0\r\n\r\n`
  ),
  "the last chunk too early": chunks((body) => `1\r\n${body.slice(0, 1)}\r\n0\r\n\r\n${body.slice(1)}`),
  "trailers": chunks((body) => `${body.length.toString(16)}\r\n${body}\r\n0\r\nx-late: 1\r\n\r\n`),
  "chunks of one byte": (good) => [...raw(head(good, { headers: inChunks }) + chunked(good.body, 1))],
  "chunks and a length": (good) => [
    ...raw(head(good, { headers: { "transfer-encoding": "chunked" } }) + chunked(good.body))
  ],
  "chunks that are said twice": coded("chunked, chunked"),
  "chunks in capitals": coded("CHUNKED"),
  "a coding that nobody knows": coded("cow"),
  "an identity coding": coded("identity"),
  "chunks before another coding": coded("chunked, gzip"),
  "a length beyond the body": (good) => [...lying(String(good.body.length + 10))(good), end],
  "a length beyond the body, and silence": (good) => lying(String(good.body.length + 10))(good),
  "a length that cuts the body": (good) => lying(String(Math.floor(good.body.length / 2)))(good),
  "a length of one byte less": (good) => lying(String(good.body.length - 1))(good),
  "a negative length": lying("-5"),
  "a length that is no number": lying("some"),
  "a length with an exponent": lying("1e3"),
  "a length in hexadecimal": lying("0x10"),
  "a blank length": lying(""),
  "two lengths in one": (good) => lying(`${good.body.length}, ${good.body.length}`)(good),
  "the length twice": (good) => beside(`content-length: ${good.body.length}`)(good),
  "another length as well": beside("content-length: 3"),
  "no length, to the end of the connection": (
    good
  ) => [answer(good, { headers: { "content-length": undefined } }), end],
  "no length, cut in the middle": (good) => [
    answer(good, {
      headers: { "content-length": undefined },
      body: good.body.subarray(0, Math.floor(good.body.length / 2))
    }),
    end
  ],
  "no head": (good) => [send(good.body), end],
  "HTTP/0.9": (good) => [send("200 OK\r\n"), send(good.body), end],
  "HTTP/1.0": under("HTTP/1.0 200 OK"),
  "HTTP/2.0": under("HTTP/2.0 200 OK"),
  "HTTP/9.9": under("HTTP/9.9 200 OK"),
  "HTTP without a version": under("HTTP 200 OK"),
  "another protocol": under("ICY 200 OK"),
  "http in small letters": under("http/1.1 200 ok"),
  "no code": under("HTTP/1.1 OK"),
  "a code of two digits": under("HTTP/1.1 20 OK"),
  "a code of four digits": under("HTTP/1.1 2000 OK"),
  "a negative code": under("HTTP/1.1 -200 OK"),
  "a code that is no number": under("HTTP/1.1 abc OK"),
  "code 000": under("HTTP/1.1 000 None"),
  "code 999": under("HTTP/1.1 999 All"),
  "no reason": under("HTTP/1.1 200"),
  "a reason of bytes": under("HTTP/1.1 200 \x80\xff\xfe"),
  "line feeds only": (good) => [send(head(good).replaceAll("\r\n", "\n")), send(good.body)],
  "carriage returns only": (good) => [send(head(good).replaceAll("\r\n", "\r")), send(good.body), end],
  "a folded header": beside("x-folded: one\r\n two\r\n\tthree"),
  "a header without colon": beside("nonsense"),
  "a header without name": beside(": nothing"),
  "a blank before the colon": beside("x-blank : 1"),
  "a header of nothing but blanks": beside("   "),
  "a NUL in a header": beside("x-nul: a\0b"),
  "a carriage return in a header": beside("x-cr: a\rb"),
  "the head twice": (good) => [send(head(good)), answer(good), end],
  "the answer twice": (good) => [answer(good), answer(good)],
  "the answer and garbage": (good) => [answer(good), send("garbage\0".repeat(100))],
  "bytes after the body": (good) => [
    answer(good, { headers: { "content-length": String(good.body.length) } }),
    send("}}}}")
  ],
  "an error and then the answer": (good) => [
    answer(good, { status: 500, body: "no" }),
    answer(good)
  ],
  "one 100 first": informing(100, 1),
  "a thousand times 100": informing(100, 1000),
  "100 without end": () => [flood("HTTP/1.1 100 Continue\r\n\r\n".repeat(100))],
  "102 first": informing(102, 1),
  "a hundred times 103 with links": (good) => [
    send("HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n".repeat(100)),
    answer(good)
  ],
  "101 to a web socket": (good) => [
    send("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"),
    send(good.body)
  ],
  "204 with a body": (good) => [answer(good, { status: 204 })],
  "205 with a body": (good) => [answer(good, { status: 205 })],
  "304 with a body": (good) => [answer(good, { status: 304 })],
  "204 without length, with a body": (good) => [
    answer(good, { status: 204, headers: { "content-length": undefined } }),
    end
  ],
  "half a head": (good) => [send(head(good).slice(0, 40)), end],
  "half a head, and silence": (good) => [send(head(good).slice(0, 40))],
  "a head without its blank line": (good) => [send(head(good).slice(0, -2)), end],
  "the first five letters": () => [send("HTTP/"), end],
  "nothing": () => [end],
  "nothing, and a reset": () => [reset],
  "a blank line": () => [send("\r\n"), end],
  "blank lines without end": () => [flood("\r\n".repeat(1000))],
  "garbage": () => [send(Buffer.from(Array.from({ length: 4000 }, (_, index) => (index * 7919) % 256))), end],
  "garbage without end": () => [flood(Buffer.from(Array.from({ length: 4000 }, (_, index) => (index * 7919) % 256)))],
  "an alert of TLS": () => [send(Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28])), end],
  "a greeting of SSH": () => [send("SSH-2.0-OpenSSH_9.2\r\n"), end],
  "a greeting of SMTP": () => [send("220 mail ready\r\n")],
  "frames of HTTP/2": () => [send(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0])), end],
  "a request": (good) => [send(`GET / HTTP/1.1\r\nhost: x\r\n\r\n`), answer(good), end],
  "a proxy that asks who is there": (good) => [
    answer(good, { status: 407, headers: { "proxy-authenticate": "Basic" }, body: "" })
  ]
})

const tenths = Array.from({ length: 10 }, (_, index) => index)

const cut = (good: Good, tenth: number): Uint8Array => {
  const whole = Buffer.concat([Buffer.from(head(good)), good.body])
  return whole.subarray(0, Math.floor((whole.length * tenth) / 10))
}

/** A good answer that does not come to its end, or not in time. */
export const cuts: ReadonlyArray<Row> = [
  ...rows(
    "cut",
    Object.fromEntries(tenths.flatMap((tenth) => [
      [`reset after ${tenth} tenths`, (good: Good) => [send(cut(good, tenth)), reset]],
      [`closed after ${tenth} tenths`, (good: Good) => [send(cut(good, tenth)), end]]
    ]))
  ),
  ...rows("slow", {
    "silence": () => [],
    "silence after the head": (good) => [send(head(good))],
    "silence after half of the body": (good) => [send(cut(good, 8))],
    "silence before the last byte": (good) => [
      send(Buffer.concat([Buffer.from(head(good)), good.body.subarray(0, -1)]))
    ],
    "a byte at a time": (good) => [
      send(head(good)),
      ...Array.from({ length: 40 }, (_, index) => [wait(50), send(good.body.subarray(index, index + 1))]).flat()
    ],
    "a byte of the head at a time": (good) =>
      Array.from({ length: 40 }, (_, index) => [wait(50), send(head(good).slice(index, index + 1))]).flat(),
    "a header at a time, without end": (good) => [
      send(head(good).slice(0, -2)),
      ...Array.from({ length: 40 }, (_, index) => [wait(50), send(`x-${index}: 1\r\n`)]).flat()
    ],
    "the answer too late": (good) => [wait(1500), answer(good)],
    "the answer in three parts": (good) => [
      send(cut(good, 3)),
      wait(20),
      send(cut(good, 6).subarray(cut(good, 3).length)),
      wait(20),
      send(cut(good, 10).subarray(cut(good, 6).length))
    ]
  })
]
