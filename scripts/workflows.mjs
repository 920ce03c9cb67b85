/** Finds problems in a GitHub workflow: unknown keys, missing scripts, and permissions that it does not need. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { parseDocument } from "yaml"

const words = {
  workflow: ["name", "on", "permissions", "concurrency", "env", "jobs"],
  job: ["name", "needs", "runs-on", "timeout-minutes", "environment", "permissions", "strategy", "env", "steps"],
  step: ["name", "id", "if", "uses", "with", "run", "env"]
}

/** The permissions beyond reading, by job. No other job has any. */
const rights = { publish: ["id-token"], release: ["contents"] }

/** Returns the names of the npm scripts that a command runs, such as `npm run --silent setup` or `npm test`. */
export const scriptsOf = (text) =>
  [...text.matchAll(/\bnpm (?:run (?:-{1,2}\w+ )*([\w:-]+)|(test|start)\b)/g)].map(([, name, own]) => name ?? own)

export const problems = (text, { root, scripts }) => {
  const document = parseDocument(text, { uniqueKeys: true })
  if (document.errors.length > 0) return document.errors.map(({ message }) => message)
  const workflow = document.toJS()
  const found = []
  const must = (isSo, problem) => void (isSo || found.push(problem))
  const known = (kind, where, value) => {
    for (const word of Object.keys(value)) must(words[kind].includes(word), `${where} has the unknown key "${word}"`)
  }
  known("workflow", "the workflow", workflow)
  const { jobs = {}, on, permissions } = workflow
  must(Object.keys(on ?? {}).length > 0, "the workflow must have a trigger")
  must(permissions !== undefined && typeof permissions === "object", "the workflow must declare its permissions")
  for (const [what, right] of Object.entries(permissions ?? {})) must(right === "read", `the workflow must not have the permission ${what}: ${right}`)
  must(Object.keys(jobs).length > 0, "the workflow must have jobs")
  for (const [name, job] of Object.entries(jobs)) {
    known("job", `the job ${name}`, job)
    for (const need of [job.needs ?? []].flat()) must(need in jobs, `the job ${name} needs the unknown job ${need}`)
    must(/^ubuntu-\d\d\.04$/.test(job["runs-on"]), `the job ${name} must run on a fixed version of Ubuntu`)
    must(job["timeout-minutes"] > 0, `the job ${name} must have a timeout`)
    for (const [what, right] of Object.entries(job.permissions ?? {})) {
      must(right === "read" || rights[name]?.includes(what), `the job ${name} must not have the permission ${what}: ${right}`)
    }
    for (const step of job.steps ?? []) {
      const where = `the step "${step.name ?? step.uses ?? step.run}"`
      known("step", where, step)
      must((step.uses === undefined) !== (step.run === undefined), `${where} must have either "uses" or "run"`)
      if (step.uses !== undefined) must(/^[\w-]+\/[\w-]+@(?:v\d+|[0-9a-f]{40})$/.test(step.uses), `${where} must use a fixed version of the action`)
      if (step.uses?.startsWith("actions/checkout@")) must(step.with?.["persist-credentials"] === false, `${where} must set persist-credentials to false`)
      const run = step.run ?? ""
      // A script would execute the value of an expression, whoever wrote it. The environment is safe.
      must(!run.includes("${{"), `${where} must not use an expression in a script`)
      for (const script of scriptsOf(run)) must(script in scripts, `${where} runs ${script}, which is not a script in package.json`)
      for (const [, path] of run.matchAll(/\bnode (scripts\/\S+)/g)) must(existsSync(join(root, path)), `${where} runs ${path}, which does not exist`)
    }
  }
  return found
}
