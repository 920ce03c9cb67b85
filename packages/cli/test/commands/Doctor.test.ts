import * as Doctor from "@effect-exchange/cli/commands/Doctor"
import type { Finding } from "@effect-exchange/cli/Finding"
import * as Keys from "@effect-exchange/cli/Keys"
import { Simulator } from "@effect-exchange/simulator"
import { FileSystem } from "@effect/platform"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  ConfigError,
  ConfigProvider,
  ConfigProviderPathPatch,
  Effect,
  Either,
  Fiber,
  Redacted,
  Schema,
  TestClock
} from "effect"
import * as ConnectionChecks from "../../src/internal/connectionChecks.js"
import { network, runCommand, session } from "../utils.js"

const decode = Schema.decodeSync(Doctor.Document)

/** The findings of doctor and its exit code. */
const diagnosed = (
  env: Readonly<Record<string, string>>,
  line = "--environment simulated --exchange binance"
) => Effect.map(runCommand(`doctor ${line} --json`, { env }), ({ code, out }) => ({ code, ...decode(out) }))

const findingWith = (findings: ReadonlyArray<Finding>, detail: RegExp): Finding => {
  const found = findings.find((finding) => detail.test(finding.detail))
  assert.isDefined(found, `${detail} in ${JSON.stringify(findings)}`)
  return found ?? assert.fail()
}

const keyOf = (exchange: "binance" | "okx", permission: "read" | "withdraw", environment = "SIMULATED") => {
  const { key, passphrase, secret } = Simulator.credentials(exchange, permission)
  const prefix = `${exchange.toUpperCase()}${environment === "" ? "" : `_${environment}`}_API`
  return {
    [`${prefix}_KEY`]: Redacted.value(key),
    [`${prefix}_SECRET`]: Redacted.value(secret),
    ...passphrase === undefined ? {} : { [`${prefix}_PASSPHRASE`]: Redacted.value(passphrase) }
  }
}

describe("exchange doctor", () => {
  it.effect("finds no problem in a valid configuration and exits with 0", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* runCommand("doctor --environment simulated", {
        env: keyOf("binance", "read")
      })
      assert.strictEqual(code, 0, out)
      assert.strictEqual(err, "")
      assert.match(out, /pass {2}kraken: The exchange responds in \d+ ms\./)
      assert.match(out, /pass {2}clock: /)
      assert.notMatch(out, /fail/)
    }))

  it.effect("reports a source of secrets that cannot be read, and checks the rest but no keys", () =>
    Effect.gen(function*() {
      const unread = ConfigProvider.fromFlat(ConfigProvider.makeFlat({
        load: (path) => Effect.fail(ConfigError.SourceUnavailable([...path], "Vault: sealed", Cause.empty)),
        enumerateChildren: (path) =>
          Effect.fail(ConfigError.SourceUnavailable([...path], "Vault: sealed", Cause.empty)),
        patch: ConfigProviderPathPatch.empty
      }))
      const { code, out } = yield* runCommand("doctor --environment simulated --exchange binance --json", {
        env: { ...keyOf("binance", "withdraw"), EXCHANGE_LOG_LEVEL: "loud" },
        sources: [{ name: "vault", provider: unread }]
      })
      assert.strictEqual(code, 1)
      const { findings } = decode(out)
      assert.deepStrictEqual(findings.map(({ about, status }) => [about, status]), [
        ["vault", "fail"],
        ["configuration", "fail"],
        ["binance", "pass"],
        ["clock", "pass"],
        ["keys", "warn"]
      ])
      assert.include(findings[0]?.detail, "Vault: sealed")
    }))

  const problems: ReadonlyArray<{
    readonly what: string
    readonly env: Readonly<Record<string, string>>
    readonly line?: string
    readonly detail: RegExp
    readonly remedy: RegExp
    readonly status?: "warn" | "fail"
  }> = [
    {
      what: "a key without its secret",
      env: { BINANCE_API_KEY: "k".repeat(64) },
      line: "--exchange binance",
      detail: /^The key is incomplete: found BINANCE_API_KEY, but not BINANCE_API_SECRET\.$/,
      remedy: /Set BINANCE_API_SECRET/
    },
    {
      what: "a missing passphrase",
      env: { OKX_API_KEY: "k".repeat(36), OKX_API_SECRET: "s".repeat(32) },
      line: "--exchange okx",
      detail: /^The key is incomplete: .* but not OKX_API_PASSPHRASE\.$/,
      remedy: /Set OKX_API_PASSPHRASE/
    },
    {
      what: "a placeholder instead of a key",
      env: { BINANCE_API_KEY: "your-api-key", BINANCE_API_SECRET: "s".repeat(64) },
      line: "--exchange binance",
      detail: /^BINANCE_API_KEY contains a placeholder\.$/,
      remedy: /the exchange showed when the key was created/
    },
    {
      what: "a secret with an invalid character",
      env: { BINANCE_API_KEY: "k".repeat(64), BINANCE_API_SECRET: "s3cret-\u{a0}of-mine" },
      line: "--exchange binance",
      detail: /^BINANCE_API_SECRET is invalid: expected printable ASCII/,
      remedy: /Copy it again/
    },
    {
      what: "a key that the exchange rejects",
      env: { BINANCE_SIMULATED_API_KEY: "k".repeat(64), BINANCE_SIMULATED_API_SECRET: "s".repeat(64) },
      detail: /^The exchange rejects the key: /,
      remedy: /belong together and to this environment/
    },
    {
      what: "a key that may withdraw",
      env: keyOf("binance", "withdraw"),
      detail: /^The key may withdraw/,
      remedy: /Create a key that may not withdraw and revoke this one/
    },
    {
      what: "an unknown log level",
      env: { EXCHANGE_LOG_LEVEL: "loud" },
      detail: /^EXCHANGE_LOG_LEVEL is invalid: expected one of All, Trace, Debug/,
      remedy: /Set it to an accepted value/
    },
    {
      what: "a token that is too short",
      env: { EXCHANGE_SERVER_TOKENS: "letmein" },
      detail: /^A token of EXCHANGE_SERVER_TOKENS has fewer than 16 characters/,
      remedy: /openssl rand/
    },
    {
      what: "a missing directory of secrets",
      env: { EXCHANGE_SECRETS_DIR: "/nowhere/at/all" },
      detail: /^EXCHANGE_SECRETS_DIR is \/nowhere\/at\/all, which is not a readable directory/,
      remedy: /Mount the secrets there/
    },
    {
      what: "a variable that nothing reads",
      env: { BINANCE_APIKEY: "k" },
      detail: /^BINANCE_APIKEY is set, but nothing reads it\.$/,
      remedy: /Did you mean BINANCE_API_KEY\?/,
      status: "warn"
    },
    {
      what: "an unsupported OTLP protocol",
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
      detail: /^OTEL_EXPORTER_OTLP_PROTOCOL cannot be "grpc"; expected http\/json\.$/,
      remedy: /exchange serve cannot start with it/
    },
    {
      what: "an exchange that is closed permanently",
      env: {},
      line: "--exchange bitmex --environment live",
      detail: /closed permanently/,
      remedy: /Choose other exchanges with --exchange/,
      status: "warn"
    }
  ]

  for (const { detail, env, line, remedy, status = "fail", what } of problems) {
    it.effect(`reports ${what} with a remedy`, () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.fork(diagnosed(env, line))
        // Requests to exchanges that cannot be reached are retried.
        yield* TestClock.adjust("1 minute")
        const { code, findings } = yield* Fiber.join(fiber)
        const finding = findingWith(findings, detail)
        assert.strictEqual(finding.status, status)
        assert.match(finding.remedy ?? "", remedy)
        if (status === "fail") assert.strictEqual(code, 1)
        for (const value of Object.values(env)) {
          if (value.length > 8 && !/^(?:\/|http:)/.test(value)) assert.notInclude(JSON.stringify(findings), value)
        }
      }))
  }

  it.effect("reports an exchange that does not respond with a remedy", () =>
    Effect.gen(function*() {
      const { out, run } = yield* session(
        "doctor --exchange kraken --base-url kraken=http://nobody.localhost --environment live"
      )
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(yield* Fiber.join(fiber), 1)
      assert.match(
        out(),
        /fail {2}kraken: The exchange does not respond: .*\n {6}Check that this machine can reach the exchange/
      )
    }).pipe(Effect.provide(network)))

  it.scoped("reports secret files that every user can read and empty ones", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const directory = yield* files.makeTempDirectoryScoped()
      yield* files.makeDirectory(`${directory}/BINANCE`)
      yield* files.writeFileString(`${directory}/BINANCE/API_KEY`, "k".repeat(64), { mode: 0o644 })
      yield* files.writeFileString(`${directory}/BINANCE/API_SECRET`, "", { mode: 0o600 })
      const { code, findings } = yield* diagnosed({ EXCHANGE_SECRETS_DIR: directory })
      assert.strictEqual(code, 1)
      assert.match(findingWith(findings, /can read BINANCE\/API_KEY in/).remedy ?? "", /chmod o-r/)
      assert.strictEqual(findingWith(findings, /empty: BINANCE\/API_SECRET/).status, "fail")
    }).pipe(Effect.provide(NodeFileSystem.layer)))

  it("tells whether the local clock or that of an exchange is wrong", () => {
    const probe = (exchange: string, skewMillis: number): ConnectionChecks.ProbeResult => ({
      exchange,
      latencyMillis: 10,
      skewMillis,
      result: Either.right(0)
    })
    const ours = ConnectionChecks.findings([probe("binance", -4200), probe("kraken", -4300), probe("okx", -4100)])
    const finding = findingWith(ours, /^This machine's clock is 4\.2 s ahead\.$/)
    assert.strictEqual(finding.status, "fail")
    assert.match(finding.remedy ?? "", /NTP/)
    const theirs = ConnectionChecks.findings([probe("binance", 0), probe("kraken", 5000), probe("okx", 10)])
    assert.strictEqual(findingWith(theirs, /^The clock of the exchange is 5 s ahead of this machine's/).about, "kraken")
    assert.isUndefined(theirs.find(({ status }) => status === "fail"))
  })

  it("reports when a key expires or has expired", () => {
    const day = 86_400_000
    const permissions = { read: true, trade: false, withdraw: false, ipRestricted: true } as const
    const at = (expiresAt: number) => Keys.judge("key", { ...permissions, expiresAt }, 100 * day)
    assert.strictEqual(at(99 * day)[0]?.detail, "The key has expired.")
    assert.strictEqual(at(99 * day)[0]?.status, "fail")
    assert.strictEqual(at(101 * day)[0]?.detail, "The key expires in 1 day.")
    assert.strictEqual(at(113 * day)[0]?.detail, "The key expires in 13 days.")
    assert.strictEqual(at(115 * day)[0]?.detail, "The key may read.")
  })
})

describe("exchange keys check", () => {
  it.effect("prints the permissions of each key without the key", () =>
    Effect.gen(function*() {
      const env = { ...keyOf("binance", "read"), ...keyOf("okx", "withdraw") }
      const { code, out } = yield* runCommand("keys check --environment simulated --exchange binance,okx", { env })
      assert.strictEqual(code, 1)
      assert.match(out, /binance +simulated +[0-9a-f]{16} +yes +no +no /)
      assert.match(out, /okx +simulated +[0-9a-f]{16} +yes +\w+ +yes /)
      assert.match(out, /fail {2}key of okx simulated: The key may withdraw/)
      for (const secret of Object.values(env)) assert.notInclude(out, secret)
    }))

  it.effect("reports a key that is configured for two environments", () =>
    Effect.gen(function*() {
      const env = { ...keyOf("binance", "read", ""), ...keyOf("binance", "read", "TESTNET") }
      const fiber = yield* Effect.fork(runCommand("keys check --exchange binance", { env }))
      yield* TestClock.adjust("2 minutes")
      const { code, out } = yield* Fiber.join(fiber)
      assert.strictEqual(code, 1)
      assert.match(out, /key of binance live: The same key is also configured for binance testnet\./)
    }))

  it.effect("exits with 0 when no key is configured", () =>
    Effect.gen(function*() {
      const { code, out } = yield* runCommand("keys check")
      assert.strictEqual(code, 0)
      assert.match(out, /^No key is configured\. .*BINANCE_API_KEY/)
    }))
})

describe("exchange config", () => {
  it.effect("prints the configured values and their sources without secrets", () =>
    Effect.gen(function*() {
      const key = keyOf("binance", "read", "")
      const env = { ...key, EXCHANGE_LOG_LEVEL: "Debug", EXCHANGE_SERVER_TOKENS: "t0ken-of-mine" }
      const { code, out } = yield* runCommand("config", { env })
      assert.strictEqual(code, 0)
      assert.match(out, /EXCHANGE_LOG_LEVEL +Debug +environment/)
      assert.match(out, /EXCHANGE_SERVER_TOKENS +<redacted> +environment/)
      assert.match(out, /BINANCE_API_SECRET +<redacted> +environment/)
      assert.match(out, /EXCHANGE_SECRETS_DIR +no files +default/)
      assert.notInclude(out, "KRAKEN_API_KEY")
      assert.notInclude(out, "t0ken-of-mine")
      for (const secret of Object.values(key)) assert.notInclude(out, secret)
    }))

  it.effect("hides the credentials in the address of the collector", () =>
    Effect.gen(function*() {
      const address = "http://canary-user:canary-password@collector.example:4318/otlp?api-key=canary-key"
      for (const line of ["config", "config --json"]) {
        const { out } = yield* runCommand(line, { env: { OTEL_EXPORTER_OTLP_ENDPOINT: address } })
        assert.include(out, "http://<redacted>@collector.example:4318/otlp?<redacted>")
        assert.notInclude(out, "canary")
      }
    }))

  it.effect("prints every variable with --all and --json, and reports invalid values", () =>
    Effect.gen(function*() {
      const env = { EXCHANGE_LOG_LEVEL: "loud" }
      const { out } = yield* runCommand("config --all", { env })
      assert.match(out, /KRAKEN_API_KEY/)
      assert.match(out, /BINANCE_TESTNET_API_KEY/)
      assert.match(out, /EXCHANGE_LOG_LEVEL is invalid: expected one of/)
      const json = JSON.parse((yield* runCommand("config --json", { env })).out)
      assert.include(JSON.stringify(json), "\"OKX_API_PASSPHRASE\"")
      for (const text of [out, JSON.stringify(json)]) assert.notMatch(text, /`|\]\(/, "contains Markdown")
    }))
})
