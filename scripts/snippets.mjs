/**
 * Collects the programs of the README, the docs and the docstrings. All of them are type-checked as a user would paste
 * them, and those of docstrings are run.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"

const files = (directory, ending) =>
  readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return entry.name === "node_modules" || entry.name === "dist" ? [] : files(path, ending)
    return entry.name.endsWith(ending) ? [path] : []
  })

/** Returns the programs, each with a unique file name derived from its location. */
export const snippets = (root) => {
  const named = (path, texts) =>
    texts.map((text, index) => ({
      name: `${relative(root, path).replaceAll(/[^A-Za-z0-9]+/g, "-")}-${index + 1}.ts`,
      text: `${text}\nexport {}\n`
    }))
  const markdown = [join(root, "README.md"), ...files(join(root, "docs"), ".md"), ...files(join(root, "packages"), ".md")]
    .flatMap((path) =>
      named(path, [...readFileSync(path, "utf8").matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, text]) => text))
    )
  const docstrings = files(join(root, "packages"), ".ts")
    .filter((path) => path.includes("/src/"))
    .flatMap((path) =>
      named(
        path,
        [...readFileSync(path, "utf8").matchAll(/^[ \t]*\* @example\n((?:[ \t]*\*(?! @|\/).*\n)+)/gm)].map(([, text]) =>
          text.replaceAll(/^[ \t]*\* ?/gm, "")
        )
      )
    )
  // Programs of pages are not run, because they may call exchanges. Programs of docstrings end by themselves, except
  // for tests.
  const found = [
    ...markdown,
    ...docstrings.map((snippet) => ({ ...snippet, runs: !snippet.text.includes("@effect/vitest") }))
  ]
  if (markdown.length === 0 || docstrings.length === 0) throw new Error("no programs found: the search is broken")
  return found
}
