/**
 * Checks what operators are given: the alerts by their tests (with `promtool`, of Debian's package `prometheus`), that each has a
 * page in the run-book, that alerts and dashboard speak of metrics that there are, and the dashboard of all of them.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { isDeepStrictEqual } from "node:util"
import { fileURLToPath } from "node:url"
import { dashboard } from "./dashboard.mjs"

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

// The metrics that there are, from the code: those of these modules, and Effect's own. None may stand elsewhere unseen.
const rooms = ["resilience/src/Telemetry.ts", "core/src/ports/Telemetry.ts", "server/src/Telemetry.ts", "cli/src/ProcessMetrics.ts"]
for (const path of readdirSync(join(root, "packages"), { recursive: true }).filter((path) => /^\w+\/src\/.*\.ts$/.test(path))) {
  if (rooms.includes(path) || /^(examples|benchmarks)\//.test(path)) continue
  if (/\bMetric\.(?:counter|gauge|histogram|summary|frequency|timer\w*)\(/.test(readFileSync(join(root, "packages", path), "utf8"))) {
    fail(`packages/${path} has a metric of its own: put it in one of ${rooms.join(", ")}`)
  }
}
const listed = spawnSync("npx", ["tsx", "scripts/metrics.mjs"], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })
if (listed.status !== 0) fail("the metrics cannot be listed")
const metrics = JSON.parse(listed.stdout)
/** By the name of each series that Prometheus has of it: the metric. */
const metricOf = new Map(metrics.flatMap(({ kind, name }) =>
  (kind === "histogram" ? ["_bucket", "_sum", "_count"] : [""]).map((suffix) => [`${name}${suffix}`, name])
))

/** The series that an expression speaks of: what is no label, no function and no word of PromQL. */
const seriesOf = (expression) => {
  const bare = expression
    .replaceAll(/"(?:[^"\\]|\\.)*"|\{[^}]*\}|\[[^\]]*\]/g, " ")
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, " ")
  return (bare.match(/[a-zA-Z_:][\w:]*(?!\w)(?!\s*\()/g) ?? []).filter((word) => !/^(?:and|or|unless|bool|offset|by)$/.test(word))
}
const spokenOf = (what, expression) =>
  seriesOf(expression).map((series) => {
    const metric = metricOf.get(series)
    if (metric === undefined) fail(`${what} speaks of ${series}, which nothing measures`)
    return metric
  })

const recorded = [...rules.matchAll(/- record: (\S+)/g)].map(([, name]) => name)
for (const name of recorded) metricOf.set(name, name)
const expressions = [...rules.matchAll(/^ +expr: (?:\|\n((?: {10,}.*\n)+)|(.*)\n)/gm)].map(([, block, line]) => block ?? line)
if (expressions.length !== alerts.length + recorded.length) fail("every rule has an expression")
for (const expression of expressions) spokenOf("an alert", expression)
for (const name of recorded) metricOf.delete(name)
console.log(`${alerts.length} alerts, each with its page; ${metrics.length} metrics, and no alert of another`)

// The dashboard.
const drawn = JSON.parse(readFileSync(join(root, "ops/grafana/dashboard.json"), "utf8"))
if (!isDeepStrictEqual(drawn, dashboard())) fail("ops/grafana/dashboard.json is not what scripts/dashboard.mjs writes: npm run dashboard")
const panels = drawn.panels.flatMap((panel) => [panel, ...panel.panels ?? []])
if (new Set(panels.map(({ id }) => id)).size !== panels.length) fail("two panels have one id")
if (new Set(panels.map(({ title }) => title)).size !== panels.length) fail("two panels have one title")
const variables = drawn.templating.list.map(({ name }) => name)
if (!isDeepStrictEqual(variables, ["datasource", "exchange"])) fail("the variables are datasource and exchange")
for (const [index, { gridPos: one, title }] of panels.entries()) {
  if (one.x < 0 || one.y < 0 || one.w < 1 || one.h < 1 || one.x + one.w > 24) fail(`the panel "${title}" is not on the grid`)
  for (const { gridPos: other, title: its } of panels.slice(index + 1)) {
    const isApart = one.x + one.w <= other.x || other.x + other.w <= one.x || one.y + one.h <= other.y || other.y + other.h <= one.y
    if (!isApart) fail(`the panels "${title}" and "${its}" overlap`)
  }
}
const queries = panels.flatMap(({ targets = [], title }) => targets.map(({ datasource, expr, refId }) => ({ title, datasource, expr, refId })))
for (const { datasource, expr, title } of queries) {
  if (datasource?.uid !== "${datasource}") fail(`the panel "${title}" has a data source of its own`)
  for (const [, name] of expr.matchAll(/\$\{?(\w+)/g)) {
    if (!variables.includes(name) && name !== "__rate_interval") fail(`the panel "${title}" asks for $${name}, which there is not`)
  }
}
const shown = new Set(queries.flatMap(({ expr, title }) => spokenOf(`the panel "${title}"`, expr)))
for (const { name } of metrics) if (!shown.has(name)) fail(`no panel shows ${name}`)
console.log(`${panels.length} panels with ${queries.length} queries, which show every metric`)

if (spawnSync("promtool", ["--version"]).error !== undefined) {
  fail("promtool is not here; install Debian's package prometheus, or another that has it")
}
if (run("promtool", "check", "rules", "ops/prometheus/alerts.yml").status !== 0) fail("the alerts cannot be read")
if (run("promtool", "test", "rules", "ops/prometheus/alerts.test.yml").status !== 0) fail("the tests of the alerts")

// It has no command that only parses, but it checks rules: each query as one.
const work = mkdtempSync(join(tmpdir(), "effect-exchange-ops-"))
const plain = queries.map(({ expr }) => expr.replaceAll("$__rate_interval", "5m").replaceAll("$exchange", "kraken"))
writeFileSync(
  join(work, "dashboard.yml"),
  JSON.stringify({ groups: [{ name: "dashboard", rules: plain.map((expr, index) => ({ record: `panel:query_${index}`, expr })) }] })
)
if (run("promtool", "check", "rules", join(work, "dashboard.yml")).status !== 0) fail("a query of the dashboard cannot be read")
rmSync(work, { recursive: true })
