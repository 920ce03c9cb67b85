/**
 * The documentation site, of the Markdown as it stands in the repository: `docs/`, the README, the changelog and the READMEs of
 * the packages. Links are written for the repository and rewritten here. A link or an anchor that leads nowhere fails the build.
 * `DOCS_BASE=/effect-exchange/` builds it for a path of a host that has other things, too.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs"
import { dirname, join, posix, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitepress"

const root = fileURLToPath(new URL("../..", import.meta.url))
const outDir = join(root, "dist/docs")
const base = process.env.DOCS_BASE ?? "/"
if (!/^\/(?:[\w.-]+\/)*$/.test(base)) throw new Error(`DOCS_BASE is "${base}", which does not begin and end with a slash`)

const names = (folder) => readdirSync(join(root, folder)).toSorted()
const packages = names("packages").filter((name) => existsSync(join(root, "packages", name, "README.md")))
const pagesOf = (folder) =>
  names(folder).flatMap((name) =>
    statSync(join(root, folder, name)).isDirectory() ? pagesOf(`${folder}/${name}`) : name.endsWith(".md") ? [`${folder}/${name}`] : []
  )

/** What typedoc made of the docstrings; nothing where it has not run. */
const reference = existsSync(join(root, "api")) ? pagesOf("api") : []

/** Where each file of Markdown stands on the site. */
const rewrites = {
  "README.md": "overview.md",
  "CHANGELOG.md": "changelog.md",
  "CONTRIBUTING.md": "contributing.md",
  "SECURITY.md": "security.md",
  ...Object.fromEntries(packages.map((name) => [`packages/${name}/README.md`, `packages/${name}.md`])),
  ...Object.fromEntries(pagesOf("docs").map((path) => [path, path.slice("docs/".length).replace(/(^|\/)README\.md$/, "$1index.md")])),
  ...Object.fromEntries(
    reference.map((path) => [path, path.replaceAll(/\/(?:src|namespaces)(?=\/)/g, "").replace(/README\.md$/, "index.md")])
  )
}

/** Files that pages link to and that are no pages: they are served as text, under their path. */
const files = new Set()

const titleOf = (path) => readFileSync(join(root, path), "utf8").match(/^# (.*)$/m)?.[1] ?? path
const linkOf = (path) => `/${rewrites[path].replace(/(?:^|(?<=\/))index\.md$|\.md$/, "")}`
const item = (path, text = titleOf(path).replaceAll("`", "")) => ({ text, link: linkOf(path) })

/** A link as it stands in a file of the repository, as a link of the site; `undefined` for one that leads nowhere. */
const onSite = (from, href) => {
  const [, path, hash = ""] = href.match(/^([^#]*)(#.*)?$/)
  const target = posix.join(posix.dirname(from), decodeURI(path)).replace(/\/$/, "")
  if (target in rewrites) return linkOf(target) + hash
  if (!existsSync(join(root, target))) return undefined
  if (statSync(join(root, target)).isDirectory()) {
    // Of a folder the page about it: its README, or that of the folder around it.
    for (let folder = target; folder !== "."; folder = posix.dirname(folder)) {
      if (`${folder}/README.md` in rewrites) return linkOf(`${folder}/README.md`) + hash
    }
    return undefined
  }
  files.add(target)
  return `/files/${target}.txt`
}

const rewriteLinks = (markdown) =>
  markdown.core.ruler.push("links of the repository", ({ env, tokens }) => {
    // Typedoc calls a package by the folder of its sources.
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      if (token.type === "text") token.content = token.content.replace(/^(\w+)\/src$/, "@effect-exchange/$1")
    }
    const file = env.realPath ?? env.path
    // A title by itself: it is of no page.
    if (file === undefined) return
    const from = relative(root, file).split(sep).join("/")
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === "link_open" ? token.attrGet("href") : null
      if (href === null || /^(?:[a-z]+:|#|\/)/.test(href)) continue
      const link = onSite(from, href)
      if (link === undefined) throw new Error(`${from} links to ${href}, which there is not`)
      // VitePress leaves alone what has a target, and does not put it under the base either.
      const isFile = link.startsWith("/files/")
      token.attrSet("href", isFile ? `${base.slice(0, -1)}${link}` : link)
      if (isFile) token.attrSet("target", "_self")
    }
  })

/** Fails for an anchor that its page has not; those of the API reference are typedoc's affair. */
const checkAnchors = () => {
  const pages = readdirSync(outDir, { recursive: true }).filter((path) => path.endsWith(".html")).map((path) => path.split(sep).join("/"))
  const texts = new Map(pages.map((path) => [`/${path}`, readFileSync(join(outDir, path), "utf8")]))
  const dead = [...texts].filter(([page]) => !page.startsWith("/api/")).flatMap(([page, text]) =>
    [...text.matchAll(/<a [^>]*?href="([^"#:]*)#([^"]+)"/g)].flatMap(([, path, anchor]) => {
      const within = path.startsWith(base) ? `/${path.slice(base.length)}` : path
      const target = path === "" ? page : within.endsWith("/") ? `${within}index.html` : within
      return texts.get(target)?.includes(`id="${decodeURIComponent(anchor)}"`) ? [] : [`${page} links to ${path}#${anchor}`]
    })
  )
  if (dead.length > 0) throw new Error(`anchors that there are not:\n${dead.join("\n")}`)
}

export default defineConfig({
  title: "effect-exchange",
  description: "Exchange clients for Effect: prices, books, live streams, accounts and orders, with typed errors and known outcomes.",
  lang: "en",
  srcDir: "..",
  srcExclude: ["packages/*/!(README).md", "packages/*/*/**", "ops/**", "scripts/**", "dist/**"],
  outDir,
  base,
  cacheDir: join(root, "node_modules/.cache/vitepress"),
  rewrites,
  head: [["link", { rel: "icon", href: "data:," }]],
  markdown: { config: rewriteLinks },
  vite: { build: { chunkSizeWarningLimit: 4096 } },
  buildEnd: () => {
    for (const path of files) {
      const copy = join(outDir, "files", `${path}.txt`)
      mkdirSync(dirname(copy), { recursive: true })
      copyFileSync(join(root, path), copy)
    }
    checkAnchors()
  },
  // Files are there once the pages are.
  ignoreDeadLinks: [/^\/files\//],
  themeConfig: {
    search: {
      provider: "local",
      // Without the API reference, which would make the index six times as large.
      options: { _render: (source, env, markdown) => env.relativePath.startsWith("api/") ? "" : markdown.render(source, env) }
    },
    outline: [2, 3],
    nav: [
      { text: "Getting started", link: "/getting-started" },
      { text: "Cookbook", link: "/cookbook/" },
      { text: "Exchanges", link: "/exchanges/" },
      { text: "Resilience", link: "/resilience/" },
      { text: "Operating", link: "/deploying" }
    ],
    sidebar: [
      { text: "Start", items: [item("README.md", "Overview"), item("docs/getting-started.md"), item("docs/coming-from-ccxt.md"), item("docs/coming-from-sdks.md")] },
      {
        text: "Concepts",
        items: [
          item("docs/errors.md"),
          item("docs/request.md"),
          item("docs/retry.md"),
          item("docs/breaker.md", "Circuit breaker"),
          item("docs/orders.md"),
          item("docs/feeds.md"),
          item("docs/glossary.md")
        ]
      },
      {
        text: "Cookbook",
        items: [
          item("docs/cookbook/README.md", "All of it"),
          ...pagesOf("docs/cookbook").filter((path) => !path.endsWith("README.md")).map((path) => item(path))
        ]
      },
      {
        text: "How to",
        items: [item("docs/least-privilege.md"), item("docs/troubleshooting.md"), item("docs/testing.md"), item("docs/adding-an-exchange.md")]
      },
      {
        text: "Exchanges",
        items: [
          item("docs/exchanges/README.md", "All of them"),
          ...Object.entries(JSON.parse(readFileSync(join(root, "exchanges.json"), "utf8"))).map(([id, name]) =>
            item([`docs/exchanges/${id}.md`, `packages/${id}/README.md`].find((path) => path in rewrites), name)
          )
        ]
      },
      {
        text: "Operating",
        items: [
          item("docs/deploying.md"),
          item("docs/configuration.md"),
          {
            ...item("docs/runbook/README.md"),
            collapsed: true,
            items: pagesOf("docs/runbook").filter((path) => !path.endsWith("README.md")).map((path) => item(path))
          }
        ]
      },
      {
        text: "Resilience",
        collapsed: true,
        items: [
          item("docs/resilience/README.md", "All of it"),
          ...pagesOf("docs/resilience").filter((path) => !path.endsWith("README.md")).map((path) => item(path))
        ]
      },
      {
        text: "Packages",
        collapsed: true,
        items: packages.map((name) => item(`packages/${name}/README.md`, name))
      },
      {
        text: "API reference",
        collapsed: true,
        items: packages.filter((name) => reference.includes(`api/${name}/src/README.md`)).map((name) =>
          item(`api/${name}/src/README.md`, name)
        )
      },
      {
        text: "Background",
        items: [
          item("docs/performance.md"),
          {
            ...item("docs/decisions/README.md"),
            collapsed: true,
            items: pagesOf("docs/decisions").filter((path) => !path.endsWith("README.md")).map((path) => item(path))
          },
          item("CHANGELOG.md"),
          item("CONTRIBUTING.md"),
          item("SECURITY.md")
        ]
      }
    ]
  }
})
