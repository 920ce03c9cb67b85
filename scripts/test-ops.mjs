/**
 * Checks what operators are given: the alerts by their tests (with `promtool`, of Debian's package `prometheus`), that each has a
 * page in the run-book, and that every metric they speak of is one that the code measures.
 */
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const fail = (why) => {
  console.error(`failed: ${why}`)
  process.exit(1)
}
const run = (command, ...args) => spawnSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] })

const rules = readFileSync(join(root, "ops/prometheus/alerts.yml"), "utf8")
const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name)
const pages = [...rules.matchAll(/runbook: (\S+)/g)].map(([, path]) => path)
if (alerts.length === 0 || pages.length !== alerts.length) fail("every alert names its page of the run-book")
for (const page of pages) if (!existsSync(join(root, page))) fail(`there is no ${page}`)
const written = readdirSync(join(root, "docs/runbook")).filter((name) => name !== "README.md")
for (const name of written) if (!pages.includes(`docs/runbook/${name}`)) fail(`no alert has the page docs/runbook/${name}`)

const sources = readdirSync(join(root, "packages"), { recursive: true })
  .filter((path) => /^(core|resilience|server|cli)\/src\/.*\.ts$/.test(path))
  .map((path) => readFileSync(join(root, "packages", path), "utf8")).join("\n")
const metrics = new Set(rules.match(/\b(?:server|exchange|circuitbreaker|ratelimiter|nodejs|process)_[a-z_]+/g))
for (const metric of metrics) {
  const isMeasured = [metric, metric.replace(/_total$/, "")].some((name) => sources.includes(`"${name}"`))
  if (!isMeasured) fail(`nothing measures ${metric}`)
}
console.log(`${alerts.length} alerts, each with its page; ${metrics.size} metrics, each measured`)

if (spawnSync("promtool", ["--version"]).error !== undefined) {
  fail("promtool is not here; install Debian's package prometheus, or another that has it")
}
if (run("promtool", "check", "rules", "ops/prometheus/alerts.yml").status !== 0) fail("the alerts cannot be read")
if (run("promtool", "test", "rules", "ops/prometheus/alerts.test.yml").status !== 0) fail("the tests of the alerts")
