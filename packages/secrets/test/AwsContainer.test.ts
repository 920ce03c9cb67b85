import { assert, describe } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Redacted, TestClock } from "effect"
import { AwsSecretsManager } from "../src/index.js"
import { type Aws, options, started } from "./support/aws.js"
import * as Loops from "./support/loops.js"
import * as Scripted from "./support/scriptedSource.js"
import * as Server from "./support/server.js"
import { pair, test } from "./support/sourceTest.js"

type Container = { readonly token?: Redacted.Redacted<string>; readonly tokenFile?: string }

describe("AwsSecretsManager with container credentials", () => {
  const contained = (aws: Aws, more: Container = {}) =>
    AwsSecretsManager.make(
      options(aws, { credentials: { type: "container", url: `${aws.container.url}/v1/credentials`, ...more } })
    )

  test(
    "fetches credentials once, again five minutes before they expire, and once more after a refusal",
    Effect.gen(function*() {
      const aws = yield* started
      aws.state.authorization = "pod-identity-CANARY-token"
      const file = yield* Server.file(`${aws.state.authorization}\n`)
      const { read } = yield* contained(aws, { tokenFile: file.path })
      yield* read
      yield* TestClock.adjust(55 * 60_000 - 1000)
      yield* read
      assert.strictEqual(aws.state.fetches, 1)
      aws.state.authorization = "rotated"
      yield* file.write("rotated")
      yield* TestClock.adjust(1000)
      yield* read
      assert.strictEqual(aws.state.fetches, 2)
      aws.state.keys.clear()
      yield* read
      assert.strictEqual(aws.state.fetches, 3)
    })
  )

  test(
    "uses the credentials until they expire while new ones cannot be fetched, and then fails",
    Effect.gen(function*() {
      const aws = yield* started
      aws.state.authorization = "token"
      const { read } = yield* contained(aws, { token: Redacted.make("token") })
      yield* read
      aws.state.lifetime = -1
      const down = () => Effect.succeed(Server.json(500, { code: "InternalServerError" }))
      yield* TestClock.adjust("56 minutes")
      aws.container.instead.push(down)
      yield* read
      yield* TestClock.adjust("4 minutes")
      aws.container.instead.push(down, down, down)
      assert.strictEqual((yield* Effect.flip(read))._tag, "ManagerUnavailable")
    })
  )

  for (
    const [name, change, more, tag, detail] of [
      [
        "a wrong authorization token",
        () => undefined,
        { token: Redacted.make("wrong") },
        "ManagerRefused",
        "authorization token"
      ],
      [
        "a missing role",
        ({ container }) => container.instead.push(() => Effect.succeed(Server.json(404, {}))),
        {},
        "SourceMisconfigured",
        "check the role of the task or pod"
      ],
      [
        "incomplete credentials",
        ({ container }) => container.instead.push(() => Effect.succeed(Server.json(200, { AccessKeyId: "A" }))),
        {},
        "SecretMalformed",
        "contains no credentials"
      ]
    ] satisfies ReadonlyArray<
      readonly [string, (aws: Aws) => unknown, Container, string, string]
    >
  ) {
    test(
      `fails with ${tag} for ${name}, without a request to the manager`,
      Effect.gen(function*() {
        const aws = yield* started
        aws.state.authorization = "token"
        change(aws)
        const { read } = yield* contained(aws, more)
        const error = yield* Effect.flip(read)
        assert.strictEqual(error._tag, tag)
        assert.include(error.message, detail)
        assert.lengthOf(aws.manager.received, 0)
      })
    )
  }

  test(
    "a hundred looping loads see a rotated key, and none fails while the credentials expire",
    Effect.gen(function*() {
      const aws = yield* started
      aws.state.authorization = "token"
      aws.state.lifetime = 6 * 60_000
      const source = AwsSecretsManager.layer(options(aws, {
        credentials: { type: "container", url: `${aws.container.url}/v1/credentials`, token: Redacted.make("token") }
      })).pipe(Layer.provide(Server.platform))
      const provider = yield* Scripted.provider(source, ConfigProvider.fromMap(new Map()))
      const seen: Array<string> = []
      const { round } = yield* Loops.start(
        100,
        Effect.map(provider.load(pair), ([key, secret]) => seen.push(`${key} ${secret}`))
      )
      const rounds = (count: number) => Effect.repeatN(Effect.zipRight(round, TestClock.adjust("5 seconds")), count - 1)
      yield* rounds(3)
      aws.state.secrets.set("team/exchanges", { SecretString: `{"BINANCE_API_KEY":"k2","BINANCE_API_SECRET":"s2"}` })
      yield* rounds(3)
      assert.deepStrictEqual(new Set(seen), new Set(["k1 s1"]))
      yield* rounds(1)
      assert.deepStrictEqual(new Set(seen.slice(-100)), new Set(["k2 s2"]))
      yield* rounds(20)
      assert.deepStrictEqual(new Set(seen), new Set(["k1 s1", "k2 s2"]))
      assert.isAbove(aws.state.fetches, 1)
    })
  )
})
