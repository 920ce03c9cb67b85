import { FastCheck } from "effect"

/** Text that is not a valid symbol, or injects something beside it. */
export const symbols: ReadonlyArray<string> = [
  "",
  " ",
  "BTC",
  "BTC/USDT ",
  " BTC/USDT",
  "BTC/USDT\n",
  "BTC//USDT",
  "/USDT",
  "BTC/",
  "BTC/USDT/ETH",
  "../../account",
  "BTC/../USDT",
  "BTC/USDT?limit=1000",
  "BTC/USDT#x",
  "BTC/USDT&symbol=ETH",
  "BTC%2FUSDT",
  "BTC/USDT\r\nX-Evil: 1",
  "BTC/USDT\0",
  "BTC/USDT\u202e",
  "\ud800/USDT",
  "😀/USDT",
  "__proto__",
  "constructor",
  "../USDT",
  "BTC/.",
  "BTC USDT/USDT",
  "BTC\u200b/USDT",
  "BTC/USD:BTC-2612",
  "BTC/USD:-261225",
  `${"A".repeat(10_000)}/USDT`,
  "BTC/USDT".repeat(2_000),
  "<script>alert(1)</script>",
  "'; DROP TABLE markets; --",
  "{\"$gt\":\"\"}"
]

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth)
const nestedObjects = (depth: number): string => "{\"value\":".repeat(depth) + "1" + "}".repeat(depth)

/** Bodies that are JSON of the wrong kind, half JSON or no JSON, where `{"value": number}` is expected. */
export const bodies: Readonly<Record<string, string>> = {
  "nothing": "",
  "blank": "  \n",
  "half an object": "{\"value\":",
  "an object cut off": "{\"value\": 1",
  "text after the object": "{\"value\": 1} trailing",
  "an HTML page": "<!DOCTYPE html><html><body>Just a moment...</body></html>",
  "plain text": "OK",
  "null": "null",
  "true": "true",
  "a number": "1",
  "a string": "\"value\"",
  "an empty array": "[]",
  "an array of the right object": "[{\"value\": 1}]",
  "an empty object": "{}",
  "a value that is null": "{\"value\": null}",
  "a value that is text": "{\"value\": \"1\"}",
  "a value that is not JSON": "{\"value\": NaN}",
  "a value in a prototype": "{\"__proto__\": {\"value\": 1}}",
  "a duplicate key, wrong last": "{\"value\": 1, \"value\": \"x\"}",
  "arrays 10,000 deep": nested(10_000),
  "objects 10,000 deep": nestedObjects(10_000),
  "a value 10,000 deep": `{"value": ${nested(10_000)}}`,
  "a value of 100,000 levels": `{"value": ${nested(100_000)}}`,
  "lone surrogates": "{\"value\": \"\\ud800\"}",
  "a byte order mark and nothing": "\ufeff",
  "control characters": "\u0000\u0007\u001b[31mred",
  "a very long string": `{"value": "${"x".repeat(1_000_000)}"}`
}

// The code points that are halves of characters.
const surrogates = { first: 0xd800, count: 0x800 }

const character = FastCheck.integer({ min: 0, max: 0x10ffff - surrogates.count }).map((point) =>
  String.fromCodePoint(point < surrogates.first ? point : point + surrogates.count)
)

/** Any text. `unit: "binary"` generates the same, but takes two seconds and a hundred megabytes to build. */
export const text = (constraints: FastCheck.StringConstraints = {}): FastCheck.Arbitrary<string> =>
  FastCheck.string({ ...constraints, unit: character })
