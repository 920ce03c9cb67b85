import { Credentials } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Config,
  ConfigError,
  ConfigProvider,
  Context,
  Deferred,
  Effect,
  Exit,
  Fiber,
  HashMap,
  Layer,
  Option,
  Redacted,
  TestClock
} from "effect"
import { SecretSource } from "../src/index.js"
import * as Scripted from "./support/scripted.js"

const environment = (entries: Record<string, string>) =>
  ConfigProvider.fromMap(new Map(Object.entries(entries)), { pathDelim: "_" })

const nobody = environment({})

const key = Config.string("BINANCE_API_KEY")

describe("SecretSource.layerConfigProvider", () => {
  it.scoped("finds a name as it is, and one in parts as the environment does", () =>
    Effect.gen(function*() {
      const { layer } = Scripted.make({ BINANCE_API_KEY: "k", BINANCE_API_SECRET: "s", PORTS: "1, 2", "PEM": "a,b" })
      const provider = yield* Scripted.provider(layer, nobody)
      assert.strictEqual(yield* provider.load(key), "k")
      assert.strictEqual(yield* provider.load(Config.nested(Config.string("API_KEY"), "BINANCE")), "k")
      const { secret } = yield* provider.load(Credentials.config("binance"))
      assert.strictEqual(Redacted.value(secret), "s")
      assert.strictEqual(Redacted.value(yield* provider.load(Config.redacted("PEM"))), "a,b")
      assert.deepStrictEqual(yield* provider.load(Config.array(Config.integer(), "PORTS")), [1, 2])
    }))

  it.scoped("is the one of the programs that the Layer is provided to, above the one in force where it was built", () =>
    Effect.gen(function*() {
      const { layer } = Scripted.make({ BINANCE_API_KEY: "of the manager" })
      const configured = SecretSource.layerConfigProvider().pipe(
        Layer.provide(layer),
        Layer.provide(Layer.setConfigProvider(environment({ BINANCE_API_KEY: "of the environment", REGION: "eu" })))
      )
      assert.deepStrictEqual(yield* Effect.provide(Config.all([key, Config.string("REGION")]), configured), [
        "of the manager",
        "eu"
      ])
    }))

  it.scoped("is asked by a Layer that it is provided to, beside others", () =>
    Effect.gen(function*() {
      const { layer } = Scripted.make({ BINANCE_API_KEY: "k", BINANCE_API_SECRET: "s" })
      class Key extends Context.Tag("@effect-exchange/secrets/test/Key")<Key, string>() {}
      class Other extends Context.Tag("@effect-exchange/secrets/test/Other")<Other, string>() {}
      const account = Layer.effect(
        Key,
        Effect.gen(function*() {
          yield* Other
          const { get } = yield* Credentials.fromConfig(Credentials.config("binance"))
          return Redacted.value((yield* get).key)
        })
      )
      const secrets = SecretSource.layerConfigProvider().pipe(Layer.provide(layer))
      const program = account.pipe(Layer.provide([Layer.succeed(Other, "other"), secrets]))
      assert.strictEqual(yield* Effect.provide(Key, program), "k")
    }))

  it.scoped("lets a source be configured by what stands behind it", () =>
    Effect.gen(function*() {
      const read = Effect.map(Effect.orDie(Config.string("ADDRESS")), (address) =>
        new Map([["A", Redacted.make(address)]]))
      const layer = Layer.succeed(SecretSource.SecretSource, { name: "Script", read })
      const configured = SecretSource.layerConfigProvider().pipe(
        Layer.provide(layer),
        Layer.provide(Layer.setConfigProvider(environment({ ADDRESS: "here" })))
      )
      assert.strictEqual(yield* Effect.provide(Config.string("A"), configured), "here")
    }))

  it.scoped("while the source is in trouble it is asked every ten seconds, however many load", () =>
    Effect.gen(function*() {
      const { layer, state } = Scripted.make({ BINANCE_API_KEY: "k" })
      const provider = yield* Scripted.provider(layer, nobody)
      yield* provider.load(key)
      state.error = Scripted.unreachable
      state.delay = Effect.sleep("500 millis")
      yield* TestClock.adjust("29 seconds")
      for (let second = 0; second < 60; second++) {
        yield* TestClock.adjust("1 second")
        const loads = yield* Effect.fork(Effect.replicateEffect(provider.load(key), 20, { concurrency: "unbounded" }))
        yield* TestClock.adjust("500 millis")
        assert.deepStrictEqual(new Set(yield* Fiber.join(loads)), new Set(["k"]))
      }
      // Ninety seconds, and the first read.
      assert.isAtMost(state.reads, 1 + 9)
    }))

  it.scoped("asks the next provider for what the source has not, each in its own words, and names both places", () =>
    Effect.gen(function*() {
      const { layer } = Scripted.make({ BINANCE_API_KEY: "k" })
      const next = ConfigProvider.nested(environment({ prod_REGION: "eu" }), "prod")
      const provider = yield* Scripted.provider(layer, next)
      assert.strictEqual(yield* provider.load(Config.string("REGION")), "eu")
      assert.strictEqual(yield* provider.load(Config.withDefault(Config.string("NONE"), "default")), "default")
      const error = yield* Effect.flip(provider.load(Config.string("NONE")))
      assert.include(String(error), "Script has no NONE")
      assert.isTrue(ConfigError.isMissingDataOnly(error))
      assert.include(Credentials.describe(error), "NONE is missing")
    }))

  it.scoped("has the children of both", () =>
    Effect.gen(function*() {
      const { layer } = Scripted.make({ LIMITS_A: "1" })
      const provider = yield* Scripted.provider(layer, environment({ LIMITS_B: "2" }))
      const limits = yield* provider.load(Config.hashMap(Config.integer(), "LIMITS"))
      assert.deepStrictEqual(HashMap.toEntries(limits).toSorted(), [["A", 1], ["B", 2]])
    }))

  it.scoped("does not show a value that cannot be read, and does not look for another elsewhere", () =>
    Effect.gen(function*() {
      const { layer } = Scripted.make({ PORT: "hunter2" })
      const provider = yield* Scripted.provider(layer, environment({ PORT: "80" }))
      const error = yield* Effect.flip(provider.load(Config.integer("PORT")))
      assert.isTrue(ConfigError.isInvalidData(error))
      assert.notInclude(JSON.stringify(error) + String(error), "hunter2")
    }))

  it.scoped("asks nothing before something is asked for", () =>
    Effect.gen(function*() {
      const { layer, state } = Scripted.make({ BINANCE_API_KEY: "k" })
      const provider = yield* Scripted.provider(layer, nobody)
      assert.strictEqual(state.reads, 0)
      yield* provider.load(key)
      assert.strictEqual(state.reads, 1)
    }))

  it.scoped("fails every load while the source fails and nothing is kept, whatever the next provider has", () =>
    Effect.gen(function*() {
      const { layer, state } = Scripted.make({ BINANCE_API_KEY: "k" })
      state.error = Scripted.unreachable
      const provider = yield* Scripted.provider(layer, environment({ BINANCE_API_KEY: "old", REGION: "eu" }))
      for (
        const config of [
          key,
          Config.withDefault(key, "default"),
          Config.map(Config.option(key), String),
          Config.string("REGION")
        ]
      ) {
        const error = yield* Effect.flip(provider.load(config))
        assert.isTrue(ConfigError.isSourceUnavailable(error))
        assert.include(String(error), "Script: cannot be reached. Retrying may help.")
        if (ConfigError.isSourceUnavailable(error)) {
          assert.strictEqual(Cause.squash(error.cause), Scripted.unreachable)
        }
      }
      assert.strictEqual(state.reads, 1, "a source that has failed is left alone for a second")
      state.error = undefined
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* provider.load(key), "k")
    }))

  it.scoped("reads once for all who ask at a time, and goes on when one of them leaves", () =>
    Effect.gen(function*() {
      const { layer, state } = Scripted.make({ BINANCE_API_KEY: "k" })
      const open = yield* Deferred.make<void>()
      state.delay = Deferred.await(open)
      const provider = yield* Scripted.provider(layer, nobody)
      const first = yield* Effect.fork(provider.load(key))
      const others = yield* Effect.fork(
        Effect.all(Array.from({ length: 99 }, () => provider.load(key)), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust(0)
      yield* Fiber.interrupt(first)
      yield* Deferred.succeed(open, undefined)
      assert.deepStrictEqual(new Set(yield* Fiber.join(others)), new Set(["k"]))
      assert.deepStrictEqual([state.reads, state.interrupted], [1, 0])
    }))

  it.scoped("keeps what was read for its time to live, and reads again beyond it", () =>
    Effect.gen(function*() {
      const { layer, state } = Scripted.make({ BINANCE_API_KEY: "one" })
      const provider = yield* Scripted.provider(layer, nobody)
      assert.strictEqual(yield* provider.load(key), "one")
      state.secrets = { BINANCE_API_KEY: "two" }
      yield* TestClock.adjust(29_999)
      assert.strictEqual(yield* provider.load(key), "one")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* provider.load(key), "two")
      assert.strictEqual(state.reads, 2)
    }))

  it.scoped("goes on with the last secrets while the source cannot be reached, and says so, until they are too old", () =>
    Effect.gen(function*() {
      const log = Scripted.logged()
      const { layer, state } = Scripted.make({ BINANCE_API_KEY: "k" })
      yield* Effect.gen(function*() {
        const provider = yield* Scripted.provider(layer, environment({ BINANCE_API_KEY: "old" }))
        yield* provider.load(key)
        state.error = Scripted.unreachable
        yield* TestClock.adjust("30 seconds")
        assert.strictEqual(yield* provider.load(key), "k")
        assert.deepStrictEqual(log.lines, [
          "WARN Script: cannot be reached. Retrying may help. " +
          "The secrets read 30s ago stay in use for 59m 30s at most."
        ])
        yield* provider.load(key)
        assert.strictEqual(state.reads, 2, "not asked again at once")

        yield* TestClock.adjust(3600_000 - 30_000 - 1)
        assert.strictEqual(yield* provider.load(key), "k")
        yield* TestClock.adjust(1)
        const error = yield* Effect.flip(provider.load(key))
        assert.isTrue(ConfigError.isSourceUnavailable(error))

        state.error = undefined
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual(yield* provider.load(key), "k")
      }).pipe(Effect.provide(log.layer))
    }))

  for (const [name, error] of Object.entries({ refused: Scripted.refused, gone: Scripted.gone })) {
    it.scoped(`uses nothing any more once the manager says that it is ${name}`, () =>
      Effect.gen(function*() {
        const { layer, state } = Scripted.make({ BINANCE_API_KEY: "k" })
        const provider = yield* Scripted.provider(layer, environment({ BINANCE_API_KEY: "old" }))
        yield* provider.load(key)
        state.error = error
        yield* TestClock.adjust("30 seconds")
        assert.isTrue(ConfigError.isSourceUnavailable(yield* Effect.flip(provider.load(key))))
        state.error = Scripted.unreachable
        yield* TestClock.adjust("5 seconds")
        assert.isTrue(ConfigError.isSourceUnavailable(yield* Effect.flip(provider.load(key))), "forgotten for good")
      }))
  }

  it.scoped("a secret that was broken by who wrote it does not end the use of the one before", () =>
    Effect.gen(function*() {
      const { layer, state } = Scripted.make({ BINANCE_API_KEY: "k" })
      const provider = yield* Scripted.provider(layer, nobody)
      yield* provider.load(key)
      state.error = Scripted.malformed
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* provider.load(key), "k")
    }))

  it.scoped("waits for a late source once, for a second, and takes what it says when it comes", () =>
    Effect.gen(function*() {
      const { layer, state } = Scripted.make({ BINANCE_API_KEY: "one" })
      const provider = yield* Scripted.provider(layer, nobody)
      yield* provider.load(key)
      const open = yield* Deferred.make<void>()
      state.delay = Deferred.await(open)
      state.secrets = { BINANCE_API_KEY: "two" }
      yield* TestClock.adjust("30 seconds")
      const first = yield* Effect.fork(provider.load(key))
      yield* TestClock.adjust(999)
      assert.isTrue((yield* Fiber.poll(first))._tag === "None", "still waiting")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* Fiber.join(first), "one")
      assert.strictEqual(yield* provider.load(key), "one", "without a wait")
      yield* Deferred.succeed(open, undefined)
      yield* TestClock.adjust(0)
      assert.strictEqual(yield* provider.load(key), "two")
      assert.deepStrictEqual([state.reads, state.interrupted], [2, 0])
    }))

  it.scoped("waits no longer for a late source where nobody can interrupt it, as in a finalizer that cancels orders", () =>
    Effect.gen(function*() {
      const { layer, state } = Scripted.make({ BINANCE_API_KEY: "k" })
      const provider = yield* Scripted.provider(layer, nobody)
      yield* provider.load(key)
      yield* TestClock.adjust("30 seconds")
      state.delay = Effect.never
      const loading = yield* Effect.fork(Effect.uninterruptible(provider.load(key)))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.poll(loading), Option.some(Exit.succeed("k")))
    }))

  it.scoped("what asks behind the back of who loads ends with the Layer", () =>
    Effect.gen(function*() {
      const { layer, state } = Scripted.make({ BINANCE_API_KEY: "k" })
      yield* Effect.scoped(Effect.gen(function*() {
        const provider = yield* Scripted.provider(layer, nobody)
        yield* provider.load(key)
        state.delay = Effect.never
        yield* TestClock.adjust("30 seconds")
        const load = yield* Effect.fork(provider.load(key))
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(load)
      }))
      assert.strictEqual(state.interrupted, 1)
    }))
})
