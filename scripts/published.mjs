/**
 * Adds what a registry needs but the sources omit, because they do not depend on where they are hosted: the repository
 * URL in the manifests, and absolute links in the READMEs, because a registry shows a README without the files around
 * it.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { join, posix } from "node:path"

/** Returns the folders and manifests of the published packages. */
export const packages = (root) =>
  readdirSync(join(root, "packages"))
    .filter((name) => existsSync(join(root, "packages", name, "package.json")))
    .map((name) => ({ folder: `packages/${name}`, manifest: JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")) }))
    .filter(({ manifest }) => manifest.private !== true)

/** Adds the location of the package to its manifest. */
const located = (manifest, { address, folder, tag }) => ({
  ...manifest,
  homepage: `${address}/tree/${tag}/${folder}#readme`,
  bugs: { url: `${address}/issues` },
  repository: { type: "git", url: `git+${address}.git`, directory: folder }
})

/** Replaces relative links to files of the repository by URLs, except in code blocks. */
const linked = (markdown, { address, folder, root, tag }) =>
  markdown.split(/(^```[\s\S]*?^```$)/m).map((part) =>
    part.startsWith("```") ? part : part.replaceAll(/(!?)(\[[^\]]*\])\((?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?\)/g, (_, image, text, path, hash = "") => {
      const target = posix.join(folder, path)
      if (!existsSync(join(root, target))) throw new Error(`${folder}/README.md links to ${path}, which does not exist`)
      const kind = image === "!" ? "raw" : statSync(join(root, target)).isDirectory() ? "tree" : "blob"
      return `${image}${text}(${address}/${kind}/${tag}/${target}${hash})`
    })
  ).join("")

/** Returns the files to write before a tag is published from a repository URL, as pairs of path and text. */
export const files = ({ address, root, tag }) => {
  if (!/^https:\/\/[\w.-]+(?::\d+)?\/[\w.-]+\/[\w.-]+$/.test(address)) throw new Error(`"${address}" is not the URL of a repository`)
  return packages(root).flatMap(({ folder, manifest }) => {
    const where = { address, folder, root, tag }
    return [
      [`${folder}/package.json`, `${JSON.stringify(located(manifest, where), null, 2)}\n`],
      [`${folder}/README.md`, linked(readFileSync(join(root, folder, "README.md"), "utf8"), where)]
    ]
  })
}
