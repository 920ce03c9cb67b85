/**
 * `npm run version` creates the next version from the pending changesets. Changesets raises the versions and removes
 * the changesets. Their lines go into the single changelog, whereas Changesets would write one per package.
 * `--notes v0.1.0` prints the entry of a version in the changelog.
 */
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const kinds = ["breaking", "feature", "fix"]

/** Returns the pending changesets, each with its packages and its lines. */
export const waiting = (root) =>
  existsSync(join(root, ".changeset"))
    ? readdirSync(join(root, ".changeset")).filter((name) => name.endsWith(".md") && name !== "README.md").toSorted().map((name) => {
      const [, head = "", body = ""] = readFileSync(join(root, ".changeset", name), "utf8").match(/^---\n([\s\S]*?)---\n([\s\S]*)$/) ?? []
      return { name, packages: [...head.matchAll(/^["']?([^"':]+)["']?:/gm)].map(([, of]) => of), lines: body.split("\n").map((line) => line.replace(/^- /, "").trim()).filter((line) => line !== "") }
    })
    : []

/** Returns the problems of changesets. Each must name a package, and each of its lines must begin with its kind. */
export const problems = (changesets) =>
  changesets.flatMap(({ lines, name, packages }) => [
    ...packages.length === 0 ? [`.changeset/${name} names no package`] : [],
    ...lines.length === 0 ? [`.changeset/${name} describes no change`] : [],
    ...lines.filter((line) => !kinds.some((kind) => line.startsWith(`**${kind}** `))).map((line) =>
      `.changeset/${name}: "${line}" must begin with one of ${kinds.map((kind) => `**${kind}**`).join(", ")}`
    )
  ])

/**
 * Returns the changelog entry of a version, which must be the latest. Returns `undefined` if another version is the
 * latest.
 */
export const notes = (changelog, version) => {
  const [, heading, text] = changelog.match(/^## (.*)\n([\s\S]*?)(?=^## |(?![\s\S]))/m) ?? []
  return heading === version ? text.trim() : undefined
}

/** Adds a version at the top of the changelog, with the breaking changes first. */
export const written = (changelog, version, changesets) => {
  const lines = changesets.flatMap(({ lines }) => lines)
  const sorted = kinds.flatMap((kind) => lines.filter((line) => line.startsWith(`**${kind}** `)))
  return changelog.replace(/^(?=## )/m, `## ${version}\n\n${sorted.map((line) => `- ${line}\n`).join("")}\n`)
}

const version = (root) => {
  const changesets = waiting(root)
  const wrong = changesets.length === 0 ? ["there are no changesets; create one with npx changeset"] : problems(changesets)
  if (wrong.length > 0) throw new Error(wrong.join("\n"))
  const command = fileURLToPath(new URL("../node_modules/@changesets/cli/bin.js", import.meta.url))
  const { status } = spawnSync("node", [command, "version"], { cwd: root, stdio: ["ignore", "inherit", "inherit"] })
  if (status !== 0) throw new Error("changeset version failed")
  const { version } = JSON.parse(readFileSync(join(root, "packages/core/package.json"), "utf8"))
  const rewrite = (path, change) => writeFileSync(join(root, path), change(readFileSync(join(root, path), "utf8")))
  rewrite("packages/cli/src/Version.ts", (text) => text.replace(/(version = )".*"/, `$1"${version}"`))
  rewrite("CHANGELOG.md", (text) => written(text, version, changesets))
  return version
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [option, tag = ""] = process.argv.slice(2)
  if (option === "--notes") {
    const text = notes(readFileSync("CHANGELOG.md", "utf8"), tag.replace(/^v/, ""))
    if (text === undefined) throw new Error(`the latest version in CHANGELOG.md is not ${tag}`)
    console.log(text)
  } else {
    console.log(`${version(option ?? fileURLToPath(new URL("..", import.meta.url)))}: check CHANGELOG.md, then commit and tag this version`)
  }
}
