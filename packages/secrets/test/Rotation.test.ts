import { Credentials } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Redacted, TestClock } from "effect"
import * as Loops from "./support/loops.js"
import * as Scripted from "./support/scriptedSource.js"

const emptyProvider = ConfigProvider.fromMap(new Map())

describe("The rotation of secrets", () => {
  it.scoped("a hundred looping loads see a rotated key after the time to live, and none fails", () =>
    Effect.gen(function*() {
      const { layer, state } = Scripted.make({ BINANCE_API_KEY: "k0", BINANCE_API_SECRET: "s0" })
      state.delay = Effect.yieldNow()
      const provider = yield* Scripted.provider(layer, emptyProvider)
      const seen: Array<{ readonly at: number; readonly pair: string }> = []
      const { round } = yield* Loops.start(
        100,
        Effect.gen(function*() {
          const { key, secret } = yield* provider.load(Credentials.config("binance"))
          const at = (yield* Effect.clock).unsafeCurrentTimeMillis()
          seen.push({ at, pair: `${Redacted.value(key)} ${Redacted.value(secret)}` })
        })
      )
      const rounds = (count: number) => Effect.repeatN(Effect.zipRight(round, TestClock.adjust("5 seconds")), count - 1)
      for (const generation of [1, 2, 3]) {
        yield* rounds(7)
        state.secrets = { BINANCE_API_KEY: `k${generation}`, BINANCE_API_SECRET: `s${generation}` }
        if (generation === 2) state.error = Scripted.unreachable
        yield* rounds(7)
        state.error = undefined
      }
      yield* round
      assert.strictEqual(seen.length, 43 * 100)
      // No key is combined with the secret of another pair.
      for (const { pair } of seen) assert.match(pair, /^k(\d) s\1$/)
      assert.deepStrictEqual(new Set(seen.slice(-100).map(({ pair }) => pair)), new Set(["k3 s3"]))
      for (const generation of [1, 3]) {
        const since = seen.filter(({ pair }) => pair.startsWith(`k${generation}`))
        const rotated = 70_000 * (generation - 1) + 35_000
        assert.isAtMost(since[0]?.at ?? Number.NaN, rotated + 30_000, `generation ${generation}`)
      }
    }))
})
