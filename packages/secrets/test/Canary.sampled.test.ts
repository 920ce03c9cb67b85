import { type FileSystem, HttpClient, HttpClientError } from "@effect/platform"
import { assert, describe } from "@effect/vitest"
import { assertNone } from "@effect/vitest/utils"
import {
  Config,
  type ConfigError,
  ConfigProvider,
  Effect,
  Exit,
  Layer,
  Option,
  Redacted,
  Schema,
  TestClock
} from "effect"
import * as Capture from "../../core/test/support/capture.js"
import { everyNth } from "../../resilience/test/support/sample.js"
import { AwsSecretsManager, SecretSource, SecretSourceError, Vault } from "../src/index.js"
import * as Aws from "./support/aws.js"
import * as Scripted from "./support/scriptedSource.js"
import * as Server from "./support/server.js"
import { pair, test } from "./support/sourceTest.js"
import * as Hashicorp from "./support/vault.js"

const stored = {
  BINANCE_API_KEY: "K3y/CANARY+key==0123456789abcdef",
  BINANCE_API_SECRET: "S3cr3t/CANARY==fedcba9876543210"
}

/** The whole request as text, as in a response that repeats it. */
const echo = ({ body, headers, path }: Server.Received): string =>
  `${path} ${body} ${Object.entries(headers).map((header) => header.join(": ")).join("\n")} ${JSON.stringify(stored)}`

/** Responses of a manager, or a proxy in front of it, that repeats everything it receives. */
const replies: Readonly<Record<string, Server.Handler>> = {
  ...Object.fromEntries([200, 400, 403, 404, 503].flatMap((status): Array<[string, Server.Handler]> => [
    [`text with status ${status}`, (request) => Effect.succeed({ status, body: echo(request) })],
    [`messages with status ${status}`, (request) =>
      Effect.succeed(Server.json(status, {
        errors: [echo(request)],
        __type: `${echo(request)}Exception`,
        Message: echo(request)
      }))]
  ])),
  "a redirect": (request) =>
    Effect.succeed({ status: 302, headers: { location: `/${encodeURIComponent(echo(request))}` }, body: "" }),
  "incomplete JSON": (request) => Effect.succeed({ status: 200, body: `{"data": "${echo(request)}` }),
  "values that are not strings": (request) =>
    Effect.succeed(Server.json(200, {
      SecretString: JSON.stringify({ [echo(request)]: 1, ...stored }),
      data: { data: { [echo(request)]: 1, ...stored }, metadata: {} },
      auth: { client_token: [echo(request)], lease_duration: 5 },
      AccessKeyId: 5,
      SecretAccessKey: echo(request)
    })),
  "a text that is not JSON": (request) =>
    Effect.succeed(Server.json(200, { SecretString: echo(request), data: { data: echo(request), metadata: {} } })),
  "an invalid retry-after header": (request) =>
    Effect.succeed({ status: 429, headers: { "retry-after": encodeURIComponent(echo(request)) }, body: "" }),
  "a broken response": () => Effect.die("broken")
}

/** The parts of a request that must not leak. */
const sensitiveParts = ({ body, headers }: Server.Received): ReadonlyArray<string> => [
  headers["x-vault-token"] ?? "",
  headers["x-amz-security-token"] ?? "",
  headers["authorization"]?.replace(/^AWS4.*Signature=/, "") ?? "",
  /"jwt":"([^"]+)"/.exec(body)?.[1] ?? ""
]

type RunningServer = Effect.Effect.Success<ReturnType<typeof Server.start>>

/** A source, the servers that it calls, and its secrets. */
interface Case {
  readonly make: Effect.Effect<
    SecretSource.Service,
    ConfigError.ConfigError,
    HttpClient.HttpClient | FileSystem.FileSystem
  >
  readonly servers: ReadonlyArray<RunningServer>
  readonly secrets: ReadonlyArray<string>
}

/**
 * Reads the source and loads configuration while the servers send this response. Collects all output: errors, logs,
 * spans and metrics.
 */
const run = ({ make, secrets, servers }: Case, reply: Server.Handler) =>
  Effect.gen(function*() {
    const captured = Capture.make()
    const note = (value: unknown) => captured.note(Capture.renderings(value).join("\n"))
    const breakServers = Effect.sync(() => {
      for (const { instead } of servers) instead.splice(0, instead.length, ...Array.from({ length: 99 }, () => reply))
    })
    const repairServers = Effect.sync(() => {
      for (const { instead } of servers) instead.length = 0
    })
    yield* Effect.gen(function*() {
      const source = yield* make
      yield* breakServers
      const first = yield* Effect.exit(source.read)
      assert.isTrue(Exit.isFailure(first))
      note(first)
      note(source)
      const error = yield* Effect.flip(source.read)
      note(error)
      note(yield* Schema.encode(SecretSourceError.SecretSourceError)(error))
      yield* repairServers

      const provider = yield* Scripted.provider(
        Layer.succeed(SecretSource.SecretSource, source),
        ConfigProvider.fromMap(new Map())
      )
      note(provider)
      assert.deepStrictEqual(yield* provider.load(pair), [stored.BINANCE_API_KEY, stored.BINANCE_API_SECRET])
      yield* TestClock.adjust("30 seconds")
      yield* breakServers
      // Uses the cached secrets and logs a warning, or fails.
      note(Exit.asVoid(yield* Effect.exit(provider.load(pair))))
      note(yield* Effect.exit(Effect.timeout(provider.load(Config.integer("BINANCE_API_KEY")), "1 minute")))
      yield* repairServers
    }).pipe(captured.provide)
    captured.note(yield* Capture.metrics)
    const received = servers.flatMap(({ received }) => received.flatMap(sensitiveParts)).filter((text) =>
      text.length >= 12
    )
    assert.isAbove(received.length, 0)
    assert.isAbove(captured.output.length, 8)
    return Capture.find(captured.output, [...Object.values(stored), ...secrets, ...received])
  })

const cases: ReadonlyArray<
  readonly [string, Effect.Effect<Case, never, Effect.Effect.Context<ReturnType<typeof Server.file>>>]
> = [
  [
    "Vault with a token",
    Effect.map(Hashicorp.started, (vault) => {
      vault.write(` ${Hashicorp.api}`, stored)
      return { make: Vault.make(Hashicorp.options(vault.url)), servers: [vault], secrets: [Hashicorp.token] }
    })
  ],
  [
    "Vault with a Kubernetes login",
    Effect.gen(function*() {
      const vault = yield* Hashicorp.started
      vault.write(` ${Hashicorp.api}`, stored)
      const { path: file } = yield* Server.file(Hashicorp.jwt)
      const make = Vault.make(Hashicorp.options(vault.url, { auth: { type: "kubernetes", role: "trader", file } }))
      return { make, servers: [vault], secrets: [Hashicorp.jwt] }
    })
  ],
  [
    "AWS with keys",
    Effect.map(Aws.started, (aws) => {
      aws.state.secrets.set("team/exchanges", { SecretString: JSON.stringify(stored) })
      return {
        make: AwsSecretsManager.make(Aws.options(aws)),
        servers: [aws.manager],
        secrets: [Aws.accessKeyId, Aws.secretAccessKey]
      }
    })
  ],
  [
    "AWS with container credentials",
    Effect.map(Aws.started, (aws) => {
      aws.state.secrets.set("team/exchanges", { SecretString: JSON.stringify(stored) })
      aws.state.authorization = "pod-identity-CANARY-token"
      const url = `${aws.container.url}/v1/credentials`
      const make = AwsSecretsManager.make(
        Aws.options(aws, {
          credentials: { type: "container", url, token: Redacted.make(aws.state.authorization) }
        })
      )
      return {
        make,
        servers: [aws.manager, aws.container],
        secrets: [aws.state.authorization, "wJalrXUtnFEMI/CANARY+", "IQoJb3JpZ2luX2VjCANARY"]
      }
    })
  ]
]

describe("No secret, token or signature appears in errors, logs, spans or metrics", () => {
  for (const [name, started] of cases) {
    for (const [responseName, reply] of everyNth(5, Object.entries(replies))) {
      test(
        `${name}, if the response is ${responseName}`,
        Effect.flatMap(started, (it) => Effect.map(run(it, reply), assertNone)),
        Server.redirectFollowingPlatform
      )
    }
  }

  for (const reason of ["Transport", "Encode", "InvalidUrl"] as const) {
    test(
      `with an HTTP client that fails with ${reason} and repeats the request in its error`,
      Effect.gen(function*() {
        const captured = Capture.make()
        const client = HttpClient.make((request) => {
          const description = `Invalid character in header content: ${JSON.stringify(request.headers)}`
          const cause = Object.assign(new TypeError(description), { code: Hashicorp.token })
          return Effect.fail(new HttpClientError.RequestError({ request, reason, description, cause }))
        })
        const { read } = yield* Effect.provideService(
          Vault.make(Hashicorp.options("https://vault.example.com")),
          HttpClient.HttpClient,
          client
        )
        const error = yield* captured.provide(Effect.flip(Effect.tapErrorCause(read, Effect.logError)))
        assert.strictEqual(error._tag, "ManagerUnreachable")
        captured.note(Capture.renderings(error).join("\n"))
        assertNone(Capture.find(captured.output, [Hashicorp.token]))
      })
    )
  }

  test(
    "Capture.find finds a token that was logged",
    Effect.gen(function*() {
      const vault = yield* Hashicorp.started
      const captured = Capture.make()
      yield* captured.provide(Effect.logInfo(`x-vault-token: ${Hashicorp.token}`))
      assert.isTrue(Option.isSome(Capture.find(captured.output, [Hashicorp.token])))
      assert.lengthOf(vault.received, 0)
    })
  )
})
