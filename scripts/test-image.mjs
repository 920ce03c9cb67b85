/**
 * Tests the image of `ops/docker/Dockerfile` without Docker: builds the bundle, copies the contents of the image to a
 * read-only directory, runs them there as an unprivileged user, requests its probes, and stops the service.
 */
import { spawn, spawnSync } from "node:child_process"
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const dockerfile = readFileSync(join(root, "ops/docker/Dockerfile"), "utf8")
const fail = (why) => {
  console.error(`failed: ${why}`)
  process.exit(1)
}
// The code below repeats these steps of the Dockerfile. Change both together.
for (const step of ["RUN npm run build", "COPY --from=build /source/packages/cli/dist/bundle /app", "USER node"]) {
  if (!dockerfile.includes(`${step}\n`)) fail(`the Dockerfile no longer has the step "${step}"`)
}

const built = spawnSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: ["ignore", "inherit", "inherit"] })
if (built.status !== 0) fail("npm run build failed")

const app = mkdtempSync(join(tmpdir(), "effect-exchange-image-"))
process.on("exit", () => rmSync(app, { recursive: true, force: true }))
cpSync(join(root, "packages/cli/dist/bundle"), app, { recursive: true })
cpSync(join(root, "packages/cli/package.json"), join(app, "package.json"))
for (const name of readdirSync(app)) chmodSync(join(app, name), 0o444)
chmodSync(app, 0o555)

const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
const child = spawn(process.execPath, [join(app, "bin.js"), "serve", "--environment", "simulated", "--port", "0"], {
  cwd: app,
  env: { NODE_ENV: "production", PATH: process.env["PATH"] ?? "" },
  stdio: ["ignore", "pipe", "pipe"],
  ...nobody
})
let heard = ""
child.stderr.on("data", (chunk) => heard += chunk)
const base = await new Promise((resolve) => {
  setTimeout(() => resolve(undefined), 30_000)
  child.on("close", () => resolve(undefined))
  let out = ""
  child.stdout.on("data", (chunk) => {
    out += chunk
    const found = /Serving at (\S+)\n/.exec(out)?.[1]
    if (found !== undefined) resolve(found)
  })
})
if (base === undefined) fail(`the service did not start: ${heard}`)

const until = async (path, expected) => {
  for (let time = 0; time < 100; time++) {
    const { status } = await fetch(`${base}${path}`)
    if (status === expected) return console.log(`${path} responds with ${status}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  fail(`${path} does not respond with ${expected}`)
}
for (const path of ["/livez", "/startupz", "/readyz", "/metrics", "/", "/docs", "/v1/prices/BTC/USDT"]) await until(path, 200)

const metrics = await (await fetch(`${base}/metrics`)).text()
const checked = spawnSync("promtool", ["check", "metrics"], { input: metrics, encoding: "utf8" })
if (checked.error === undefined && checked.status !== 0) fail(`promtool rejects /metrics: ${checked.stderr}${checked.stdout}`)
console.log(checked.error === undefined ? "promtool accepts /metrics" : "promtool was not found, so /metrics is not checked")

child.kill("SIGTERM")
const code = await new Promise((resolve) => child.on("close", resolve))
if (code !== 0) fail(`the service exited with ${code} after SIGTERM: ${heard}`)
console.log("the service exits with 0 after SIGTERM")
