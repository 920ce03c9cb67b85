/**
 * `node scripts/version.mjs v0.1.0` fails unless this is the version of every published package and of the command,
 * CHANGELOG.md has an entry for it, and no changeset is pending. With a repository URL it also writes the files for a
 * registry (see `published.mjs`).
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Changelog from "./changelog.mjs"
import * as Published from "./published.mjs"

const [tag = "", address] = process.argv.slice(2)
const root = fileURLToPath(new URL("..", import.meta.url))
const published = Published.packages(root)

const [, said] = /version = "(.*)"/.exec(readFileSync(join(root, "packages/cli/src/Version.ts"), "utf8")) ?? []
const versions = { "the command": said, ...Object.fromEntries(published.map(({ manifest }) => [manifest.name, manifest.version])) }
const others = Object.entries(versions).filter(([, version]) => `v${version}` !== tag)
if (others.length > 0) {
  console.error(`${tag || "no tag"} is not the version of ${others.map(([name, version]) => `${name} (${version})`).join(", ")}`)
  process.exit(1)
}
const left = Changelog.waiting(root).map(({ name }) => name)
if (left.length > 0) {
  console.error(`${tag} would not include ${left.join(", ")}; run npm run version first`)
  process.exit(1)
}
if (Changelog.notes(readFileSync(join(root, "CHANGELOG.md"), "utf8"), tag.slice(1)) === undefined) {
  console.error(`the latest version in CHANGELOG.md is not ${tag.slice(1)}`)
  process.exit(1)
}
if (address !== undefined) {
  for (const [path, text] of Published.files({ address, root, tag })) writeFileSync(join(root, path), text)
}
console.log(`${published.length} packages have the version ${tag}`)
