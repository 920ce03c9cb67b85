/**
 * Checks the files for operators:
 *
 * - The alerts pass their tests (with `promtool` of Debian's package `prometheus`), and each has a page in the runbook.
 * - Alerts and dashboard use only metrics that exist, and the dashboard shows all metrics.
 * - The Kubernetes manifests match their types and satisfy rules that types cannot express.
 * - The workflows, the files for a registry and the changesets are valid.
 * - The list of components of the command matches its schema.
 */
import { Ajv } from "ajv"
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { isDeepStrictEqual } from "node:util"
import { fileURLToPath } from "node:url"
import { parse } from "yaml"
import * as Changelog from "./changelog.mjs"
import { dashboard } from "./dashboard.mjs"
import * as Manifests from "./manifests.mjs"
import * as Published from "./published.mjs"
import { sbom } from "./sbom.mjs"
import * as Workflows from "./workflows.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const fail = (why) => {
  console.error(`failed: ${why}`)
  process.exit(1)
}
const run = (command, ...args) => spawnSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] })

const rules = parse(readFileSync(join(root, "ops/prometheus/alerts.yml"), "utf8")).groups.flatMap(({ rules }) => rules)
const alerts = rules.filter(({ alert }) => alert !== undefined)
const pages = alerts.flatMap(({ annotations }) => annotations?.runbook ?? [])
if (alerts.length === 0 || pages.length !== alerts.length) fail("every alert names its page of the run-book")
for (const page of pages) if (!existsSync(join(root, page))) fail(`there is no ${page}`)
const written = readdirSync(join(root, "docs/runbook")).filter((name) => name !== "README.md")
for (const name of written) if (!pages.includes(`docs/runbook/${name}`)) fail(`no alert has the page docs/runbook/${name}`)

// The metrics of the code: those of these modules, and Effect's own. No other module may define metrics.
const rooms = ["resilience/src/Telemetry.ts", "core/src/ports/Telemetry.ts", "server/src/Telemetry.ts", "cli/src/ProcessMetrics.ts"]
// Only the `src` folders: all of `packages` includes the installed dependencies, two million files.
const paths = readdirSync(join(root, "packages")).filter((name) => existsSync(join(root, "packages", name, "src"))).flatMap((name) =>
  readdirSync(join(root, "packages", name, "src"), { recursive: true }).map((path) => `${name}/src/${path}`)
)
for (const path of paths.filter((path) => path.endsWith(".ts"))) {
  if (rooms.includes(path) || /^(examples|benchmarks)\//.test(path)) continue
  if (/\bMetric\.(?:counter|gauge|histogram|summary|frequency|timer\w*)\(/.test(readFileSync(join(root, "packages", path), "utf8"))) {
    fail(`packages/${path} has a metric of its own: put it in one of ${rooms.join(", ")}`)
  }
}
const listed = spawnSync("npx", ["tsx", "scripts/metrics.mjs"], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })
if (listed.status !== 0) fail("the metrics cannot be listed")
const metrics = JSON.parse(listed.stdout)
/** Maps each Prometheus series to its metric. */
const metricOf = new Map(metrics.flatMap(({ kind, name }) =>
  (kind === "histogram" ? ["_bucket", "_sum", "_count"] : [""]).map((suffix) => [`${name}${suffix}`, name])
))

/** Returns the series that an expression uses: its words that are not labels, functions or keywords of PromQL. */
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

const recorded = rules.flatMap(({ record }) => record ?? [])
for (const name of recorded) metricOf.set(name, name)
for (const { alert, expr, record } of rules) spokenOf(`the rule ${alert ?? record}`, expr)
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

// The manifests. Each check must also detect the fault that it is for.
const manifests = readFileSync(join(root, "ops/kubernetes/service.yaml"), "utf8")
const problemsOf = (change) => {
  const [deployment, service, budget, policy] = Manifests.read(manifests)
  const { template } = deployment.spec
  change?.({ deployment, service, budget, policy, pod: template.spec, container: template.spec.containers[0] })
  const documents = [deployment, service, budget, policy]
  // Types first, because the other checks rely on the shape of the documents.
  const mistyped = Manifests.mistyped(documents)
  return mistyped.length > 0 ? mistyped : Manifests.unsound(documents)
}
const [problem] = problemsOf()
if (problem !== undefined) fail(`ops/kubernetes/service.yaml: ${problem}`)
const faults = {
  "a field that there is not": [/'"livenessProb"' does not exist in type 'Container'/, ({ container }) => container.livenessProb = {}],
  "another far down": [/'"hosts"' does not exist/, ({ container }) => container.readinessProbe.httpGet.hosts = []],
  "a field that is missing": [/Property 'selector' is missing/, ({ deployment }) => delete deployment.spec.selector],
  "a number as text": [/"replicas": "2".*not assignable to type 'number'/, ({ deployment }) => deployment.spec.replicas = "2"],
  "a version that there is not": [/Type '"apps\/v2"'|Cannot find module/, ({ deployment }) => deployment.apiVersion = "apps/v2"],
  "a kind of another version": [/no exported member/, ({ service }) => service.apiVersion = "apps/v1"],
  "pods that nobody selects": [/the Deployment selects none/, ({ deployment }) => deployment.spec.selector.matchLabels.app = "other"],
  "a service of no pod": [/the Service effect-exchange selects no pod/, ({ service }) => service.spec.selector.app = "other"],
  "a port that there is not": [/no container has the port web/, ({ service }) => service.spec.ports[0].targetPort = "web"],
  "a budget of no pod": [/PodDisruptionBudget is of no pod/, ({ budget }) => budget.spec.selector.matchLabels.app = "other"],
  "a budget that lets nobody go": [/lets no pod be evicted/, ({ budget }) => budget.spec.minAvailable = 2],
  "a policy of no pod": [/NetworkPolicy is of no pod/, ({ policy }) => policy.spec.podSelector.matchLabels.app = "other"],
  "a policy that lets nobody in": [/lets nobody in/, ({ policy }) => policy.spec.ingress[0].ports[0].port = 80],
  "a probe of another path": [/livenessProbe asks for/, ({ container }) => container.livenessProbe.httpGet.path = "/readyz"],
  "a container that writes": [/writes nothing/, ({ container }) => container.securityContext.readOnlyRootFilesystem = false],
  "a pod of root": [/nobody of importance/, ({ pod }) => pod.securityContext.runAsUser = 0],
  "no time to end": [/time to end/, ({ pod }) => pod.terminationGracePeriodSeconds = 10],
  "the latest image": [/of a version/, ({ container }) => container.image = "effect-exchange:latest"]
}
for (const [name, [expected, change]] of Object.entries(faults)) {
  const found = problemsOf(change)
  if (!found.some((problem) => expected.test(problem))) fail(`nobody objects to ${name}: ${found.join("; ") || "no problem"}`)
}
console.log(`4 manifests by their types, and ${Object.keys(faults).length} faults that are refused`)

// The workflows. Each check must also detect the fault that it is for.
const { engines, scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
const workflow = (name) => readFileSync(join(root, ".github/workflows", name), "utf8")
for (const name of readdirSync(join(root, ".github/workflows"))) {
  const [problem] = Workflows.problems(workflow(name), { root, scripts })
  if (problem !== undefined) fail(`.github/workflows/${name}: ${problem}`)
}
const wanted = Workflows.scriptsOf(readFileSync(join(root, ".ci/run"), "utf8").replaceAll(/; else .*; fi/g, ""))
const { steps, strategy } = parse(workflow("ci.yml")).jobs.test
const done = steps.flatMap(({ run = "" }) => Workflows.scriptsOf(run))
if (!isDeepStrictEqual(done, wanted)) fail(`ci.yml does not do what .ci/run does: ${wanted.join(", ")}`)
const versions = strategy.matrix.node
if (`>=${versions[0]}` !== engines.node) fail("the oldest version of Node that is supported is the first that is tested")
const wrong = {
  "a script that there is not": [/runs lnt, which is no script/, "npm run lint", "npm run lnt"],
  "a word that there is not": [/has "timeout", which there is not/, "timeout-minutes: 90", "timeout: 90"],
  "a key that stands twice": [/unique/, "name: CI", "name: CI\nname: CI"],
  "a right to write": [/may write contents/, "contents: read", "contents: write"],
  "no word of rights": [/says what it may do/, "permissions:\n  contents: read\n", ""],
  "an action of no version": [/is of a version/, "actions/setup-node@v4", "actions/setup-node@main"],
  "a token that is left": [/leaves its token/, "persist-credentials: false", "persist-credentials: true"],
  "an expression in a script": [/puts an expression/, "run: npm test", "run: npm test ${{ github.head_ref }}"]
}
for (const [name, [expected, one, other]] of Object.entries(wrong)) {
  const found = Workflows.problems(workflow("ci.yml").replace(one, other), { root, scripts })
  if (!found.some((problem) => expected.test(problem))) fail(`nobody objects to ${name}: ${found.join("; ") || "no problem"}`)
}
console.log(`workflows on Node ${versions.join(", ")}, and ${Object.keys(wrong).length} faults that are refused`)

// The files for a registry: every package names its location and has its provenance, and all links work.
const address = "https://git.example/owner/name"
const given = Object.fromEntries(Published.files({ address, root, tag: "v1.2.3" }))
for (const { folder } of Published.packages(root)) {
  const { bugs, homepage, publishConfig, repository } = JSON.parse(given[`${folder}/package.json`])
  const located = { repository: { type: "git", url: `git+${address}.git`, directory: folder }, bugs: { url: `${address}/issues` } }
  if (!isDeepStrictEqual({ repository, bugs }, located)) fail(`${folder} does not say where it is kept`)
  if (homepage !== `${address}/tree/v1.2.3/${folder}#readme`) fail(`${folder} has the homepage ${homepage}`)
  if (publishConfig.provenance !== true) fail(`${folder} is published without its provenance`)
  const prose = given[`${folder}/README.md`].replaceAll(/^```[\s\S]*?^```$/gm, "")
  const [, relative] = /\]\((?!https:|#)([^)]*)\)/.exec(prose) ?? []
  if (relative !== undefined) fail(`${folder}/README.md still links to ${relative}`)
}
const links = Object.values(given).join("\n")
for (const link of ["blob/v1.2.3/docs/orders.md", "blob/v1.2.3/docs/testing.md#seeds", "blob/v1.2.3/packages/cli/README.md"]) {
  if (!links.includes(`](${address}/${link})`)) fail(`nobody links to ${link}: the links are not rewritten`)
}
for (const wrong of ["/owner/name", "https://git.example/name", "git.example/owner/name", ""]) {
  let isTaken = true
  try {
    Published.files({ address: wrong, root, tag: "v1.2.3" })
  } catch {
    isTaken = false
  }
  if (isTaken) fail(`"${wrong}" is taken for an address`)
}
const publishing = parse(workflow("release.yml")).jobs.publish.steps.map(({ run = "" }) => run).join("\n")
if (!publishing.includes('node scripts/version.mjs "$GITHUB_REF_NAME" "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY"')) {
  fail("the release does not say where the packages are kept")
}
console.log(`${Object.keys(given).length} files for a registry: where each package is kept, and links that lead there`)

// The pending changesets are valid, and sample changesets give one version for all packages and one changelog.
const [wrongChangeset] = Changelog.problems(Changelog.waiting(root))
if (wrongChangeset !== undefined) fail(wrongChangeset)
const copy = mkdtempSync(join(tmpdir(), "effect-exchange-version-"))
const wanting = [
  ".changeset/config.json",
  "package.json",
  "pnpm-workspace.yaml",
  "CHANGELOG.md",
  "packages/cli/src/Version.ts",
  ...Published.packages(root).map(({ folder }) => `${folder}/package.json`)
]
for (const path of wanting) cpSync(join(root, path), join(copy, path))
writeFileSync(join(copy, ".changeset/one.md"), '---\n"@effect-exchange/kraken": patch\n---\n\n**fix** a first thing.\n')
writeFileSync(join(copy, ".changeset/two.md"), '---\n"@effect-exchange/core": minor\n---\n\n- **feature** a second\n- **breaking** and a third\n')
if (run("node", "scripts/changelog.mjs", copy).status !== 0) fail("no version can be made of changesets")
const before = Published.packages(root)[0].manifest.version
const after = before.replace(/^(\d+)\.(\d+)\..*$/, (_, major, minor) => `${major}.${Number(minor) + 1}.0`)
const unequal = Published.packages(copy).filter(({ manifest }) => manifest.version !== after)
if (unequal.length > 0) fail(`${unequal.map(({ folder }) => folder).join(", ")} are not of ${after}`)
if (!readFileSync(join(copy, "packages/cli/src/Version.ts"), "utf8").includes(`version = "${after}"`)) fail("the command says another version")
const logged = readFileSync(join(copy, "CHANGELOG.md"), "utf8")
if (Changelog.notes(logged, after) !== "- **breaking** and a third\n- **feature** a second\n- **fix** a first thing.") {
  fail(`the changelog does not say what has changed: ${logged.slice(0, 400)}`)
}
if (!logged.endsWith(readFileSync(join(root, "CHANGELOG.md"), "utf8").replace(/^# .*\n/, ""))) fail("the changelog has lost something")
if (readdirSync(join(copy, ".changeset")).some((name) => name.endsWith(".md"))) fail("changesets are left")
if (Published.packages(copy).some(({ folder }) => existsSync(join(copy, folder, "CHANGELOG.md")))) fail("packages have changelogs of their own")
for (const [name, text] of Object.entries({ "of no package": "---\n---\n\n**fix** it.\n", "of no kind": '---\n"@effect-exchange/core": patch\n---\n\nIt.\n' })) {
  writeFileSync(join(copy, ".changeset/wrong.md"), text)
  if (Changelog.problems(Changelog.waiting(copy)).length !== 1) fail(`nobody objects to a changeset ${name}`)
}
rmSync(copy, { recursive: true })
console.log(`changesets make ${after} of ${before}, for every package and in one changelog`)

// The list of components of the command, checked against the CycloneDX schema.
const schemas = join(dirname(createRequire(import.meta.url).resolve("@cyclonedx/cyclonedx-library/package.json")), "res/schema")
const schemaOf = (name) => JSON.parse(readFileSync(join(schemas, `${name}.SNAPSHOT.schema.json`), "utf8"))
// The schemas refer to each other by file name.
const others = ["spdx", "jsf-0.82"].map((name) => ({ ...schemaOf(name), $id: `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json` }))
const ajv = new Ajv({ strict: false, validateFormats: false, schemas: others })
const isBom = ajv.compile(schemaOf("bom-1.6"))
const bom = sbom()
if (!isBom(bom)) fail(`the SBOM is none of CycloneDX: ${ajv.errorsText(isBom.errors)}`)
for (const broken of [{ ...bom, bomFormat: "SPDX" }, { ...bom, parts: [] }, { ...bom, components: [{ type: "library" }] }]) {
  if (isBom(broken)) fail("the schema of CycloneDX takes anything")
}
const refs = new Set([bom.metadata.component, ...bom.components].map((component) => component["bom-ref"]))
if (refs.size !== bom.components.length + 1) fail("two components of the SBOM have one name")
for (const { dependsOn, ref } of bom.dependencies) {
  for (const each of [ref, ...dependsOn]) if (!refs.has(each)) fail(`the SBOM has no component ${each}`)
}
for (const { group, hashes, licenses, name, purl, scope } of bom.components) {
  const isOurs = group === "@effect-exchange"
  if (!isOurs && hashes === undefined) fail(`${purl} has no hash`)
  if (scope === "required" && licenses === undefined) fail(`${purl} has no licence`)
  if (["esbuild", "vitest", "typescript", "ccxt"].includes(name)) fail(`${purl} is none that the command needs`)
}
const needed = Object.keys(JSON.parse(readFileSync(join(root, "packages/cli/package.json"), "utf8")).dependencies)
for (const name of needed) {
  if (!bom.components.some(({ purl }) => purl.startsWith(`pkg:npm/${name.replace("@", "%40")}@`))) fail(`the SBOM has no ${name}`)
}
console.log(`an SBOM of ${bom.components.length} components, by its schema`)

if (process.argv.includes("--without-promtool")) {
  console.log("without promtool: the tests of the alerts, and whether the queries of the dashboard can be read, are left out")
  process.exit(0)
}
if (spawnSync("promtool", ["--version"]).error !== undefined) {
  fail("promtool is not here; install Debian's package prometheus, or another that has it")
}
if (run("promtool", "check", "rules", "ops/prometheus/alerts.yml").status !== 0) fail("the alerts cannot be read")
if (run("promtool", "test", "rules", "ops/prometheus/alerts.test.yml").status !== 0) fail("the tests of the alerts")

// promtool has no command that only parses queries, but it checks rules, so each query becomes a rule.
const work = mkdtempSync(join(tmpdir(), "effect-exchange-ops-"))
const plain = queries.map(({ expr }) => expr.replaceAll("$__rate_interval", "5m").replaceAll("$exchange", "kraken"))
writeFileSync(
  join(work, "dashboard.yml"),
  JSON.stringify({ groups: [{ name: "dashboard", rules: plain.map((expr, index) => ({ record: `panel:query_${index}`, expr })) }] })
)
if (run("promtool", "check", "rules", join(work, "dashboard.yml")).status !== 0) fail("a query of the dashboard cannot be read")
rmSync(work, { recursive: true })
