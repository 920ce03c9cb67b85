import { Exchanges } from "@effect-exchange/exchanges"
import { describe, it } from "@effect/vitest"
import { echoes, tellsNothing } from "./echoed.js"

describe("--verbose", () => {
  for (const exchange of Exchanges.ids) {
    for (const [form, echo] of Object.entries(echoes)) {
      it.effect(`tells no key, secret, passphrase or signature of ${exchange} that comes back ${form}`, () =>
        tellsNothing(exchange, echo))
    }
  }
})
