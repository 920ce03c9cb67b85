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
if (alerts.length === 0 || pages.length !== alerts.length) fail("every alert must name its page in the runbook")
for (const page of pages) if (!existsSync(join(root, page))) fail(`the runbook page ${page} does not exist`)
const written = readdirSync(join(root, "docs/runbook")).filter((name) => name !== "README.md")
for (const name of written) if (!pages.includes(`docs/runbook/${name}`)) fail(`no alert refers to docs/runbook/${name}`)

// The metrics of the code: those of these modules, and Effect's own. No other module may define metrics.
const rooms = ["resilience/src/Telemetry.ts", "core/src/ports/Telemetry.ts", "server/src/Telemetry.ts", "cli/src/ProcessMetrics.ts"]
// Only the `src` folders: all of `packages` includes the installed dependencies, two million files.
const paths = readdirSync(join(root, "packages")).filter((name) => existsSync(join(root, "packages", name, "src"))).flatMap((name) =>
  readdirSync(join(root, "packages", name, "src"), { recursive: true }).map((path) => `${name}/src/${path}`)
)
for (const path of paths.filter((path) => path.endsWith(".ts"))) {
  if (rooms.includes(path) || /^(examples|benchmarks)\//.test(path)) continue
  if (/\bMetric\.(?:counter|gauge|histogram|summary|frequency|timer\w*)\(/.test(readFileSync(join(root, "packages", path), "utf8"))) {
    fail(`packages/${path} defines a metric; move it to one of ${rooms.join(", ")}`)
  }
}
const listed = spawnSync("npx", ["tsx", "scripts/metrics.mjs"], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })
if (listed.status !== 0) fail("scripts/metrics.mjs failed to list the metrics")
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
    if (metric === undefined) fail(`${what} uses the unknown series ${series}`)
    return metric
  })

const recorded = rules.flatMap(({ record }) => record ?? [])
for (const name of recorded) metricOf.set(name, name)
for (const { alert, expr, record } of rules) spokenOf(`the rule ${alert ?? record}`, expr)
for (const name of recorded) metricOf.delete(name)
console.log(`${alerts.length} alerts, each with its runbook page; ${metrics.length} metrics, and no alert uses an unknown one`)

// The dashboard.
const drawn = JSON.parse(readFileSync(join(root, "ops/grafana/dashboard.json"), "utf8"))
if (!isDeepStrictEqual(drawn, dashboard())) fail("ops/grafana/dashboard.json is out of date: run npm run dashboard")
const panels = drawn.panels.flatMap((panel) => [panel, ...panel.panels ?? []])
if (new Set(panels.map(({ id }) => id)).size !== panels.length) fail("two panels have the same id")
if (new Set(panels.map(({ title }) => title)).size !== panels.length) fail("two panels have the same title")
const variables = drawn.templating.list.map(({ name }) => name)
if (!isDeepStrictEqual(variables, ["datasource", "exchange"])) fail("the variables must be datasource and exchange")
for (const [index, { gridPos: one, title }] of panels.entries()) {
  if (one.x < 0 || one.y < 0 || one.w < 1 || one.h < 1 || one.x + one.w > 24) fail(`the panel "${title}" is not on the grid`)
  for (const { gridPos: other, title: its } of panels.slice(index + 1)) {
    const isApart = one.x + one.w <= other.x || other.x + other.w <= one.x || one.y + one.h <= other.y || other.y + other.h <= one.y
    if (!isApart) fail(`the panels "${title}" and "${its}" overlap`)
  }
}
const queries = panels.flatMap(({ targets = [], title }) => targets.map(({ datasource, expr, refId }) => ({ title, datasource, expr, refId })))
for (const { datasource, expr, title } of queries) {
  if (datasource?.uid !== "${datasource}") fail(`the panel "${title}" must use the variable datasource`)
  for (const [, name] of expr.matchAll(/\$\{?(\w+)/g)) {
    if (!variables.includes(name) && name !== "__rate_interval") fail(`the panel "${title}" uses the unknown variable $${name}`)
  }
}
const shown = new Set(queries.flatMap(({ expr, title }) => spokenOf(`the panel "${title}"`, expr)))
for (const { name } of metrics) if (!shown.has(name)) fail(`no panel shows the metric ${name}`)
console.log(`${panels.length} panels with ${queries.length} queries show all metrics`)

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
  "an unknown field": [/'"livenessProb"' does not exist in type 'Container'/, ({ container }) => container.livenessProb = {}],
  "an unknown nested field": [/'"hosts"' does not exist/, ({ container }) => container.readinessProbe.httpGet.hosts = []],
  "a missing field": [/Property 'selector' is missing/, ({ deployment }) => delete deployment.spec.selector],
  "a number as a string": [/"replicas": "2".*not assignable to type 'number'/, ({ deployment }) => deployment.spec.replicas = "2"],
  "an unknown API version": [/Type '"apps\/v2"'|Cannot find module/, ({ deployment }) => deployment.apiVersion = "apps/v2"],
  "a kind of another API version": [/no exported member/, ({ service }) => service.apiVersion = "apps/v1"],
  "pods that the Deployment does not select": [/selector of the Deployment must match/, ({ deployment }) => deployment.spec.selector.matchLabels.app = "other"],
  "a Service without pods": [/selector of the Service effect-exchange must match/, ({ service }) => service.spec.selector.app = "other"],
  "an unknown port": [/must have the port web/, ({ service }) => service.spec.ports[0].targetPort = "web"],
  "a PodDisruptionBudget without pods": [/selector of the PodDisruptionBudget must match/, ({ budget }) => budget.spec.selector.matchLabels.app = "other"],
  "a PodDisruptionBudget that allows no eviction": [/must allow the eviction/, ({ budget }) => budget.spec.minAvailable = 2],
  "a NetworkPolicy without pods": [/selector of the NetworkPolicy must match/, ({ policy }) => policy.spec.podSelector.matchLabels.app = "other"],
  "a NetworkPolicy that blocks the port": [/must allow ingress/, ({ policy }) => policy.spec.ingress[0].ports[0].port = 80],
  "a probe of another path": [/livenessProbe must request/, ({ container }) => container.livenessProbe.httpGet.path = "/readyz"],
  "a writable root file system": [/must be read-only/, ({ container }) => container.securityContext.readOnlyRootFilesystem = false],
  "a pod that runs as root": [/must not run as root/, ({ pod }) => pod.securityContext.runAsUser = 0],
  "too little time to shut down": [/enough time to shut down/, ({ pod }) => pod.terminationGracePeriodSeconds = 10],
  "the latest image": [/must have a version tag/, ({ container }) => container.image = "effect-exchange:latest"]
}
for (const [name, [expected, change]] of Object.entries(faults)) {
  const found = problemsOf(change)
  if (!found.some((problem) => expected.test(problem))) fail(`this fault was not detected: ${name}; found: ${found.join("; ") || "no problem"}`)
}
console.log(`4 manifests match their types, and ${Object.keys(faults).length} faults are detected`)

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
if (!isDeepStrictEqual(done, wanted)) fail(`ci.yml must run the same scripts as .ci/run: ${wanted.join(", ")}`)
const versions = strategy.matrix.node
if (`>=${versions[0]}` !== engines.node) fail("the first tested version of Node must be the oldest supported one")
const wrong = {
  "an unknown script": [/runs lnt, which is not a script/, "npm run lint", "npm run lnt"],
  "an unknown key": [/has the unknown key "timeout"/, "timeout-minutes: 90", "timeout: 90"],
  "a duplicate key": [/unique/, "name: CI", "name: CI\nname: CI"],
  "a permission to write": [/must not have the permission contents: write/, "contents: read", "contents: write"],
  "undeclared permissions": [/must declare its permissions/, "permissions:\n  contents: read\n", ""],
  "an action without a fixed version": [/must use a fixed version/, "actions/setup-node@v4", "actions/setup-node@main"],
  "a persisted token": [/must set persist-credentials/, "persist-credentials: false", "persist-credentials: true"],
  "an expression in a script": [/must not use an expression/, "run: npm test", "run: npm test ${{ github.head_ref }}"]
}
for (const [name, [expected, one, other]] of Object.entries(wrong)) {
  const found = Workflows.problems(workflow("ci.yml").replace(one, other), { root, scripts })
  if (!found.some((problem) => expected.test(problem))) fail(`this fault was not detected: ${name}; found: ${found.join("; ") || "no problem"}`)
}
console.log(`the workflows on Node ${versions.join(", ")} are valid, and ${Object.keys(wrong).length} faults are detected`)

// The files for a registry: every package names its location and has its provenance, and all links work.
const address = "https://git.example/owner/name"
const given = Object.fromEntries(Published.files({ address, root, tag: "v1.2.3" }))
for (const { folder } of Published.packages(root)) {
  const { bugs, homepage, publishConfig, repository } = JSON.parse(given[`${folder}/package.json`])
  const located = { repository: { type: "git", url: `git+${address}.git`, directory: folder }, bugs: { url: `${address}/issues` } }
  if (!isDeepStrictEqual({ repository, bugs }, located)) fail(`${folder}/package.json does not name its repository`)
  if (homepage !== `${address}/tree/v1.2.3/${folder}#readme`) fail(`${folder}/package.json has the wrong homepage ${homepage}`)
  if (publishConfig.provenance !== true) fail(`${folder} is published without provenance`)
  const prose = given[`${folder}/README.md`].replaceAll(/^```[\s\S]*?^```$/gm, "")
  const [, relative] = /\]\((?!https:|#)([^)]*)\)/.exec(prose) ?? []
  if (relative !== undefined) fail(`${folder}/README.md still links to ${relative}`)
}
const links = Object.values(given).join("\n")
for (const link of ["blob/v1.2.3/docs/orders.md", "blob/v1.2.3/docs/testing.md#seeds", "blob/v1.2.3/packages/cli/README.md"]) {
  if (!links.includes(`](${address}/${link})`)) fail(`no README links to ${link}: the links were not rewritten`)
}
for (const wrong of ["/owner/name", "https://git.example/name", "git.example/owner/name", ""]) {
  let isTaken = true
  try {
    Published.files({ address: wrong, root, tag: "v1.2.3" })
  } catch {
    isTaken = false
  }
  if (isTaken) fail(`"${wrong}" was accepted as a repository URL`)
}
const publishing = parse(workflow("release.yml")).jobs.publish.steps.map(({ run = "" }) => run).join("\n")
if (!publishing.includes('node scripts/version.mjs "$GITHUB_REF_NAME" "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY"')) {
  fail("the release workflow does not pass the repository URL to scripts/version.mjs")
}
console.log(`${Object.keys(given).length} files for a registry name the repository and link to it`)

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
if (run("node", "scripts/changelog.mjs", copy).status !== 0) fail("scripts/changelog.mjs failed to create a version")
const before = Published.packages(root)[0].manifest.version
const after = before.replace(/^(\d+)\.(\d+)\..*$/, (_, major, minor) => `${major}.${Number(minor) + 1}.0`)
const unequal = Published.packages(copy).filter(({ manifest }) => manifest.version !== after)
if (unequal.length > 0) fail(`${unequal.map(({ folder }) => folder).join(", ")} do not have the version ${after}`)
if (!readFileSync(join(copy, "packages/cli/src/Version.ts"), "utf8").includes(`version = "${after}"`)) fail("packages/cli/src/Version.ts has another version")
const logged = readFileSync(join(copy, "CHANGELOG.md"), "utf8")
if (Changelog.notes(logged, after) !== "- **breaking** and a third\n- **feature** a second\n- **fix** a first thing.") {
  fail(`the changelog does not list the changes: ${logged.slice(0, 400)}`)
}
if (!logged.endsWith(readFileSync(join(root, "CHANGELOG.md"), "utf8").replace(/^# .*\n/, ""))) fail("the changelog lost earlier entries")
if (readdirSync(join(copy, ".changeset")).some((name) => name.endsWith(".md"))) fail("some changesets were not removed")
if (Published.packages(copy).some(({ folder }) => existsSync(join(copy, folder, "CHANGELOG.md")))) fail("some packages have their own changelog")
for (const [name, text] of Object.entries({ "without a package": "---\n---\n\n**fix** it.\n", "without a kind": '---\n"@effect-exchange/core": patch\n---\n\nIt.\n' })) {
  writeFileSync(join(copy, ".changeset/wrong.md"), text)
  if (Changelog.problems(Changelog.waiting(copy)).length !== 1) fail(`a changeset ${name} was not detected`)
}
rmSync(copy, { recursive: true })
console.log(`changesets raise ${before} to ${after} for every package and in one changelog`)

// The list of components of the command, checked against the CycloneDX schema.
const schemas = join(dirname(createRequire(import.meta.url).resolve("@cyclonedx/cyclonedx-library/package.json")), "res/schema")
const schemaOf = (name) => JSON.parse(readFileSync(join(schemas, `${name}.SNAPSHOT.schema.json`), "utf8"))
// The schemas refer to each other by file name.
const others = ["spdx", "jsf-0.82"].map((name) => ({ ...schemaOf(name), $id: `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json` }))
const ajv = new Ajv({ strict: false, validateFormats: false, schemas: others })
const isBom = ajv.compile(schemaOf("bom-1.6"))
const bom = sbom()
if (!isBom(bom)) fail(`the SBOM does not match the CycloneDX schema: ${ajv.errorsText(isBom.errors)}`)
for (const broken of [{ ...bom, bomFormat: "SPDX" }, { ...bom, parts: [] }, { ...bom, components: [{ type: "library" }] }]) {
  if (isBom(broken)) fail("the CycloneDX schema accepts an invalid SBOM")
}
const refs = new Set([bom.metadata.component, ...bom.components].map((component) => component["bom-ref"]))
if (refs.size !== bom.components.length + 1) fail("two components of the SBOM have the same bom-ref")
for (const { dependsOn, ref } of bom.dependencies) {
  for (const each of [ref, ...dependsOn]) if (!refs.has(each)) fail(`the SBOM lacks the component ${each}`)
}
for (const { group, hashes, licenses, name, purl, scope } of bom.components) {
  const isOurs = group === "@effect-exchange"
  if (!isOurs && hashes === undefined) fail(`${purl} has no hash`)
  if (scope === "required" && licenses === undefined) fail(`${purl} has no license`)
  if (["esbuild", "vitest", "typescript", "ccxt"].includes(name)) fail(`the SBOM has ${purl}, which the command does not need`)
}
const needed = Object.keys(JSON.parse(readFileSync(join(root, "packages/cli/package.json"), "utf8")).dependencies)
for (const name of needed) {
  if (!bom.components.some(({ purl }) => purl.startsWith(`pkg:npm/${name.replace("@", "%40")}@`))) fail(`the SBOM lacks the dependency ${name}`)
}
console.log(`the SBOM of ${bom.components.length} components matches its schema`)

if (process.argv.includes("--without-promtool")) {
  console.log("without promtool: skipped the tests of the alerts and the syntax check of the dashboard queries")
  process.exit(0)
}
if (spawnSync("promtool", ["--version"]).error !== undefined) {
  fail("promtool was not found; install Debian's package prometheus, or pass --without-promtool")
}
if (run("promtool", "check", "rules", "ops/prometheus/alerts.yml").status !== 0) fail("the rules of the alerts are invalid")
if (run("promtool", "test", "rules", "ops/prometheus/alerts.test.yml").status !== 0) fail("the tests of the alerts failed")

// promtool has no command that only parses queries, but it checks rules, so each query becomes a rule.
const work = mkdtempSync(join(tmpdir(), "effect-exchange-ops-"))
const plain = queries.map(({ expr }) => expr.replaceAll("$__rate_interval", "5m").replaceAll("$exchange", "kraken"))
writeFileSync(
  join(work, "dashboard.yml"),
  JSON.stringify({ groups: [{ name: "dashboard", rules: plain.map((expr, index) => ({ record: `panel:query_${index}`, expr })) }] })
)
if (run("promtool", "check", "rules", join(work, "dashboard.yml")).status !== 0) fail("a query of the dashboard is invalid")
rmSync(work, { recursive: true })
