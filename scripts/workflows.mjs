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
    for (const word of Object.keys(value)) must(words[kind].includes(word), `${where} has "${word}", which there is not`)
  }
  known("workflow", "the workflow", workflow)
  const { jobs = {}, on, permissions } = workflow
  must(Object.keys(on ?? {}).length > 0, "it runs for something")
  must(permissions !== undefined && typeof permissions === "object", "the workflow says what it may do")
  for (const [what, right] of Object.entries(permissions ?? {})) must(right === "read", `the workflow may ${right} ${what}`)
  must(Object.keys(jobs).length > 0, "it has jobs")
  for (const [name, job] of Object.entries(jobs)) {
    known("job", `the job ${name}`, job)
    for (const need of [job.needs ?? []].flat()) must(need in jobs, `there is no job ${need}`)
    must(/^ubuntu-\d\d\.04$/.test(job["runs-on"]), `the job ${name} runs on a system of a version`)
    must(job["timeout-minutes"] > 0, `the job ${name} ends in time`)
    for (const [what, right] of Object.entries(job.permissions ?? {})) {
      must(right === "read" || rights[name]?.includes(what), `the job ${name} may ${right} ${what}`)
    }
    for (const step of job.steps ?? []) {
      const where = `the step "${step.name ?? step.uses ?? step.run}"`
      known("step", where, step)
      must((step.uses === undefined) !== (step.run === undefined), `${where} either uses or runs`)
      if (step.uses !== undefined) must(/^[\w-]+\/[\w-]+@(?:v\d+|[0-9a-f]{40})$/.test(step.uses), `${where} is of a version`)
      if (step.uses?.startsWith("actions/checkout@")) must(step.with?.["persist-credentials"] === false, `${where} leaves its token`)
      const run = step.run ?? ""
      // A script would execute the value of an expression, whoever wrote it. The environment is safe.
      must(!run.includes("${{"), `${where} puts an expression into a script`)
      for (const script of scriptsOf(run)) must(script in scripts, `${where} runs ${script}, which is no script of package.json`)
      for (const [, path] of run.matchAll(/\bnode (scripts\/\S+)/g)) must(existsSync(join(root, path)), `there is no ${path}`)
    }
  }
  return found
}
