import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Predicate } from "effect"
import * as Redaction from "../src/engine/internal/redaction.js"

const secret = "aB3+/n=%41\\r:5z"
const key = "K3y-0123456789abcdef"
const redaction = Redaction.make([secret, key])

/** Without invisible characters, which may stay before or after the characters of a secret. */
const seen = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, "")

const seenIn = (json: unknown): unknown => {
  if (typeof json === "string") return seen(json)
  if (Array.isArray(json)) return json.map(seenIn)
  return Predicate.isObject(json)
    ? Object.fromEntries(Object.entries(json).map(([name, value]) => [seen(name), seenIn(value)]))
    : json
}

const each = (text: string, change: (character: string) => string): string => Array.from(text, change).join("")

const forms: Readonly<Record<string, (text: string) => string>> = {
  "as it is": (text) => text,
  "in upper case": (text) => text.toUpperCase(),
  "in lower case": (text) => text.toLowerCase(),
  "percent-encoded": encodeURIComponent,
  "percent-encoded three times": (text) => encodeURIComponent(encodeURIComponent(encodeURIComponent(text))),
  "every character percent-encoded": (text) =>
    each(text, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`),
  "as a string of JSON": (text) => JSON.stringify(text).slice(1, -1),
  "as JSON within JSON": (text) => JSON.stringify(JSON.stringify(text)).slice(3, -3),
  "with escaped slashes": (text) => JSON.stringify(text).slice(1, -1).replaceAll("/", "\\/"),
  "every character escaped": (text) =>
    each(text, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`),
  "with zero-width spaces in between": (text) => each(text, (character) => `${character}\u200b`),
  "with bidirectional marks in between": (text) => each(text, (character) => `\u202e${character}\u2069`),
  "broken into lines": (text) => text.replace(/.{4}/g, "$&\r\n"),
  "with control characters in between": (text) => each(text, (character) => `${character}\u0000`)
}

/** A form that is found, but whose position is not: then the whole text is redacted. */
const mixed = (text: string): string => encodeURIComponent(JSON.stringify(text).slice(1, -1))

describe("Redaction", () => {
  for (const [name, form] of Object.entries(forms)) {
    for (const text of [secret, key]) {
      it(`redacts ${text} ${name}, and leaves the text around it`, () => {
        assert.strictEqual(seen(redaction.text(`Bad ${form(text)}, sorry.`)), "Bad <redacted>, sorry.")
        const body = { message: form(text), [form(text)]: [{ deep: `x ${form(text)} y` }], kept: 7, none: null }
        for (const json of [JSON.stringify(body), JSON.stringify(body, null, 2)]) {
          assert.deepStrictEqual(seenIn(redaction.json(JSON.parse(json), json)), {
            message: "<redacted>",
            "<redacted>": [{ deep: "x <redacted> y" }],
            kept: 7,
            none: null
          })
        }
      })
    }
  }

  it("redacts a secret that was encoded in one way and then in another", () => {
    const twice = each(
      encodeURIComponent(key),
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
    )
    assert.notInclude(redaction.text(twice.replace("\\u004b", "\\u00254b")), "\\u0030")
  })

  it("redacts an escape of an invisible character together with the secret that it begins or ends", () => {
    // Escaped once more than it was sent, so that it is found only in its decoded form.
    const redaction = Redaction.make(["%80secret\\text%0a"])
    assert.strictEqual(redaction.text("<%80secret\\\\text%0a>"), "<<redacted>>")
    assert.strictEqual(redaction.text("%80secret\\\\text%0a"), "<redacted>")
  })

  it("redacts each part of a token, and a private key without its first and last line", () => {
    const parts = ["eyJhbGciOiJFUzI1NiJ9abc", "eyJzdWIiOiJvcmdhbml6YXRpb25zIn0", "c2lnbmF0dXJlc2lnbmF0dXJl"]
    const pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIE\nINTbnfj2lNcB\n-----END PRIVATE KEY-----"
    const redaction = Redaction.make([parts.join("."), pem])
    for (const part of parts) assert.strictEqual(redaction.text(`<${part}>`), "<<redacted>>")
    assert.strictEqual(redaction.text("of MC4CAQAwBQYDK2VwBCIEINTbnfj2lNcB."), "of <redacted>.")
    assert.strictEqual(redaction.text("of MC4CAQAwBQYDK2VwBCIE\\nINTbnfj2lNcB."), "of <redacted>.")
  })

  it("returns the same value if there is nothing to redact, however deeply nested", () => {
    const json: unknown = JSON.parse(`{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`)
    assert.strictEqual(redaction.json(json, "{}"), json)
    assert.strictEqual(Redaction.none.json(json, secret), json)
  })

  it("drops a value that is nested too deeply to be searched", () => {
    const text = `${"[".repeat(100_000)}"${key}"${"]".repeat(100_000)}`
    assert.isUndefined(redaction.json(JSON.parse(text), text))
  })

  it("does not search for a secret that is too short to distinguish from other words", () => {
    const redaction = Redaction.make(["BTC", ""])
    assert.strictEqual(redaction.text("BTC/USDT"), "BTC/USDT")
  })

  it.prop(
    "removes any secret in any form, and keeps the text around it",
    [
      // No exchange's secret contains what reads as an escape; encoded in two ways, such a secret is not always found.
      FastCheck.stringMatching(/^[!-~]{12,40}$/).filter((secret) => !/%[0-9a-f]{2}/i.test(secret)),
      FastCheck.constantFrom(...Object.values(forms), mixed),
      FastCheck.stringMatching(/^[g-z ]{0,20}$/)
    ],
    ([secret, form, around]) => {
      const { text } = Redaction.make([secret])
      const result = seen(text(`${around} ${form(secret)} ${around}`)).replaceAll(/\\|%5C/gi, "")
      if (result === "<redacted>") return
      const [before, after, ...more] = result.split("<redacted>")
      assert.isTrue(before?.startsWith(`${around} `) && after?.endsWith(` ${around}`) && more.length === 0, result)
      // A secret may begin or end with what reads as an escape, such as `\n`, of which a letter or two may stay.
      assert.isAtMost(result.length, `${around} <redacted> ${around}`.length + 3, result)
    }
  )

  it("handles long runs of what begins an escape or a secret", () => {
    for (const part of ["%", "\\", "\\n", "%25", "\\u00", "\u200b", "K3y-", "<"]) {
      const text = part.repeat(50_000)
      assert.strictEqual(redaction.text(text), text)
    }
  })
})
