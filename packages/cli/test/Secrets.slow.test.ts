import { Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const script = fileURLToPath(new URL("../src/bin.ts", import.meta.url))

const started = (line: string, env: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, ["--import", "tsx", script, ...line.split(" ")], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"]
  })
  const seen = { out: "", err: "" }
  child.stdout.on("data", (chunk) => seen.out += String(chunk))
  child.stderr.on("data", (chunk) => seen.err += String(chunk))
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve))
  return { child, seen, ended }
}

const wait = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

/** A Vault server with one secret, readable with one token. */
const vault = async (token: string, secrets: Readonly<Record<string, string>>) => {
  const server = createServer((request, response) => {
    const isRight = request.headers["x-vault-token"] === token && request.url === "/v1/secret/data/team/exchanges"
    response.writeHead(isRight ? 200 : 403, { "content-type": "application/json" })
    response.end(JSON.stringify(
      isRight ? { data: { data: secrets, metadata: { version: 1 } } } : { errors: ["permission denied"] }
    ))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() }
}

const timeout = 60_000

describe("a secret manager as a configuration source", () => {
  it("takes precedence over the environment and is named in the output of config", async () => {
    const { key, secret } = Simulator.credentials("binance", "read")
    const { close, url } = await vault("s.token", {
      BINANCE_SIMULATED_API_KEY: Redacted.value(key),
      BINANCE_SIMULATED_API_SECRET: Redacted.value(secret),
      EXCHANGE_LOG_LEVEL: "Error"
    })
    const env = {
      EXCHANGE_SECRETS_FROM: "vault",
      VAULT_ADDR: url,
      VAULT_TOKEN: "s.token",
      EXCHANGE_VAULT_PATH: "team/exchanges",
      EXCHANGE_LOG_LEVEL: "Debug"
    }
    const keys = started("keys check --environment simulated --exchange binance", env)
    assert.strictEqual(await keys.ended, 0, keys.seen.out + keys.seen.err)
    assert.match(keys.seen.out, /binance +simulated +[0-9a-f]{16} +yes +no +no /)
    const config = started("config", env)
    assert.strictEqual(await config.ended, 0)
    assert.match(config.seen.out, /EXCHANGE_LOG_LEVEL +Error +vault/)
    assert.match(config.seen.out, /Sources, in order of precedence: vault, environment/)
    close()
  }, timeout)

  it("that denies access makes the command fail instead of using the environment", async () => {
    const { close, url } = await vault("s.token", {})
    const { ended, seen } = started("config", {
      EXCHANGE_SECRETS_FROM: "vault",
      VAULT_ADDR: url,
      VAULT_TOKEN: "s.another-token",
      EXCHANGE_VAULT_PATH: "team/exchanges"
    })
    assert.strictEqual(await ended, 2)
    assert.match(seen.err, /cannot be read: .*Vault/)
    assert.notInclude(seen.err, "s.another-token")
    close()
  }, timeout)
})

describe("a secret manager that is down", () => {
  it("is a failed check of doctor, which checks the rest, and fails every other command", async () => {
    const env = {
      EXCHANGE_SECRETS_FROM: "vault",
      VAULT_ADDR: "http://127.0.0.1:9",
      VAULT_TOKEN: "s.token",
      EXCHANGE_VAULT_PATH: "team/exchanges"
    }
    for (const command of ["doctor", "--log-level error doctor"]) {
      const doctor = started(`${command} --environment simulated --exchange binance`, env)
      assert.strictEqual(await doctor.ended, 1, doctor.seen.err)
      assert.match(doctor.seen.out, /^fail {2}vault: .*cannot be reached/m)
      assert.match(doctor.seen.out, /^pass {2}binance: The exchange responds/m)
      assert.match(doctor.seen.out, /^warn {2}keys: /m)
    }
    const price = started("price BTC/USDT", env)
    assert.strictEqual(await price.ended, 2)
    assert.match(price.seen.err, /cannot be read: .*Vault/)
  }, timeout)
})

describe("a service token that is rotated in a mounted file", () => {
  it("is accepted without a restart, and no request fails meanwhile", async () => {
    const directory = mkdtempSync(join(tmpdir(), "exchange-tokens-"))
    const write = (text: string) => writeFileSync(join(directory, "EXCHANGE_SERVER_TOKENS"), text, { mode: 0o600 })
    const [one, other] = ["token-of-yesterday-1", "token-of-tomorrow-22"]
    write(one)
    const { child, ended, seen } = started("serve --port 0 -e okx", { EXCHANGE_SECRETS_DIR: directory })
    const found = () => /Serving at (http:\S+?)(?: |\n)/.exec(seen.out)?.[1]
    while (found() === undefined) await wait(20)
    const status = async (token: string) =>
      (await fetch(`${found()}/v1/prices/BTC/USDT`, { headers: { authorization: `Bearer ${token}` } })).status
    assert.deepStrictEqual([await status(one), await status(other)], [200, 401])

    const until = async (isSo: () => Promise<boolean>, current: string) => {
      while (!(await isSo())) {
        assert.strictEqual(await status(current), 200)
        await wait(50)
      }
    }
    write(`${one},${other}`)
    await until(async () => await status(other) === 200, one)
    write(other)
    await until(async () => await status(one) === 401, other)
    // An empty file does not disable authentication.
    write("")
    await wait(6000)
    assert.deepStrictEqual([await status(one), await status(other)], [401, 200])

    child.kill("SIGTERM")
    assert.strictEqual(await ended, 0)
    for (const token of [one, other]) assert.notInclude(seen.out + seen.err, token)
    rmSync(directory, { recursive: true })
  }, timeout)
})
