/**
 * `node scripts/version.mjs v0.1.0` fails unless that is the version of every package that is published, and the one that the command
 * says it has. With the address of a repository it writes that into their manifests, as a registry wants it for provenance: the
 * sources do not say where they are kept.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const [tag = "", repository] = process.argv.slice(2)
const packages = fileURLToPath(new URL("../packages", import.meta.url))
const published = readdirSync(packages)
  .map((name) => ({ name, path: join(packages, name, "package.json") }))
  .map((each) => ({ ...each, manifest: JSON.parse(readFileSync(each.path, "utf8")) }))
  .filter(({ manifest }) => manifest.private !== true)

const [, said] = /version = "(.*)"/.exec(readFileSync(join(packages, "cli/src/Version.ts"), "utf8")) ?? []
const versions = { "the command": said, ...Object.fromEntries(published.map(({ manifest }) => [manifest.name, manifest.version])) }
const others = Object.entries(versions).filter(([, version]) => `v${version}` !== tag)
if (others.length > 0) {
  console.error(`${tag || "no tag"} is not the version of ${others.map(([name, version]) => `${name} (${version})`).join(", ")}`)
  process.exit(1)
}
if (repository !== undefined) {
  for (const { manifest, name, path } of published) {
    const address = { type: "git", url: `git+${repository}.git`, directory: `packages/${name}` }
    writeFileSync(path, `${JSON.stringify({ ...manifest, repository: address }, undefined, 2)}\n`)
  }
}
console.log(`${published.length} packages of ${tag}`)
