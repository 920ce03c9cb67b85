import { Account, Credentials } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Redacted, TestClock } from "effect"
import { everyNth } from "../../resilience/test/support/sample.js"
import { Exchanges } from "../src/index.js"

/** Forms of a secret in environment variables, mounted files and `.env` files. */
const forms: Readonly<Record<string, (secret: string) => string>> = {
  "with a trailing line break": (secret) => `${secret.trimEnd()}\n`,
  "with CRLF line breaks": (secret) => `${secret.trimEnd()}\n`.replaceAll("\n", "\r\n"),
  "with escaped line breaks": (secret) => `${secret.trimEnd()}\n`.replaceAll("\n", "\\n"),
  "with escaped CRLF line breaks": (secret) => `${secret.trimEnd()}\n`.replaceAll("\n", "\\r\\n"),
  "in quotes": (secret) => `"${secret.trimEnd()}"`,
  "in quotes, with escaped line breaks": (secret) => `"${`${secret.trimEnd()}\n`.replaceAll("\n", "\\n")}"`,
  "in quotes over several lines": (secret) => `'${secret.trimEnd()}\n'\n`
}

const balances = Effect.flatMap(Account.Account, ({ balances }) => balances)

describe("a secret is accepted however it is written", () => {
  const cases = Exchanges.ids.flatMap((id) => Object.entries(forms).map(([name, form]) => ({ form, id, name })))
  for (const { form, id, name } of everyNth(3, cases)) {
    it.effect(`${id}: ${name}`, () =>
      Effect.gen(function*() {
        const { passphrase, ...demo } = Simulator.credentials(id)
        const credentials = { ...demo, secret: Redacted.make(form(Redacted.value(demo.secret))) }
        const prefix = id.toUpperCase()
        const config = ConfigProvider.fromMap(
          new Map([
            [`${prefix}_API_KEY`, Redacted.value(credentials.key)],
            [`${prefix}_API_SECRET`, Redacted.value(credentials.secret)],
            [`${prefix}_API_PASSPHRASE`, Redacted.value(passphrase ?? Redacted.make("none"))]
          ]),
          { pathDelim: "_" }
        )
        const read = yield* config.load(Credentials.config(id, "live", { passphrase: passphrase !== undefined }))
        const given = { ...credentials, ...passphrase === undefined ? {} : { passphrase } }
        for (const each of [given, read, { get: Effect.succeed(given), reload: Effect.succeed(given) }]) {
          const layer = Exchanges.layerAccount(id, { environment: Simulator.environment(id), credentials: each })
          assert.isNotEmpty(yield* Effect.provide(balances, layer))
          // Each is a separate application, whose nonces start at the current time.
          yield* TestClock.adjust("1 second")
        }
      }).pipe(Effect.provide(Simulator.layer(id))))
  }
})
