import { answer, head, type Original, type Row, rows } from "./row.js"
import { type Script, send } from "./wire.js"

const odd = ["-1", "1e99", "NaN", "Infinity", "0x10", "", "1.5", "99999999999999999999", "soon", "\x01", "-0"]

const dates = [
  "yesterday",
  "",
  "0",
  "1e99",
  "Thu, 01 Jan 1970 00:00:00 GMT",
  "Fri, 31 Dec 9999 23:59:59 GMT",
  "Sat, 13 Sep 275760 00:00:00 GMT",
  "Sun, 14 Sep 275760 00:00:00 GMT",
  "-271821-04-20T00:00:00Z",
  "Mon, 32 Feb 2026 25:61:61 GMT"
]

const withHeader = (name: string, value: string, status?: number) => (original: Original): Script => [
  answer(
    original,
    status === undefined ? { headers: { [name]: value } } : { headers: { [name]: value }, status, body: "" }
  )
]

const each = (names: ReadonlyArray<string>, values: ReadonlyArray<string>, status?: number) =>
  Object.fromEntries(
    names.flatMap((name) =>
      values.map((value) => [
        `${name}: ${JSON.stringify(value)}${status === undefined ? "" : ` with ${status}`}`,
        withHeader(name, value, status)
      ])
    )
  )

/** The headers of rate limits. */
const usages = [
  "x-mbx-used-weight-1m",
  "x-mbx-order-count-10s",
  "x-sapi-used-ip-weight-1m",
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset",
  "x-ratelimit-remaining-1s",
  "x-bapi-limit",
  "x-bapi-limit-status",
  "x-bapi-limit-reset-timestamp"
]

/** Headers with invalid values. */
export const headers: ReadonlyArray<Row> = [
  ...rows("date", each(["date"], dates)),
  ...rows("age", each(["age"], odd)),
  ...rows("retry-after", each(["retry-after"], [...odd, ...dates], 429)),
  ...rows("retry-after", each(["retry-after"], [...odd, ...dates], 503)),
  ...rows("usage", each(usages, ["-1", "1e99", "NaN"])),
  ...rows("header", {
    "two dates": (original) => [
      send(`${head(original).slice(0, -2)}date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n`),
      send(original.body)
    ],
    "no date": (original) => [answer(original, { headers: { date: undefined } })],
    "HTML by its content type": withHeader("content-type", "text/html"),
    "UTF-16 by its content type": withHeader("content-type", "application/json; charset=utf-16"),
    "an unknown character set": withHeader("content-type", "application/json; charset=cow"),
    "an invalid content type": withHeader("content-type", ";;;=\"\\"),
    "no content type": (original) => [answer(original, { headers: { "content-type": undefined } })],
    "a location with status 200": withHeader("location", "http://127.0.0.1:1/trap"),
    "a refresh header": withHeader("refresh", "0; url=/trap"),
    "headers named like prototype members": (original) => [
      answer(original, { headers: { "__proto__x": "1", "constructor": "1", "toString": "1", "__proto__": "1" } })
    ],
    "characters beyond ASCII": withHeader("x-odd", "\xe9\xff\x80"),
    "control characters": withHeader("x-odd", "\x07\x1b[31m"),
    "connection: close on an open connection": withHeader("connection", "close"),
    "a trailer named content-length": withHeader("trailer", "content-length"),
    "a partial response": (
      original
    ) => [answer(original, { status: 206, headers: { "content-range": "bytes 0-9/10" } })]
  })
]

const places = (original: Original): Readonly<Record<string, string | undefined>> => ({
  "itself": `${original.origin}${original.request.target}`,
  "another path": "/trap",
  "another host": "http://localhost.localdomain/trap",
  "no scheme": "//127.0.0.1:1/trap",
  "a file": "file:///etc/passwd",
  "a script": "javascript:alert(1)",
  "a user": original.origin.replace("//", "//key:secret@"),
  "no URL": "http://[",
  "nothing": "",
  "nowhere": undefined
})

/** Redirects. */
export const redirects: ReadonlyArray<Row> = rows(
  "redirect",
  Object.fromEntries(
    [300, 301, 302, 303, 305, 307, 308].flatMap((status) =>
      [
        "itself",
        "another path",
        "another host",
        "no scheme",
        "a file",
        "a script",
        "a user",
        "no URL",
        "nothing",
        "nowhere"
      ].map((place) => [
        `${status} to ${place}`,
        (original: Original): Script => [answer(original, { status, headers: { location: places(original)[place] } })]
      ])
    )
  )
)

const html =
  "<!DOCTYPE html><html><head><title>Attention Required!</title></head><body>Sorry, you have been blocked</body></html>"

const bodies: Readonly<Record<string, (original: Original) => string | Uint8Array>> = {
  "nothing": () => "",
  "HTML": () => html,
  "JSON of no exchange": () => JSON.stringify({ message: "Forbidden", status: "error", error: "none" }),
  "the answer of another exchange": ({ otherResponses, exchange, operation }) =>
    otherResponses.get(`${exchange === "okx" ? "bybit" : "okx"} ${operation}`) ?? "{}"
}

const assigned = [
  [200, 201, 202, 203, 204, 205, 206, 207, 208, 226],
  [300, 301, 302, 303, 304, 305, 306, 307, 308],
  [400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424],
  [425, 426, 428, 429, 431, 451, 499],
  [500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511, 520, 521, 522, 523, 524, 525, 526, 527, 529, 530, 598, 599]
].flat()

const unassigned = Array.from({ length: 500 }, (_, index) => index + 100).filter((status) => !assigned.includes(status))

const withBody = (status: number, what: string) =>
  [
    `${status} with ${what}`,
    (original: Original): Script => [answer(original, { status, body: bodies[what]?.(original) ?? "" })]
  ] as const

/** All statuses: the assigned ones with every body, and every fifth of the others with one body each. */
export const statuses: ReadonlyArray<Row> = rows(
  "status",
  Object.fromEntries([
    ...assigned.flatMap((status) => Object.keys(bodies).map((what) => withBody(status, what))),
    ...unassigned.filter((_, index) => index % 5 === 0).map((status, index) =>
      withBody(status, Object.keys(bodies)[index % 4] ?? "nothing")
    )
  ])
)
