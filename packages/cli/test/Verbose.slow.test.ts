import { Exchanges } from "@effect-exchange/exchanges"
import { describe, it } from "@effect/vitest"
import { assertNoSecretPrinted, echoes } from "./verboseEchoes.js"

describe("--verbose", () => {
  for (const exchange of Exchanges.ids) {
    for (const [form, echo] of Object.entries(echoes)) {
      it.effect(`prints no key, secret, passphrase or signature that ${exchange} repeats ${form}`, () =>
        assertNoSecretPrinted(exchange, echo))
    }
  }
})
