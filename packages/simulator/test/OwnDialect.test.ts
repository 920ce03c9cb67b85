import { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Redacted } from "effect"
import { Account, Dialect, Simulator, SimulatorServer } from "../src/index.js"
import { Decimal, Fields, Keys, Listed, Meters, Rest, Table } from "../src/kit.js"

interface Refusal {
  readonly status: number
  readonly message: string
}

const listing = Listed.list({
  id: "BTC-USDT",
  kind: "spot",
  base: "BTC",
  quote: "USDT",
  tick: "0.01",
  lot: "0.001",
  makerFee: "0",
  takerFee: "0"
})

const { shows } = Fields.reading((name, reason) => Either.left<Refusal>({ status: 400, message: `${name} ${reason}` }))

const routes = {
  "GET /last": { answer: shows({}, (_, world) => ({ last: Decimal.plain(world.quote(listing).last) })) }
}

const failure = ({ message, status }: Refusal) => Dialect.json(status, { message })
const tooMany: Refusal = { status: 429, message: "too many requests" }

/** A dialect as it is written outside of this package, with its public modules only. */
const tulip: Dialect.Dialect = Table.dialect<
  typeof routes["GET /last"],
  Rest.Call,
  Account.ApiKey | undefined,
  Refusal
>({
  id: "tulip",
  listings: [listing],
  demoKey: Account.hmacKey("tulip", { key: 32, secret: 64 }),
  orderId: ({ id }) => String(id),
  routes,
  read: Rest.reader(Object.keys(routes)),
  unknown: () => ({ status: 404, message: "no such route" }),
  identify: ({ request, world }) => Either.right(Keys.named(world, request.headers["key"])),
  charge: ({ meters, world }) => Table.draw(meters, world, { scope: "ip", rule: Meters.rolling(2, 1000) }, tooMany),
  forbids: () => undefined,
  answer: ({ answer }, { call, world }) => answer(call.params, world),
  success: (result) => Dialect.json(200, result),
  failure,
  failures: { http500: failure(tooMany), http503: failure(tooMany), http429: failure(tooMany) }
})

const last = (baseUrl: string) => Effect.flatMap(HttpClient.get(`${baseUrl}/last`), ({ json }) => json)

describe("a dialect of your own", () => {
  it.effect("is simulated beside the exchanges of this package", () =>
    Effect.gen(function*() {
      const simulators = yield* Simulator.Simulators
      assert.deepStrictEqual(simulators.ids, ["tulip", "kraken"])
      const simulator = yield* simulators.get(tulip)
      yield* simulator.setPrice("BTC/USDT", "64000.5")
      assert.deepStrictEqual(yield* last(Simulator.environment(tulip).baseUrl), { last: "64000.5" })
      assert.deepStrictEqual((yield* simulator.requests).map(({ target }) => target), ["/last"])
      assert.deepStrictEqual((yield* simulator.usage).map(({ used }) => used), [1])
      assert.deepStrictEqual(yield* (yield* simulators.get("kraken")).requests, [])
    }).pipe(Effect.provide(Simulator.layer([tulip, "kraken", tulip]))))

  it("signs with the hash that its exchange uses", () => {
    const key = Redacted.make("Jefe")
    const text = "what do ya want for nothing?"
    // RFC 4231, test case 2.
    assert.match(Keys.hmac(key, text), /^5bdcc146bf60754e/)
    assert.match(Keys.hmacWith("sha384")(key, text), /^af45d2e376484031/)
    assert.match(Keys.hmacWith("sha512")(key, text), /^164b7a7bfcf819e2/)
  })

  it.effect("has demo credentials", () =>
    Effect.sync(() => {
      const { key, secret } = Simulator.credentials(tulip, "read")
      assert.strictEqual(Redacted.value(key), Redacted.value(tulip.demoKey("read").credentials.key))
      assert.strictEqual(Redacted.value(secret).length, 64)
    }))

  it.scoped("is served on a socket, at the port that its id has in the options", () =>
    Effect.gen(function*() {
      const server = yield* SimulatorServer.make(tulip, { ports: { tulip: 0 } })
      const { baseUrl, name } = yield* server.environment(tulip)
      assert.strictEqual(name, "simulated")
      assert.deepStrictEqual(server.exchanges.map(({ id }) => id), ["tulip"])
      assert.match(baseUrl, /^http:\/\/127\.0\.0\.1:\d+$/)
      const error = yield* Effect.flip(server.environment("kraken"))
      assert.strictEqual(error.message, "kraken is not simulated here; add it to the exchanges passed to the layer.")
    }))
})
