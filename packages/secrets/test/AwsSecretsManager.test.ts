import { assert, describe } from "@effect/vitest"
import { Effect, Redacted, TestClock } from "effect"
import { AwsSecretsManager } from "../src/index.js"
import { accessKeyId, type Aws, keys, options, secretAccessKey, started } from "./support/aws.js"
import * as AwsServer from "./support/awsServer.js"
import { readPlain, test } from "./support/sourceTest.js"

describe("AwsSecretsManager", () => {
  test(
    "reads the fields of a secret with requests signed at the current time",
    Effect.gen(function*() {
      const aws = yield* started
      const { read } = yield* AwsSecretsManager.make(options(aws))
      assert.deepStrictEqual(yield* readPlain(read), { BINANCE_API_KEY: "k1", BINANCE_API_SECRET: "s1" })
      yield* TestClock.adjust("400 days")
      yield* read
      const [first, second] = aws.manager.received
      assert.strictEqual(first?.headers["x-amz-date"], "19700101T000000Z")
      assert.strictEqual(second?.headers["x-amz-date"], "19710205T000000Z")
      assert.include(
        first?.headers["authorization"],
        "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature="
      )
      assert.deepStrictEqual(JSON.parse(first?.body ?? ""), { SecretId: "team/exchanges", VersionStage: "AWSCURRENT" })
    })
  )

  test(
    "sends and signs a session token",
    Effect.gen(function*() {
      const aws = yield* started
      const sessionToken = "IQoJb3JpZ2luX2VjCANARY//////////wEa=="
      aws.state.keys.set(accessKeyId, { secretAccessKey, sessionToken, endsAt: Number.POSITIVE_INFINITY })
      const { read } = yield* AwsSecretsManager.make(
        options(aws, { credentials: { ...keys, sessionToken: Redacted.make(sessionToken) } })
      )
      yield* read
      assert.include(aws.manager.received[0]?.headers["authorization"], "x-amz-date;x-amz-security-token;x-amz-target")
    })
  )

  for (
    const [name, change, tag, code, detail] of [
      [
        "a missing secret",
        ({ state }) => state.secrets.clear(),
        "SecretNotFound",
        "ResourceNotFoundException",
        "the secret does not exist"
      ],
      [
        "a missing permission",
        ({ state }) => {
          state.isAllowed = false
        },
        "ManagerRefused",
        "AccessDeniedException",
        "allow secretsmanager:GetSecretValue on it"
      ],
      [
        "an unknown access key",
        ({ state }) => state.keys.clear(),
        "ManagerRefused",
        "UnrecognizedClientException",
        "the access key or its session token is unknown"
      ],
      [
        "a wrong secret access key",
        ({ state }) => state.keys.set(accessKeyId, { secretAccessKey: "other", endsAt: Number.POSITIVE_INFINITY }),
        "ManagerRefused",
        "InvalidSignatureException",
        "check the secret access key and the clock of this machine"
      ],
      [
        "a wrong region",
        ({ state }) => {
          state.region = "us-east-1"
        },
        "ManagerRefused",
        "InvalidSignatureException",
        "the signature was rejected"
      ],
      [
        "expired credentials",
        ({ state }) => state.keys.set(accessKeyId, { secretAccessKey, endsAt: 0 }),
        "ManagerRefused",
        "ExpiredTokenException",
        "have expired"
      ],
      [
        "a binary secret",
        ({ state }) => state.secrets.set("team/exchanges", { SecretBinary: "AAEC" }),
        "SecretMalformed",
        undefined,
        "store a JSON object"
      ],
      [
        "a secret that is not JSON",
        ({ state }) => state.secrets.set("team/exchanges", { SecretString: "hunter2" }),
        "SecretMalformed",
        undefined,
        "the text of the secret is not valid JSON"
      ],
      [
        "a secret that is not an object",
        ({ state }) => state.secrets.set("team/exchanges", { SecretString: `"hunter2"` }),
        "SecretMalformed",
        undefined,
        "not a JSON object of names and strings"
      ],
      [
        "a KMS key that cannot decrypt",
        ({ manager }) => manager.instead.push(() => Effect.succeed(AwsServer.error("DecryptionFailure", "no"))),
        "ManagerRefused",
        "DecryptionFailure",
        "allow kms:Decrypt"
      ],
      [
        "a secret marked for deletion",
        ({ manager }) => manager.instead.push(() => Effect.succeed(AwsServer.error("InvalidRequestException", "no"))),
        "SecretNotFound",
        "InvalidRequestException",
        "marked for deletion"
      ],
      [
        "an error code with a namespace",
        ({ manager }) =>
          manager.instead.push(() =>
            Effect.succeed(AwsServer.error("com.amazonaws.secretsmanager#ResourceNotFoundException", "no"))
          ),
        "SecretNotFound",
        "ResourceNotFoundException",
        "the secret does not exist"
      ],
      [
        "an unknown error code",
        ({ manager }) => manager.instead.push(() => Effect.succeed(AwsServer.error("hunter2Exception", "hunter2"))),
        "SourceMisconfigured",
        undefined,
        "the request was rejected"
      ]
    ] satisfies ReadonlyArray<readonly [string, (aws: Aws) => unknown, string, string | undefined, string]>
  ) {
    test(
      `fails with ${tag} after one request for ${name}`,
      Effect.gen(function*() {
        const aws = yield* started
        change(aws)
        const { read } = yield* AwsSecretsManager.make(options(aws))
        const error = yield* Effect.flip(read)
        assert.strictEqual(error._tag, tag)
        assert.strictEqual(error.code, code)
        assert.include(error.message, detail)
        assert.notInclude(JSON.stringify(error), "hunter2")
        assert.isFalse(error.isRetryable)
        assert.lengthOf(aws.manager.received, 1)
      })
    )
  }

  for (
    const reply of [
      AwsServer.error("ThrottlingException", "Rate exceeded"),
      AwsServer.error("InternalServiceError", "An error occurred on the server side.", 500),
      { status: 503, body: "Service Unavailable" }
    ]
  ) {
    test(
      `retries after ${reply.status} ${reply.body.slice(0, 40)}, and signs each attempt`,
      Effect.gen(function*() {
        const aws = yield* started
        const { read } = yield* AwsSecretsManager.make(options(aws))
        aws.manager.instead.push(() => Effect.as(TestClock.adjust("1 second"), reply), () => Effect.succeed(reply))
        yield* read
        const dates = aws.manager.received.map(({ headers }) => headers["x-amz-date"])
        assert.deepStrictEqual(dates, ["19700101T000000Z", "19700101T000001Z", "19700101T000001Z"])
        aws.manager.instead.push(...Array.from({ length: 3 }, () => () => Effect.succeed(reply)))
        const error = yield* Effect.flip(read)
        assert.strictEqual(error._tag, "ManagerUnavailable")
        assert.isTrue(error.isRetryable)
      })
    )
  }
})
