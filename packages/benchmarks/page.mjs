/** Renders the measurements as a page of the documentation. */
import { readFileSync } from "node:fs"

const titles = {
  "http": "A ticker",
  "http-lists": "Lists",
  "markets": "Markets",
  "signing": "Signatures",
  "feeds": "Feeds",
  "streams": "Many streams",
  "start": "To begin",
  "book": "A local order book, without a socket",
  "trades": "Trades of a feed, without a socket",
  "resilience": "Resilience",
  "load": "The price service under load"
}

const peers = ["ccxt", "binance", "axios", "undici", "ws", "cockatiel", "opossum", "effect"]

const versionOf = (name) =>
  JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), "utf8")).version

/** Renders a Markdown table with aligned columns. */
const table = (rows) => {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`
  const [head, ...body] = rows
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n")
}

const section = ({ lines, name }) => {
  const rows = lines.map(({ bar, held, ours, peer, value, what }) => [
    what,
    ours,
    peer,
    value,
    bar,
    held === undefined ? "" : held ? "held" : "**missed**"
  ])
  return `## ${titles[name] ?? name}\n\n\`npm run bench -- ${name}\`\n\n${
    lines.length === 0 ? "Did not go through." : table([["what", "ours", "peer", "ratio", "bar", ""], ...rows])
  }\n`
}

export const page = (results, isQuick) =>
  `# Performance

What this library costs beside others that do the same. This page is written by \`npm run bench -- --save${isQuick ? " --quick" : ""}\`; \`npm run bench -- <name>\` runs one part of it, and with \`--save\` writes that part anew.

Measured is the CPU time of a process, user and system, and not how long it took, except for imports and processes. Servers are on the
loopback in processes of their own, and so is each subject of the comparison of tickers: in one process they pay for what the others
have taught the engine and for what they hold. All subjects of a comparison take turns, round after round; a ratio is made within a round. Told are medians, with the quartiles of the rounds in brackets.
Ratios of one run can be compared, absolute numbers only with others of the same run. Bars are what the project wants to hold. No collection is forced before a
round: after one V8 optimizes anew, and everything, of peers too, costs up to four times as much for some hundred calls.

Node ${process.versions.node}; ${peers.map((name) => `${name} ${versionOf(name)}`).join(", ")}.

${results.map(section).join("\n")}`

/** Replaces the section of one benchmark in the page, or appends it if the page has none. */
export const withPart = (page, result) => {
  const title = `## ${titles[result.name] ?? result.name}\n`
  const parts = page.split(/^(?=## )/m)
  const written = `${section(result)}\n`
  return parts.some((part) => part.startsWith(title))
    ? parts.map((part) => part.startsWith(title) ? written : part).join("").trimEnd() + "\n"
    : `${page.trimEnd()}\n\n${written.trimEnd()}\n`
}
