/**
 * `pnpm bench <name>` bundles `src/<name>.ts` and runs it. Bundled, because what runs TypeScript directly names every
 * closure it makes, which alone costs more than what is measured here.
 */
import { build } from "esbuild"
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const here = fileURLToPath(new URL(".", import.meta.url))
const [name = "resilience", ...args] = process.argv.slice(2)
const entry = join(here, "src", `${name}.ts`)
if (!existsSync(entry)) {
  const known = readdirSync(join(here, "src")).filter((file) => !file.startsWith("internal")).map((file) => file.replace(".ts", ""))
  console.error(`There is no benchmark "${name}"; there are: ${known.join(", ")}.`)
  process.exit(2)
}
const directory = mkdtempSync(join(here, "bundle-"))
try {
  const outfile = join(directory, `${name}.mjs`)
  await build({
    entryPoints: [entry, join(here, "src", "server.ts")],
    outdir: directory,
    outExtension: { ".js": ".mjs" },
    splitting: false,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["ccxt", "esbuild", "cockatiel", "opossum", "tinybench", "undici", "ws", "axios", "binance", "@opentelemetry/*"],
    logLevel: "warning"
  })
  process.exitCode = spawnSync(process.execPath, ["--expose-gc", outfile, ...args], { stdio: "inherit" }).status ?? 1
} finally {
  rmSync(directory, { recursive: true })
}
