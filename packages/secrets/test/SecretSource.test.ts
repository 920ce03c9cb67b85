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
import * as Scripted from "./support/scriptedSource.js"

const environment = (entries: Record<string, string>) =>
  ConfigProvider.fromMap(new Map(Object.entries(entries)), { pathDelim: "_" })

const emptyProvider = environment({})

const key = Config.string("BINANCE_API_KEY")

describe("SecretSource.layerConfigProvider", () => {
  it.scoped("finds a name as it is, and a nested name joined by underscores", () =>
    Effect.gen(function*() {
      const { layer } = Scripted.make({ BINANCE_API_KEY: "k", BINANCE_API_SECRET: "s", PORTS: "1, 2", "PEM": "a,b" })
      const provider = yield* Scripted.provider(layer, emptyProvider)
      assert.strictEqual(yield* provider.load(key), "k")
      assert.strictEqual(yield* provider.load(Config.nested(Config.string("API_KEY"), "BINANCE")), "k")
      const { secret } = yield* provider.load(Credentials.config("binance"))
      assert.strictEqual(Redacted.value(secret), "s")
      assert.strictEqual(Redacted.value(yield* provider.load(Config.redacted("PEM"))), "a,b")
      assert.deepStrictEqual(yield* provider.load(Config.array(Config.integer(), "PORTS")), [1, 2])
    }))

  it.scoped("sets a provider that looks in the source before the provider that was current at construction", () =>
    Effect.gen(function*() {
      const { layer } = Scripted.make({ BINANCE_API_KEY: "from the manager" })
      const configured = SecretSource.layerConfigProvider().pipe(
        Layer.provide(layer),
        Layer.provide(Layer.setConfigProvider(environment({ BINANCE_API_KEY: "from the environment", REGION: "eu" })))
      )
      assert.deepStrictEqual(yield* Effect.provide(Config.all([key, Config.string("REGION")]), configured), [
        "from the manager",
        "eu"
      ])
    }))

  for (const name of ["timeToLive", "staleFor", "patience"] as const) {
    it.scoped(`dies at construction if ${name} is not a duration`, () =>
      Effect.gen(function*() {
        const { layer } = Scripted.make({})
        const built = Layer.build(Layer.provide(SecretSource.layerConfigProvider({ [name]: Number.NaN }), layer))
        const exit = yield* Effect.exit(built)
        const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        assert.instanceOf(defect, RangeError)
        assert.include(String(defect), name)
      }))
  }

  it.scoped("is used by a Layer that it is provided to together with other Layers", () =>
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

  it.scoped("a source reads its own configuration from the next provider", () =>
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

  it.scoped("reads a failing source at most every ten seconds, regardless of the number of loads", () =>
    Effect.gen(function*() {
      const { layer, state } = Scripted.make({ BINANCE_API_KEY: "k" })
      const provider = yield* Scripted.provider(layer, emptyProvider)
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
      // One per ten seconds of the ninety, and the first read.
      assert.isAtMost(state.reads, 1 + 9)
    }))

  it.scoped("uses the next provider for a name that the source does not have, and keeps its path prefix", () =>
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

  it.scoped("merges the children of the source and of the next provider", () =>
    Effect.gen(function*() {
      const { layer } = Scripted.make({ LIMITS_A: "1" })
      const provider = yield* Scripted.provider(layer, environment({ LIMITS_B: "2" }))
      const limits = yield* provider.load(Config.hashMap(Config.integer(), "LIMITS"))
      assert.deepStrictEqual(HashMap.toEntries(limits).toSorted(), [["A", 1], ["B", 2]])
    }))

  it.scoped("does not show an invalid value, and does not use the next provider for it", () =>
    Effect.gen(function*() {
      const { layer } = Scripted.make({ PORT: "hunter2" })
      const provider = yield* Scripted.provider(layer, environment({ PORT: "80" }))
      const error = yield* Effect.flip(provider.load(Config.integer("PORT")))
      assert.isTrue(ConfigError.isInvalidData(error))
      assert.notInclude(JSON.stringify(error) + String(error), "hunter2")
    }))

  it.scoped("reads nothing before the first load", () =>
    Effect.gen(function*() {
      const { layer, state } = Scripted.make({ BINANCE_API_KEY: "k" })
      const provider = yield* Scripted.provider(layer, emptyProvider)
      assert.strictEqual(state.reads, 0)
      yield* provider.load(key)
      assert.strictEqual(state.reads, 1)
    }))

  it.scoped("fails every load while the source fails and nothing is cached, despite the next provider", () =>
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
      assert.strictEqual(state.reads, 1, "a failed source is not read again for a second")
      state.error = undefined
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* provider.load(key), "k")
    }))

  it.scoped("concurrent loads share one read, which continues if one of them is interrupted", () =>
    Effect.gen(function*() {
      const { layer, state } = Scripted.make({ BINANCE_API_KEY: "k" })
      const open = yield* Deferred.make<void>()
      state.delay = Deferred.await(open)
      const provider = yield* Scripted.provider(layer, emptyProvider)
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

  it.scoped("caches the secrets for the time to live, and then reads again", () =>
    Effect.gen(function*() {
      const { layer, state } = Scripted.make({ BINANCE_API_KEY: "one" })
      const provider = yield* Scripted.provider(layer, emptyProvider)
      assert.strictEqual(yield* provider.load(key), "one")
      state.secrets = { BINANCE_API_KEY: "two" }
      yield* TestClock.adjust(29_999)
      assert.strictEqual(yield* provider.load(key), "one")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* provider.load(key), "two")
      assert.strictEqual(state.reads, 2)
    }))

  it.scoped("uses the cached secrets while the source is unreachable, with a warning, until they are too old", () =>
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
        assert.strictEqual(state.reads, 2, "the source is not read again immediately")

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

  for (const error of [Scripted.refused, Scripted.gone]) {
    it.scoped(`drops the cached secrets once the source fails with ${error._tag}`, () =>
      Effect.gen(function*() {
        const { layer, state } = Scripted.make({ BINANCE_API_KEY: "k" })
        const provider = yield* Scripted.provider(layer, environment({ BINANCE_API_KEY: "old" }))
        yield* provider.load(key)
        state.error = error
        yield* TestClock.adjust("30 seconds")
        assert.isTrue(ConfigError.isSourceUnavailable(yield* Effect.flip(provider.load(key))))
        state.error = Scripted.unreachable
        yield* TestClock.adjust("5 seconds")
        assert.isTrue(
          ConfigError.isSourceUnavailable(yield* Effect.flip(provider.load(key))),
          "the secrets stay dropped"
        )
      }))
  }

  it.scoped("keeps using the cached secrets if the new secret is malformed", () =>
    Effect.gen(function*() {
      const { layer, state } = Scripted.make({ BINANCE_API_KEY: "k" })
      const provider = yield* Scripted.provider(layer, emptyProvider)
      yield* provider.load(key)
      state.error = Scripted.malformed
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* provider.load(key), "k")
    }))

  it.scoped("only the first load waits for a slow source, for a second, and later loads get its secrets", () =>
    Effect.gen(function*() {
      const { layer, state } = Scripted.make({ BINANCE_API_KEY: "one" })
      const provider = yield* Scripted.provider(layer, emptyProvider)
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
      assert.strictEqual(yield* provider.load(key), "one", "without waiting")
      yield* Deferred.succeed(open, undefined)
      yield* TestClock.adjust(0)
      assert.strictEqual(yield* provider.load(key), "two")
      assert.deepStrictEqual([state.reads, state.interrupted], [2, 0])
    }))

  it.scoped("waits at most a second for a slow source in an uninterruptible region too", () =>
    Effect.gen(function*() {
      const { layer, state } = Scripted.make({ BINANCE_API_KEY: "k" })
      const provider = yield* Scripted.provider(layer, emptyProvider)
      yield* provider.load(key)
      yield* TestClock.adjust("30 seconds")
      state.delay = Effect.never
      const loading = yield* Effect.fork(Effect.uninterruptible(provider.load(key)))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.poll(loading), Option.some(Exit.succeed("k")))
    }))

  it.scoped("interrupts the background read when the scope of the Layer closes", () =>
    Effect.gen(function*() {
      const { layer, state } = Scripted.make({ BINANCE_API_KEY: "k" })
      yield* Effect.scoped(Effect.gen(function*() {
        const provider = yield* Scripted.provider(layer, emptyProvider)
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
