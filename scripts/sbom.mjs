/**
 * Writes `dist/sbom.cdx.json`: the components of an installed `exchange` command, from the lockfile, as CycloneDX 1.6.
 * The same lockfile gives the same document, because it contains no timestamp and no random number.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parse } from "yaml"

const root = fileURLToPath(new URL("..", import.meta.url))
const json = (path) => JSON.parse(readFileSync(path, "utf8"))

/** Splits a key such as `@scope/name@1.2.3(peers)` into name and version. */
const identity = (key) => {
  const [, name, version] = /^(@?[^@]+)@([^(]+)/.exec(key) ?? []
  return { name, version }
}

const purl = ({ name, version }) => `pkg:npm/${name.replace("@", "%40")}@${version}`

/**
 * Returns the manifests of the installed packages, by name and version. Packages for other platforms are not installed
 * and have none.
 */
const installedManifests = () => {
  const store = join(root, "node_modules/.pnpm")
  const found = new Map()
  for (const directory of readdirSync(store)) {
    const modules = join(store, directory, "node_modules")
    if (!existsSync(modules)) continue
    for (const entry of readdirSync(modules)) {
      const names = entry.startsWith("@") ? readdirSync(join(modules, entry)).map((name) => `${entry}/${name}`) : [entry]
      for (const name of names) {
        const path = join(modules, name, "package.json")
        if (!existsSync(path)) continue
        const manifest = json(path)
        found.set(`${manifest.name}@${manifest.version}`, manifest)
      }
    }
  }
  return found
}

const licensesOf = (license) =>
  typeof license !== "string" || license === ""
    ? {}
    : { licenses: [/\s/.test(license) ? { expression: license } : { license: { id: license } }] }

export const sbom = () => {
  const { importers, packages, snapshots } = parse(readFileSync(join(root, "pnpm-lock.yaml"), "utf8"))
  const manifests = installedManifests()

  /** Returns the description and the dependencies of a workspace package or of a key of the lockfile. */
  const partOf = (key) => {
    if (key in importers) {
      const { description, license, name, version } = json(join(root, key, "package.json"))
      const needs = Object.entries(importers[key].dependencies ?? {}).map(([name, { version }]) =>
        version.startsWith("link:") ? join(key, version.slice("link:".length)) : `${name}@${version}`
      )
      return { name, version, license, description, needs, mayNeed: [] }
    }
    const { name, version } = identity(key)
    const { license, description } = manifests.get(`${name}@${version}`) ?? {}
    const { dependencies = {}, optionalDependencies = {} } = snapshots[key]
    return {
      name,
      version,
      license,
      description,
      integrity: packages[`${name}@${version}`].resolution.integrity,
      needs: Object.entries(dependencies).map(([name, version]) => `${name}@${version}`),
      mayNeed: Object.entries(optionalDependencies).map(([name, version]) => `${name}@${version}`)
    }
  }

  const parts = new Map()
  const add = (key, isRequired) => {
    const known = parts.get(key)
    if (known !== undefined && (known.isRequired || !isRequired)) return
    const part = { ...partOf(key), isRequired }
    parts.set(key, part)
    for (const need of part.needs) add(need, isRequired)
    for (const need of part.mayNeed) add(need, false)
  }
  add("packages/cli", true)

  // The lockfile may contain a package several times, with different peers. Here it is one component.
  const components = new Map()
  for (const { description, integrity, isRequired, license, mayNeed, name, needs, version } of parts.values()) {
    const ref = purl({ name, version })
    const known = components.get(ref)
    const dependsOn = new Set([...known?.dependsOn ?? [], ...[...needs, ...mayNeed].map((need) => purl(parts.get(need)))])
    components.set(ref, {
      dependsOn,
      component: {
        type: name === "@effect-exchange/cli" ? "application" : "library",
        "bom-ref": ref,
        ...name.startsWith("@") ? { group: name.split("/")[0] } : {},
        name: name.split("/").at(-1),
        version,
        ...description === undefined ? {} : { description },
        scope: isRequired || known?.component.scope === "required" ? "required" : "optional",
        ...integrity === undefined
          ? {}
          : { hashes: [{ alg: "SHA-512", content: Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex") }] },
        ...licensesOf(license),
        purl: ref
      }
    })
  }
  const [application, ...libraries] = components.values()
  const inOrder = (one, other) => (one < other ? -1 : one > other ? 1 : 0)
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: application.component },
    components: libraries.map(({ component }) => component).toSorted((one, other) => inOrder(one.purl, other.purl)),
    dependencies: Array.from(components, ([ref, { dependsOn }]) => ({ ref, dependsOn: [...dependsOn].toSorted(inOrder) }))
      .toSorted((one, other) => inOrder(one.ref, other.ref))
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(join(root, "dist"), { recursive: true })
  const document = sbom()
  writeFileSync(join(root, "dist/sbom.cdx.json"), `${JSON.stringify(document, undefined, 2)}\n`)
  console.log(`dist/sbom.cdx.json: the command and its ${document.components.length} packages`)
}
