/**
 * Finds problems in Kubernetes manifests: fields that are unknown, missing or of the wrong type, by the types that
 * Kubernetes publishes (`kubernetes-types`, generated from its OpenAPI description), and problems that types cannot
 * express, such as selectors that match nothing.
 */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import ts from "typescript"
import { parseAllDocuments } from "yaml"

const root = fileURLToPath(new URL("..", import.meta.url))

/** Parses the documents of a file. A duplicate key is an error. */
export const read = (text) =>
  parseAllDocuments(text, { uniqueKeys: true }).map((document) => {
    for (const error of [...document.errors, ...document.warnings]) throw error
    return document.toJS()
  })

/**
 * Returns the module with the types of an `apiVersion`: `apps/v1`, `core/v1` for `v1`, `networking/v1` for
 * `networking.k8s.io/v1`.
 */
const moduleOf = (apiVersion) => {
  const [, group = "core", version] = /^(?:([a-z]+)(?:\.k8s\.io)?\/)?(v\w+)$/.exec(apiVersion) ?? []
  return version === undefined ? undefined : `kubernetes-types/${group}/${version}`
}

/** A cache of the parsed type declarations. */
const parsed = new Map()

/** Finds type errors by compiling each document as a literal of its type, which also rejects unknown fields. */
export const mistyped = (documents) => {
  const unknown = documents.filter(({ apiVersion, kind }) => moduleOf(String(apiVersion)) === undefined || !/^\w+$/.test(kind))
  if (unknown.length > 0) return unknown.map(({ apiVersion, kind }) => `the kind ${kind} does not exist in ${apiVersion}`)
  const file = `${root}manifests.ts`
  const text = documents.map((document, index) =>
    `import type { ${document.kind} as Kind${index} } from "${moduleOf(document.apiVersion)}"\n`
    + `export const document${index}: Kind${index} & Named = ${JSON.stringify(document, undefined, 2)}\n`
  ).join("") + "interface Named { apiVersion: string, kind: string, metadata: { name: string } }\n"
  const options = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.es5.d.ts"],
    types: []
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, getSourceFile, readFile } = host
  host.fileExists = (name) => name === file || fileExists(name)
  host.readFile = (name) => name === file ? text : readFile(name)
  host.getSourceFile = (name, ...rest) => {
    if (name === file) return ts.createSourceFile(name, text, ts.ScriptTarget.ES2022)
    if (!parsed.has(name)) parsed.set(name, getSourceFile(name, ...rest))
    return parsed.get(name)
  }
  const program = ts.createProgram([file], options, host)
  return ts.getPreEmitDiagnostics(program).map(({ messageText, start = 0 }) =>
    `${text.slice(start).split("\n", 1).join("").trim()} ${ts.flattenDiagnosticMessageText(messageText, " ")}`
  )
}

const has = (labels, wanted) => Object.entries(wanted).every(([key, value]) => labels?.[key] === value)
const selects = (selector, labels) =>
  Object.keys(selector?.matchLabels ?? {}).length > 0 && has(labels, selector.matchLabels)

/** Finds problems that types cannot express. */
export const unsound = (documents) => {
  const all = (kind) => documents.filter((document) => document.kind === kind)
  const problems = []
  const must = (isSo, problem) => void (isSo || problems.push(problem))
  const [deployment] = all("Deployment")
  if (deployment === undefined) return ["the Deployment is missing"]
  const { replicas = 1, selector, template: { metadata, spec } } = deployment.spec
  const { annotations = {}, labels } = metadata
  const [container] = spec.containers
  const ports = new Map((container.ports ?? []).map(({ containerPort, name }) => [name, containerPort]))

  must(selects(selector, labels), "the selector of the Deployment must match the labels of its pods")
  for (const { metadata: { name }, spec } of all("Service")) {
    must(has(labels, spec.selector ?? { none: "selected" }), `the selector of the Service ${name} must match the pods`)
    for (const { targetPort } of spec.ports ?? []) {
      must(ports.has(targetPort) || [...ports.values()].includes(targetPort), `the container must have the port ${targetPort}`)
    }
  }
  const budgets = all("PodDisruptionBudget")
  must(budgets.length === 1, "there must be exactly one PodDisruptionBudget")
  for (const { spec } of budgets) {
    must(selects(spec.selector, labels), "the selector of the PodDisruptionBudget must match the pods")
    must(spec.minAvailable < replicas, "the PodDisruptionBudget must allow the eviction of a pod")
  }
  const policies = all("NetworkPolicy")
  must(policies.length > 0, "there must be a NetworkPolicy")
  for (const { spec } of policies) {
    must(selects(spec.podSelector, labels), "the selector of the NetworkPolicy must match the pods")
    must(["Ingress", "Egress"].every((type) => spec.policyTypes?.includes(type)), "the NetworkPolicy must cover Ingress and Egress")
    const admitted = (spec.ingress ?? []).flatMap(({ ports = [] }) => ports.map(({ port }) => port))
    must([...ports.values()].every((port) => admitted.includes(port)), "the NetworkPolicy must allow ingress to every port of the container")
    const out = (spec.egress ?? []).flatMap(({ ports = [] }) => ports.map(({ port, protocol = "TCP" }) => `${protocol} ${port}`))
    for (const way of ["UDP 53", "TCP 443"]) must(out.includes(way), `the NetworkPolicy must allow egress on ${way}`)
    for (const { ports = [] } of [...spec.ingress ?? [], ...spec.egress ?? []]) {
      for (const { protocol } of ports) must(["TCP", "UDP", "SCTP"].includes(protocol ?? "TCP"), `the protocol ${protocol} does not exist`)
    }
  }

  // The source with the path templates of the service.
  const templates = readFileSync(`${root}packages/server/src/Admission.ts`, "utf8")
  for (const [probe, path] of Object.entries({ startupProbe: "/startupz", livenessProbe: "/livez", readinessProbe: "/readyz" })) {
    const { httpGet } = container[probe] ?? {}
    must(httpGet?.path === path && templates.includes(`"${path}"`), `the ${probe} must request ${path}`)
    must(ports.has(httpGet?.port), `the ${probe} must use a named port of the container`)
  }
  must(annotations["prometheus.io/port"] === String(ports.get("http")), "prometheus.io/port must be the http port of the container")

  const { securityContext: pod = {} } = spec
  const { securityContext: own = {} } = container
  must(spec.automountServiceAccountToken === false, "automountServiceAccountToken must be false")
  must(pod.runAsNonRoot === true && pod.runAsUser > 0, "the pod must not run as root")
  must(pod.seccompProfile?.type === "RuntimeDefault", "the seccomp profile of the pod must be RuntimeDefault")
  must(own.allowPrivilegeEscalation === false, "allowPrivilegeEscalation must be false")
  must(own.readOnlyRootFilesystem === true, "the root file system of the container must be read-only")
  must(own.capabilities?.drop?.includes("ALL") && own.capabilities.add === undefined, "the container must drop all capabilities")
  must(own.privileged === undefined && !spec.hostNetwork && !spec.hostPID && !spec.hostIPC, "the pod must not be privileged or use namespaces of the host")
  must(container.resources?.requests?.memory && container.resources.limits?.memory, "the container must have a memory request and a memory limit")
  must(/:(?!latest$)[\w.-]+$/.test(container.image), "the image must have a version tag other than latest")
  const volumes = new Set((spec.volumes ?? []).map(({ name }) => name))
  for (const { name, readOnly } of container.volumeMounts ?? []) {
    must(volumes.has(name) && readOnly === true, `the volume ${name} must exist and be mounted read-only`)
  }
  // The times of preStop and of `--drain`, and the time to send the remaining telemetry.
  must((spec.terminationGracePeriodSeconds ?? 30) >= 5 + 10 + 3 + 2, "terminationGracePeriodSeconds must leave enough time to shut down")
  return problems
}
