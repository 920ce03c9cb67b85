import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Either, Redacted, TestClock } from "effect"
import { Signature } from "../src/adapter.js"
import { Credentials, ExchangeError } from "../src/index.js"
import { NodeConfig } from "../src/node.js"
import * as Acme from "./support/acme.js"
import * as Capture from "./support/capture.js"
import * as Wire from "./support/wire.js"

const from = (entries: Record<string, string>) =>
  ConfigProvider.fromMap(new Map(Object.entries(entries)), { pathDelim: "_" })

const values = ({ key, secret }: Credentials.Credentials) => [Redacted.value(key), Redacted.value(secret)]

const pair = (text: string): Credentials.Credentials => ({
  key: Redacted.make(`${text}-key`),
  secret: Redacted.make(`${text}-secret`)
})

/** A directory of mounted secrets, removed with the scope. */
const mounted = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = yield* fs.makeTempDirectoryScoped()
  const write = (name: string, text: string) =>
    Effect.gen(function*() {
      const file = path.join(directory, ...name.split("/"))
      yield* fs.makeDirectory(path.dirname(file), { recursive: true })
      yield* fs.writeFileString(file, text)
      return file
    })
  return { directory, write }
}).pipe(Effect.orDie)

describe("Credentials", () => {
  it("have a fingerprint that depends on the key alone and does not contain it", () => {
    const mine = pair("mine")
    const name = Credentials.fingerprint(mine)
    // Journals on disk contain this value, so it must not change.
    assert.strictEqual(name, "be8c740690d85fab")
    assert.strictEqual(Credentials.fingerprint({ key: mine.key, secret: Redacted.make("rotated") }), name)
    assert.notStrictEqual(Credentials.fingerprint(pair("theirs")), name)
  })

  it.effect("each environment has its own variables and reads no others", () =>
    Effect.gen(function*() {
      const provider = from({
        ACME_API_KEY: "live-key",
        ACME_API_SECRET: "live-secret",
        ACME_TESTNET_API_KEY: "test-key",
        ACME_TESTNET_API_SECRET: "test-secret",
        ACME_MY_PROXY_API_KEY: "proxy-key",
        ACME_MY_PROXY_API_SECRET: "proxy-secret"
      })
      assert.deepStrictEqual(values(yield* provider.load(Credentials.config("acme"))), ["live-key", "live-secret"])
      assert.deepStrictEqual(values(yield* provider.load(Credentials.config("acme", "testnet"))), [
        "test-key",
        "test-secret"
      ])
      const other = yield* Effect.flip(
        from({ ACME_API_KEY: "live-key", ACME_API_SECRET: "live-secret" }).load(
          Credentials.config("acme", "testnet")
        )
      )
      assert.include(Credentials.describe(other), "ACME_TESTNET_API_KEY is missing")
    }))

  for (const missing of ["API_KEY", "API_SECRET"]) {
    it.effect(`a missing ${missing} is named, and the other value is not shown`, () =>
      Effect.gen(function*() {
        const entries: Record<string, string> = { ACME_API_KEY: "visible-key-value", ACME_API_SECRET: "visible-secret" }
        delete entries[`ACME_${missing}`]
        const error = yield* Effect.flip(from(entries).load(Credentials.config("acme")))
        assert.include(String(error), `ACME.${missing}`)
        assert.strictEqual(Credentials.describe(error), `ACME_${missing} is missing`)
        for (const text of Capture.renderings(error)) assert.notInclude(text, "visible")
      }))
  }

  it.effect("the missing key is named if both key and secret are missing", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(from({}).load(Credentials.config("acme")))
      assert.include(Credentials.describe(error), "ACME_API_KEY is missing")
    }))

  for (
    const invalid of [
      "",
      " ",
      "\n",
      "\r\n",
      "hunter2-with-ümlaut",
      "hunter2 ",
      " hunter2",
      "hunter2\r\nX: 1",
      "hunter2\u0000"
    ]
  ) {
    it.effect(`refuses ${JSON.stringify(invalid)} by the name of its variable, without showing it`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(
          from({ ACME_API_KEY: "fine", ACME_API_SECRET: invalid }).load(Credentials.config("acme"))
        )
        assert.strictEqual(Credentials.describe(error), "ACME_API_SECRET is invalid")
        for (const text of Capture.renderings(error)) assert.notInclude(text, "hunter2")
      }))
  }

  for (
    const written of [
      "hunter2+/==",
      "hunter2+/==\n",
      "hunter2+/==\\n",
      "hunter2+/==\\r\\n",
      "\r\nhunter2+/==\r\n",
      `"hunter2+/=="`,
      `'hunter2+/=='\n`,
      `"hunter2+/==\\n"`
    ]
  ) {
    it.effect(`reads a secret written as ${JSON.stringify(written)}, from every provider`, () =>
      Effect.gen(function*() {
        const given = { key: Redacted.make(written), secret: Redacted.make(written) }
        const config = Credentials.config("acme")
        for (
          const read of [
            yield* from({ ACME_API_KEY: written, ACME_API_SECRET: written }).load(config),
            yield* Credentials.fixed(given).get,
            yield* Credentials.bareFrom({ get: Effect.succeed(given), reload: Effect.succeed(given) }).reload
          ]
        ) {
          assert.deepStrictEqual(values(read), ["hunter2+/==", "hunter2+/=="])
          assert.strictEqual(Credentials.fingerprint(given), Credentials.fingerprint(read))
        }
        const sign = (text: string) => Signature.hmacSha256Hex(Redacted.make(text), "text")
        assert.strictEqual(sign(written), sign("hunter2+/=="))
      }))
  }

  it.effect("removes only the line breaks around a passphrase", () =>
    Effect.gen(function*() {
      const passphrase = Redacted.make(`"quoted\\n"\n`)
      const read = yield* Credentials.fixed({ ...pair("mine"), passphrase }).get
      assert.strictEqual(Redacted.value(read.passphrase ?? Redacted.make("")), `"quoted\\n"`)
    }))

  for (const end of ["\n", "\r\n", "\n\n"]) {
    it.effect(`removes a trailing ${JSON.stringify(end)} from key and secret`, () =>
      Effect.gen(function*() {
        const read = yield* from({ ACME_API_KEY: `fine${end}`, ACME_API_SECRET: `hunter2+/==${end}` })
          .load(Credentials.config("acme"))
        assert.strictEqual(Redacted.value(read.key), "fine")
        assert.strictEqual(Redacted.value(read.secret), "hunter2+/==")
      }))
  }

  const pemLines = ["-----BEGIN PRIVATE KEY-----", "MC4CAQ", "-----END PRIVATE KEY-----"]

  for (const lineBreak of ["\n", "\r\n", "\\n", "\\r\\n"]) {
    for (const end of ["", lineBreak]) {
      it.effect(`reads a PEM with ${JSON.stringify(lineBreak)} between its lines${end === "" ? "" : " and at its end"}`, () =>
        Effect.gen(function*() {
          const read = yield* from({ ACME_API_KEY: "fine", ACME_API_SECRET: pemLines.join(lineBreak) + end })
            .load(Credentials.config("acme"))
          assert.strictEqual(Redacted.value(read.secret), pemLines.join("\n"))
          assert.isTrue(Signature.isPem(read.secret))
        }))
    }
  }

  it.effect("accepts a private key of several lines", () =>
    Effect.gen(function*() {
      const pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----"
      const read = yield* from({ ACME_API_KEY: "fine", ACME_API_SECRET: pem }).load(Credentials.config("acme"))
      assert.strictEqual(Redacted.value(read.secret), pem)
    }))

  it("isSame compares by value", () => {
    assert.isTrue(Credentials.isSame(pair("a"), pair("a")))
    assert.isFalse(Credentials.isSame(pair("a"), pair("b")))
    assert.isFalse(Credentials.isSame(pair("a"), { ...pair("a"), secret: Redacted.make("x") }))
  })

  it.effect("are read once, again after their time to live, and immediately on reload", () =>
    Effect.gen(function*() {
      let current = "one"
      const provider = yield* Credentials.fromConfig(Config.sync(() => pair(current)), { timeToLive: "10 seconds" })
      const key = Effect.map(provider.get, (credentials) => Redacted.value(credentials.key))
      current = "two"
      yield* TestClock.adjust(9_999)
      assert.strictEqual(yield* key, "one-key")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* key, "two-key")
      current = "three"
      assert.strictEqual(yield* key, "two-key")
      assert.strictEqual(Redacted.value((yield* provider.reload).key), "three-key")
      assert.strictEqual(yield* key, "three-key")
    }))

  it.effect("building the provider fails if a variable is missing", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        Credentials.fromConfig(Credentials.config("acme")).pipe(Effect.withConfigProvider(from({})))
      )
      assert.include(Credentials.describe(error), "ACME_API_KEY is missing")
    }))
})

describe("Credentials: rotation", () => {
  const accepting = (current: () => string): Wire.Script => ({ headers }) =>
    headers["x-acme-key"] === `${current()}-key` ? Wire.ok() : Wire.refuse("AuthenticationFailed", 401)

  const rotating = (source: () => string) => {
    const state = { loaded: source(), reloads: 0 }
    const provider: Credentials.Provider = {
      get: Effect.sync(() => pair(state.loaded)),
      reload: Effect.sync(() => {
        state.reloads++
        state.loaded = source()
        return pair(state.loaded)
      })
    }
    return { provider, state }
  }

  it.scoped("reloads credentials once after a refused key, and repeats the call with the new key", () =>
    Effect.gen(function*() {
      let current = "old"
      const { provider, state } = rotating(() => current)
      const { client, sent } = yield* Wire.setup(accepting(() => current), { credentials: provider })
      yield* client.request(Acme.balance, {})
      current = "new"
      yield* client.request(Acme.order, { amount: 1 })
      assert.deepStrictEqual(sent.map(({ headers }) => headers["x-acme-key"]), ["old-key", "old-key", "new-key"])
      assert.strictEqual(state.reloads, 1)
    }))

  it.scoped("does not repeat a call with an unchanged key", () =>
    Effect.gen(function*() {
      const { provider, state } = rotating(() => "old")
      const { client, sent } = yield* Wire.setup(accepting(() => "other"), { credentials: provider })
      const error = yield* Effect.flip(client.request(Acme.balance, {}))
      assert.instanceOf(error, ExchangeError.AuthenticationFailed)
      assert.deepStrictEqual([sent.length, state.reloads], [1, 1])
    }))

  it.scoped("does not try a third time if the new key is refused as well", () =>
    Effect.gen(function*() {
      let generation = 0
      const { provider, state } = rotating(() => `generation-${generation++}`)
      const { client, sent } = yield* Wire.setup(accepting(() => "none"), { credentials: provider })
      assert.instanceOf(yield* Effect.flip(client.request(Acme.balance, {})), ExchangeError.AuthenticationFailed)
      assert.deepStrictEqual([sent.length, state.reloads], [2, 1])
    }))

  it.scoped("refused keys do not open the circuit breaker", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => Wire.refuse("AuthenticationFailed", 401))
      for (let call = 0; call < 30; call++) {
        assert.instanceOf(yield* Effect.flip(client.request(Acme.balance, {})), ExchangeError.AuthenticationFailed)
        yield* TestClock.adjust("5 seconds")
      }
    }))
})

describe("NodeConfig", () => {
  it.scoped("reads mounted files first, then the environment, then .env", () =>
    Effect.gen(function*() {
      const { directory, write } = yield* mounted
      yield* write("ACME/API_KEY", "file-key\n")
      const dotEnv = yield* write(".env", "ACME_API_KEY=dot-key\nACME_API_SECRET=dot-secret\nPATH=dot-path\n")
      const load = (options: NodeConfig.Options) =>
        Effect.configProviderWith((provider) => provider.load(Credentials.config("acme"))).pipe(
          Effect.map(values),
          Effect.provide(NodeConfig.layer(options))
        )
      assert.deepStrictEqual(yield* load({ secrets: directory, dotEnv }), ["file-key", "dot-secret"])
      assert.deepStrictEqual(yield* load({ dotEnv }), ["dot-key", "dot-secret"])
      const path = yield* Effect.configProviderWith((provider) => provider.load(Config.string("PATH"))).pipe(
        Effect.provide(NodeConfig.layer({ dotEnv }))
      )
      assert.notStrictEqual(path, "dot-path")
      yield* write("PATH", "file-path")
      assert.strictEqual(
        yield* Effect.configProviderWith((provider) => provider.load(Config.string("PATH"))).pipe(
          Effect.provide(NodeConfig.layer({ dotEnv, secrets: directory }))
        ),
        "file-path"
      )
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scoped("an unreadable file is an error and does not fall through to .env, which may hold the key of another account", () =>
    Effect.gen(function*() {
      const { directory, write } = yield* mounted
      // A directory cannot be read as a file, not even by root.
      yield* write("ACME/API_KEY/..data", "file-key")
      yield* write("ACME/API_SECRET", "file-secret")
      const dotEnv = yield* write(".env", "ACME_API_KEY=dot-key\nACME_API_SECRET=dot-secret\nACME_REGION=eu\n")
      const load = <A>(config: Config.Config<A>) =>
        Effect.configProviderWith((provider) => provider.load(config)).pipe(
          Effect.mapError(Credentials.describe),
          Effect.either,
          Effect.provide(NodeConfig.layer({ secrets: directory, dotEnv }))
        )
      assert.deepStrictEqual(
        Either.map(yield* load(Credentials.config("acme")), values),
        Either.left("ACME_API_KEY cannot be read")
      )
      assert.deepStrictEqual(yield* load(Config.nested(Config.string("REGION"), "ACME")), Either.right("eu"))
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scoped("a missing .env or directory is no error, and a missing key is reported once, by name and with the places to set it", () =>
    Effect.gen(function*() {
      const { directory } = yield* mounted
      const layer = NodeConfig.layer({ secrets: `${directory}/none`, dotEnv: `${directory}/.env` })
      const result = yield* Effect.configProviderWith((provider) =>
        provider.load(Credentials.config("effect exchange test"))
      ).pipe(Effect.either, Effect.provide(layer))
      assert.include(
        Either.match(result, { onLeft: Credentials.describe, onRight: () => "" }),
        "EFFECT_EXCHANGE_TEST_API_KEY is missing"
      )
      const message = (config: Config.Config<unknown>) =>
        Effect.configProviderWith((provider) => provider.load(config)).pipe(
          Effect.flip,
          Effect.map(String),
          Effect.provide(layer)
        )
      assert.strictEqual(
        yield* message(Credentials.config("acme", "testnet")),
        "(Missing data at ACME.TESTNET.API_KEY: \"Set ACME_TESTNET_API_KEY in one of: the mounted file "
          + "ACME/TESTNET/API_KEY, the environment\") and (Missing data at ACME.TESTNET.API_SECRET: \"Set "
          + "ACME_TESTNET_API_SECRET in one of: the mounted file ACME/TESTNET/API_SECRET, the environment\")"
      )
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scoped("a rotated file is read again after the time to live, and immediately on reload", () =>
    Effect.gen(function*() {
      const { directory, write } = yield* mounted
      yield* write("ACME/API_KEY", "one")
      yield* write("ACME/API_SECRET", "s")
      const provider = yield* Credentials.fromConfig(Credentials.config("acme")).pipe(
        Effect.provide(NodeConfig.layer({ secrets: directory }))
      )
      const key = Effect.map(provider.get, (credentials) => Redacted.value(credentials.key))
      yield* write("ACME/API_KEY", "two")
      yield* TestClock.adjust(29_999)
      assert.strictEqual(yield* key, "one")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* key, "two")
      yield* write("ACME/API_KEY", "three")
      assert.strictEqual(Redacted.value((yield* provider.reload).key), "three")
    }).pipe(Effect.provide(NodeContext.layer)))
})
