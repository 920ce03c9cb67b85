/**
 * Creates `docs/images/watch.svg`: the output of `exchange watch` for simulated exchanges after a few seconds,
 * character by character.
 */
import { spawn } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const args = ["watch", "BTC/USDT", "ETH/USDT", "--exchange", "binance,kraken,okx", "--faults", "flaky", "--seed", "7"]

const pictures = await new Promise((resolve, reject) => {
  const child = spawn(process.execPath, ["--import", "tsx", "packages/cli/src/start.ts", ...args], { cwd: root, stdio: ["ignore", "pipe", "inherit"] })
  let out = ""
  child.stdout.on("data", (text) => {
    out += text
    // The first pictures show feeds that have not started.
    if (out.split("\n\nexchange").length > 8) child.kill("SIGINT")
  })
  child.on("error", reject)
  child.on("close", () => resolve(out.split(/^(?=simulated, faults)/m)))
})
const picture = pictures.at(-2)?.trimEnd().split("\n") ?? []
if (picture.length < 9) throw new Error(`exchange watch showed no table:\n${pictures.join("")}`)

// Uses non-breaking spaces, because browsers collapse other spaces, even with `xml:space`.
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(" ", "\u00a0")
const lines = [`$ exchange ${args.join(" ")}`, "", ...picture]
const [letter, line, edge] = [8.4, 20, 18]
const width = Math.ceil(Math.max(...lines.map(({ length }) => length)) * letter) + 2 * edge
const height = lines.length * line + 2 * edge - 6
const colour = (text) =>
  text.startsWith("$") || /^(exchange|─|simulated|All)/.test(text) ? "#8b98a9" : text.endsWith("  live") ? "#d6dde6" : "#e5b567"

const texts = lines.map((text, at) =>
  `<text x="${edge}" y="${edge + 10 + at * line}" fill="${colour(text)}" textLength="${(text.length * letter).toFixed(1)}">${escaped(text)}</text>`
)
writeFileSync(
  join(root, "docs/images/watch.svg"),
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>exchange watch with simulated exchanges</title>
<rect width="100%" height="100%" rx="8" fill="#161b22"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
${texts.filter((text) => !text.endsWith("></text>")).join("\n")}
</g>
</svg>
`
)
