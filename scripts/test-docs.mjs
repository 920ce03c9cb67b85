/**
 * Checks the documentation site of `npm run docs` in a browser, at the widths of a desktop and a phone: no page is too
 * wide or has errors, nothing is loaded from other hosts, and the search works. It also builds the site for a sub-path
 * of a host (`DOCS_BASE`) and checks that all links work there. Without Chromium it skips the browser and says so.
 */
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { createServer } from "node:http"
import { extname, join, normalize } from "node:path"
import { fileURLToPath } from "node:url"
import { chromium } from "playwright-core"

const root = fileURLToPath(new URL("..", import.meta.url))
const site = join(root, "dist/docs")

const build = (args, environment) => {
  const { status } = spawnSync("npm", ["run", "--silent", ...args], { cwd: root, stdio: "inherit", env: { ...process.env, ...environment } })
  if (status !== 0) process.exit(1)
}

/** Returns the links of a site built for a sub-path that leave the sub-path or lead to missing files. */
const astray = (prefix) => {
  const files = readdirSync(site, { recursive: true }).map((path) => path.replaceAll("\\", "/"))
  const has = new Set(files)
  return files.filter((path) => path.endsWith(".html") && !path.startsWith("api/")).flatMap((path) =>
    [...readFileSync(join(site, path), "utf8").matchAll(/(?:href|src)="(\/[^"#?]*)/g)].flatMap(([, link]) => {
      const target = link.startsWith(prefix) ? decodeURI(link.slice(prefix.length)) : undefined
      const isThere = target !== undefined && has.has(target === "" || target.endsWith("/") ? `${target}index.html` : target)
      return isThere ? [] : [`${path} links to ${link}`]
    })
  )
}

const prefix = "/effect-exchange/"
build(["docs"], { DOCS_BASE: prefix })
const lost = astray(prefix)
if (lost.length > 0) {
  console.error(`failed, for ${prefix}:\n${[...new Set(lost)].slice(0, 20).join("\n")}`)
  process.exit(1)
}
if (astray("/other/").length === 0) throw new Error("no links were checked")
build(["docs:site"], { DOCS_BASE: "/" })

const places = [process.env.CHROMIUM_PATH, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
const executablePath = places.find((path) => path !== undefined && existsSync(path))
if (executablePath === undefined) {
  console.log("Chromium was not found, so the site was built but not checked in a browser (set CHROMIUM_PATH to its location)")
  process.exit(0)
}

const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".woff2": "font/woff2", ".svg": "image/svg+xml", ".txt": "text/plain" }
const server = createServer(({ url = "/" }, response) => {
  const path = join(site, normalize(decodeURIComponent(new URL(url, "http://localhost").pathname)))
  const file = path.endsWith("/") ? join(path, "index.html") : path
  if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end()
  response.writeHead(200, { "content-type": `${types[extname(file)] ?? "application/octet-stream"}; charset=utf-8` }).end(readFileSync(file))
})
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve))
const base = `http://127.0.0.1:${server.address().port}`

const problems = []
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] })
const open = async (path, width) => {
  const page = await browser.newPage({ viewport: { width, height: 800 } })
  const wrong = (what) => problems.push(`${path} at ${width}: ${what}`)
  page.on("console", (message) => message.type() === "error" && wrong(message.text()))
  page.on("pageerror", (error) => wrong(error.message))
  page.on("request", (request) => !request.url().startsWith(`${base}/`) && !request.url().startsWith("data:") && wrong(`requests ${request.url()}`))
  page.on("response", (response) => response.status() >= 400 && wrong(`${response.url()} responds with ${response.status()}`))
  await page.goto(base + path, { waitUntil: "networkidle" })
  return { page, wrong }
}

const paths = ["/", "/api/core/MarketData/", "/overview.html", "/getting-started.html", "/troubleshooting.html", "/exchanges/kraken.html", "/coming-from-ccxt.html", "/coming-from-sdks.html", "/configuration.html"]
for (const width of [1280, 360]) {
  for (const path of paths) {
    const { page, wrong } = await open(path, width)
    if (!/effect-exchange/.test(await page.title())) wrong("the page title does not have the title of the site")
    const wide = await page.evaluate(() => document.documentElement.scrollWidth)
    if (wide > width) wrong(`the page is ${wide} pixels wide`)
    if (process.env.SCREENSHOTS !== undefined) {
      await page.screenshot({ path: join(process.env.SCREENSHOTS, `${path.replaceAll(/\W/g, "_")}-${width}.png`) })
    }
    await page.close()
  }
}

{
  const { page, wrong } = await open("/", 1280)
  await page.getByRole("button", { name: /search/i }).first().click()
  await page.getByRole("searchbox").fill("CircuitOpen")
  const found = page.locator("a.result")
  await found.first().waitFor({ timeout: 30_000 }).catch(() => wrong("the search does not find CircuitOpen"))
  const links = await found.evaluateAll((results) => results.map((result) => result.getAttribute("href")))
  if (!links.some((link) => link?.includes("/troubleshooting.html#circuitopen"))) wrong(`the search for CircuitOpen finds only ${links.join(", ")}`)
  await page.close()
}

await browser.close()
server.close()
if (problems.length > 0) {
  console.error(`failed:\n${[...new Set(problems)].join("\n")}`)
  process.exit(1)
}
console.log(`checked ${paths.length} pages at desktop and phone widths: no page is too wide, has errors or loads from other hosts, and the search finds CircuitOpen`)
