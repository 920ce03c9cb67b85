import { Exchanges } from "../../src/index.js"
import { answer, type Operation, type Original, type Row, rows } from "./row.js"
import type { Script } from "./wire.js"

type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** Changes every leaf of JSON. `key` is the key in the nearest object. */
const mapped = (json: Json, change: (leaf: Json, key: string) => Json, key = ""): Json => {
  if (Array.isArray(json)) return json.map((each: Json) => mapped(each, change, key))
  if (typeof json === "object" && json !== null) {
    return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, mapped(value, change, name)]))
  }
  return change(json, key)
}

const jsonOf = ({ body }: Original): Json => JSON.parse(body.toString())

const changing = (change: (json: Json, original: Original) => Json) => (original: Original): Script => [
  answer(original, { body: JSON.stringify(change(jsonOf(original), original)) })
]

const leaves = (change: (leaf: Json, key: string) => Json) => changing((json) => mapped(json, change))

const text = (change: (text: string, original: Original) => string | Uint8Array) => (original: Original): Script => [
  answer(original, { body: change(original.body.toString(), original) })
]

const isNumeric = (leaf: Json): leaf is number | string =>
  typeof leaf === "number" || (typeof leaf === "string" && /^-?\d+(\.\d+)?$/.test(leaf))

/** Replaces every number by text that `JSON.stringify` cannot write, by way of a mark. */
const numbers = (written: string) =>
  text((body) =>
    JSON.stringify(mapped(JSON.parse(body), (leaf) => isNumeric(leaf) ? "@@" : leaf)).replaceAll("\"@@\"", written)
  )

const values = [
  "1e999",
  "-1e999",
  "1e-999",
  "-0",
  "-1",
  "1e5",
  "1E-5",
  "9".repeat(400),
  `0.${"0".repeat(400)}1`,
  "9007199254740993",
  "18446744073709551616",
  "1.7976931348623157e308",
  "5e-324"
]

const words = [
  "NaN",
  "Infinity",
  "0x10",
  "0b1",
  "1_000",
  "1,5",
  "1.2.3",
  ".5",
  "5.",
  "+5",
  " 5",
  "５",
  "--1",
  "1e",
  "",
  "null",
  "1/3"
]

const quoted = (value: string): string => JSON.stringify(value)

const deep = (depth: number, open: string, close: string): string => open.repeat(depth) + close.repeat(depth)

/** JSON that is nested too deeply. */
export const nesting: ReadonlyArray<Row> = rows("nesting", {
  "arrays": text(() => deep(100_000, "[", "]")),
  "objects": text(() => `${"{\"a\":".repeat(100_000)}1${"}".repeat(100_000)}`),
  "arrays that do not end": text(() => "[".repeat(100_000)),
  "a million arrays": text(() => deep(1_000_000, "[", "]")),
  "arrays and objects in turn": text(() => `${"[{\"a\":".repeat(100_000)}1${"}]".repeat(100_000)}`),
  "every value": text((body) =>
    JSON.stringify(mapped(JSON.parse(body), () => "@@")).replace("\"@@\"", deep(100_000, "[", "]")).replaceAll(
      "\"@@\"",
      "[[[[]]]]"
    )
  ),
  "the answer in arrays": text((body) => `${"[".repeat(100_000)}${body}${"]".repeat(100_000)}`),
  "beside the answer": text((body) => body.replace("{", `{"extra":${deep(100_000, "[", "]")},`))
})

/** Invalid and extreme numbers. */
export const numerals: ReadonlyArray<Row> = [
  ...rows("number", Object.fromEntries(values.map((value) => [`${value.slice(0, 20)} as a number`, numbers(value)])), {
    rule: "unverifiable"
  }),
  ...rows(
    "number",
    Object.fromEntries(values.map((value) => [`${value.slice(0, 20)} as text`, numbers(quoted(value))])),
    { rule: "unverifiable" }
  ),
  ...rows("number", Object.fromEntries(words.map((word) => [`${quoted(word)} as text`, numbers(quoted(word))])), {
    rule: "unverifiable"
  }),
  ...rows(
    "number",
    Object.fromEntries(words.filter((word) => word !== "").map((word) => [`${word}, bare`, numbers(word)])),
    {
      rule: "unverifiable"
    }
  )
]

const changeTexts = (change: (text: string) => string) =>
  leaves((leaf) => typeof leaf === "string" && leaf !== "" && !isNumeric(leaf) ? change(leaf) : leaf)

/** Inserts bytes into the first string of the body. */
const within = (bytes: ReadonlyArray<number>) =>
  text((body) => {
    const at = body.indexOf(":\"") + 2
    return Buffer.concat([Buffer.from(body.slice(0, at)), Buffer.from(bytes), Buffer.from(body.slice(at))])
  })

/** Invalid and misleading text. */
export const characters: ReadonlyArray<Row> = rows("characters", {
  "UTF-16LE": text((body) => Buffer.from(body, "utf16le")),
  "UTF-16BE": text((body) => Buffer.from(body, "utf16le").swap16()),
  "UTF-16 with a byte order mark": text((body) =>
    Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(body, "utf16le")])
  ),
  "UTF-8 with a byte order mark": text((body) => `\ufeff${body}`),
  "UTF-8 with two byte order marks": text((body) => `\ufeff\ufeff${body}`),
  "UTF-32": text((body) => Buffer.from(Array.from(body, (letter) => [letter.charCodeAt(0), 0, 0, 0]).flat())),
  "UTF-7": text((body) => body.replaceAll("\"", "+ACI-")),
  "NUL before": text((body) => `\0${body}`),
  "NUL behind": text((body) => `${body}\0`),
  "invalid UTF-8": within([0xff, 0xfe, 0xc0]),
  "overlong UTF-8": within([0xc0, 0xaf]),
  "a surrogate in UTF-8": within([0xed, 0xa0, 0x80]),
  "a cut UTF-8 sequence": within([0xe2, 0x82]),
  "a bare NUL in a text": within([0]),
  "a bare line break in a text": within([10]),
  "lone surrogates": text((body) => body.replaceAll(/:"(?=[^"])/g, ":\"\\ud800")),
  "right-to-left overrides": changeTexts((text) => `\u202e${text}`),
  "zero-width characters": changeTexts((text) => text.split("").join("\u200b")),
  "look-alike letters": changeTexts((text) =>
    text.replaceAll(/[BTCUSD]/g, (letter) => ({ B: "В", T: "Т", C: "С" })[letter] ?? letter)
  ),
  "full-width letters": changeTexts((text) =>
    text.replaceAll(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0))
  ),
  "terminal escape sequences": changeTexts((text) => `${text}\u001b[2J\u0007`),
  "line breaks": changeTexts((text) => `${text}\r\nlevel=FATAL message=forged`),
  "1 MB in each text": text((body) =>
    body.replace(/:"([^"]+)"/, (_, value: string) => `:"${value}${"x".repeat(1_000_000)}"`)
  ),
  "single quotes": text((body) => body.replaceAll("\"", "'")),
  "a trailing comma": text((body) => body.replace(/[}\]]$/, (close) => `,${close}`)),
  "comments": text((body) => `/* hello */${body}`),
  "JSONP": text((body) => `callback(${body})`),
  "a prefix against JSON hijacking": text((body) => `)]}',\n${body}`),
  "two answers": text((body) => `${body}${body}`),
  "two answers on separate lines": text((body) => `${body}\n${body}`),
  "a server-sent event": text((body) => `data: ${body}\n\n`)
}, { rule: "unverifiable" })

const swapped = (from: string, to: string) => (body: string) => body.replaceAll(`"${from}"`, `"${to}"`)

const scaleTimes = (factor: number) =>
  leaves((leaf, key) =>
    !/time|tm$|ts$|at$|date/i.test(key) || !isNumeric(leaf) || Number(leaf) < 1e8
      ? leaf
      : typeof leaf === "number"
      ? leaf * factor
      : String(Number(leaf) * factor)
  )

const reads: ReadonlyArray<Operation> = ["ticker", "orderBook", "candles", "balances", "openOrders"]
const writes: ReadonlyArray<Operation> = ["place", "cancel"]

const opposite: Readonly<Record<string, string>> = {
  buy: "sell",
  sell: "buy",
  Buy: "Sell",
  Sell: "Buy",
  BUY: "SELL",
  SELL: "BUY",
  limit: "market",
  LIMIT: "MARKET",
  Limit: "Market"
}

/** Repeats the rows of the response, up to a hundred thousand rows or four megabytes. */
const multiplied = changing((json) => {
  const grown = (json: Json): Json => {
    if (Array.isArray(json) && json.length > 0) {
      const fit = 4_000_000 / JSON.stringify(json).length
      return Array.from({ length: Math.ceil(Math.min(100_000 / json.length, fit)) }, () => json).flat()
    }
    return typeof json === "object" && json !== null && !Array.isArray(json)
      ? Object.fromEntries(Object.entries(json).map(([name, value]) => [name, grown(value)]))
      : json
  }
  return grown(json)
})

const renamed = (json: Json, rename: (name: string) => string): Json => {
  if (Array.isArray(json)) return json.map((each: Json) => renamed(each, rename))
  return typeof json === "object" && json !== null
    ? Object.fromEntries(Object.entries(json).map(([name, value]) => [rename(name), renamed(value, rename)]))
    : json
}

const lists = (json: Json, change: (list: ReadonlyArray<Json>) => Json): Json => {
  if (Array.isArray(json)) return change(json)
  return typeof json === "object" && json !== null
    ? Object.fromEntries(Object.entries(json).map(([name, value]) => [name, lists(value, change)]))
    : json
}

const about = "about something else"

/** Well-formed responses to other requests. */
export const otherRequests: ReadonlyArray<Row> = [
  ...rows(about, {
    "another market": text((body, { ids }) => body.replaceAll(ids.asked, ids.other)),
    "another market in exact strings only": text((body, { ids }) => swapped(ids.asked, ids.other)(body)),
    "an empty market": text((body, { ids }) => swapped(ids.asked, "")(body)),
    "the market in lower case": text((body, { ids }) => swapped(ids.asked, ids.asked.toLowerCase())(body)),
    "keys in upper case": changing((json) => renamed(json, (name) => name.toUpperCase())),
    "keys with a prefix": changing((json) => renamed(json, (name) => `x_${name}`)),
    "null": text(() => "null"),
    "true": text(() => "true"),
    "a number": text(() => "1"),
    "a text": text(() => "\"OK\""),
    "an empty array": text(() => "[]"),
    "an empty object": text(() => "{}"),
    "an array of arrays": text(() => "[[],[],[]]"),
    "the answer in an array": changing((json) => [json]),
    "the answer in an object": changing((json) => ({ data: json })),
    "the answer as text": text((body) => JSON.stringify(body)),
    "the last value of the answer": changing((json) =>
      typeof json === "object" && json !== null && !Array.isArray(json) ? Object.values(json).at(-1) ?? null : json
    ),
    "prototype keys": text((body) => body.replace("{", `{"__proto__":{"code":"1","error":["x"]},"constructor":1,`)),
    "undocumented fields": text((body) =>
      body.replace("{", `{"extra":{"nested":[1,"2",null]},"toString":"x","valueOf":1,`)
    )
  }, { rule: "part" }),
  ...rows(about, {
    "an order with another client order id": leaves((leaf, key) =>
      /cl.?ord|client|link/i.test(key) && leaf !== "" ? `${leaf}7` : leaf
    ),
    "an older order": scaleTimes(0.9),
    "an order of the future": scaleTimes(1.5)
  }, { operations: writes }),
  // A cancellation names an order only by its id, so its other fields cannot be checked.
  ...rows(about, {
    "an order on the other side": leaves((leaf) => typeof leaf === "string" ? opposite[leaf] ?? leaf : leaf),
    "an order of twice the amount": leaves((leaf, key) =>
      isNumeric(leaf) && /qty|sz|size|vol|amount/i.test(key) ? String(Number(leaf) * 2) : leaf
    ),
    "an order of half the price": leaves((leaf, key) =>
      isNumeric(leaf) && /^(px|price|limit_price)$/i.test(key) ? String(Number(leaf) / 2) : leaf
    )
  }, { operations: ["place"] }),
  // Only another lookup would show that the id belongs to another order.
  ...rows(about, {
    "an order with another id": leaves((leaf, key) => /^(orderid|order_id|ordid|txid)$/i.test(key) ? `${leaf}7` : leaf)
  }, { operations: writes, rule: "unverifiable" }),
  ...rows(about, {
    "no rows": changing((json) => lists(json, () => [])),
    "one row": changing((json) => lists(json, (list) => list.slice(0, 1))),
    "null in every field": leaves(() => null),
    "null in every second field": leaves((leaf, key) => key.length % 2 === 0 ? null : leaf),
    "null rows": changing((json) => lists(json, (list) => [...list, null])),
    "empty rows": changing((json) => lists(json, (list) => [...list, {}, []])),
    "strings instead of numbers": leaves((leaf) => typeof leaf === "number" ? String(leaf) : leaf),
    "numbers instead of strings": leaves((leaf) => typeof leaf === "string" && isNumeric(leaf) ? Number(leaf) : leaf),
    "true in every field": leaves(() => true),
    "objects in every field": leaves(() => ({})),
    "empty strings": leaves((leaf) => typeof leaf === "string" ? "" : leaf),
    "100,000 rows": multiplied,
    "the rows twice": changing((json) => lists(json, (list) => [...list, ...list]))
  }, { rule: "unverifiable" }),
  ...rows(
    about,
    Object.fromEntries(
      [...reads, ...writes].map((operation) => [
        `the answer to ${operation}`,
        text((body, { otherResponses, exchange }) => otherResponses.get(`${exchange} ${operation}`) ?? body)
      ])
    ),
    { rule: "part" }
  ),
  ...rows(
    about,
    Object.fromEntries(
      Exchanges.ids.map((id) => [
        `the answer of ${id}`,
        text((body, { otherResponses, operation }) => otherResponses.get(`${id} ${operation}`) ?? body)
      ])
    ),
    { rule: "part" }
  )
]
