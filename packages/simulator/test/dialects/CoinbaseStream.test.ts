import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, TestClock } from "effect"
import { createPrivateKey, sign } from "node:crypto"
import { Simulator } from "../../src/index.js"
import { noon } from "../utils.js"
import { at, dial } from "./support/socket.js"

const { key, secret } = Simulator.credentials("coinbase", "read")
const kid = Redacted.value(key)

const privateKey = (bytes: Uint8Array) =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), bytes]),
    format: "der",
    type: "pkcs8"
  })
const own = privateKey(Buffer.from(Redacted.value(secret), "base64").subarray(0, 32))

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")

/** A valid token, with the given changes. */
const token = (claims: object = {}, header: object = {}, key = own): string => {
  const now = noon / 1000
  const input = [
    encoded({ alg: "EdDSA", typ: "JWT", kid, nonce: "00112233445566778899aabbccddeeff", ...header }),
    encoded({ sub: kid, iss: "cdp", nbf: now, exp: now + 120, ...claims })
  ].join(".")
  return `${input}.${sign(null, Buffer.from(input), key).toString("base64url")}`
}

const start = Effect.gen(function*() {
  yield* TestClock.setTime(noon)
  const simulator = yield* Simulator.make("coinbase")
  return yield* dial(simulator, "/")
})

describe("the user channel of Coinbase", () => {
  it.scoped("requires a current token without a uri", () =>
    Effect.gen(function*() {
      const client = yield* start
      const refused = [
        undefined,
        token({}, {}, privateKey(Buffer.alloc(32, 7))),
        token({ sub: "nobody" }, { kid: "nobody" }),
        token({ nbf: noon / 1000 - 130, exp: noon / 1000 - 10 }),
        token({ exp: noon / 1000 + 3600 }),
        token({ uri: "GET host.invalid/api/v3/brokerage/accounts" })
      ]
      for (const jwt of refused) yield* client.send({ type: "subscribe", channel: "user", jwt })
      assert.deepStrictEqual(
        client.received(),
        refused.map(() => ({ type: "error", message: "authentication failure" }))
      )
      yield* client.send({ type: "subscribe", channel: "user", jwt: token() })
      const [confirmed, snapshot] = client.received()
      assert.deepStrictEqual([at(confirmed, "channel"), at(confirmed, "sequence_num")], ["subscriptions", 0])
      assert.deepStrictEqual(Object.keys(Object(at(confirmed, "events", 0, "subscriptions"))), ["user"])
      assert.deepStrictEqual(
        [at(snapshot, "channel"), at(snapshot, "sequence_num"), at(snapshot, "events", 0, "type")],
        ["user", 1, "snapshot"]
      )
    }))

  it.scoped("stays open after the token expires", () =>
    Effect.gen(function*() {
      const client = yield* start
      yield* client.send({ type: "subscribe", channel: "user", jwt: token() })
      yield* client.send({ type: "subscribe", channel: "heartbeats" })
      client.received()
      yield* TestClock.adjust("10 minutes")
      assert.isUndefined(client.closeCode())
    }))
})
