import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Redacted } from "effect"
import { AwsSecretsManager } from "../src/index.js"
import { keys, options } from "./support/aws.js"
import * as Server from "./support/server.js"

describe("The configuration of AwsSecretsManager", () => {
  const load = (entries: Record<string, string>) =>
    ConfigProvider.fromMap(
      new Map(Object.entries({ AWS_REGION: "eu-central-1", EXCHANGE_AWS_SECRET_ID: "x", ...entries }))
    )
      .load(AwsSecretsManager.config)
  const credentials = (entries: Record<string, string>) => Effect.map(load(entries), ({ credentials }) => credentials)

  it.effect("reads the variables of AWS's own tools, and prefers keys to the endpoint of the container", () =>
    Effect.gen(function*() {
      const pair = { AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "s\n" }
      const expected: AwsSecretsManager.Credentials = {
        type: "keys",
        accessKeyId: Redacted.make("A"),
        secretAccessKey: Redacted.make("s"),
        sessionToken: undefined
      }
      assert.deepStrictEqual(yield* credentials(pair), expected)
      assert.deepStrictEqual(
        yield* credentials({ ...pair, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/x" }),
        expected
      )
      assert.deepStrictEqual(yield* credentials({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/x" }), {
        type: "container",
        url: "http://169.254.170.2/v2/x",
        token: undefined,
        tokenFile: undefined
      })
      assert.deepStrictEqual(
        yield* credentials({
          AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
          AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "/var/run/token"
        }),
        {
          type: "container",
          url: "http://169.254.170.23/v1/credentials",
          token: undefined,
          tokenFile: "/var/run/token"
        }
      )
      const half = yield* Effect.flip(load({ AWS_ACCESS_KEY_ID: "A" }))
      assert.include(String(half), "both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
      assert.include(String(yield* Effect.flip(load({}))), "the credentials endpoint of ECS or EKS")
    }))

  const container = (url: string) => ({ type: "container" as const, url })
  const manager = {
    url: "https://vpce-1.secretsmanager.eu-central-1.vpce.amazonaws.com",
    received: [],
    instead: []
  }
  const made = (more: Partial<AwsSecretsManager.Options>) => AwsSecretsManager.make(options({ manager }, more))

  for (
    const [name, more] of [
      ["a region that is a host name", { region: "evil.example.com/" }],
      ["plain http to the service", { endpoint: "http://secretsmanager.example.com" }],
      ["plain http to another host for container credentials", {
        credentials: container("http://10.0.0.1/credentials")
      }],
      ["an access key with a line break", { credentials: { ...keys, accessKeyId: Redacted.make("hunter2\nx: y") } }]
    ] satisfies ReadonlyArray<readonly [string, Partial<AwsSecretsManager.Options>]>
  ) {
    it.scoped(`refuses ${name} in make, without showing it`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(made(more))
        assert.strictEqual(error._op, "InvalidData")
        assert.notInclude(String(error), "hunter2")
      }).pipe(Effect.provide(Server.platform)))
  }

  it.scoped("accepts plain http to the addresses of ECS and EKS", () =>
    Effect.gen(function*() {
      yield* made({ credentials: container("http://169.254.170.2/v2/credentials/x") })
      yield* made({ credentials: container("http://[fd00:ec2::23]/v1/credentials") })
      yield* made({ credentials: container("https://credentials.example.com/x") })
    }).pipe(Effect.provide(Server.platform)))
})
